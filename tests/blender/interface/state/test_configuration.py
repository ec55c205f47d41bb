import os
import stat
import sys
from pathlib import Path
from typing import Any

import bpy
import pytest
from service import KEY

SECRET = "secret-7d1f0b5e9a"


@pytest.fixture
def preferences(addon: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("PIAPI_API_KEY")
    monkeypatch.delenv("PIAPI_API_URL")
    found = bpy.context.preferences.addons["trellis_blender"].preferences
    yield found
    found.api_key = ""


def test_the_key_lives_in_a_file_of_its_owner_and_nowhere_else(preferences: Any, folder: Path, tmp_path: Path) -> None:
    from trellis_blender.interface.state import configuration

    preferences.api_key = SECRET
    preferences.api_url = "https://example.invalid"
    assert configuration.api_key() == (SECRET, "the preferences")
    configuration.KEY_FILE.forget()
    assert preferences.api_key == SECRET
    if sys.platform != "win32":
        assert stat.S_IMODE((folder / "api-key").stat().st_mode) == 0o600
    bpy.ops.wm.save_userpref()
    bpy.context.preferences.filepaths.use_file_compression = False
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    holders = [
        path
        for path in [*Path(os.environ["BLENDER_USER_RESOURCES"]).rglob("*"), tmp_path / "scene.blend"]
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert holders == [folder / "api-key"]
    preferences.api_key = ""
    assert not (folder / "api-key").exists()
    preferences.api_url = ""


def test_the_environment_wins(preferences: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from trellis_blender.interface.state import configuration

    preferences.api_key = SECRET
    preferences.api_url = "https://from-the-preferences.invalid"
    preferences.upload_url = "https://upload-from-the-preferences.invalid"
    assert configuration.service().api_url == "https://from-the-preferences.invalid"
    assert configuration.upload_url() == ("https://upload-from-the-preferences.invalid", "the preferences")
    monkeypatch.setenv("PIAPI_API_KEY", KEY)
    monkeypatch.setenv("PIAPI_API_URL", "https://from-the-environment.invalid")
    monkeypatch.setenv("PIAPI_UPLOAD_URL", "https://upload.invalid")
    service = configuration.service()
    assert (service.api_key, service.api_url, service.upload_url) == (
        KEY,
        "https://from-the-environment.invalid",
        "https://upload.invalid",
    )
    assert configuration.api_key().source == "PIAPI_API_KEY"
    preferences.api_url = preferences.upload_url = ""


def test_the_defaults_are_piapis(preferences: Any) -> None:
    from trellis_blender.interface.state import configuration

    assert configuration.api_key() == ("", "")
    assert configuration.api_url() == ("https://api.piapi.ai", "default")
    assert configuration.why_not_ready().startswith("There is no API key yet.")


def test_a_key_that_cannot_be_read_is_said_and_not_called_missing(preferences: Any, folder: Path) -> None:
    from trellis_blender.interface.state import configuration

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "api-key").write_bytes(b"\xff\xfa")
    configuration.KEY_FILE.forget()
    assert configuration.why_not_ready().startswith("The file with your API key, ")
    preferences.api_key = SECRET
    assert configuration.api_key().value == SECRET
    assert not configuration.why_not_ready().startswith("The file")


def test_a_webhooks_secret_that_cannot_be_read_is_said_before_anything_is_sent(preferences: Any, folder: Path) -> None:
    from trellis_blender.interface.state import configuration

    preferences.api_key = SECRET
    (folder / "webhook-secret").mkdir(parents=True)
    configuration.WEBHOOK_FILE.forget()
    assert not configuration.why_not_ready().startswith("The file")
    preferences.webhook_endpoint = "https://studio.example/hook"
    try:
        assert configuration.why_not_ready().startswith("The file with your webhook secret, ")
    finally:
        preferences.webhook_endpoint = ""
        (folder / "webhook-secret").rmdir()
        configuration.WEBHOOK_FILE.forget()
