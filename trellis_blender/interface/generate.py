# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator behind the button Generate and behind `bpy.ops.trellis.generate` in scripts."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..piapi.models import MODELS, OFFLINE_PREVIEW, InputUnusable
from ..scene import artist
from . import access, monitor, session
from .settings import settings_of

if TYPE_CHECKING:
    from ..generation.request import GenerationRequest

SECOND_PRESS_S = 1.0
"""A double click must not pay twice."""

PARAMETERS = tuple(parameter.name for parameter in MODELS["Qubico/trellis"].parameters)
ARGUMENTS = (*PARAMETERS, "prompt", "image", "model")


class _LastPress:
    at = -SECOND_PRESS_S


class TRELLIS_OT_generate(bpy.types.Operator):
    """Make a 3D model with PiAPI and put it at the 3D cursor. Costs the price on the button"""

    bl_idname = "trellis.generate"
    bl_label = "Generate"
    # Neither REGISTER nor UNDO: repeating the last action and adjusting it must never send anything.
    bl_options = {'INTERNAL'}

    prompt: bpy.props.StringProperty(name="Prompt", options={'SKIP_SAVE'})
    image: bpy.props.StringProperty(name="Image", options={'SKIP_SAVE'})
    model: bpy.props.StringProperty(name="Model", options={'SKIP_SAVE'})
    seed: bpy.props.IntProperty(name="Seed", options={'SKIP_SAVE'})
    ss_sampling_steps: bpy.props.IntProperty(name="Shape Steps", options={'SKIP_SAVE'})
    slat_sampling_steps: bpy.props.IntProperty(name="Detail Steps", options={'SKIP_SAVE'})
    ss_guidance_strength: bpy.props.FloatProperty(name="Shape Guidance", options={'SKIP_SAVE'})
    slat_guidance_strength: bpy.props.FloatProperty(name="Detail Guidance", options={'SKIP_SAVE'})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        model = getattr(properties, "model", "") or settings_of(context.scene).model
        if model == OFFLINE_PREVIEW.id:
            return "Make a rough stand-in from the picture, on this computer. Free, to try things out, and not Trellis"
        return "Make a 3D model with PiAPI and put it at the 3D cursor. Costs the price on the button"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        given = {name for name in ARGUMENTS if self.properties.is_property_set(name)}
        is_button = given <= {"model"}  # as the panel's buttons have it
        if is_button and time.monotonic() - _LastPress.at < SECOND_PRESS_S:
            self.report({'INFO'}, "Pressed twice within a second; submitted once.")
            return {'CANCELLED'}
        try:
            submit(context, self, has_placeholder=True)
        except (access.NotReady, InputUnusable, ValueError) as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}
        _LastPress.at = time.monotonic()
        monitor.pressed()
        return {'FINISHED'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            if mode := artist.other_mode():
                raise access.NotReady(f"An object is in {mode}. Switch to Object Mode first; nothing was submitted.")
            generation_id = submit(context, self)
        except (access.NotReady, InputUnusable, ValueError) as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}
        found = session.current()
        generation = found.wait_for(generation_id)
        if generation.state.value == "ready":
            generation = found.place(generation)
        if generation.state.value != "placed":
            self.report({'ERROR'}, generation.problem)
            return {'CANCELLED'}
        context.view_layer.update()
        return {'FINISHED'}


def submit(context: bpy.types.Context, operator: TRELLIS_OT_generate, *, has_placeholder: bool = False) -> str:
    """Hands what was entered to the queue; the generation's id. With a placeholder where an artist pressed and goes on.

    Raises NotReady, InputUnusable or PictureUnusable with a sentence, before anything is sent.
    """
    if reason := access.why_not_ready(_model(context, operator)):
        raise access.NotReady(reason)
    request = _compose(context, operator)
    if has_placeholder:
        return session.current().submit_in_place([request])[0].id
    return session.current().submit(request).id


def _model(context: bpy.types.Context, operator: TRELLIS_OT_generate) -> str:
    is_given = operator.properties.is_property_set("model")
    return operator.model if is_given else settings_of(context.scene).model


def _compose(context: bpy.types.Context, operator: TRELLIS_OT_generate) -> "GenerationRequest":
    from ..generation.request import compose_request
    from ..scene import placing
    from ..scene.picture import load_picture

    settings = settings_of(context.scene)
    given = {name for name in ARGUMENTS if operator.properties.is_property_set(name)}
    if given & {"prompt", "image"}:
        prompt = operator.prompt
        image = operator.image if "image" in given else ""
        if "image" in given and not image:
            raise InputUnusable("There is no image. Give the path of one.")
    else:
        prompt = settings.prompt if settings.source == 'TEXT' else ""
        image = settings.image if settings.source == 'IMAGE' else ""
        if settings.source == 'IMAGE' and not image:
            raise InputUnusable("There is no image. Choose a picture of one thing.")
    path = Path(bpy.path.abspath(image)) if image else None
    model = _model(context, operator)
    taken = {parameter.name for parameter in MODELS[model].parameters} if model in MODELS else set(PARAMETERS)
    return compose_request(
        model=model,
        prompt=prompt,
        picture=load_picture(path) if path is not None else None,
        picture_name=path.stem if path is not None else "",
        parameters={
            name: getattr(operator if name in given else settings, name)
            for name in PARAMETERS
            if name in given or name in taken
        },
        placement=placing.here(context, settings.longest_side, session.current().blend_load),
    )
