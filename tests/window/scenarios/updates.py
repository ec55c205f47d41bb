"""An update in a running window, with ten generations in the midst: none lost, none paid twice.

The repository is added, the add-on installed out of it, updated, removed and installed again by Blender's own
operators, as the buttons of Preferences → Get Extensions do.
"""

import os
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import bl_pkg
import bpy
import drive

F6 = "72"
"""By its number, as in `help.py`."""
COUNT = 10
MADE_BEFORE = 2
AT_ONCE = 4
INDEX = 0
"""Of the only repository."""


def manifest() -> Path:
    return Path(bpy.utils.user_resource('EXTENSIONS'), "user_default", "trellis_blender", "blender_manifest.toml")


def version() -> str:
    """What is installed, "" for nothing."""
    path = manifest()
    return tomllib.loads(path.read_text(encoding="utf-8"))["version"] if path.is_file() else ""


def is_on() -> bool:
    return "bl_ext.user_default.trellis_blender" in bpy.context.preferences.addons


def is_idle() -> bool:
    """Blender's own work on extensions is modal."""
    return not any(operator.bl_idname.startswith("EXTENSIONS_OT") for operator in drive.window().modal_operators)


def call(operator: str, **properties: Any) -> drive.Steps:
    """Has the artist's hand call an operator, with a key: up to Blender 5.0 one that a script calls, in an override,
    can crash it while threads run.
    """
    keymap = bpy.context.window_manager.keyconfigs.addon.keymaps.new(name="Window")
    item = keymap.keymap_items.new(operator, 'F6', 'PRESS')
    for name, value in properties.items():
        setattr(item.properties, name, value)
    yield from drive.over_viewport()
    yield from drive.key(F6, 0.5)
    keymap.keymap_items.remove(item)


def sync() -> drive.Steps:
    yield from call("extensions.repo_sync", repo_index=INDEX)
    yield from drive.until(is_idle, "the repository to be read", 20)


def install() -> drive.Steps:
    yield from call("extensions.package_install", repo_index=INDEX, pkg_id="trellis_blender")
    yield from drive.until(lambda: is_idle() and is_on(), "the add-on to be installed", 30)
    yield 1.0


def counted() -> Counter[str]:
    return Counter(generation.state.value for generation in drive.generations())


def tasks() -> dict[str, str]:
    return {each.id: each.task_id for each in drive.generations() if each.task_id}


def models() -> int:
    """On the disk."""
    return len(list(Path(bpy.utils.user_resource('DATAFILES'), "trellis_blender").rglob("model.glb")))


def add_repository() -> None:
    repositories = bpy.context.preferences.extensions.repos
    for repository in list(repositories):
        repositories.remove(repository)
    with bpy.context.temp_override(window=drive.window()):  # none of the add-on's threads is there yet
        bpy.ops.preferences.extension_repo_add(
            name="user_default", remote_url=os.environ["TEST_REPOSITORY"], type='REMOTE', use_sync_on_startup=False
        )
    (added,) = repositories
    assert added.module == "user_default", added.module


def scenario() -> drive.Steps:
    add_repository()
    yield from sync()
    yield from install()
    assert version() == "0.1.0"
    yield from drive.open_sidebar()
    for number in range(MADE_BEFORE):
        yield from drive.ask_for(f"a chair {number}")
    yield from drive.finish()
    yield from drive.until(lambda: counted()["placed"] == MADE_BEFORE, "two models of before")
    for number in range(COUNT):
        with drive.in_viewport():
            bpy.ops.trellis.generate('INVOKE_DEFAULT', prompt=f"bear {number}")
    yield from drive.until(lambda: counted()["running"] == AT_ONCE, "four of them at the service")
    before = tasks()
    drive.shot("01-ten-in-the-midst")

    yield from drive.tell("publish")
    yield from sync()
    yield from call("extensions.package_upgrade_all")
    yield from drive.until(lambda: is_idle() and version() == "0.2.0" and is_on(), "the update", 60)
    yield from drive.open_sidebar()
    yield from drive.until(lambda: len(drive.generations()) == MADE_BEFORE + COUNT, "the rows of before")
    yield from drive.over_viewport()
    yield 1.0
    drive.shot("02-updated")
    yield from drive.finish()
    yield from drive.until(lambda: counted()["placed"] == MADE_BEFORE + AT_ONCE, "the four that were sent", 60)
    assert tasks() == before
    assert counted()["queued"] == COUNT - AT_ONCE
    drive.tell_service("quickly")
    yield from drive.press("trellis.submit_paused", wait_s=1.0)
    yield from drive.until(lambda: counted()["placed"] == MADE_BEFORE + COUNT, "all ten", 90)
    assert before.items() <= tasks().items()
    assert models() == MADE_BEFORE + COUNT
    yield from drive.over_viewport()
    drive.shot("03-all-here")

    yield from drive.tell("away")
    yield from sync()
    drive.shot("04-the-repository-is-away")
    assert any("URL error" in text for _, text in bl_pkg.repo_status_text.log), bl_pkg.repo_status_text.log
    assert (version(), is_on(), len(drive.generations())) == ("0.2.0", True, MADE_BEFORE + COUNT)
    yield from drive.tell("back")
    yield from call("extensions.package_uninstall", repo_index=INDEX, pkg_id="trellis_blender")
    yield from drive.until(lambda: is_idle() and not version() and not is_on(), "the add-on to be removed", 30)
    yield 0.5
    drive.shot("05-removed")
    assert models() == MADE_BEFORE + COUNT
    yield from sync()
    yield from install()
    assert version() == "0.2.0"
    yield from drive.open_sidebar()
    yield from drive.until(lambda: counted()["placed"] == MADE_BEFORE + COUNT, "the rows again")
    yield from drive.over_viewport()
    yield 0.5
    drive.shot("06-installed-again")
