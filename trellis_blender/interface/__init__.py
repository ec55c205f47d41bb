# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist sees and presses, and what a script calls. Knows who does a thing, not how it is done."""
