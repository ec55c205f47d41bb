# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on from the source, switched on in this process's Blender, and something for it to do."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
KEY = "test-key-0123456789abcdef"

if TYPE_CHECKING:
    from trellis_blender.generation.record.request import GenerationRequest


@contextmanager
def module_with_addon(url: str) -> Iterator[Any]:
    """The Blender module with factory settings and a profile of its own; the add-on's session with a service outside.

    Ends what the session does at the end.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(BLENDER_USER_RESOURCES=folder, PIAPI_API_URL=url, PIAPI_API_KEY=KEY)
        import bpy

        bpy.ops.wm.read_factory_settings()
        found = enable()
        yield found
        found.close()


def enable() -> Any:
    """Switches the add-on on, and returns its session."""
    sys.path.insert(0, str(ROOT))
    import addon_utils

    addon_utils.enable("trellis_blender", default_set=True)
    from trellis_blender.interface.state import session

    return session.current()


def requests(count: int) -> "list[GenerationRequest]":
    """So many, each for a chair of its own at the 3D cursor."""
    import bpy

    from trellis_blender.generation.record.request import compose_request
    from trellis_blender.interface.state import session
    from trellis_blender.scene.arrival import place

    return [
        compose_request(
            model="Qubico/trellis",
            prompt=f"a small wooden chair with three legs, number {number}",
            picture=None,
            picture_name="",
            parameters={},
            placement=place.here(bpy.context, 1.0, session.current().file.blend_load),
        )
        for number in range(count)
    ]
