"""Models are read in a thread before they are placed."""

import threading
import time
from pathlib import Path
from typing import Any

import addon_utils
import bpy
import pytest
from models import box_glb


@pytest.fixture
def glb(addon: Any, tmp_path: Path) -> Path:
    path = tmp_path / "model.glb"
    path.write_bytes(box_glb())
    return path


def is_done(path: Path) -> bool:
    """As the monitor looks; results are handed over as the timer does it, which comes due only in a window."""
    from trellis_blender.interface.monitor import early_reading
    from trellis_blender.interface.state import background

    background._hand_over()
    return early_reading.is_done("id1", path)


def until_done(path: Path) -> None:
    until = time.monotonic() + 60
    while not is_done(path):
        assert time.monotonic() < until
        time.sleep(0.01)


def reading_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("trellis-read")]


def test_it_is_read_once_and_taken_once(glb: Path) -> None:
    from trellis_blender.interface.monitor import early_reading

    assert not is_done(glb)
    until_done(glb)
    assert is_done(glb)
    read = early_reading.take("id1")
    assert read is not None
    model = read.model()
    assert model is not None
    assert len(model.mesh.material_indices) == 12
    assert early_reading.take("id1") is None


def test_what_was_read_is_placed_without_reading_again(glb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trellis_blender.interface.monitor import early_reading
    from trellis_blender.scene.arrival import place
    from trellis_blender.scene.importing import reading

    until_done(glb)
    read = early_reading.take("id1")
    monkeypatch.setattr(reading, "read", None)
    placed = place.place(glb, "a box", "id1", place.here(bpy.context, 1.0, "load"), read=read)
    mesh: Any = bpy.data.objects[placed.object_name].data
    assert len(mesh.polygons) == 12


def test_a_file_that_was_fetched_again_is_read_again(glb: Path) -> None:
    from trellis_blender.gltf.errors import ModelUnusable
    from trellis_blender.interface.monitor import early_reading
    from trellis_blender.scene.arrival import place

    glb.write_bytes(b"cut short")
    until_done(glb)
    glb.write_bytes(box_glb())
    assert not is_done(glb)
    until_done(glb)
    read = early_reading.take("id1")
    assert read is not None
    assert read.model() is not None
    glb.write_bytes(b"changed after it was taken")
    with pytest.raises(ModelUnusable):
        place.place(glb, "a box", "id1", place.here(bpy.context, 1.0, "load"), read=read)


def test_looking_whether_it_has_been_read_asks_no_disk(glb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trellis_blender.scene.importing import reading

    may_go_on, asked = threading.Event(), []
    stat = Path.stat

    def noted(path: Path, **options: Any) -> Any:
        asked.append(threading.current_thread() is threading.main_thread())
        return stat(path, **options)

    read = reading.read
    monkeypatch.setattr(reading, "read", lambda *given: (may_go_on.wait(60), read(*given))[1])
    monkeypatch.setattr(Path, "stat", noted)
    assert not any(is_done(glb) for _ in range(20))
    assert not any(asked)
    may_go_on.set()
    until_done(glb)
    assert sum(asked) == 1


def test_a_file_that_is_gone_is_not_looked_for_again_and_again(glb: Path) -> None:
    glb.unlink()
    until_done(glb)
    assert is_done(glb)


def test_it_is_read_on_the_main_thread_where_there_is_room_for_no_other(
    glb: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from trellis_blender.interface.monitor import early_reading

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert not is_done(glb)
    assert is_done(glb)
    read = early_reading.take("id1")
    assert read is not None
    assert read.model() is not None
    assert "no new thread" in caplog.text


@pytest.mark.parametrize("way", ["switched off", "another file"])
def test_a_reading_that_nobody_waits_for_ends(glb: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    from trellis_blender.interface.monitor import early_reading
    from trellis_blender.scene.importing import reading

    def endless(_: Path, go_on: Any) -> None:
        while True:
            go_on()
            time.sleep(0.001)

    monkeypatch.setattr(reading, "read", endless)
    assert not is_done(glb)
    assert reading_threads() == ["trellis-read id1"]
    begun = time.monotonic()
    if way == "switched off":
        addon_utils.disable("trellis_blender", default_set=True)
    else:
        bpy.ops.wm.read_factory_settings()
        while reading_threads() and time.monotonic() < begun + 10:
            time.sleep(0.01)
    assert reading_threads() == []
    assert time.monotonic() - begun < 10
    assert early_reading.take("id1") is None
