# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was entered to the queue; and `bpy.ops.trellis.generate`, the operator that scripts call."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...generation.providers import find_model, models
from ...generation.record import variations
from ...piapi.models import VIEWS_LIMIT, InputUnusable
from ...scene import user_activity
from ..input_image.file import changed_at_ns
from ..monitor import monitor
from ..state import configuration, session
from ..state.blend_file import path_of
from ..state.parameters import PARAMETERS, ParameterArguments
from ..state.settings import finish_of, longest_side_of, pictures_of, settings_of, target_of, why_no_model
from ..text import formats

if TYPE_CHECKING:
    from ...generation.record.request import GenerationRequest, View

VIEWS_REFUSED = (
    "PiAPI has refused several pictures for one model with this account. Remove all but one, or try again whether it "
    "takes them now."
)
ARGUMENTS = (*PARAMETERS, "prompt", "image", "images", "model")


class TRELLIS_OT_generate(ParameterArguments, bpy.types.Operator):
    """Make a 3D model with the settings of the panel. Costs the model's price"""

    bl_idname = "trellis.generate"
    bl_label = "Generate"
    # Neither REGISTER nor UNDO: repeating the last action and adjusting it must never send anything.
    bl_options = {'INTERNAL'}

    prompt: bpy.props.StringProperty(name="Prompt", options={'SKIP_SAVE'})
    image: bpy.props.StringProperty(name="Image", options={'SKIP_SAVE'})
    images: bpy.props.CollectionProperty(
        name="Images", type=bpy.types.OperatorFileListElement, options={'SKIP_SAVE', 'HIDDEN'}
    )
    """Several pictures of one thing, as Blender's file operators take them: `[{"name": "//front.png"}, …]`."""
    model: bpy.props.StringProperty(name="Model", options={'SKIP_SAVE'})
    # Never the panel's: what a script pays for stands in the script.
    variations: bpy.props.IntProperty(name="Variations", default=1, options={'SKIP_SAVE'})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        try:
            submit(self._compose(context), in_place=True)
        except (configuration.NotReady, InputUnusable, ValueError) as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}
        monitor.pressed()
        return {'FINISHED'}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..monitor import arrival

        try:
            if mode := user_activity.other_mode():
                raise configuration.NotReady(
                    f"An object is in {mode}. Switch to Object Mode first; nothing was submitted."
                )
            submitted = submit(self._compose(context))
        except (configuration.NotReady, InputUnusable, ValueError) as error:
            self.report({'ERROR'}, str(error))
            return {'CANCELLED'}
        if problem := arrival.wait_and_place(submitted):
            self.report({'ERROR'}, formats.plain(problem))
            return {'CANCELLED'}
        return {'FINISHED'}

    def _compose(self, context: bpy.types.Context) -> "list[GenerationRequest]":
        given = {name: getattr(self, name) for name in ARGUMENTS if self.properties.is_property_set(name)}
        if "images" in given:
            given["images"] = [each.name for each in islice(self.images, VIEWS_LIMIT + 1)]
        return compose(context, given, self.variations)


def submit(
    requests: "Sequence[GenerationRequest]",
    *,
    in_place: bool = False,
    places: "Sequence[Sequence[bpy.types.Object]]" = (),
) -> list[str]:
    """Hands requests to the queue, each once; the generations' ids. Raises NotReady before any was taken.

    `in_place`: each with a placeholder where its model will stand, for an artist who goes on working, and one undo step
    for all of them. With `places`, the artist's own objects of each request are that. While a render or a bake reads
    the scene, nothing is added to it: the model arrives after it at the place that was noted.
    """
    from ...scene import windows
    from ...scene.arrival import place
    from ...scene.placement import placeholder
    from ..state.entered import has_secret

    found = session.current()
    services = {model: found.service_for(model) for model in {request.model for request in requests}}
    if any(has_secret(request.prompt, configuration.secrets()) for request in requests):
        raise configuration.NotReady("There is a key in the prompt. Take it out; nothing was submitted.")
    if in_place and (job := user_activity.job_that_reads_the_scene()):
        if places:
            raise configuration.NotReady(f"Press this again when {job}; nothing was submitted.")
        in_place = False
    if in_place:
        requests = [replace(each, placement=replace(each.placement, has_placeholder=True)) for each in requests]
    found.load()
    taken: list[str] = []
    scene = None
    try:
        for number, request in enumerate(requests):
            taken.append(found.queue.submit(request, services[request.model]).id)
            if in_place and places:
                placeholder.mark(places[number], taken[-1])
                scene = placeholder.scene_of(places[number][0])
            elif in_place:
                scene = place.stand_in(request.name, taken[-1], request.placement)
    finally:
        if scene is not None:
            windows.push_undo(scene, f"Placeholder “{requests[0].name}”")
        found.drain()
    return taken


