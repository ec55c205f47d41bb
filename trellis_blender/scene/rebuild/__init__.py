# SPDX-License-Identifier: GPL-3.0-or-later
"""A mesh rebuilt from quads, with new UVs and its look baked into new textures. Each step is a module of its own.

All of it runs in a second Blender, see `finish.background_finish`. Operators that would disturb an artist are called
in its current scene. `rebuild` has the order.
`lods` and `collision` make what game engines want beside it.
"""
