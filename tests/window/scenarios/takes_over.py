"""Another Blender on the same folder: it shows what the first one works on, and takes it over when that one dies."""

import time

import drive


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    (drive.CONTROL / "other-is-open").touch()
    yield from drive.until((drive.CONTROL / "generating").exists, "the first Blender's generation", 60)
    # It was not there when this Blender looked into the store; the artist works on with the list in sight.
    begun = time.monotonic()
    yield from drive.over_viewport()
    while drive.state() == "nothing":
        assert time.monotonic() - begun < 20, "the other Blender's generation does not come into the list"
        yield from drive.key("a", 0.3)
        yield from drive.key("alt+a", 0.3)
    print(f"the other's row after {time.monotonic() - begun:.1f} s")
    (found,) = drive.generations()
    assert found.elsewhere
    assert not found.is_working
    assert drive.line().stage == "In another Blender", drive.line()
    yield 0.5
    drive.shot("01-in-another-blender")
    (drive.CONTROL / "seen").touch()
    begun = time.monotonic()
    yield from drive.until(lambda: drive.generations()[0].is_working, "it to be taken over", 20)
    print(f"taken over after {time.monotonic() - begun:.1f} s")
    assert drive.generations()[0].task_id == found.task_id
    drive.shot("02-taken-over")
    yield from drive.finish()
    yield from drive.until(lambda: drive.state() == "ready", "ready")
    yield 1.0
    assert drive.models() == []
    drive.shot("03-offered")
    yield from drive.press("trellis.place", column=0.7)
    yield from drive.until(lambda: drive.models() == ["a bear"], "the model", 5)
    assert drive.line().stage == "In the scene", drive.line()
