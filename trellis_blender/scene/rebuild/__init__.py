# SPDX-License-Identifier: GPL-3.0-or-later
"""A mesh rebuilt from quads, with new UVs and its look baked into new textures. Each step is a module of its own.

It all runs in a second Blender (see `finish.background`), whose current scene is its stage: operators are called there
that would disturb an artist. `rebuild` has the order.
`lods` and `collision` make what game engines want beside it.
"""
