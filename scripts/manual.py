#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual that is in the zip, in HTML: `python3 scripts/manual.py FOLDER`.

Every page of `docs/` that docs/manual.md, the index, links to becomes a page with the same name. Headings have GitHub's
anchors, so that a link works in both. Each page works by itself from a disk: no script, nothing from the network.
`sentences.json`, for `interface/text/manual_sections.py`, says which section of the manual answers a sentence.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
INDEX = "manual.md"
TROUBLESHOOTING = "troubleshooting.md"
SENTENCES = "sentences"
"""What the blocks of code are called that list the sentences a section answers."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Trellis for Blender</title>
<link rel="stylesheet" href="manual.css">
<nav>{nav}</nav>
<main>
{body}</main>
</html>
"""


def build(folder: Path) -> list[Path]:
    """Writes all pages, with their pictures, into `folder`, which is made, and returns the paths of the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "scripts/manual.css", folder / "manual.css")
    names = pages()
    titles = {name: title(name) for name in names}
    written: list[Path] = []
    for name in names:
        body, pictures = page(name)
        for picture in pictures:
            (folder / "pictures").mkdir(exist_ok=True)
            shutil.copyfile(picture, folder / "pictures" / picture.name)
        entries = (
            f'<a href="{target(other)}"{" class=here" * (other == name)}>{html.escape(text)}</a>'
            for other, text in titles.items()
        )
        written.append(folder / target(name))
        text = PAGE.format(title=html.escape(titles[name]), nav=" ".join(entries), body=body)
        written[-1].write_text(text, encoding="utf-8", newline="\n")
    answers = json.dumps(sentences(), ensure_ascii=False, indent=0)
    (folder / "sentences.json").write_text(answers + "\n", encoding="utf-8", newline="\n")
    return written


def pages() -> list[str]:
    """The files of the manual, the index first, in the order in which it links to them."""
    links = re.findall(r"\]\((\w[\w-]*\.md)", (DOCS / INDEX).read_text(encoding="utf-8"))
    return list(dict.fromkeys([INDEX, *links]))


def title(name: str) -> str:
    """A page's first heading."""
    return (DOCS / name).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def target(name: str) -> str:
    """The HTML file of a page."""
    return "index.html" if name == INDEX else name.replace(".md", ".html")


def anchor(heading: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def page(name: str) -> tuple[str, list[Path]]:
    """The HTML of a page's text, and the pictures in it."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark").enable("table")
    tokens = reader.parse((DOCS / name).read_text(encoding="utf-8"))
    pictures: list[Path] = []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before is not None and before.type == "heading_open":
            before.attrSet("id", anchor(token.content))
        for inner in token.children or ():
            if inner.type == "image":
                pictures.append((DOCS / str(inner.attrs["src"])).resolve())
                inner.attrSet("src", f"pictures/{pictures[-1].name}")
            elif inner.type == "link_open":
                _lead_to_html(inner)
    return reader.renderer.render(tokens, reader.options, {}), pictures


def _lead_to_html(link: Token) -> None:
    file, hash_mark, section = str(link.attrs["href"]).partition("#")
    if file.endswith(".md") and "/" not in file:
        link.attrSet("href", target(file) + hash_mark + section)


def sentences() -> list[tuple[str, str]]:
    """The sentences that the troubleshooting page lists ("…" for what is filled in), each with its section."""
    found: list[tuple[str, str]] = []
    path = DOCS / TROUBLESHOOTING
    for section in path.read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        for block in re.findall(rf"^```{SENTENCES}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            found += [(line, f"{target(path.name)}#{anchor(heading)}") for line in block.splitlines()]
    return found


if __name__ == "__main__":
    build(Path(sys.argv[1]))
