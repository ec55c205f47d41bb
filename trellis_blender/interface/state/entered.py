# SPDX-License-Identifier: GPL-3.0-or-later
"""What is entered where a secret does not belong: refused at once, so that nothing keeps it. No `bpy` within reach.

No sentence repeats what was entered.
"""

import re
from collections.abc import Iterable

SECRET_MIN = 8
"""Characters; what is shorter is found in any text."""
_KEY_ALONE = r"[A-Za-z0-9_-]{32,}"
"""An address has a dot or a colon, and a task's id is shorter or has hyphens."""
_KEY_INSIDE = r"[0-9A-Fa-f]{40,}"
"""PiAPI's keys are 64 digits of base 16."""
_TASK_ID = r"[A-Za-z0-9._:-]{1,100}"


def has_secret(text: str, secrets: Iterable[str]) -> bool:
    """Whether one of the secrets stands in a text, in whatever case and however it is encoded."""
    from ...piapi.redaction import without

    return any(len(secret) >= SECRET_MIN and without(text, [secret], "") != text for secret in secrets)


def why_no_address(text: str, secrets: Iterable[str], what: str, *, may_have_token: bool = False) -> str:
    """Why a text is not kept as the address of `what`, as a sentence; "" where nothing secret is in it.

    `may_have_token`: the addresses of other people's servers often have one of their own.
    """
    text = text.strip()
    is_key = re.fullmatch(_KEY_ALONE, text) or (not may_have_token and re.search(_KEY_INSIDE, text))
    if is_key or has_secret(text, secrets):
        return (
            f"There is a key in the address of {what}, so it is not used and not stored. Enter the key in API Key only."
        )
    # Up to the path; where a backslash is read as a slash, and where it is not.
    if "@" in re.split(r"[/?#]", text.partition("//")[2] or text)[0]:
        return (
            f"There is a name or password in the address of {what}, so it is not used and not stored. Leave that out."
        )
    return ""


def why_no_task_id(text: str, secrets: Iterable[str]) -> str:
    """Why a text is no task's id, as a sentence; "" where it may be one."""
    if has_secret(text, secrets) or re.fullmatch(_KEY_INSIDE, text):
        return "That is a key, not a task id. It was not sent and not stored. Copy the id from your tasks on piapi.ai."
    if not re.fullmatch(_TASK_ID, text):
        return "That is not a task id. Copy it from your tasks on piapi.ai."
    return ""
