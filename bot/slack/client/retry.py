"""Which calls to Slack are retried, and how long a retry waits: a message is never posted twice.

A call is retried after a 429 and if there was no connection; after a lost response only if the
method is idempotent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import aiohttp

MAX_RETRY_WAIT_SECONDS = 10.0
"""The longest ``Retry-After`` that one call waits for; a person would not wait longer."""
MAX_RETRY_AFTER_SECONDS = 300.0
"""The longest ``Retry-After`` that is honored: Slack limits calls per minute, and a wrong one must
not stop delivery for a day. docs.slack.dev/apis/web-api/rate-limits"""
MAX_RATE_LIMIT_RETRIES = 2
CONNECT_RETRY_SECONDS = 0.2

READ_METHODS = frozenset(
    {
        "auth.test",
        "conversations.history",
        "conversations.info",
        "conversations.members",
        "conversations.replies",
        "files.getUploadURLExternal",  # writes nothing visible
        "files.info",
        "team.info",
        "usergroups.users.list",
        "users.info",
        "users.list",
    }
)
"""Methods that read take a form; those that write take JSON. docs.slack.dev/apis/web-api"""
IDEMPOTENT_METHODS = READ_METHODS | {"views.update", "views.publish", "chat.unfurl"}
NOT_SENT_ERRORS = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""aiohttp's errors for a connection that was never made."""


def can_repeat(method: str, lost: Exception) -> bool:
    """Return whether a call may be sent again: it never left, or it may arrive twice."""
    if isinstance(lost, aiohttp.ClientConnectorError):
        return True
    broken = isinstance(lost, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError))
    return broken and method in IDEMPOTENT_METHODS


def parse_retry_after(headers: Mapping[str, Any]) -> float:
    """Return Slack's ``Retry-After`` in seconds, ``MAX_RETRY_AFTER_SECONDS`` at most.

    It is 1 if it is missing or not a number.
    """
    value = next((item for key, item in headers.items() if key.lower() == "retry-after"), "")
    try:
        seconds = float(value[0] if isinstance(value, list) else value)
    except (ValueError, IndexError):
        return 1.0
    return min(seconds, MAX_RETRY_AFTER_SECONDS) if 0 <= seconds < math.inf else 1.0
