# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that take long, done by a Blender of its own in the background: this one only writes and reads a file.

The other Blender is given the mesh alone, and ends by itself when its work is done.
"""

import json
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import bpy

from .. import blend_files
from .options import CannotFinish, Finish

STOP_TIMEOUT_S = 2.0
_GIVEN, _DONE, _SAID = "given.blend", "done.blend", "said.txt"
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""For Windows, where a console would open."""
WORKER = Path(__file__).with_name("background_worker.py")


class Elsewhere:
    """One mesh that is reduced in another Blender. For the main thread; only `cancel` waits, 2 s at most."""

    def __init__(self, mesh: bpy.types.Mesh, finish: Finish) -> None:
        """Writes the mesh and starts the other Blender. Raises CannotFinish where that fails."""
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
            raise CannotFinish(f"A Blender of its own could not be started for the model ({reason}).") from None

    @property
    def is_done(self) -> bool:
        """True once the other Blender has ended, one way or the other."""
        return self._process is None or self._process.poll() is not None

    def take(self, mesh: bpy.types.Mesh) -> None:
        """Gives `mesh` the geometry that was made. Raises CannotFinish where none was; then `mesh` is as before."""
        done = Path(self._folder.name, _DONE)
        if self._process is None or self._process.poll() != 0 or not done.is_file():
            said = f"The Blender that was to reduce the model ended without a result. {self._said()}"
            raise CannotFinish(said.strip())
        read(done, mesh)

    def cancel(self) -> None:
        """Ends the other Blender, where it still works, and removes the files."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S)
            if process.poll() is None:
                process.kill()
        self._folder.cleanup()

    def _said(self) -> str:
        with suppress(OSError):
            lines = Path(self._folder.name, _SAID).read_text(errors="replace").strip().splitlines()
            return f"Its last words: {lines[-1][:200]}" if lines else ""
        return ""


def write(mesh: bpy.types.Mesh, path: Path) -> str:
    """Writes a copy of the mesh into a .blend of its own, and returns its name there."""
    bare = _bare(mesh)
    try:
        blend_files.write(path, {bare})
        return bare.name
    finally:
        bpy.data.meshes.remove(bare)


def read(path: Path, mesh: bpy.types.Mesh) -> None:
    """Gives `mesh` the geometry of the mesh in a .blend."""
    import bmesh

    loading: Any = bpy.data.libraries.load(str(path), link=False)
    with loading as (found, wanted):
        wanted.meshes = found.meshes[:1]
    (reduced,) = wanted.meshes
    work = bmesh.new()
    try:
        work.from_mesh(reduced)
        work.to_mesh(mesh)
    finally:
        work.free()
        bpy.data.meshes.remove(reduced)
    mesh.update()


def _bare(mesh: bpy.types.Mesh) -> bpy.types.Mesh:
    """A copy without materials: their textures would be written along."""
    bare: Any = mesh.copy()
    slots = len(bare.materials)
    indices: list[int] = [0] * len(bare.polygons) if slots > 1 else []
    if indices:
        bare.polygons.foreach_get("material_index", indices)
    bare.materials.clear()
    if indices:
        # Which slot a face has is set to 0 where the slots go.
        bare.polygons.foreach_set("material_index", indices)
    return bare