def compose(context: bpy.types.Context, given: Mapping[str, Any], count: int) -> "list[GenerationRequest]":
    """`count` variations of what was `given` by name, and for the rest of what the panel has.

    Raises NotReady, InputUnusable or PictureUnusable with a sentence; nothing is sent here.
    """
    from ...generation.record.request import View, compose_request
    from ...piapi.input_checks import check_pictures

    settings = settings_of(context.scene)
    model = given.get("model", settings.model)
    if not model and (reason := why_no_model(settings)):
        raise configuration.NotReady(reason)
    if reason := configuration.why_not_ready(model):
        raise configuration.NotReady(reason)
    variations.check_count(count)
    prompt, paths = _input(context, given)
    if len(paths) > 1:
        check_pictures(find_model(model), len(paths))
        if reason := why_no_views(model):
            raise configuration.NotReady(reason)
    taken = {parameter.name for parameter in models()[model].parameters} if model in models() else set(PARAMETERS)
    parameters = {
        name: given.get(name, getattr(settings, name)) for name in PARAMETERS if name in given or name in taken
    }
    places = _places(context, count)
    pictures = views_of(paths, context.scene)
    shown = pictures[0] if pictures else View()
    first = compose_request(
        model=model,
        prompt=prompt,
        picture=shown.picture,
        picture_name=name_of(paths[0]) if paths else "",
        picture_path=shown.path,
        picture_changed_ns=shown.changed_ns,
        views=pictures[1:],
        parameters=parameters,
        placement=places[0],
    )
    return variations.vary(first, places, is_seed_fixed=bool(parameters.get("seed")))


def views_of(paths: Sequence[Path], scene: bpy.types.Scene) -> "list[View]":
    """The pictures, decoded. Raises PictureUnusable with a sentence."""
    from ...generation.record.request import View
    from ..input_image import decode_cache

    views: list[View] = []
    for path in paths:
        # Asked before it is read: a picture that is changed meanwhile counts as another one.
        changed_ns = changed_at_ns(path)
        views.append(View(str(path), changed_ns, decode_cache.decode(path, changed_ns, scene)))
    return views


def why_no_views(model_id: str) -> str:
    """A sentence where the account was refused several pictures for one model before, else ""."""
    found = session.current()
    if not found.knows_all:
        found.wait_until_loaded()
    return VIEWS_REFUSED if found.is_refused_views(model_id) else ""


def name_of(path: Path) -> str:
    """What a picture shows, as far as its file tells: one that a generation made has that one's name."""
    maker = session.current().generations.get(maker_of(path))
    return maker.request.name if maker is not None else path.stem


def maker_of(path: Path) -> str:
    """The id of the generation in whose folder a picture lies; no generation's where it lies elsewhere."""
    from ...generation.files import FOLDER_PREFIX

    return path.parent.name.removeprefix(FOLDER_PREFIX)


def side_by_side(
    requests: "Sequence[GenerationRequest]", spot: tuple[float, float, float] | None = None
) -> "list[GenerationRequest]":
    """The requests in a row along X, from `spot` or from where the first one would stand."""
    from ...scene.units import metres_per_unit

    first, unit_m = requests[0].placement, metres_per_unit(bpy.context.scene)
    x, y, z = first.location if spot is None else spot
    offsets = variations.offsets_m(first.longest_side_m, len(requests))
    return [
        replace(request, placement=replace(request.placement, location=(x + beside_m / unit_m, y, z)))
        for request, beside_m in zip(requests, offsets, strict=True)
    ]


def _input(context: bpy.types.Context, given: Mapping[str, Any]) -> tuple[str, list[Path]]:
    settings = settings_of(context.scene)
    if "image" in given and "images" in given:
        raise InputUnusable("There are both image and images. Give one of them.")
    if given.keys() & {"image", "images"}:
        images = given["images"] if "images" in given else [given["image"]]
        if not images or not all(images):
            raise InputUnusable("There is no image. Give the path of one.")
        return given.get("prompt", ""), [path_of(image) for image in images]
    if "prompt" in given:
        return given["prompt"], []
    if settings.source == 'TEXT':
        return settings.prompt, []
    if not (images := pictures_of(settings)):
        raise InputUnusable("There is no image. Choose a picture of one thing.")
    return "", [path_of(image) for image in images]


def _places(context: bpy.types.Context, count: int) -> list[Any]:
    from ...scene.arrival import place

    settings = settings_of(context.scene)
    longest_side_m = longest_side_of(settings)
    return [
        place.here(
            context,
            longest_side_m,
            session.current().file.blend_load,
            target=target_of(settings),
            beside_m=beside_m,
            finish=finish_of(settings),
        )
        for beside_m in variations.offsets_m(longest_side_m, count)
    ]
