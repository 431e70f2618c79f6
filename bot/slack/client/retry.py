"""Retries of calls to Slack, on the injected clock; a message is never posted twice.

A call is retried after a 429 and if there was no connection; after a lost response only if the
method is idempotent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

from bot.aio.clock import Clock, sleep

MAX_RETRY_WAIT_SECONDS = 10.0
"""The longest ``Retry-After`` that one call waits for; a person would not wait longer."""
MAX_RETRY_AFTER_SECONDS = 300.0
"""The longest ``Retry-After`` that is believed: Slack limits calls per minute, and a wrong one must
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
        "files.getUploadURLExternal",  # writes nothing that anyone sees
        "files.info",
        "team.info",
        "usergroups.users.list",
        "users.info",
    }
)
"""Methods that read take a form; those that write take JSON. docs.slack.dev/apis/web-api"""
IDEMPOTENT_METHODS = READ_METHODS | {"views.update", "views.publish", "chat.unfurl"}
NOT_SENT_ERRORS = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""aiohttp's errors for a connection that was never made."""


# The signatures of the two handlers are slack_sdk's, so not all of their arguments are used.


class RateLimitRetryHandler(AsyncRetryHandler):
    """Wait as long as Slack's ``Retry-After`` says, on the injected clock.

    The waits of one call are at most ``MAX_RETRY_WAIT_SECONDS`` together.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(max_retry_count=MAX_RATE_LIMIT_RETRIES)
        self._clock = clock

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        return (
            _seconds_waited(state) + parse_retry_after(response.headers) <= MAX_RETRY_WAIT_SECONDS
        )

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        wait = parse_retry_after(response.headers if response else {})
        state.custom_values = {_WAITED_KEY: _seconds_waited(state) + wait}
        state.next_attempt_requested = True
        await sleep(self._clock, wait)
        state.increment_current_attempt()


_WAITED_KEY = "seconds waited"


def _seconds_waited(state: RetryState) -> float:
    return float((state.custom_values or {}).get(_WAITED_KEY, 0.0))


class ConnectionRetryHandler(AsyncRetryHandler):
    """Retry once if the connection was never made, or if the method is idempotent."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(max_retry_count=1)
        self._clock = clock

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if isinstance(error, aiohttp.ClientConnectorError):
            return True
        lost = isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError))
        return lost and request.url.rsplit("/", 1)[-1] in IDEMPOTENT_METHODS

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        state.next_attempt_requested = True
        await sleep(self._clock, CONNECT_RETRY_SECONDS)
        state.increment_current_attempt()


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
