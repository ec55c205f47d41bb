#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every sentence of the add-on that people read, in one list: errors, warnings, reports, rows, tooltips, log lines.

    python3 scripts/sentences.py            # prints the differences between tests/sentences.txt and the code
    python3 scripts/sentences.py --write    # updates the list after a change of wording

The list is taken from the code: all strings of the package that contain two words or more, without docstrings (except
those of operators, which are tooltips), annotations, SQL and regular expressions. Values that are filled in are shown
by their names in braces. `tests/plain/project/test_wording.py` compares the list with the code.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "trellis_blender"
LIST = ROOT / "tests" / "sentences.txt"
HEADING = "# Written by scripts/sentences.py --write: every sentence that people read, by room. {…} is filled in."

WORDS = re.compile(r"[A-Za-z”}][,:;.]? [“(A-Za-z{]")
SQL_WORDS = "SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA|ALTER|DROP|BEGIN|TEXT NOT|THEN|WHERE|{ROWS}"
NO_SENTENCE = re.compile(rf"\s*({SQL_WORDS}|# This is|import |:root|<(img|div|article))|ORDER BY")
"""SQL, Python, a style sheet and elements of a page, and the head of Blender's file of catalogs."""
WITH_NODES = PACKAGE / "scene/importing"
NAME_OF_A_NODE = re.compile(r"(glTF|[A-Z]\w*)( [A-Z]\w*)+")
"""Names and inputs of nodes are Blender's own."""
ONLY_FILLED_IN = re.compile(r"(\W*\{[\w…]+\}\W*)*")
STANDS_FOR_ANOTHER = {"join", "len", "max", "min", "round", "str", "sum", "get", "strip", "rstrip"}
"""Calls for which the name of their argument is shown instead."""


def sentences(source: str) -> set[str]:
    """The sentences in the source of one module."""
    tree = ast.parse(source)
    left_out = set(map(id, _not_for_people(tree)))
    found: set[str] = set()
    _collect(tree, left_out, found)
    return found


def written() -> str:
    """The list that belongs to the code as it is: a paragraph for each room, its sentences in alphabetical order."""
    rooms: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        found = sentences(path.read_text(encoding="utf-8"))
        if path.parent == WITH_NODES:
            found = {sentence for sentence in found if not NAME_OF_A_NODE.fullmatch(sentence)}
        rooms.setdefault(room, set()).update(found)
    parts = [HEADING, *("\n".join((f"# {room}", *sorted(found))) for room, found in sorted(rooms.items()) if found)]
    return "\n\n".join(parts) + "\n"


def _not_for_people(tree: ast.AST) -> list[ast.AST]:
    """Nodes whose strings are not shown to people, with everything inside of them."""
    found: list[ast.AST] = []
    tooltips = [node.body[0] for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and "_OT_" in node.name]
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node not in tooltips:
            found.append(node)
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            # Blender's properties are annotations, too: these are calls.
            if not isinstance(node.annotation, ast.Call):
                found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef) and node.returns:
            found.append(node.returns)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"re.compile", "cast"}:
            found.append(node)
    return found


def _collect(node: ast.AST, left_out: set[int], found: set[str]) -> None:
    if id(node) in left_out:
        return
    if isinstance(node, ast.Constant | ast.JoinedStr):
        text = _template(node)
        if WORDS.search(text) and not NO_SENTENCE.match(text) and not ONLY_FILLED_IN.fullmatch(text):
            found.add(text)
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            _collect(child, left_out, found)


def _template(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return " ".join(node.value.split()) if isinstance(node.value, str) else ""
    parts = [part.value if isinstance(part, ast.Constant) else f"{{{_name(part)}}}" for part in node.values]
    return " ".join("".join(map(str, parts)).split())


def _name(node: ast.AST) -> str:
    """The last name in an expression that is filled in; "…" if it has none."""
    match node:
        case ast.FormattedValue(value=inner) | ast.BinOp(left=inner) | ast.Subscript(value=inner):
            return _name(inner)
        case ast.BoolOp(values=[inner, *_]):
            return _name(inner)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_")
        case ast.Call(func=function, args=arguments):
            name = _name(function)
            if name in STANDS_FOR_ANOTHER:
                if isinstance(function, ast.Attribute) and name != "join":
                    return _name(function.value)
                return _name(arguments[0])
            return name
        case ast.IfExp(body=inner):
            return _name(inner)
        case ast.GeneratorExp(generators=[ast.comprehension(iter=inner), *_]):
            return _name(inner)
        case _:
            return "…"


def main() -> int:
    """0 if the list agrees with the code, or was written."""
    now = written()
    if "--write" in sys.argv[1:]:
        LIST.write_text(now, encoding="utf-8", newline="\n")
        return 0
    before = LIST.read_text(encoding="utf-8") if LIST.exists() else ""
    known, found = set(before.splitlines()), set(now.splitlines())
    print(
        "\n".join([*(f"- {line}" for line in sorted(known - found)), *(f"+ {line}" for line in sorted(found - known))])
    )
    return int(before != now)


if __name__ == "__main__":
    sys.exit(main())
