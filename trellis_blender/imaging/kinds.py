# SPDX-License-Identifier: GPL-3.0-or-later
"""The format of a picture by its first bytes, so that messages can name it. No bpy."""

WITHIN_MODELS = frozenset({"PNG", "JPEG", "WebP"})
"""Formats allowed in a GLB: glTF 2.0 has the first two, EXT_texture_webp the third. Their headers have the size."""

_BY_START = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xabKTX 20\xbb", "KTX2"),
    (b"\xabKTX 11\xbb", "KTX"),
    (b"DDS ", "DDS"),
    (b"8BPS", "PSD"),
    (b"GIF8", "GIF"),
    (b"II+\0", "BigTIFF"),
    (b"MM\0+", "BigTIFF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"\x01\xda", "SGI"),
    (b"SDPX", "DPX"),
    (b"XPDS", "DPX"),
    (b"\x80\x2a\x5f\xd7", "Cineon"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?", "Radiance HDR"),
    (b"BM", "BMP"),
    (b"%PDF", "PDF"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG"),
)


def kind_of(start: bytes) -> str:
    """The format by the first 16 bytes of a file; "" if it is unknown."""
    if start[:4] == b"RIFF":
        return {b"WEBP": "WebP", b"AVI ": "AVI"}.get(start[8:12], "")
    if start[4:8] == b"ftyp":
        return {b"avif": "AVIF", b"heic": "HEIC", b"mif1": "HEIC"}.get(start[8:12], "film")
    return next((kind for beginning, kind in _BY_START if start.startswith(beginning)), "")
