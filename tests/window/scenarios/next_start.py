"""The next start finds what was going on, and takes it up again at no cost."""

import drive


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    yield from drive.until(lambda: drive.state() == "running", "the row of the last time", 10)
    assert drive.generations()[0].parked
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("01-interrupted")
    yield from drive.press("trellis.resume", column=0.65)
    yield from drive.until(lambda: drive.state() == "ready", "ready")
    yield from drive.press("trellis.place", column=0.8)
    yield from drive.until(lambda: drive.models() == ["a bear"], "the model", 5)
    assert drive.line().stage == "In the scene", drive.line()
    yield 0.5
    drive.shot("02-placed")
