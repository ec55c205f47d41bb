# SPDX-License-Identifier: GPL-3.0-or-later
"""Slow steps, done by a second Blender in the background: this Blender only writes and reads a file.

The second Blender gets the mesh only, and ends by itself when it is finished.
"""

import json
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import bpy

from .. import blend_files
from ..meshes import edited
from .options import CannotFinish, Finish

STOP_TIMEOUT_S = 2.0
_GIVEN, _DONE, _SAID = "given.blend", "done.blend", "said.txt"
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Windows would open a console otherwise."""
WORKER = Path(__file__).with_name("background_worker.py")


class BackgroundReduction:
    """A mesh that is reduced in a second Blender. Main thread only; only `cancel` waits, at most 2 s."""

    def __init__(self, mesh: bpy.types.Mesh, finish: Finish) -> None:
        """Writes the mesh and starts the second Blender. Raises CannotFinish if that fails."""
        self._folder = tempfile.TemporaryDirectory(prefix="trellis-finish-", ignore_cleanup_errors=True)
        self._process: subprocess.Popen[bytes] | None = None
        folder = Path(self._folder.name)
        wanted = {"mesh": mesh.name, "triangles": finish.triangles, "loose_share": finish.loose_share}
        wanted["keeps_modifier"] = finish.keeps_modifier
        try:
            wanted["mesh"] = write(mesh, folder / _GIVEN)
            command = [bpy.app.binary_path, "--background", "--factory-startup", "--offline-mode", "-noaudio"]
            command += ["--python-exit-code", "1", "--python", str(WORKER), "--"]
            command += [str(folder / _GIVEN), str(folder / _DONE), json.dumps(wanted)]
            with (folder / _SAID).open("wb") as said:
                self._process = subprocess.Popen(  # noqa: S603 (this very Blender, with our own arguments)
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    creationflags=NO_WINDOW,
                )
        except OSError as error:
            self.cancel()
            reason = error.strerror or error
            raise CannotFinish(
                f"The second Blender, which reduces the model, could not be started ({reason})."
            ) from None

    @property
    def is_done(self) -> bool:
        """True if the second Blender has ended, with or without a result."""
        return self._process is None or self._process.poll() is not None

    def take(self, mesh: bpy.types.Mesh) -> None:
        """Gives `mesh` the resulting geometry. Raises CannotFinish if there is none; then `mesh` is as before."""
        done = Path(self._folder.name, _DONE)
        if self._process is None or self._process.poll() != 0 or not done.is_file():
            said = f"The second Blender, which reduces the model, ended without a result. {self._last_message()}"
            raise CannotFinish(said.strip())
        read(done, mesh)

    def cancel(self) -> None:
        """Ends the second Blender if it is still running, and removes the files."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S)
            if process.poll() is None:
                process.kill()
        self._folder.cleanup()

    def _last_message(self) -> str:
        with suppress(OSError):
            lines = Path(self._folder.name, _SAID).read_text(errors="replace").strip().splitlines()
            return f"Its last message: {lines[-1][:200]}" if lines else ""
        return ""


def write(mesh: bpy.types.Mesh, path: Path) -> str:
    """Writes a copy of the mesh to a .blend file of its own, and returns the copy's name there."""
    bare = _bare(mesh)
    try:
        blend_files.write(path, {bare})
        return bare.name
    finally:
        bpy.data.meshes.remove(bare)


def read(path: Path, mesh: bpy.types.Mesh) -> None:
    """Gives `mesh` the geometry of the mesh in a .blend."""
    loading: Any = bpy.data.libraries.load(str(path), link=False)
    with loading as (found, wanted):
        wanted.meshes = found.meshes[:1]
    (reduced,) = wanted.meshes
    try:
        with edited(mesh, reduced):
            pass
    finally:
        bpy.data.meshes.remove(reduced)


def _bare(mesh: bpy.types.Mesh) -> bpy.types.Mesh:
    """A copy without materials: their textures would be written as well."""
    bare: Any = mesh.copy()
    slots = len(bare.materials)
    indices: list[int] = [0] * len(bare.polygons) if slots > 1 else []
    if indices:
        bare.polygons.foreach_get("material_index", indices)
    bare.materials.clear()
    if indices:
        # `clear` sets the material index of all faces to 0.
        bare.polygons.foreach_set("material_index", indices)
    return bare
