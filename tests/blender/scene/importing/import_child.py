"""Takes in GLBs as the add-on does: a path on each line of stdin, what became of it on each of stdout.

In a process of its own, so that a file that crashes Blender takes nothing else along. The lines of the answer are JSON:
`outcome` ("arrived", "refused at import", "traceback"), `said`, and `left`, what is in the file that should not be.
"""

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

ANSWERS = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # what Blender prints, from its first moment on, must not be taken for an answer

try:
    import resource
except ImportError:  # Windows
    resource = None

import bpy  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from trellis_blender.generation.record.request import Placement  # noqa: E402
from trellis_blender.gltf.errors import ModelUnusable  # noqa: E402
from trellis_blender.scene.arrival import place as placing  # noqa: E402
from trellis_blender.scene.images import mesh_snapshot, thumbnail  # noqa: E402
from trellis_blender.scene.importing.importer import ImportFailed  # noqa: E402

MEMORY_LIMIT_BYTES, TIME_LIMIT_S = 6 * 2**30, 120
"""Of this process, where the system has such limits: a file that asks for more must not take the machine along. Blender
itself takes 2 GB of addresses."""
KINDS = {name for name, kind in bpy.types.BlendData.bl_rna.properties.items() if kind.type == 'COLLECTION'} - {
    "all_ids"
}
USED_BY_A_MODEL = {"images", "materials", "node_groups"}


def main() -> None:
    """Until stdin ends."""
    limit_memory()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    for line in sys.stdin:
        limit_time()
        outcome, said, left = take_in(Path(line.strip()))
        ANSWERS.write(json.dumps({"outcome": outcome, "said": said, "left": left}) + "\n")
        ANSWERS.flush()
    os._exit(0)  # Blender 4.2 crashes when its module is unloaded after an import


def limit_memory() -> None:
    """For this process from now on."""
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))


def limit_time() -> None:
    """For the next file: what this process has used so far does not count."""
    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        until = int(used.ru_utime + used.ru_stime) + TIME_LIMIT_S
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def take_in(path: Path) -> tuple[str, str, list[str]]:
    before = datablocks()
    placement = Placement(scene=bpy.context.scene.name, collection="", location=(0.0, 0.0, 0.0), longest_side_m=1.0)
    said, object_name = "", ""
    try:
        object_name = placing.place(path, "model", "id1", placement).object_name
        picture_of(bpy.data.objects[object_name])
        outcome = "arrived"
    except (ImportFailed, ModelUnusable) as problem:
        outcome, said = "refused at import", str(problem)
    except Exception:  # noqa: BLE001 (that is what is looked for)
        outcome, said = "traceback", traceback.format_exc()
    new = {place: item for place, item in datablocks().items() if place not in before}
    left = [f"{kind}: {name}" for (kind, name), item in new.items() if not belongs(kind, item, object_name)]
    bpy.data.batch_remove(list(new.values()))
    return outcome, said, left


def picture_of(model: bpy.types.Object) -> None:
    """As the add-on keeps it in the list."""
    mesh_snapshot.prepare(model)
    copied = mesh_snapshot.take(model)
    if copied is not None:
        with tempfile.TemporaryDirectory() as folder:
            thumbnail.keep(copied, Path(folder))


def datablocks() -> dict[tuple[str, str], Any]:
    return {(kind, item.name_full): item for kind in sorted(KINDS) for item in getattr(bpy.data, kind)}


def belongs(kind: str, item: Any, object_name: str) -> bool:
    """Whether it is a part of the model that arrived."""
    if not object_name:
        return False
    model = bpy.data.objects[object_name]
    return item in (model, model.data) or (kind in USED_BY_A_MODEL and item.users > 0)


if __name__ == "__main__":
    main()
