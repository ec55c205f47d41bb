# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings of what the service answered: one JSON file for each answer, secrets redacted."""

import json
import logging
import re
import threading
from pathlib import Path

from ...piapi.client import Exchange
from ...piapi.fields import changed
from ...piapi.http.bounded_json import read_json
from ...piapi.redaction import hidden
from ..files import write_whole
from ..problems import GenerationProblem

LOG = logging.getLogger(__name__)

BLANKED = "(blanked)"
SECRET_FIELDS = {
    "secret",
    "endpoint",
    "account_name",
    "account_id",
    "api_key_id",
    "email",
    "token",
    "api_key",
    "x-api-key",
    "notification_hook_url",
}
ACCOUNT_PATH = "/account/info"
ACCOUNT_WORDS = {
    "code",
    "message",
    "type",
    "platform",
    "plan",
    "account_group",
    "created_at",
    "updated_at",
    "expired_at",
}
"""The only words of an account that are kept: everything else there may be a person's name, address or secret. Of
numbers the ids are blanked."""
PICTURE_FIELDS = {"image", "images", "file_data"}
HEADERS_KEPT = re.compile(r"content-type|retry-after|date|.*rate-?limit.*|server")
HEADER_KEPT = 500
"""Characters of each; there are at most a hundred."""
RECORD_LIMIT = 500_000
"""Characters of an exchange, without pictures; of a longer one no answer is kept."""
TEXT_KEPT = 2000
"""Characters of an answer that is no JSON."""
TEXT_READ = 64 * 1024
"""Bytes of it that are looked through."""

_ADDRESS = re.compile(r"https?://[^\s\"]+")
_NAME = re.compile(r"[^a-z0-9]+")


class Recorder:
    """Writes exchanges into a folder, numbered in their order over all threads. Never raises."""

    _lock = threading.Lock()

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, exchange: Exchange) -> None:
        """Keeps one exchange."""
        record = {
            "method": exchange.method,
            "path": exchange.path,
            "sent": blanked(exchange.sent),
            "status": exchange.status,
            "headers": {
                hidden(name, HEADER_KEPT): hidden(value, HEADER_KEPT)
                for name, value in exchange.headers.items()
                if HEADERS_KEPT.match(name.lower())
            },
            "answer": _answer(exchange),
        }
        try:
            text = json.dumps(record, ensure_ascii=False, indent=1)
            if len(text) > RECORD_LIMIT:
                text = json.dumps({**record, "answer": f"(an answer of {len(exchange.content)} bytes)"}, indent=1)
            text = hidden(text)
            with self._lock:
                number = len(list(self._folder.glob("*.json"))) + 1 if self._folder.is_dir() else 1
                name = f"{number:04}-{_file_name(exchange)}.json"
                # JSON can hold halves of characters, which no file takes.
                write_whole(self._folder / name, text.encode("utf-8", "replace"))
        except (OSError, GenerationProblem, RecursionError) as problem:
            LOG.warning("nothing is recorded: %s", problem)


def blanked(value: object, name: str = "") -> object:
    """What is in an answer with secrets redacted, and without pictures."""
    return changed(value, _blanked, name)


def _blanked(value: object, name: str) -> object:
    if name.lower() in SECRET_FIELDS:
        return BLANKED if value else value
    if not isinstance(value, str):
        return value
    if name in PICTURE_FIELDS and value and not value.startswith("http"):
        return f"(a picture, {len(value)} characters)"
    # Everyone who has the signature in an address can open the file.
    return _ADDRESS.sub(lambda found: _without_query(found[0]), value)


def _without_query(address: str) -> str:
    shown, mark, _ = address.partition("?")
    return f"{shown}?{BLANKED}" if mark else shown


def _answer(exchange: Exchange) -> object:
    said = _read(exchange.content)
    is_account = exchange.path.partition("?")[0] == ACCOUNT_PATH
    if is_account and isinstance(said, str) and not said.lstrip().startswith("<"):
        return f"(no JSON, {len(said)} characters)"
    try:
        return blanked(changed(said, _account_blanked) if is_account and not isinstance(said, str) else said)
    except RecursionError:
        return "(nested too deeply)"


def _account_blanked(value: object, field: str) -> object:
    name = field.lower()
    is_number = isinstance(value, int | float) or value is None
    is_id = name == "id" or name.endswith("_id")
    return BLANKED if value and (is_id or not (is_number or name in ACCOUNT_WORDS)) else value


def _read(content: bytes) -> object:
    try:
        return read_json(content)
    except ValueError:
        # The rest of a secret that is cut in two would not be recognized.
        return hidden(content[:TEXT_READ].decode("utf-8", "replace"))[:TEXT_KEPT]


def _file_name(exchange: Exchange) -> str:
    path = _NAME.sub("-", hidden(exchange.path).partition("?")[0].lower().removeprefix("/api/v1")).strip("-")
    return f"{exchange.method.lower()}-{path[:12].strip('-')}-{exchange.status}"
