# SPDX-License-Identifier: GPL-3.0-or-later
"""Help: the manual that comes with the add-on, opened from the disk in the system's browser, without a network.

F1 over a button or a field asks Blender's map of manuals, to which registration adds `manual_map`: nothing is
read before F1 is pressed.
"""

from pathlib import Path

import bpy

FOLDER = Path(__file__).parents[2] / "manual"
INDEX = "index.html"
TROUBLESHOOTING = "troubleshooting.html"

_OPERATORS = {
    "first-model.html#without-a-key": "try_offline try_sample help",
    "first-model.html#the-settings": "generate generate_from_panel edit_prompt use_prompt new_seed monitor",
    "list.html#rows": "show show_more show_folder more copy_problem use_settings use_pictures move_here place",
    "list.html#finding-one-again": "favourite",
    "list.html#the-turntable-and-the-cut-out": "watch use_cutout",
    "list.html#removing": "remove remove_placeholder",
    "list.html#cancel-fail-go-on": "cancel cancel_all pause resume submit_again submit_paused",
    "pictures.html#sources": "take_picture take_from_web show_source",
    "pictures.html#several-pictures-and-dropping": "generate_from_files generate_from_editor set_down read_pictures",
    "pictures.html#several-views": "add_views take_views show_view remove_view move_view try_views_again",
    "pictures.html#warnings-and-remedies": "check_image improve_image use_image use_original_image",
    "pictures.html#what-piapi-can-do-with-a-picture": "remove_background enlarge_image keep_subject",
    "concepts.html#pictures-first": "make_concepts",
    "concepts.html#choosing": "choose_concept show_concepts generate_from_concepts",
    "variations.html#several-models-of-one-input": "keep_only compare",
    "variations.html#another-one-of-a-model-that-is-there": "vary_seed",
    "this-model.html#once-more": "generate_again use_model_settings",
    "batch.html#in-the-panel": "open_batch paste_batch read_batch close_batch run_batch stop_batch place_batch "
    "show_batch",
    "blockout.html#a-model-for-each-box": "generate_for_selection generate_from_dialog pictures_for_boxes show_boxes",
    "placing.html#textures": "show_textures",
    "finishing.html#finish-model": "finish",
    "printing.html#check-for-printing": "check_print",
    "printing.html#make-printable": "make_printable",
    "printing.html#export-stl": "export_stl",
    "assets.html#save-as-asset": "save_asset",
    "assets.html#the-library": "add_library",
    "account.html#the-panel-account": "list_tasks fetch_task export_costs test_key",
    "pipelines.html#network": "copy_report",
}
"""What an operator's page is, by the operators without their "trellis."."""
_FIELDS = (
    ("trellis_pg_settings.image*", "pictures.html#what-may-go-in"),
    ("trellis_pg_view.*", "pictures.html#several-views"),
    ("trellis_pg_settings.several", "pictures.html#several-views"),
    ("trellis_pg_settings.variations", "variations.html#several-models-of-one-input"),
    ("trellis_pg_settings.target", "placing.html#where-it-will-stand"),
    ("trellis_pg_settings.finish", "finishing.html#finish-model"),
    ("trellis_pg_settings.longest_side*", "finishing.html#finish-model"),
    ("trellis_pg_settings.*", "first-model.html#the-settings"),
    ("trellis_pg_search.*", "list.html#finding-one-again"),
    ("trellis_pg_batch.*", "batch.html#in-the-panel"),
    ("trellis_ap_preferences.asset_*", "assets.html#the-library"),
    ("trellis_ap_preferences.*", "pipelines.html#variables-and-preferences"),
    ("trellis_pg_print.size_mm", "printing.html#size"),
    ("trellis_pg_print.detail_mm", "printing.html#make-printable"),
    ("trellis_pg_print*", "printing.html#check-for-printing"),
    ("object.trellis_*", "blockout.html#a-model-for-each-box"),
)
"""The page of a field; the first that fits counts."""


class TRELLIS_OT_help(bpy.types.Operator):
    """Open the manual in the browser. It is on this computer and needs no network"""

    bl_idname = "trellis.help"
    bl_label = "Help"
    bl_options = {'INTERNAL'}

    page: bpy.props.StringProperty(
        default=INDEX, options={'SKIP_SAVE', 'HIDDEN'}, description="A file of the manual, with its #section"
    )
    about: bpy.props.StringProperty(
        options={'SKIP_SAVE', 'HIDDEN'}, description="What a row says: the section about it is opened"
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        if problem := show(page_about(self.about) if self.about else self.page):
            self.report({'WARNING'}, problem)
            return {'CANCELLED'}
        return {'FINISHED'}


def show(page: str) -> str:
    """Opens a page; why that could not be done, as a sentence, or ""."""
    import webbrowser  # takes a while to load, and most never ask

    name, _, section = page.partition("#")
    path = FOLDER / name
    if path.parent != FOLDER or not path.is_file():
        return f"This page of the manual is not there: “{path}”. Install the add-on again."
    try:
        is_open = webbrowser.open(f"{path.as_uri()}#{section}" if section else path.as_uri())
    except (webbrowser.Error, OSError):
        is_open = False
    return "" if is_open else f"No browser could be opened. The page is here: {path}"


def page_about(text: str) -> str:
    """The section that answers what a row says."""
    import json

    from .manual_sections import read_answers, section_of

    try:
        known = read_answers(json.loads((FOLDER / "sentences.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return TROUBLESHOOTING
    return section_of(text, known) or TROUBLESHOOTING


def pages() -> tuple[tuple[str, str], ...]:
    """Patterns of what Blender calls operators and fields, in lower case, each with its page."""
    operators = ((f"bpy.ops.trellis.{name}", page) for page, names in _OPERATORS.items() for name in names.split())
    return (
        *((pattern + ending, page) for pattern, page in operators for ending in ("", ".*")),
        *((f"bpy.types.{pattern}", page) for pattern, page in _FIELDS),
    )


def manual_map() -> tuple[str, tuple[tuple[str, str], ...]]:
    """What F1 looks up; nothing of ours where the manual is not there, so that Blender says that it has no page."""
    return f"{FOLDER.as_uri()}/", pages() if (FOLDER / INDEX).is_file() else ()
