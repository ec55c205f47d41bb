"""One Blender with a window that runs one scenario, and the service outside that it talks to."""

import os
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from service import KEY, Behaviour, Piapi

LIMIT_S = 700
"""After this a scenario hangs. It is far above what any takes: a machine with more at work is no fault of theirs."""
LONG_S = 900.0
"""Longer than any scenario: a task goes on until the scenario calls `drive.finish`."""
SMALL, TALL, WIDE, LARGE = "960x720", "960x1080", "1280x1080", "1920x1080"
"""Windows. Drawing is most of what a scenario takes of the processor, and the size is most of drawing: as large as
the panels of the sidebar need, one below the other, and wide where an editor of files stands beside them.
"""
SCENARIOS = Path(__file__).resolve().parent / "scenarios"


class Window:
    """Runs one scenario in one Blender."""

    def __init__(self, program: Path, profile: Path, shots: Path, piapi: Piapi, control: Path) -> None:
        self.program, self.profile, self.shots, self.piapi, self.control = program, profile, shots, piapi, control
        self.words: dict[str, Callable[[], None]] = {"finish": self.finish}
        self.environ: dict[str, str | None] = {}

    def run(self, scenario: str, *arguments: str, code: int = 0) -> str:
        """Blender's output; fails where the scenario did. `code` is how Blender shall end."""
        environ: dict[str, str | None] = {
            **os.environ,
            "BLENDER_USER_RESOURCES": str(self.profile),
            "OUT": str(self.shots),
            "TEST_CONTROL": str(self.control),
            "TIME_LIMIT": str(LIMIT_S),
            "GEOMETRY": TALL,
            "PIAPI_API_URL": self.piapi.url,
            "PIAPI_API_KEY": KEY,
            "TEST_SCENARIO": scenario,
            **self.environ,
        }
        environ = {name: value for name, value in environ.items() if value is not None}
        done = threading.Event()
        listener = threading.Thread(target=self._listen, args=(done,))
        listener.start()
        try:
            result = subprocess.run(
                [self.program, *arguments, "--python-exit-code", "97", "--python", SCENARIOS / "main.py"],
                check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ,
                timeout=LIMIT_S + 60,
            )  # fmt: skip
        finally:
            done.set()
            listener.join()
        assert result.returncode == code, f"ended with {result.returncode}: {result.stdout[-6000:]}"
        assert "Traceback" not in result.stdout, result.stdout[-6000:]
        return result.stdout

    def behave(self, **changes: object) -> None:
        """How the tasks that come now go."""
        self.piapi.behaviour = replace(Behaviour(), **changes)  # type: ignore[arg-type]

    def finish(self) -> None:
        """Lets all tasks that the service has be done now."""
        for task in self.piapi.tasks.values():
            task.behaviour = replace(task.behaviour, pending_s=0.0, processing_s=0.0)

    def _listen(self, done: threading.Event) -> None:
        while not done.is_set():
            for word, action in self.words.items():
                if (self.control / word).exists():
                    action()
                    (self.control / word).unlink()
            time.sleep(0.05)
