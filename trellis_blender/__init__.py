# SPDX-License-Identifier: GPL-3.0-or-later
"""Trellis for Blender: text or an image in, a 3D model at the 3D cursor out, by PiAPI's Trellis service.

Nothing is imported at module level, so that `piapi` and `generation` load in a Python without `bpy`.
"""


def register() -> None:
    """Called by Blender when the extension is enabled."""
    from . import registration

    # Blender also switches on what is on already. Where it was, this drops its modules, and they are loaded again.
    registration.unregister()
    from . import registration

    registration.register()


def unregister() -> None:
    """Called by Blender when the extension is disabled, updated or removed."""
    from . import registration

    registration.unregister()
