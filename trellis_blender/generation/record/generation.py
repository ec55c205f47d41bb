# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of one generation at one moment."""

from dataclasses import dataclass, replace

from ...imaging.picture import Picture
from ..files import FOLDER_PREFIX
from ..states import UNFINISHED, State
from .request import GenerationRequest

NOT_ACCEPTED = "not accepted"
"""The `cause` of one that the service has surely not taken: its account's history says so."""


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation. Every change makes a new one; the store and the panel get the same.

    Times in Unix seconds, 0 for "not yet". `stage`, `progress` (0–1, None where nothing is known) and `expected_s` are
    not stored: they only tell how far it is. Nor are `elsewhere`, another Blender works on it, and `interrupted`, the
    one that worked on it has ended, and `removed`, it is no longer in the store. `fetched`: it was made elsewhere, with
    this account, and brought here by its task. `problem` is the sentence the artist reads. `parked` stands for "not
    polled until Resume is pressed". `cancel_asked`: the artist has cancelled it, and the service is asked until
    it answers; `wanted` turns False when that was too late. `charged_usd` is None where the service did not say.
    `model_url` has the addresses of pictures, one a line. `account` tells the key that it was submitted with from other
    keys. `where` tells where the model was put when that is not the place it was meant for.
    `picture_sha256` is of the PNG that is sent; where several go, `views_sha256` of all theirs, and `views_taken` how
    many of them the service says that it has, 0 where it does not say. `is_favourite`: the artist has given it a star.
    `cause` is the name of the error's class that it rests for, NOT_ACCEPTED, or "" for anything else: a `problem` may
    have the service's own words in it, so nothing is decided by what that says.
    """

    id: str
    request: GenerationRequest
    state: State = State.QUEUED
    created_at: float = 0.0
    api_url: str = ""
    task_id: str = ""
    model_url: str = ""
    problem: str = ""
    parked: bool = False
    wanted: bool = True
    cancel_asked: bool = False
    charged_usd: float | None = None
    submitted_at: float = 0.0
    finished_at: float = 0.0
    object_name: str = ""
    where: str = ""
    fetched: bool = False
    picture_sha256: str = ""
    views_sha256: str = ""
    views_taken: int = 0
    account: str = ""
    is_favourite: bool = False
    cause: str = ""
    stage: str = ""
    progress: float | None = None
    expected_s: float | None = None
    elsewhere: bool = False
    interrupted: bool = False
    removed: bool = False

    @property
    def is_working(self) -> bool:
        """True while a thread works on it, or will."""
        return self.state in UNFINISHED and not self.parked and not self.elsewhere

    @property
    def cost_usd(self) -> float:
        """What it was charged, else its price, which may be PRICE_KNOWN_LATER."""
        return self.request.price_usd if self.charged_usd is None else self.charged_usd

    @property
    def folder_name(self) -> str:
        """The name of its folder: made here, nothing of it comes from the network or from the prompt."""
        return f"{FOLDER_PREFIX}{self.id}"


def new_generation(request: GenerationRequest, api_url: str, created_at: float) -> Generation:
    """A queued generation with an id of its own."""
    import uuid  # when something is generated, not when the add-on is enabled

    return Generation(id=uuid.uuid4().hex, request=request, created_at=created_at, api_url=api_url)


def without_pictures(generation: Generation) -> tuple[Generation, tuple[Picture, ...]]:
    """The generation without the pixels, and the pixels: a list of a thousand need not hold a thousand pictures."""
    request = generation.request
    pictures = (request.picture, *(view.picture for view in request.views))
    views = tuple(replace(view, picture=None) for view in request.views)
    bare = replace(generation, request=replace(request, picture=None, views=views))
    return bare, tuple(picture for picture in pictures if picture is not None)


def submitted_again(generation: Generation, api_url: str) -> Generation:
    """One that has rested, as it was before its first submission: it is going to be another task."""
    return replace(
        generation,
        state=State.QUEUED,
        api_url=api_url,
        task_id="",
        model_url="",
        problem="",
        parked=False,
        interrupted=False,
        wanted=True,
        cancel_asked=False,
        charged_usd=None,
        submitted_at=0.0,
        finished_at=0.0,
        views_taken=0,
        cause="",
    )


def resumed(generation: Generation) -> Generation:
    """A parked one as it is worked on again; one of unknown outcome is to be looked for among the account's tasks.

    It is no longer timed: how long it takes from here on says nothing about its model.
    """
    if generation.state in {State.SUBMITTING, State.OUTCOME_UNKNOWN}:
        taken = replace(generation, state=State.SUBMITTING)
    else:
        taken = replace(generation, submitted_at=0.0)
    return replace(taken, parked=False, interrupted=False, problem="", cause="")
