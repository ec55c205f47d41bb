# SPDX-License-Identifier: GPL-3.0-or-later
"""A model finished to taste: each step a function on a mesh or an object, in a module of its own.

`steps` has the order. What every model goes through when it arrives is in `defaults`, on which
the steps build.
"""
