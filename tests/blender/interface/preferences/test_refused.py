"""A secret that is entered where none belongs is kept nowhere: not in the preferences, not in the store, not sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from paper import drawn
from service import KEY, Piapi

OTHER_KEY = "fedcba9876543210" * 4
WITH_LOGIN = "https://anna:sesame@hooks.example.com/in"


@pytest.fixture
def preferences(addon: Any) -> Iterator[Any]:
    found = bpy.context.preferences.addons["trellis_blender"].preferences
    yield found
    for field in ("api_url", "upload_url", "webhook_endpoint"):
        setattr(found, field, "")


def kept(folder: Path) -> bytes:
    """All that the add-on and Blender keep on the disk, without the file that is the key's."""
    bpy.ops.wm.save_userpref()
    return b"".join(path.read_bytes() for path in folder.parents[1].rglob("*") if path.is_file())


@pytest.mark.parametrize("field", ["api_url", "upload_url", "webhook_endpoint"])
@pytest.mark.parametrize("text", [KEY, OTHER_KEY, WITH_LOGIN, f"https://example.com/{KEY}"])
def test_a_field_does_not_keep_it_and_says_why(preferences: Any, folder: Path, field: str, text: str) -> None:
    setattr(preferences, field, text)
    assert getattr(preferences, field) == ""
    assert text.encode() not in kept(folder)
    said = " ".join(drawn(preferences))
    assert "not used and not stored" in said
    assert text not in said
    setattr(preferences, field, "https://example.com")
    assert getattr(preferences, field) == "https://example.com"
    assert "not used and not stored" not in " ".join(drawn(preferences))


@pytest.mark.parametrize("text", [KEY, OTHER_KEY, WITH_LOGIN])
def test_an_address_of_the_environment(
    preferences: Any, piapi: Piapi, folder: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("PIAPI_API_URL", text)
    with pytest.raises(RuntimeError, match="in the address of the service") as raised:
        bpy.ops.trellis.generate(prompt="a bear")
    assert text not in str(raised.value)
    assert text not in " ".join(drawn(preferences))
    assert text.encode() not in kept(folder)
    assert piapi.requests == []


@pytest.mark.parametrize("field", ["api_url", "upload_url", "webhook_endpoint"])
def test_an_address_that_an_earlier_version_has_kept(
    preferences: Any, piapi: Piapi, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    from trellis_blender.interface.preferences import entry

    monkeypatch.delenv("PIAPI_API_URL")
    preferences.upload_images = True
    entry.Refused.emptied.add(field)
    setattr(preferences, field, WITH_LOGIN)
    entry.Refused.emptied.clear()
    try:
        with pytest.raises(RuntimeError, match="There is a name or password in the address"):
            bpy.ops.trellis.generate(prompt="a bear")
        drawn(preferences)
    finally:
        preferences.upload_images = False
    assert piapi.requests == []


@pytest.mark.parametrize("text", [KEY, f" {KEY.upper()} ", OTHER_KEY, f"https://api.piapi.ai/{KEY}"])
def test_a_key_is_no_task_id(addon: Any, piapi: Piapi, folder: Path, text: str) -> None:
    with pytest.raises(RuntimeError, match="That is a key, not a task id"):
        bpy.ops.trellis.fetch_task(task_id=text)
    assert piapi.requests == []
    assert text.strip().encode() not in kept(folder)


@pytest.mark.parametrize("url", [WITH_LOGIN, f"https://example.com/{KEY}.png"])
def test_a_pictures_address_has_no_secret_either(addon: Any, piapi: Piapi, url: str) -> None:
    with pytest.raises(RuntimeError, match="in the address of the picture"):
        bpy.ops.trellis.take_from_web(url=url)
    assert piapi.requests == []


def test_a_key_in_a_prompt_is_neither_sent_nor_kept(addon: Any, piapi: Piapi, folder: Path) -> None:
    with pytest.raises(RuntimeError, match="There is a key in the prompt"):
        bpy.ops.trellis.generate(prompt=f"a bear {KEY}")
    assert piapi.requests == []
    assert KEY.encode() not in kept(folder)
