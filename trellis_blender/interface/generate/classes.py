# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import (
    buttons,
    drag_and_drop,
    image_from_web,
    model_panel,
    panel,
    prompts,
    samples,
    spending_operator,
    submission,
)
from .blockout import blockout
from .picture_tasks import concepts, picture_tools

CLASSES = (
    submission.TRELLIS_OT_generate,
    buttons.TRELLIS_OT_generate_from_panel,
    buttons.TRELLIS_OT_try_offline,
    buttons.TRELLIS_OT_new_seed,
    spending_operator.TRELLIS_OT_generate_from_dialog,
    samples.TRELLIS_OT_try_sample,
    image_from_web.TRELLIS_OT_take_from_web,
    drag_and_drop.TRELLIS_OT_generate_from_files,
    drag_and_drop.TRELLIS_OT_generate_from_editor,
    drag_and_drop.TRELLIS_OT_set_down,
    drag_and_drop.TRELLIS_FH_image,
    concepts.TRELLIS_OT_make_concepts,
    concepts.TRELLIS_OT_choose_concept,
    concepts.TRELLIS_OT_generate_from_concepts,
    concepts.TRELLIS_OT_show_concepts,
    concepts.TRELLIS_MT_concepts,
    picture_tools.TRELLIS_OT_remove_background,
    picture_tools.TRELLIS_OT_enlarge_image,
    picture_tools.TRELLIS_OT_keep_subject,
    prompts.TRELLIS_OT_edit_prompt,
    prompts.TRELLIS_OT_use_prompt,
    prompts.TRELLIS_MT_prompts,
    panel.TRELLIS_PT_generate,
    model_panel.TRELLIS_OT_generate_again,
    model_panel.TRELLIS_OT_vary_seed,
    model_panel.TRELLIS_OT_use_model_settings,
    model_panel.TRELLIS_OT_show_source,
    blockout.TRELLIS_OT_generate_for_selection,
    blockout.TRELLIS_OT_pictures_for_boxes,
    blockout.TRELLIS_OT_show_boxes,
    model_panel.TRELLIS_PT_this_model,
    blockout.TRELLIS_PT_blockout,
)
