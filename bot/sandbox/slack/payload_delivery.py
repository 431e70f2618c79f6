"""Slack's deliveries to the app: a signed HTTP request, or an envelope if a socket is connected."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.aio.clock import Clock, finishes_within, sleep
from bot.aio.tasks import cancel_and_wait
from bot.sandbox.slack.exchange_log import ExchangeLog
from bot.sandbox.slack.socket_mode import SocketClosed, SocketModeServer

ACK_TIMEOUT_SECONDS = 3.0
"""docs.slack.dev/interactivity: acknowledge within three seconds."""

FORM_CONTENT_TYPE = "application/x-www-form-urlencoded"
JSON = "application/json"
USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"
_OK_STATUS = 200
_REDACTED_FIELDS = ("token",)


Answer = tuple[int, dict[str, Any] | None, bool]
"""The status, the body, and whether the app wants no retry."""


@dataclass(frozen=True)
class Request:
    """A delivery; ``body`` is what is signed and posted, ``retry`` counts retries."""

    kind: str
    payload: Mapping[str, Any]
    body: bytes
    content_type: str
    retry: int = 0
    retry_reason: str = ""


@dataclass(frozen=True)
class AckResult:
    """The app's response.

    ``status`` is 0 without a response in time; ``error`` is Slack's code for the failure.
    ``no_retry``: the app asked for no further attempt (``X-Slack-No-Retry: 1``).
    """

    status: int
    seconds: float
    body: dict[str, Any] | None = None
    error: str = ""
    no_retry: bool = False


def sign_request(
    secret: str, body: bytes, timestamp: int, content_type: str = FORM_CONTENT_TYPE
) -> dict[str, str]:
    """Return the headers. docs.slack.dev/authentication/verifying-requests-from-slack."""
    base = b"v0:" + str(timestamp).encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "Content-Type": content_type,
        "User-Agent": USER_AGENT,
        "X-Slack-Request-Timestamp": str(timestamp),
        "X-Slack-Signature": f"v0={digest}",
    }


class PayloadDelivery:
    """Delivers payloads to ``url``, or to a connected socket, which takes precedence."""

    def __init__(
        self, clock: Clock, secret: str, sockets: SocketModeServer, exchange_log: ExchangeLog
    ) -> None:
        self._clock = clock
        self._secret = secret
        self._sockets = sockets
        self._exchange_log = exchange_log
        self._session: aiohttp.ClientSession | None = None
        self.request_url: str | None = None
        self.ack_travel_seconds = 0.0

    async def start(self) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=False,
            )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def deliver(self, kind: str, payload: Mapping[str, Any], summary: str = "") -> AckResult:
        """Send a payload and wait for its ack, up to three seconds by the clock."""
        fields = payload if kind == "command" else {"payload": json.dumps(payload)}
        request = Request(kind, payload, urlencode(fields).encode(), FORM_CONTENT_TYPE)
        return await self._deliver(request, summary)

    async def deliver_event(self, payload: Mapping[str, Any], retry: int, reason: str) -> AckResult:
        """Send an event.

        ``retry`` counts the attempts after the first; ``reason`` is Slack's code for the failure of
        the previous one.
        """
        request = Request("event", payload, json.dumps(payload).encode(), JSON, retry, reason)
        event = payload["event"]
        return await self._deliver(request, str(event.get("subtype") or event["type"]))

    async def check_address(self, url: str, token: str) -> bool:
        """Post the unsigned ``ssl_check``; return whether ``url`` responded with 200 in time."""
        body = urlencode({"ssl_check": "1", "token": token}).encode()
        headers = {"Content-Type": FORM_CONTENT_TYPE, "User-Agent": USER_AGENT}
        task = asyncio.ensure_future(self._send_request(url, body, headers))
        at, began = self._clock.time(), self._clock.monotonic()
        in_time = await finishes_within(self._clock, task, ACK_TIMEOUT_SECONDS)
        if not in_time:
            await cancel_and_wait([task])
        status = task.result()[0] if in_time else 0
        self._exchange_log.record(
            "to the app",
            "ssl_check",
            url,
            at=at,
            seconds=self._clock.monotonic() - began,
            status=status,
            request={"ssl_check": "1"},
            response=None,
        )
        return status == _OK_STATUS

    async def _deliver(self, request: Request, summary: str) -> AckResult:
        kind, payload = request.kind, request.payload
        at, began = self._clock.time(), self._clock.monotonic()
        task = asyncio.ensure_future(self._send(request))
        try:
            in_time = await finishes_within(self._clock, task, ACK_TIMEOUT_SECONDS)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        seconds = self._clock.monotonic() - began
        status, body, no_retry = task.result() if in_time else (0, None, False)
        error = "" if status == _OK_STATUS else "dispatch_failed"
        ack = AckResult(status, seconds, body, error if in_time else "operation_timeout", no_retry)
        self._exchange_log.record(
            "to the app",
            kind,
            summary,
            at=at,
            seconds=seconds,
            status=status,
            request={key: value for key, value in payload.items() if key not in _REDACTED_FIELDS},
            response=body,
        )
        return ack

    async def _send(self, request: Request) -> Answer:
        """Return the app's answer once it has reached Slack."""
        travel_seconds = self.ack_travel_seconds
        answer = await self._exchange(request)
        if travel_seconds:
            await sleep(self._clock, travel_seconds)
        return answer

    async def _exchange(self, request: Request) -> Answer:
        if self._sockets.is_connected:
            try:
                body = await self._sockets.send(
                    request.kind, request.payload, request.retry, request.retry_reason
                )
            except SocketClosed:
                return 0, None, False
            return _OK_STATUS, body, False
        return await self._post(request)

    async def _post(self, request: Request) -> Answer:
        if self.request_url is None:
            return 0, None, False
        moment = int(self._clock.time())
        headers = sign_request(self._secret, request.body, moment, request.content_type)
        if request.retry:
            headers["X-Slack-Retry-Num"] = str(request.retry)
            headers["X-Slack-Retry-Reason"] = request.retry_reason
        return await self._send_request(self.request_url, request.body, headers)

    async def _send_request(self, url: str, data: bytes, headers: Mapping[str, str]) -> Answer:
        if self._session is None:
            return 0, None, False
        try:
            async with self._session.post(
                url, data=data, headers=headers, allow_redirects=False
            ) as answer:
                body = _parse_ack_body(answer.content_type, await answer.text())
                return answer.status, body, answer.headers.get("X-Slack-No-Retry") == "1"
        except (aiohttp.ClientError, OSError, UnicodeDecodeError):
            return 0, None, False


def _parse_ack_body(content_type: str, text: str) -> dict[str, Any] | None:
    """Return an ack's body: JSON by its content type, otherwise a plain text; None if empty."""
    if not text.strip():
        return None
    if content_type == "application/json":
        try:
            body = json.loads(text)
        except ValueError:
            return {"text": text}
        return body if isinstance(body, dict) else {"text": text}
    return {"text": text}
