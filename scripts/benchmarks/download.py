# SPDX-License-Identifier: GPL-3.0-or-later
"""A model onto the disk, the add-on's way and with `requests` alone: `download.py URL ours|plain|durable TIMES`.

Prints the seconds of each time, and the peak of the process's memory in bytes.
"""

import json
import os
import resource
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHUNK_BYTES = 64 * 1024


def main(url: str, way: str, times: int) -> None:
    """Downloads so often into a folder that is gone afterwards."""
    sys.path.insert(0, str(ROOT))
    fetch = ours if way == "ours" else partial(plain, is_durable=way == "durable")
    took_s: list[float] = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            fetch(url, Path(folder))
            took_s.append(time.perf_counter() - begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"took_s": took_s, "peak_bytes": peak}))


def ours(url: str, folder: Path) -> None:
    """Streamed, written, made durable, checked, renamed."""
    from trellis_blender.generation.worker.download import keep_model
    from trellis_blender.piapi.http.result_file import open_result

    with open_result(url, from_this_computer=True) as result:
        keep_model(result, folder, lambda _: None)


def plain(url: str, folder: Path, *, is_durable: bool) -> None:
    """As the documentation of `requests` has it; as durable as the add-on's, or written whenever the system likes."""
    import requests

    with requests.get(url, stream=True, timeout=60) as response, (folder / "model.glb").open("wb") as file:
        for chunk in response.iter_content(CHUNK_BYTES):
            file.write(chunk)
        if is_durable:
            file.flush()
            os.fsync(file.fileno())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
