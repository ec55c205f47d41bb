"""Real Blender as a module, with the add-on enabled in a fresh profile."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROFILE = tempfile.mkdtemp(prefix="trellis-profile-")
os.environ["BLENDER_USER_RESOURCES"] = PROFILE

import bpy  # noqa: E402, I001 (Blender's own modules can be found once bpy is loaded)
import addon_utils  # noqa: E402
import pytest  # noqa: E402
from service import KEY, Piapi  # noqa: E402

# What helps tests lies beside them.
sys.path.extend(map(str, [Path(__file__).parent, *Path(__file__).parent.rglob("*/")]))

from kept_code import keep  # noqa: E402

keep()
bpy.context.preferences.is_dirty = True  # nobody knows yet what they are


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Blender 4.2 crashes and 4.5 hangs when its module is unloaded after an import: leave without unloading it."""
    status = getattr(config, "exit_status", 0)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.exit_status = int(exitstatus)  # type: ignore[attr-defined]


@pytest.fixture
def addon(piapi: Piapi, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The add-on in a new file, talking to the test service. It has generated nothing yet."""
    shutil.rmtree(Path(PROFILE, "datafiles", "trellis_blender"), ignore_errors=True)
    monkeypatch.setenv("PIAPI_API_URL", piapi.url)
    monkeypatch.setenv("PIAPI_API_KEY", KEY)
    preferences = bpy.context.preferences
    if preferences.is_dirty:
        bpy.ops.wm.read_factory_settings()
    else:
        # A fifth of the time: Blender's own add-ons stay switched on.
        bpy.ops.wm.read_homefile(app_template="", use_factory_startup=True)
    module = addon_utils.enable("trellis_blender", default_set=True)
    preferences.is_dirty = False
    yield module
    # The add-on takes its own preferences along.
    is_changed = preferences.is_dirty
    addon_utils.disable("trellis_blender", default_set=True)
    preferences.is_dirty = is_changed


@pytest.fixture
def generate(addon: Any) -> Any:
    """`bpy.ops.trellis.generate`."""
    return bpy.ops.trellis.generate


@pytest.fixture
def folder(addon: Any) -> Path:
    """Where the add-on keeps its generations."""
    from trellis_blender.interface.state import configuration

    return configuration.data_folder()
