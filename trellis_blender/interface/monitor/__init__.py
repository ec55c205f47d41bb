# SPDX-License-Identifier: GPL-3.0-or-later
"""The modal timer that brings news to the main thread, and what it does with them."""
