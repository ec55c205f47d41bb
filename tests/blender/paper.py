"""A layout that keeps what is drawn on it, for Blender as a module has none. Texts go through Blender as theirs do."""

from types import SimpleNamespace
from typing import Any

import bpy

WIDTH_PX = 400
WRITING = {
    "label", "operator", "menu", "prop", "progress", "prop_enum", "template_icon", "template_popup_confirm", "textbox"
}  # fmt: skip


class Paper:
    """Takes every call that a `UILayout` takes. `said` is all that can be read on it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._sink = bpy.data.texts.new("paper")

    def __getattr__(self, name: str) -> Any:
        if name in {"panel", "panel_prop"}:
            return lambda *_, **__: (self, self)
        if name in WRITING:
            return self._write
        return lambda *_, **__: self

    def _write(self, *arguments: Any, text: str = "", factor: float = 0.0, **_: Any) -> Any:
        # As of `UILayout.label`: TypeError for what Blender cannot show.
        self._sink.write(text)
        assert 0 <= factor <= 1
        self.said.append(text)
        return SimpleNamespace()


def context() -> Any:
    """The real one, but for the region that background Blender has not."""
    real = bpy.context
    return SimpleNamespace(
        scene=real.scene,
        preferences=real.preferences,
        active_object=real.view_layer.objects.active,
        selected_objects=real.view_layer.objects.selected[:],
        region=SimpleNamespace(width=WIDTH_PX),
        window_manager=real.window_manager,
    )


class _Drawing:
    """The panel with a layout of its own."""

    def __init__(self, panel: Any, paper: Paper) -> None:
        self._panel, self.layout = panel, paper

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._panel, name)
        return getattr(found, "__func__", found).__get__(self) if callable(found) else found


def drawn(panel: Any) -> list[str]:
    """What a panel, a menu or an add-on's preferences say."""
    paper = Paper()
    kind = panel if isinstance(panel, type) else type(panel)
    kind.draw(_Drawing(panel, paper), context())
    return paper.said
