# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes long, done by a second Blender: this one only writes and reads files.

The second Blender gets the mesh, with its materials where it needs them, and is told what to do, see `heavy`. It says
what it does as it goes; each of its steps has a limit, after which it is ended.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import bpy

from .. import blend_files, second_blender
from ..meshes import edited, mesh_of
from . import engine, quads
from .heavy import MODEL
from .options import CannotFinish, Finish

STOP_TIMEOUT_S = 2.0
START_LIMIT_S = 180.0
"""Until the second Blender says what it does: a computer that is busy or has a virus scanner takes its time."""
GIVEN, WANTED, STEPS, DONE, RESULT = "given.blend", "wanted.json", "steps.txt", "done.blend", "result.json"
"""The files of the folder that both Blenders know."""


class Doing(NamedTuple):
    """What the second Blender does, as it would end "Finishing · …", and since when by this one's clock.

    Where it takes longer than `limit_s`, it is ended. Where it was, or has crashed, it is begun again with the choices
    of `otherwise`; where that is None, the job has failed.
    """

    what: str
    limit_s: float
    otherwise: dict[str, Any] | None
    since: float


class BackgroundFinish:
    """A model's mesh that is worked on in a second Blender. Main thread only; only `wait` and `cancel` wait, the latter
    at most 2 s.
    """

    def __init__(self, model: bpy.types.Object, finish: Finish) -> None:
        """Writes the mesh and starts the second Blender. Raises CannotFinish if that fails."""
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="trellis-finish-", ignore_cleanup_errors=True)
        except OSError as error:
            raise _not_started(error) from None
        self._process: subprocess.Popen[bytes] | None = None
        self._doing = Doing("starting", START_LIMIT_S, None, time.monotonic())
        self._problem = ""
        self._finish = finish
        self._wanted: dict[str, Any] = {"finish": finish._asdict(), "name": model.name, **quads.seen_by(model)}
        try:
            self._wanted["mesh"] = write(model, self._path(GIVEN), with_materials=finish.faces > 0)
            self._start()
        except OSError as error:
            self.cancel()
            raise _not_started(error) from None

    @property
    def doing(self) -> str:
        """What the second Blender does, in a few words."""
        return self._doing.what

    @property
    def is_done(self) -> bool:
        """True if the second Blender has ended, with or without a result; ends one that takes too long."""
        if self._process is None:
            return True
        has_ended = self._process.poll() is not None
        self._listen()
        if has_ended and (self._doing.otherwise is None or self._path(RESULT).exists()):
            return True
        if has_ended or time.monotonic() - self._doing.since > self._doing.limit_s:
            self._stop()
            if self._doing.otherwise is None:
                self._problem = f"The second Blender was {self._doing.what} for more than {self._doing.limit_s:.0f} s."
                return True
            self._begin_again(self._doing.otherwise)
        return False

    def _begin_again(self, otherwise: dict[str, Any]) -> None:
        self._wanted |= otherwise
        self._doing = Doing("starting", START_LIMIT_S, None, time.monotonic())
        self._path(STEPS).unlink(missing_ok=True)
        try:
            self._start()
        except OSError as error:
            self._problem = f"The second Blender could not be started again ({error.strerror or error})."

    def wait(self) -> None:
        """Returns when it is done."""
        while not self.is_done:
            time.sleep(second_blender.LOOK_S)

    def take(self, model: bpy.types.Object) -> list[str]:
        """Gives `model` what the second Blender has made; sentences for the artist. Raises CannotFinish where it has
        made nothing; then `model` is as before.
        """
        try:
            result = json.loads(self._path(RESULT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise CannotFinish(self._problem or self._no_result()) from None
        if "problem" in result:
            raise CannotFinish(result["problem"])
        with _loaded(self._path(DONE), result["meshes"]) as meshes:
            made = meshes.pop(MODEL, None)
            if self._finish.faces:
                quads.give(model, made)
            elif made is not None:
                with edited(mesh_of(model), made):
                    pass
            if meshes:
                engine.give(model, meshes)
        return result["notes"]

    def cancel(self) -> None:
        """Ends the second Blender if it is still running, and removes the files."""
        self._stop()
        self._folder.cleanup()

    def _path(self, name: str) -> Path:
        return Path(self._folder.name, name)

    def _start(self) -> None:
        self._path(WANTED).write_text(json.dumps(self._wanted), encoding="utf-8")
        blender = second_blender.this_blender(bpy.app.binary_path)
        self._process = second_blender.start(blender, "scene.finish.heavy_work", Path(self._folder.name))

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S)
            if process.poll() is None:
                process.kill()
        if process.stdin is not None:
            process.stdin.close()

    def _listen(self) -> None:
        with suppress(OSError, ValueError):
            # The last line may be half written.
            whole = self._path(STEPS).read_text(encoding="utf-8").rpartition("\n")[0]
            what, limit_s, otherwise = json.loads(whole.splitlines()[-1] if whole else "")
            if what != self._doing.what:
                self._doing = Doing(what, limit_s, otherwise, time.monotonic())

    def _no_result(self) -> str:
        said = second_blender.last_message(Path(self._folder.name))
        return f"The second Blender, which works on the model, ended without a result.{said}"


def _not_started(error: OSError) -> CannotFinish:
    reason = error.strerror or error
    return CannotFinish(f"The second Blender, which works on the model, could not be started ({reason}).")


def write(model: bpy.types.Object, path: Path, *, with_materials: bool) -> str:
    """Writes a copy of the model's mesh to a .blend file of its own, and returns the copy's name there."""
    copied = _copied(model, with_materials=with_materials)
    try:
        blend_files.write(path, {copied}, path_remap='ABSOLUTE')
        return copied.name
    finally:
        bpy.data.meshes.remove(copied)


@contextmanager
def _loaded(path: Path, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Meshes of a .blend by what they are called in `names`; those that nobody has at the end are removed."""
    loading: Any = bpy.data.libraries.load(str(path), link=False)
    with loading as (_, wanted):
        wanted.meshes = list(names.values())
    meshes: dict[str, Any] = dict(zip(names, wanted.meshes, strict=True))
    loaded = list(meshes.values())
    try:
        yield meshes
    finally:
        bpy.data.batch_remove([mesh for mesh in loaded if not mesh.users])


def _copied(model: bpy.types.Object, *, with_materials: bool) -> bpy.types.Mesh:
    """A copy with the materials that the object shows, or without: their textures would be written as well."""
    copied: Any = mesh_of(model).copy()
    slots = len(copied.materials)
    indices: list[int] = [0] * len(copied.polygons) if slots > 1 else []
    if indices:
        copied.polygons.foreach_get("material_index", indices)
    copied.materials.clear()
    if with_materials:
        for slot in model.material_slots:
            copied.materials.append(slot.material)
    if indices:
        # `clear` sets the material index of all faces to 0.
        copied.polygons.foreach_set("material_index", indices)
    return copied
