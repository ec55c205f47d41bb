"""README, the pages beside it and the manual in the zip: short where they should be, and every link leads somewhere."""

import json
import re
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from places import ROOT

from trellis_blender.interface.text import manual_sections

sys.path.insert(0, str(ROOT / "scripts"))

import manual
import sentences

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
README_LINES_MAX = 110
PICTURES_MAX_BYTES = 600_000
OF_A_BROWSER = ("report.png",)
"""No window of Blender shows these pages: they are taken by hand."""

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
    in_the_manual = {f"docs/{name}" for name in manual.pages()}
    assert {str(page.relative_to(ROOT)) for page in PAGES} - {"README.md"} <= links | in_the_manual
    assert "docs/manual.md" in links


class Html(HTMLParser):
    """What a page in HTML links to, and the anchors that it has."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [found[name] or "" for name in ("href", "src") if name in found]
        self.ids += [found["id"] or ""] if "id" in found else []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Html]:
    return {page: Html(page) for page in manual.build(tmp_path_factory.mktemp("built") / "manual")}


def test_links_of_the_manual_in_the_zip_lead_somewhere(built: dict[Path, Html]) -> None:
    folder = next(iter(built)).parent
    broken = []
    for page, html in built.items():
        assert len(set(html.ids)) == len(html.ids), page.name
        for link in html.links:
            name, _, anchor = link.partition("#")
            target = folder / name if name else page
            there = target.is_file() and target.resolve().is_relative_to(folder.resolve())
            if not link.startswith("https://") and not (there and (not anchor or anchor in built[target].ids)):
                broken.append((page.name, link))
    assert broken == []


def test_the_manual_needs_no_network(built: dict[Path, Html]) -> None:
    for page in built:
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        assert not re.search(r"<(img|link)[^>]*(src|href)=\"https?:", text), page.name


def test_every_picture_of_the_manual_is_made_by_the_window_test_and_shown() -> None:
    made = tomllib.loads((ROOT / "tests/window/manual_pictures.toml").read_text(encoding="utf-8"))
    there = {path.name: path.stat().st_size for path in (ROOT / "docs" / "pictures").iterdir()}
    shown = [
        Path(link)
        for name in manual.pages()
        for link in LINK.findall((ROOT / "docs" / name).read_text(encoding="utf-8"))
        if link.startswith("pictures/")
    ]
    pictures = [*(f"{name}.png" for name in made), *OF_A_BROWSER]
    assert sorted(there) == sorted(pictures) == sorted(path.name for path in shown)
    assert sum(there.values()) <= PICTURES_MAX_BYTES


def test_every_page_of_the_docs_is_in_the_manual_except_the_developers() -> None:
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - set(manual.pages()) == {"architecture.md"}


A_SENTENCE = re.compile(r"[A-Z{“0-9].*\.")
"""Of the list of all sentences: labels, tooltips and log lines have no full stop."""


def test_every_sentence_has_a_section_in_troubleshooting(built: dict[Path, Html]) -> None:
    read = manual_sections.read_answers(manual.sentences())
    alone, torn, listed = [], [], 0
    for line in sentences.written().splitlines():
        if not A_SENTENCE.fullmatch(line):
            continue
        listed += 1
        sentence = re.sub(r"\{[^}]*\}", manual_sections.FILLED_IN, line)
        fitting = [(length, section) for length, pattern, section in read if pattern.match(sentence)]
        sections = {section for length, section in fitting if length == max(fitting)[0]}
        if not sections:
            alone.append(line)
        elif len(sections) > 1:
            torn.append((line, sections))
    assert listed > 300
    assert alone == [], "docs/troubleshooting.md answers these in no section"
    assert torn == [], "docs/troubleshooting.md answers these in several sections"


def test_the_manual_in_the_zip_says_which_section_answers_a_sentence(built: dict[Path, Html]) -> None:
    folder = next(iter(built)).parent
    listed = json.loads((folder / "sentences.json").read_text(encoding="utf-8"))
    for _, section in listed:
        name, _, anchor = section.partition("#")
        assert anchor in built[folder / name].ids
    read = manual_sections.read_answers(listed)
    refused = "PiAPI refused the API key (401). It said: “no such key”. Nothing was charged."
    assert manual_sections.section_of(refused, read) == "troubleshooting.html#the-api-key"
    assert manual_sections.section_of("“bear.001” is animated. Choose a still image.", read).endswith(
        "#a-picture-cannot-be-read"
    )
    assert manual_sections.section_of("Hello", read) == manual_sections.section_of("", read) == ""


def test_nobody_is_told_that_windows_closes_a_file_to_others() -> None:
    """There the folder says who may read a file."""
    told = [
        sentence
        for page in PAGES
        for sentence in re.split(r"(?<=[.!?])\s", page.read_text(encoding="utf-8"))
        if re.search(r"only you can\s+read", sentence)
    ]
    assert told
    assert [sentence for sentence in told if "Windows" not in sentence] == []
