# SPDX-License-Identifier: GPL-3.0-or-later
"""What this room registers with Blender, in this order."""

from . import account, bug_report, preferences, spending

CLASSES = (
    preferences.TRELLIS_AP_preferences,
    account.TRELLIS_OT_test_key,
    account.TRELLIS_OT_list_tasks,
    account.TRELLIS_OT_fetch_task,
    spending.TRELLIS_OT_export_costs,
    bug_report.TRELLIS_OT_copy_report,
    account.TRELLIS_PT_account,
)
