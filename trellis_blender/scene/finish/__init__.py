# SPDX-License-Identifier: GPL-3.0-or-later
"""Finish: each step is a function on a mesh or an object, in a module of its own.

`steps` has their order. `defaults` has what is done to every model when it arrives; the steps use it.
"""
