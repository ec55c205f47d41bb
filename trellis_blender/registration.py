# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rooms of the interface register, in this order. How it ends, `interface.state.background` keeps."""

import sys

import bpy

from .interface.batch import batch_settings
from .interface.batch import classes as batch_classes
from .interface.batch import running as batch_running
from .interface.generate import classes as generate_classes
from .interface.generate import drag_and_drop
from .interface.generate.blockout import blockout
from .interface.generations import classes as generations_classes
from .interface.generations import search
from .interface.input_image import classes as input_image_classes
from .interface.input_image import decode_many
from .interface.monitor import classes as monitor_classes
from .interface.monitor import handlers, monitor
from .interface.placed_model import classes as placed_model_classes
from .interface.placed_model import finish_operator, print_settings
from .interface.preferences import classes as preferences_classes
from .interface.preferences import second_copy
from .interface.state import background, configuration, logs, session, settings
from .interface.state import classes as state_classes
from .interface.text import classes as text_classes
from .interface.text import help_pages
from .interface.viewport import classes as viewport_classes
from .interface.viewport import redraw

CLASSES = (
    *preferences_classes.CLASSES,
    *state_classes.CLASSES,
    *text_classes.CLASSES,
    *input_image_classes.CLASSES,
    *generate_classes.CLASSES,
    *batch_classes.CLASSES,
    *generations_classes.CLASSES,
    *monitor_classes.CLASSES,
    *placed_model_classes.CLASSES,
    *viewport_classes.CLASSES,
)

ENDS = (monitor.stop, batch_running.end, session.end, decode_many.end, finish_operator.end, redraw.end)
"""What ends whatever was begun since the add-on was switched on, in this order."""


def register() -> None:
    """Classes, settings, handlers, and a timer for the first look into the store. Reads nothing, sends nothing.

    Where another copy of the add-on is switched on, only a sentence about that.
    """
    background.at_end(_forget_modules)
    background.at_end(logs.unregister)
    try:
        if first := second_copy.find(CLASSES):
            second_copy.register(first)
        else:
            _register()
    except BaseException:
        background.end()
        raise


def _register() -> None:
    background.at_end(configuration.KEY_FILE.forget)
    background.at_end(configuration.WEBHOOK_FILE.forget)
    for cls in CLASSES:
        bpy.utils.register_class(cls)
        is_monitor = cls is monitor.TRELLIS_OT_monitor
        background.at_end(monitor.take_back if is_monitor else bpy.utils.unregister_class, cls)
    for room in (settings, search, batch_settings, blockout, drag_and_drop, finish_operator, print_settings, handlers):
        room.register()
    bpy.utils.register_manual_map(help_pages.manual_map)
    background.at_end(bpy.utils.unregister_manual_map, help_pages.manual_map)
    background.at_end(bpy.utils.unregister_cli_command, bpy.utils.register_cli_command("trellis", _command))
    for end in reversed(ENDS):
        background.at_end(end)
    monitor.look_into_store()


def unregister() -> None:
    """Stops what runs and takes back what `register` did, however much of it is still there."""
    background.end()


def _command(arguments: "list[str]") -> int:
    """`blender -c trellis …`."""
    from .interface.command_line import command

    return command.main(arguments)


def _forget_modules() -> None:
    """An updated add-on is enabled again under the same name: nothing of the old one may be found then."""
    package = __name__.rpartition(".")[0]
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        del sys.modules[name]
        child = name.removeprefix(f"{package}.")
        if "." not in child:
            vars(sys.modules[package]).pop(child, None)
