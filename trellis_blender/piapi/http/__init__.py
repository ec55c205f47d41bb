# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections, certificates, proxies, retries, and the files that PiAPI's results are. Knows only `requests`."""
