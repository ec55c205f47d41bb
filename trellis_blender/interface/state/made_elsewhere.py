# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of the account that this Blender has not submitted, taken into the list."""

import time
from dataclasses import replace

import bpy

from ...generation.record.account_task import generation_of
from ...generation.record.generation import Generation
from ...piapi.task_lists import ListedTask
from ...scene.arrival import place
from . import configuration
from .session import Session
from .settings import finish_of, longest_side_of, settings_of


def fetch(found: Session, listed: ListedTask) -> Generation:
    """Takes a task into the list; its model is fetched and offered, not placed.

    Raises configuration.NotReady, and InputUnusable for a task that makes no model.
    """
    service = configuration.ready_service()
    settings = settings_of(bpy.context.scene)
    anywhere = place.here(bpy.context, longest_side_of(settings), "", finish=finish_of(settings))
    placement = replace(anywhere, blend_file="")
    generation = generation_of(listed, placement, service.api_url, time.time())
    found.load()
    found.queue.take_up(generation, service)
    return generation
