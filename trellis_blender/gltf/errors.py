# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a GLB."""

INCOMPLETE = "it is cut short"
DAMAGED = "its description is damaged"
DAMAGED_PART = "a compressed part of it is damaged"
OUTSIDE = "a part of it is outside of the file"
NOT_FINITE = "some of its points have invalid coordinates"
NO_SUCH_POINT = "some of its triangles use points that do not exist"
HALF_A_TRIANGLE = "some of its triangles are not complete"
NO_PICTURE = "one of its pictures is missing"
NO_SURFACE = "it has no surface"
"""Reasons that several modules give for `ModelUnusable`."""


class ModelUnusable(Exception):
    """What was downloaded is not a model that Blender can be given."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"What was delivered cannot be used: {reason}.")
