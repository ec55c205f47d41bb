"""Buttons whose label ends in "…" ask for something more, in a dialog or a file browser, and the others do not."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from places import ROOT

ASK_FOR_MORE = ("invoke_props_dialog", "fileselect_add", "invoke_search_popup")
ONLY_A_QUESTION = {"trellis.remove"}
"""Their dialogs say what will happen, and take nothing but yes or no."""
EXCEPT = {("trellis.fetch_task", "Fetch"), ("trellis.export_costs", "Writing the Table")}
"""The button that knows which task, and what stands on one that cannot be pressed meanwhile."""


def asks(kind: type) -> bool:
    """Whether a press of the operator's button opens a dialog in which something is to be entered."""
    own = [each for each in kind.__mro__ if each.__module__.startswith("trellis_blender")]
    methods = [vars(each)[name] for each in own for name in ("invoke", "ask") if name in vars(each)]
    return any(word in inspect.getsource(method) for method in methods for word in ASK_FOR_MORE)


def ends(label: ast.expr, names: dict[str, ast.expr]) -> Iterator[str]:
    """How what a label is written as may end, as far as that is a text."""
    match label:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=[*_, last]):
            yield from ends(last, names) if isinstance(last, ast.Constant) else [" "]
        case ast.IfExp(body=one, orelse=other):
            yield from ends(one, names)
            yield from ends(other, names)
        case ast.BoolOp(values=values):
            for each in values:
                yield from ends(each, names)
        case ast.Name(id=name) if name in names:
            yield from ends(names[name], names)


def buttons(path: Path) -> Iterator[tuple[str, str]]:
    """Each button that a module draws: its operator, and how its label may end ("" without one)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        yield from buttons_in(function)


def buttons_in(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """Those that one function draws."""
    names: dict[str, ast.expr] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=assigned)], value=value):
                names[assigned] = value
            case ast.Call(func=ast.Attribute(attr="operator"), args=[ast.Constant(value=str(name)), *_]):
                given = next((each.value for each in node.keywords if each.arg == "text"), None)
                yield from ((name, end) for end in (ends(given, names) if given is not None else ["(its own)"]))


def test_labels_that_end_in_an_ellipsis_ask_for_more_and_the_others_do_not(addon: Any) -> None:
    from trellis_blender import registration

    kinds = {kind.bl_idname: kind for kind in registration.CLASSES if hasattr(kind, "bl_idname")}
    looked_at, wrong = 0, []
    for path in sorted((ROOT / "trellis_blender" / "interface").rglob("*.py")):
        for name, end in buttons(path):
            if name not in kinds or not end or name in ONLY_A_QUESTION:
                continue
            label = kinds[name].bl_label if end == "(its own)" else end
            looked_at += 1
            if label.endswith("…") != asks(kinds[name]) and (name, label) not in EXCEPT:
                wrong.append((path.name, name, label))
    assert looked_at >= 40
    assert wrong == []
