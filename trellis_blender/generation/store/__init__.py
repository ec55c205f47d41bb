# SPDX-License-Identifier: GPL-3.0-or-later
"""What survives a restart: the database, who owns a row, what was spent."""
