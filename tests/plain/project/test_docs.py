"""README and the pages beside it: short where they should be, and every link leads somewhere."""

import re
from pathlib import Path

import pytest
from places import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
README_LINES_MAX = 110

LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", CODE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    broken = []
    for link in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# A heading, with `code`\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md#a-heading-with-code) [b](gone.md) [c](other.md#nowhere) [d](#e) [f](https://piapi.ai)\n"
    )
    assert broken_links(page) == ["gone.md", "other.md#nowhere", "#e"]


def test_readme_is_short_and_leads_to_every_page() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= README_LINES_MAX
    links = {link.partition("#")[0] for link in LINK.findall(text)}
    assert {str(page.relative_to(ROOT)) for page in PAGES} - {"README.md"} <= links


def test_paths_named_in_the_architecture_are_there() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:trellis_blender|tests|scripts)/[\w/.-]+)`", text))
    named |= {
        f"trellis_blender/{path}"
        for path in re.findall(r"`((?:piapi|imaging|gltf|generation|scene|interface)/[\w/]+(?:\.py)?/?)`", text)
    }
    assert named, "the page names no path"
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
