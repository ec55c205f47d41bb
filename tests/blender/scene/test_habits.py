"""What Blender's own preferences and jobs say is respected where the version has it."""

from typing import Any

import bpy

from trellis_blender.scene import versions


def test_dates_are_written_as_blender_writes_them() -> None:
    view: Any = bpy.context.preferences.view
    kinds: Any = bpy.types.PreferencesView.bl_rna.properties
    if not hasattr(view, "date_format"):
        assert versions.date_pattern() == "%Y-%m-%d %H:%M"
        return
    try:
        for item in kinds["date_format"].enum_items:
            view.date_format = item.identifier
            if item.identifier != 'DEFAULT':
                shown = versions.date_pattern().split()[0]
                assert shown.replace("%d", "dd").replace("%m", "mm").replace("%Y", "yyyy") == item.name
        view.time_format = 'H12'
        assert versions.date_pattern().endswith("%I:%M %p")
    finally:
        view.date_format, view.time_format = 'DEFAULT', 'H24'


def test_no_box_fills_where_less_motion_is_wanted() -> None:
    from trellis_blender.interface.text.captions import Caption
    from trellis_blender.interface.viewport import overlay

    view: Any = bpy.context.preferences.view
    empty = bpy.data.objects.new("a bear", None)
    shown = [(empty, Caption("a bear", "Generating", share=0.5))]
    try:
        assert len(overlay.boxes(shown)) == 1
        if hasattr(view, "use_reduce_motion"):
            view.use_reduce_motion = True
            assert overlay.boxes(shown) == []
    finally:
        if hasattr(view, "use_reduce_motion"):
            view.use_reduce_motion = False
        bpy.data.objects.remove(empty)
