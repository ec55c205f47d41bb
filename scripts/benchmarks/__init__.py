# SPDX-License-Identifier: GPL-3.0-or-later
"""What scripts/bench.py measures, one module for each figure. Each prints its samples as one line of JSON."""
