# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rooms of the interface register, in this order, and the one list of how it ends."""

import sys

import bpy

from .interface.generate import (
    background_removal,
    blockout,
    concepts,
    drag_and_drop,
    image_from_web,
    readiness,
)
from .interface.generate import classes as generate_classes
from .interface.generations import classes as generations_classes
from .interface.generations import panel
from .interface.input_image import check, cleanup, decode_cache, decode_many, preview, thumbnails
from .interface.input_image import classes as input_image_classes
from .interface.monitor import classes as monitor_classes
from .interface.monitor import handlers, monitor
from .interface.placed_model import classes as placed_model_classes
from .interface.placed_model import finish_operator
from .interface.preferences import classes as preferences_classes
from .interface.preferences import second_copy
from .interface.state import classes as state_classes
from .interface.state import configuration, logs, session, settings
from .interface.state.endings import Endings
from .interface.viewport import classes as viewport_classes
from .interface.viewport import redraw

CLASSES = (
    *preferences_classes.CLASSES,
    *state_classes.CLASSES,
    *input_image_classes.CLASSES,
    *generate_classes.CLASSES,
    *generations_classes.CLASSES,
    *monitor_classes.CLASSES,
    *placed_model_classes.CLASSES,
    *viewport_classes.CLASSES,
)


ENDS = (
    monitor.stop,
    session.end,
    image_from_web.forget,
    panel.forget,
    thumbnails.forget,
    readiness.forget,
    cleanup.forget,
    background_removal.forget,
    concepts.forget,
    check.forget,
    decode_many.forget,
    decode_cache.forget,
    preview.forget,
    redraw.end,
)
"""What ends whatever was begun since the add-on was switched on, in this order."""

_ENDINGS = Endings()


def register() -> None:
    """Classes, settings, handlers, and a timer for the first look into the store. Reads nothing, asks nobody.

    Where another copy of the add-on is switched on, only a sentence about that.
    """
    # Blender also switches on what is on already.
    _ENDINGS.run()
    _ENDINGS.add(_forget_modules)
    _ENDINGS.add(logs.unregister)
    try:
        if first := second_copy.find(CLASSES):
            second_copy.register(_ENDINGS, first)
        else:
            _register()
    except BaseException:
        _ENDINGS.run()
        raise


def _register() -> None:
    _ENDINGS.add(configuration.KEY_FILE.forget)
    _ENDINGS.add(configuration.WEBHOOK_FILE.forget)
    for cls in CLASSES:
        bpy.utils.register_class(cls)
        _ENDINGS.add(bpy.utils.unregister_class, cls)
    for room in (settings, blockout, drag_and_drop, finish_operator, handlers):
        room.register(_ENDINGS)
    for end in reversed(ENDS):
        _ENDINGS.add(end)
    monitor.look_into_store()


def unregister() -> None:
    """Stops what runs and takes back what `register` did, however much of it is still there."""
    _ENDINGS.run()


def _forget_modules() -> None:
    """An updated add-on is enabled again under the same name: nothing of the old one may be found then."""
    package = __name__.rpartition(".")[0]
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        del sys.modules[name]
        child = name.removeprefix(f"{package}.")
        if "." not in child:
            vars(sys.modules[package]).pop(child, None)
