"""The next Blender on the folder that two have worked on: all their generations are in the list, and rest."""

import drive


def scenario() -> drive.Steps:
    yield from drive.open_sidebar()
    yield from drive.until(lambda: len(drive.generations()) == 9, "all nine in the list")
    yield 1.0
    assert len(drive.generations()) == 9
    assert not any(found.is_working or found.elsewhere or found.parked for found in drive.generations())
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("01-all-nine")
