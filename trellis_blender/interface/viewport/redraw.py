# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen of the generations with the sidebar closed, kept up to date: redrawn only where its text has changed.

A viewport takes a frame's time to redraw, so it is asked to at most once a second, and never while nothing is shown.
What is drawn there is loaded when it is first needed, so that enabling the add-on costs nothing.
"""

import time

import bpy

from ...scene import user_activity
from ..state import background

INTERVAL_S = 1.0


class _Memory:
    looked_at = -INTERVAL_S


def everything() -> None:
    """The sidebars at once, and what is seen with them closed soon."""
    sidebars()
    refresh()


def refresh() -> None:
    """Looks what has changed: now, or when a second has passed since the last time. In background Blender never."""
    if bpy.app.background:
        return
    wait_s: float | None = _Memory.looked_at + INTERVAL_S - time.monotonic()
    if wait_s <= 0:
        wait_s = _look()
    # The look that is due may be one for when the news is old, which is far too late for what has changed now.
    if wait_s is not None:
        background.later(_look, wait_s)


def at_once() -> None:
    """After undo and opening a file, which redraw everything by themselves: what was drawn is another object now."""
    if not bpy.app.background:
        from . import overlay

        overlay.update()
        refresh()


def forget_news() -> None:
    """At the next press, what the status bar has said is done has been seen."""
    from . import statusbar

    statusbar.forget_news()


def end() -> None:
    """Takes everything back."""
    from . import overlay, statusbar

    overlay.unregister()
    statusbar.unregister()


def _look() -> float | None:
    """What is due; in how many seconds again, None for never."""
    from . import overlay, statusbar

    _Memory.looked_at = time.monotonic()
    if overlay.update():
        redraw_viewports()
    has_changed, again_s = statusbar.update()
    if has_changed:
        _redraw_status_bars()
    return again_s


def sidebars() -> None:
    """Only the sidebars, and the preferences: redrawing the whole viewport at every tick slows Blender down."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == 'PREFERENCES':
                area.tag_redraw()
            elif area.type == 'VIEW_3D':
                for region in area.regions:
                    if region.type == 'UI':
                        region.tag_redraw()


def redraw_viewports() -> None:
    """Every 3D viewport that shows overlays."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            space = area.spaces.active
            if isinstance(space, bpy.types.SpaceView3D) and space.overlay.show_overlays:
                for region in area.regions:
                    if region.type == 'WINDOW':
                        region.tag_redraw()


def _redraw_status_bars() -> None:
    """Nothing else in Blender redraws the bar. It takes a tool's key hints away, so not while there is a tool."""
    if user_activity.modal_operators() - {user_activity.OUR_MONITOR, user_activity.RENDER}:
        return
    for window in bpy.context.window_manager.windows:
        with bpy.context.temp_override(window=window):
            window.workspace.status_text_set_internal(None)
