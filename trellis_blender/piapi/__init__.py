# SPDX-License-Identifier: GPL-3.0-or-later
"""PiAPI over HTTP: tasks, models, money, errors. Knows neither Blender nor threads nor files on disk."""
