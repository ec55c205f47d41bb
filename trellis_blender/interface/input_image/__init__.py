# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture that a model is made from."""
