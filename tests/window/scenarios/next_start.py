"""The next start goes on with what was going on, at no cost, with the sidebar closed; the model is offered."""

import drive


def scenario() -> drive.Steps:
    yield from drive.until(lambda: drive.state() in {"running", "downloading", "ready"}, "the row of the last time", 10)
    yield from drive.until(lambda: drive.state() == "ready", "ready")
    yield from drive.open_sidebar()
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("01-offered")
    assert drive.models() == []
    yield from drive.press("trellis.place", column=0.7)
    yield from drive.until(lambda: drive.models() == ["a bear"], "the model", 5)
    assert drive.line().stage == "In the scene", drive.line()
    yield 0.5
    drive.shot("02-placed")
