"""A Blender that dies in the middle of eight generations, each somewhere else, with another one open beside it."""

import os
import signal

import drive
from painting import choose, switch
from takes_over import state_by_prompt

AT_ONCE = 3
"""The bear, the fox and the hen: the table's download keeps nobody waiting."""


def scenario() -> drive.Steps:
    from bl_ext.user_default.trellis_blender.interface.state import configuration

    configuration.preferences().at_once = AT_ONCE
    yield from drive.until((drive.CONTROL / "other-is-open").exists, "the other Blender", 60)
    yield from drive.open_sidebar()
    yield from drive.tell("quick")
    yield from drive.ask_for("a lamp", "placed")
    yield from drive.tell("slow")
    yield from drive.ask_for("a bear")
    yield from drive.tell("pending")
    yield from drive.ask_for("a fox", "waiting")
    (drive.CONTROL / "generating").touch()
    yield from drive.until((drive.CONTROL / "seen").exists, "the other Blender to see them", 60)

    choose("Cube")
    yield from switch('SCULPT')
    yield from drive.tell("quick")
    yield from drive.ask_for("a chair", "ready")
    yield from drive.tell("stalled-download")
    yield from drive.ask_for("a table", "downloading")
    yield from drive.tell("answer-that-never-comes")
    yield from drive.ask_for("a hen", "submitting")
    yield from drive.tell("accepted")
    yield from drive.ask_for("a bench", "queued")
    yield from drive.ask_for("a stool", "queued")
    drive.shot("01-works-on-them")
    states = {
        "a lamp": "placed",
        "a bear": "running",
        "a fox": "waiting",
        "a chair": "ready",
        "a table": "downloading",
        "a hen": "submitting",
        "a bench": "queued",
        "a stool": "queued",
    }
    found = state_by_prompt()
    assert {prompt: found[prompt] for prompt in states} == states, found
    os.kill(os.getpid(), signal.SIGKILL)
    yield 10
