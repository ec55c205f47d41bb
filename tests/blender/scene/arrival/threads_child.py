"""Places the same GLB again and again while threads of Python compute: path and number of times are the arguments.

In a process of its own, because it is a crash that is looked for. Prints how many models are in the scene.
"""

import json
import os
import sys
import threading
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from trellis_blender.scene.arrival import place

THREADS = 2


def main() -> None:
    path, times = Path(sys.argv[1]), int(sys.argv[2])
    for _ in range(THREADS):
        threading.Thread(target=compute, daemon=True).start()
    placement = place.here(bpy.context, 1.0, "")
    for number in range(times):
        place.place(path, "model", f"generation {number}", placement)
    models = sum(map(len, place.models_here().values()))
    sys.stdout.write(f"\n{models} models\n")
    sys.stdout.flush()
    os._exit(0)  # Blender 4.2 crashes when its module is unloaded after an import


def compute() -> None:
    """As a thread of ours does with an answer of the service, and without a pause."""
    answer = {str(number): [number, str(number)] for number in range(50)}
    while True:
        json.loads(json.dumps(answer))


main()
