# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline preview: a service like PiAPI on this computer, which makes a rough stand-in from a picture. Not Trellis.

Runs in a process of its own, is reached by its address only, and knows nothing of Blender or of the rest of the add-on.
"""
