# SPDX-License-Identifier: GPL-3.0-or-later
"""A measurement in a Blender with a window, in steps: between two of them Blender draws and takes events."""

import json
import os
import time
import traceback
from collections.abc import Callable, Generator
from typing import Any

import bpy

WAIT_S = 100.0

Steps = Generator[float, None, Any]
"""Yields the seconds until its next step; returns the figures."""


def until(condition: Callable[[], Any]) -> Steps:
    """Lets Blender go on until then."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        yield 0.1


def run(steps: Steps) -> None:
    """Prints the figures as the last line, and ends Blender."""
    bpy.context.preferences.view.show_splash = False

    def turn() -> float:
        code = 1
        try:
            return next(steps)
        except StopIteration as end:
            print(json.dumps(end.value), flush=True)
            code = 0
        except BaseException:  # noqa: BLE001 (Blender goes on after an exception in a timer)
            traceback.print_exc()
        os._exit(code)

    # Persistent, because a step may open another file.
    bpy.app.timers.register(turn, first_interval=1.0, persistent=True)
