# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a GLB."""


class ModelUnusable(Exception):
    """What was downloaded is not a model that Blender can be given."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"What PiAPI delivered cannot be used: {reason}.")
