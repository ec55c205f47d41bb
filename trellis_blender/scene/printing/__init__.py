# SPDX-License-Identifier: GPL-3.0-or-later
"""A model for a 3D printer: checked, made printable, written to a file in millimetres.

`shape` is what a printer would get, taken from a model by `take`; `check` and `remesh` work on it, in this Blender or,
where that takes long, in another one (`print_job`). `apply` gives the model what `remesh` has made.
"""
