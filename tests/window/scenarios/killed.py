"""A Blender that dies in the middle of its generation, when the other one has seen what it works on."""

import os
import signal

import drive


def scenario() -> drive.Steps:
    yield from drive.until((drive.CONTROL / "other-is-open").exists, "the other Blender", 60)
    yield from drive.open_sidebar()
    yield from drive.ask_for("a bear")
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("01-works-on-it")
    (drive.CONTROL / "generating").touch()
    yield from drive.until((drive.CONTROL / "seen").exists, "the other Blender to see it", 60)
    assert drive.state() == "running", drive.state()
    os.kill(os.getpid(), signal.SIGKILL)
    yield 10
