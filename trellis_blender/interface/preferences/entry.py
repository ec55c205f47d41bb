# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a preference when it is entered: secrets go into files, and an address that has one is emptied."""

from collections.abc import Callable
from typing import Any

import bpy

from ..state import configuration, logs, session
from ..state.secret_file import SecretFile


class Secrets:
    """Why the secret that was entered last was not kept. Blender's property setters cannot report anything."""

    problem = ""


def _keep(file: SecretFile, value: str) -> None:
    try:
        file.write(value)
    except OSError as error:
        Secrets.problem = f"It could not be kept in {configuration.data_folder()} ({error.strerror})."
    else:
        Secrets.problem = ""


def secret(file: SecretFile, name: str, description: str) -> Any:
    """A field whose value is in a file of its own, and never in Blender's preferences."""
    return bpy.props.StringProperty(
        name=name,
        description=description,
        subtype='PASSWORD',
        get=lambda _: file.read(),
        set=lambda _, value: _keep(file, value),
        options={'SKIP_SAVE'},
    )


def use_at_once(_: bpy.types.AddonPreferences, __: bpy.types.Context) -> None:
    """Lets the queue know."""
    session.current().apply_preferences()


def set_log_level(_: bpy.types.AddonPreferences, __: bpy.types.Context) -> None:
    """Lets the log know."""
    logs.set_level()


class Refused:
    """Sentences about what was entered last, by the field; and the fields that are being emptied for it."""

    said: dict[str, str] = {}
    emptied: set[str] = set()


def check(field: str) -> Callable[[Any, bpy.types.Context], None]:
    """Empties the field where there is a secret in the address: preferences are copied and shared."""

    def check(preferences: Any, _: bpy.types.Context) -> None:
        if field in Refused.emptied:
            return
        # Not by what is used: that may come from the environment.
        Refused.said[field] = problem = configuration.why_not_kept(field, getattr(preferences, field))
        if problem:
            Refused.emptied.add(field)
            try:
                setattr(preferences, field, "")
            finally:
                Refused.emptied.discard(field)

    return check
