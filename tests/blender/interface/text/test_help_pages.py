"""Help, F1 and a row's sentence: each leads to a page of the manual, on the disk."""

import json
import re
import sys
import webbrowser
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import bpy
import pytest

ROOT = Path(__file__).resolve().parents[4]
MAPS: Any = bpy.utils.manual_map
OPS: Any = bpy.ops


@pytest.fixture
def manual(addon: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manual in the place of the built one, which is in the zip only: two pages."""
    from trellis_blender.interface.text import help_pages

    folder = tmp_path / "a manual"
    folder.mkdir()
    for name in (help_pages.INDEX, help_pages.TROUBLESHOOTING):
        (folder / name).write_text("<!DOCTYPE html>", encoding="utf-8")
    answers = [["PiAPI refused the API key", "troubleshooting.html#key"], ["“…” is gone", "troubleshooting.html#gone"]]
    (folder / "sentences.json").write_text(json.dumps(answers), encoding="utf-8")
    monkeypatch.setattr(help_pages, "FOLDER", folder)
    return folder


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser is given; none opens on the machine that runs the tests."""
    found: list[str] = []

    class Browser(webbrowser.GenericBrowser):
        def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
            found.append(url)
            return True

    monkeypatch.setattr(webbrowser, "_browsers", {})
    monkeypatch.setattr(webbrowser, "_tryorder", [])
    webbrowser.register("of-this-test", None, Browser("true"))
    return found


def page_of(rna: str) -> str:
    """What F1 opens: the first pattern that fits, as Blender looks it up."""
    from trellis_blender.interface.text import help_pages

    return next((page for pattern, page in help_pages.pages() if fnmatchcase(rna.lower(), pattern)), "")


def test_every_operator_and_field_has_a_page_that_the_manual_has(addon: Any) -> None:
    from trellis_blender import registration

    assert page_of("bpy.ops.trellis.fetch_task.task") == "account.html#the-panel-account"
    pages: set[str] = set()
    for cls in registration.CLASSES:
        if issubclass(cls, bpy.types.Operator):
            assert page_of(f"bpy.ops.{cls.bl_idname}"), cls
            pages.add(page_of(f"bpy.ops.{cls.bl_idname}"))
        elif issubclass(cls, bpy.types.PropertyGroup | bpy.types.AddonPreferences):
            for name in cls.__annotations__:
                assert page_of(f"bpy.types.{cls.__name__}.{name}"), (cls, name)
                pages.add(page_of(f"bpy.types.{cls.__name__}.{name}"))
    assert page_of("bpy.types.Object.trellis_prompt")
    for page in pages:
        name, _, section = page.partition("#")
        text = (ROOT / "docs" / name.replace(".html", ".md")).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        assert section in {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}, page


def test_blenders_own_look_up_finds_the_page_on_the_disk(manual: Path) -> None:
    found = [
        prefix + page
        for prefix, pages in MAPS()
        for pattern, page in pages
        if fnmatchcase("bpy.ops.trellis.finish", pattern)
    ]
    assert found == [f"{manual.as_uri()}/finishing.html#finish-model"]
    (manual / "index.html").unlink()
    assert not [pages for prefix, pages in MAPS() if prefix.startswith(manual.as_uri()) and pages]


def test_help_opens_the_manual_from_the_disk(manual: Path, opened: list[str]) -> None:
    assert OPS.trellis.help() == {'FINISHED'}
    assert OPS.trellis.help(about="“a.png” is gone. Nothing was sent.") == {'FINISHED'}
    assert OPS.trellis.help(about="Something else.") == {'FINISHED'}
    start = manual.as_uri()
    assert opened == [
        f"{start}/index.html", f"{start}/troubleshooting.html#gone", f"{start}/troubleshooting.html",
    ]  # fmt: skip


@pytest.mark.parametrize("page", ["away.html", "../secret.html"])
def test_a_page_that_is_not_there_is_named(manual: Path, opened: list[str], page: str) -> None:
    from trellis_blender.interface.text import help_pages

    assert page.rpartition("/")[2] in help_pages.show(page)
    assert opened == []


@pytest.mark.skipif(sys.platform != "linux", reason="only there a system may have no browser")
def test_without_a_browser_the_path_is_named(manual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trellis_blender.interface.text import help_pages

    monkeypatch.setattr(webbrowser, "_browsers", {})
    monkeypatch.setattr(webbrowser, "_tryorder", [])
    assert help_pages.show("index.html") == f"No browser could be opened. The page is here: {manual / 'index.html'}"
