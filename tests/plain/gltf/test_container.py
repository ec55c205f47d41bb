import errno
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from models import box_glb, glb, glb_without_mesh
from mutants import Parts

from trellis_blender.generation.problems import DiskFull, FolderUnusable
from trellis_blender.generation.worker.download import keep_model
from trellis_blender.gltf.container import check_glb, read_gltf
from trellis_blender.gltf.errors import INCOMPLETE, ModelUnusable
from trellis_blender.gltf.reader import read_model
from trellis_blender.piapi.errors import ConnectionCut
from trellis_blender.piapi.http.result_file import FileIdentity, ResultStream

GOOD = box_glb()


def no_tell(share: float) -> None:
    pass


def stream(chunks: Iterable[bytes], size: int | None, **more: Any) -> ResultStream:
    return ResultStream(size, iter(chunks), **more)


def with_a_longer_binary_chunk() -> bytes:
    """The file is whole by its header, and its last part claims one byte more than there is."""
    (length,) = struct.unpack_from("<I", GOOD, 12)
    (binary,) = struct.unpack_from("<I", GOOD, 20 + length)
    return GOOD[: 20 + length] + struct.pack("<I", binary + 1) + GOOD[24 + length :]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not a GLB"),
        (b"\n <!DOCTYPE html><html>", "a web page"),
        (b"PK\x03\x04" + b"\0" * 40, "not a GLB"),
        (GOOD[:-100], INCOMPLETE),
        (GOOD + b"more", "bytes instead of"),
        (GOOD[:4] + b"\x01" + GOOD[5:], "version 1"),
        (GOOD[:12], INCOMPLETE),
        (glb_without_mesh(), "no mesh"),
        (glb({"meshes": []}), "no mesh"),
        (GOOD[:20] + b"!" + GOOD[21:], "damaged"),
        (with_a_longer_binary_chunk(), INCOMPLETE),
        (GOOD[:16] + b"BIN\0" + GOOD[20:], "damaged"),
        (b"glTF\x02\0\0\0\x0c\0\0\0", "empty GLB"),
    ],
)
def test_what_is_no_model_is_refused_and_kept_aside(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(ModelUnusable, match=sentence):
        keep_model(stream([content], len(content)), tmp_path, no_tell)
    assert [path.name for path in tmp_path.iterdir()] == ["model.refused"]
    assert (tmp_path / "model.refused").read_bytes() == content


def test_the_real_models_pass(fixtures: Path) -> None:
    for name in ("trellis-house.glb", "trellis-lungs.glb"):
        check_glb(fixtures / name)
        assert read_gltf(fixtures / name)["meshes"]


def test_a_model_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    shares: list[float] = []
    parts = [GOOD[:100], GOOD[100:]]
    assert keep_model(stream(parts, len(GOOD)), tmp_path, shares.append).read_bytes() == GOOD
    assert shares == [100 / len(GOOD), 1.0]

    def broken() -> Iterator[bytes]:
        yield GOOD[:50]
        raise ConnectionCut

    with pytest.raises(ConnectionCut):
        keep_model(stream(broken(), len(GOOD)), tmp_path / "other", no_tell)
    assert list((tmp_path / "other").iterdir()) == []


def test_a_model_larger_than_the_limit_is_not_written_to_the_end(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="larger than 1 MB"):
        keep_model(stream((b"x" * 100_000 for _ in range(10_000)), None), tmp_path, no_tell, limit=2**20)
    assert list(tmp_path.iterdir()) == []


def test_a_model_announced_as_larger_than_the_limit_is_not_read(tmp_path: Path) -> None:
    read: list[bytes] = []

    def flood() -> Iterator[bytes]:
        while True:
            read.append(b"x" * 1000)
            yield read[-1]

    with pytest.raises(ModelUnusable, match="larger than 1 MB"):
        keep_model(stream(flood(), 2**20 + 1), tmp_path, no_tell, limit=2**20)
    assert read == []


@pytest.mark.parametrize("name", ["model.part", "model.part.json"])
def test_what_a_virus_scanner_holds_for_a_moment_is_waited_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, open_file = [name], Path.open

    def opened(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name in held:
            held.remove(path.name)
            raise PermissionError(errno.EACCES, "held")
        return open_file(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", opened)
    told = stream([GOOD], len(GOOD), identity=FileIdentity('"a"', "", len(GOOD)))
    assert keep_model(told, tmp_path, no_tell).read_bytes() == GOOD
    assert held == []


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FolderUnusable, match="cannot be used"):
        keep_model(stream([GOOD], None), tmp_path / "file" / "folder", no_tell)


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="no limits on file sizes on this system")
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(DiskFull, match="The disk is full"):
            keep_model(stream([GOOD[:500], GOOD[500:]], None), tmp_path, no_tell)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []


def test_names_are_read_as_blender_takes_them(tmp_path: Path) -> None:
    parts = Parts(box_glb())
    parts.gltf["meshes"][0]["name"] = "half \ud800"
    parts.gltf["materials"][0]["name"] = "m" * 100_000
    parts.gltf["images"][0]["name"] = 5
    path = tmp_path / "model.glb"
    path.write_bytes(parts.whole())
    model = read_model(path)
    material, picture = model.materials[0], model.pictures[0]
    assert material is not None
    assert (model.name, len(material.name), picture.name) == ("half ?", 255, "Image_0")
