# SPDX-License-Identifier: GPL-3.0-or-later
"""What a GLB has to pass before anything is made of it: it is consistent, and it does not ask for too much."""
