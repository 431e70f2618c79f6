"""Call a method of Slack's Web API: the request, its retries, and Slack's errors as ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.aio.clock import Clock, sleep
from bot.errors import MISSING_SCOPE, NotInChannel, SlackError, TriggerExpired
from bot.slack.client.retry import (
    CONNECT_RETRY_SECONDS,
    MAX_RATE_LIMIT_RETRIES,
    MAX_RETRY_WAIT_SECONDS,
    NOT_SENT_ERRORS,
    READ_METHODS,
    can_repeat,
    parse_retry_after,
)

JSON_CONTENT_TYPE = "application/json; charset=utf-8"
"""Without the charset Slack's response has a warning: ``missing_charset``."""
USER_AGENT = "chakra-for-slack"
TRIGGER_EXPIRED_CODES = frozenset({"expired_trigger_id", "exchanged_trigger_id", "trigger_expired"})
NOT_IN_CHANNEL_CODES = frozenset(
    {"not_in_channel", "channel_not_found", "is_archived", "restricted_action"}
)

_OK, _TOO_MANY_REQUESTS, _SERVER_ERROR = 200, 429, 500


@dataclass(frozen=True, slots=True)
class MethodResponse:
    """A response of any status; ``body`` is ``None`` if it is not a JSON object."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any] | None


class MethodCaller:
    """Calls methods with one token, over the ``session`` of the client."""

    def __init__(
        self, session: aiohttp.ClientSession, *, token: str, base_url: str, clock: Clock
    ) -> None:
        self._session = session
        self._token = token
        self._base_url = base_url.rstrip("/")
        self._clock = clock

    async def call(
        self, method: str, arguments: Mapping[str, Any], *, wait_for_limit: bool
    ) -> dict[str, Any]:
        """Return the body of the response. Raises ``SlackError`` or a subclass, and nothing else.

        A ``token`` among the arguments replaces the client's own. With ``wait_for_limit`` a 429 is
        waited out, up to ``MAX_RETRY_WAIT_SECONDS`` in all. Two headers are added to the body:
        ``_scopes`` (of the token, comma-separated) and ``_date``.
        """
        try:
            response = await self._retry(method, arguments, wait_for_limit=wait_for_limit)
        except (aiohttp.ClientError, OSError) as lost:
            never_sent = isinstance(lost, NOT_SENT_ERRORS)
            raise SlackError(method, "unreachable", not_sent=never_sent) from lost
        except ValueError as odd:  # half of a surrogate pair, which no form can carry
            raise SlackError(method, "unreadable") from odd
        body = response.body
        if body is None or response.status != _OK or not body.get("ok"):
            raise _to_slack_error(method, response)
        headers = response.headers
        return {
            **body,
            "_scopes": headers.get("x-oauth-scopes", ""),
            "_date": headers.get("date", ""),
        }

    async def _retry(
        self, method: str, arguments: Mapping[str, Any], *, wait_for_limit: bool
    ) -> MethodResponse:
        """Return the last response; raise the last error of aiohttp."""
        retries, waited = 0, 0.0
        while True:
            try:
                response = await self._send(method, arguments)
            except (aiohttp.ClientError, OSError) as lost:
                if retries or not can_repeat(method, lost):
                    raise
                wait = CONNECT_RETRY_SECONDS
            else:
                limited = response.status == _TOO_MANY_REQUESTS and wait_for_limit
                if not limited or retries >= MAX_RATE_LIMIT_RETRIES:
                    return response
                wait = parse_retry_after(response.headers)
                waited += wait
                if waited > MAX_RETRY_WAIT_SECONDS:
                    return response
            retries += 1
            await sleep(self._clock, wait)

    async def _send(self, method: str, arguments: Mapping[str, Any]) -> MethodResponse:
        if self._session.closed:
            raise SlackError(method, "unreachable", not_sent=True)
        sent = {name: value for name, value in arguments.items() if name != "token"}
        headers = {
            "Authorization": f"Bearer {arguments.get('token', self._token)}",
            "User-Agent": USER_AGENT,
        }
        data: bytes | dict[str, Any] = sent
        if method not in READ_METHODS:
            headers["Content-Type"] = JSON_CONTENT_TYPE
            data = json.dumps(sent).encode()
        url = f"{self._base_url}/{method}"
        # Never to another host: the body holds what a customer wrote or gets.
        async with self._session.post(
            url, data=data, headers=headers, allow_redirects=False
        ) as response:
            body = _parse_object(await response.read())
            return MethodResponse(response.status, response.headers, body)


def _parse_object(content: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _to_slack_error(method: str, response: MethodResponse) -> SlackError:
    body = response.body or {}
    code = str(body.get("error") or "")
    if response.status == _TOO_MANY_REQUESTS:
        return SlackError(method, "ratelimited", retry_after=parse_retry_after(response.headers))
    if code in TRIGGER_EXPIRED_CODES:
        return TriggerExpired(method, code)
    if code in NOT_IN_CHANNEL_CODES:
        return NotInChannel(method, code)
    if code == MISSING_SCOPE:
        return SlackError(method, code, needed_scope=str(body.get("needed") or ""))
    status = response.status
    return SlackError(
        method, code or (f"http_{status}" if status >= _SERVER_ERROR else "unreadable")
    )
