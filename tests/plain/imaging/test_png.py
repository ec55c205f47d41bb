"""Pixels as a PNG file, read back by another program's reader."""

import io

from PIL import Image

from trellis_blender.imaging.picture import Picture
from trellis_blender.imaging.png import encode_png


def test_every_pixel_is_in_the_file_and_the_file_ends_as_it_should() -> None:
    pixels = bytes(range(3 * 5 * 4))
    file = encode_png(Picture(3, 5, pixels))
    with Image.open(io.BytesIO(file)) as image:
        assert (image.size, image.mode, image.tobytes()) == ((3, 5), "RGBA", pixels)
    assert file[24:29] == bytes([8, 6, 0, 0, 0])
    assert file.endswith(b"\0\0\0\0IEND\xae\x42\x60\x82")
