"""A process that works on a batch until it is done or killed: `batch_child.py ARGUMENTS…` of the command.

Blender as a module, with the add-on. With TRELLIS_SPEED the service's times are so many times shorter than in life. The
last line it prints is how much memory it took on top of what it had when the batch began, in MB.
"""

import os
import sys
from pathlib import Path


def memory_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines() if Path("/proc/self/status").exists() else ["VmRSS: 0"]
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def main(arguments: list[str]) -> int:
    import bpy  # isort: skip
    import addon_utils

    bpy.ops.wm.read_factory_settings(use_empty=True)
    addon_utils.enable("trellis_blender", default_set=True)
    from trellis_blender.interface.command_line import batch_command, command
    from trellis_blender.interface.state import session

    speed = float(os.environ.get("TRELLIS_SPEED", "0"))
    timings = session.current().timings
    if speed:
        timings = timings._replace(minute_s=timings.minute_s / speed)
    session.current().timings = timings._replace(look_after_s=(0.1, 0.4, 1.0), known_after_s=4.0)
    before: list[float] = []
    ask_for = batch_command.run

    def measured(*given: object, **named: object) -> object:
        before.append(memory_mb())
        return ask_for(*given, **named)  # type: ignore[arg-type]

    batch_command.run = measured  # type: ignore[assignment]
    code = command.main(arguments)
    sys.stdout.write(f"grown {memory_mb() - before[0] if before else 0:.0f}\n")
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    found = main(sys.argv[1:])
    sys.stdout.flush()
    # Some Blenders crash or hang when their module is unloaded.
    os._exit(found)
