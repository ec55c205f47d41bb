"""A disk whose room ends within a .blend: Blender itself names “Success” as the reason, or none at all."""

import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

WRITES = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import bpy
from trellis_blender.scene import blend_files
disk = Path(sys.argv[1])
mesh = bpy.data.meshes.new("a mesh")
mesh.vertices.add(200_000)
for room in (0, 20_000, 200_000):
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "filling").write_bytes(b"x" * (free - room))
    try:
        blend_files.write(disk / "a.blend", {mesh})
    except OSError as error:
        print(room, error.strerror, flush=True)
    for path in disk.iterdir():
        path.unlink()
os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a disk of its own")
def test_a_full_disk_is_called_one(tmp_path: Path) -> None:
    mount = f"mount -t tmpfs -o size=300000 none '{tmp_path}'"
    private = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if subprocess.run([*private, mount], check=False, capture_output=True).returncode:
        pytest.skip("this system gives nobody a disk of their own")
    command = [*private, f'{mount} && exec "$@"', "sh", sys.executable, "-c", WRITES, str(tmp_path), str(ROOT)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    said = [line for line in done.stdout.splitlines() if line.endswith("No space left on device")]
    assert {line.split()[0] for line in said} >= {"0", "20000", "200000"}, done.stdout + done.stderr[-2000:]
