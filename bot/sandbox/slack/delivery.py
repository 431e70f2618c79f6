"""Slack to the app: a signed request over HTTP, or an envelope where a socket is connected."""

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

from bot.aio.clock import Clock, done_within
from bot.sandbox.slack.socket_mode import NoSocket, SocketMode
from bot.sandbox.slack.traffic import Traffic

ACK_SECONDS = 3.0
"""docs.slack.dev/interactivity: acknowledge within three seconds."""

FORM = "application/x-www-form-urlencoded"
_OK_STATUS = 200
_HIDDEN = ("token",)


@dataclass(frozen=True)
class Ack:
    """``status`` is 0 when nothing came in time; ``error`` is Slack's word for what went wrong."""

    status: int
    seconds: float
    body: dict[str, Any] | None = None
    error: str = ""


def signed(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """docs.slack.dev/authentication/verifying-requests-from-slack"""
    base = b"v0:" + str(timestamp).encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "Content-Type": FORM,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": str(timestamp),
        "X-Slack-Signature": f"v0={digest}",
    }


class Delivery:
    """``url`` is the app's request URL; a connected socket takes precedence, as in real Slack."""

    def __init__(self, clock: Clock, secret: str, sockets: SocketMode, traffic: Traffic) -> None:
        self._clock = clock
        self._secret = secret
        self._sockets = sockets
        self._traffic = traffic
        self._session: aiohttp.ClientSession | None = None
        self.url: str | None = None

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

    async def deliver(self, kind: str, payload: Mapping[str, Any], summary: str = "") -> Ack:
        """Sends one payload and waits for its ack, three seconds by the clock at the most."""
        at, began = self._clock.time(), self._clock.monotonic()
        task = asyncio.ensure_future(self._send(kind, payload))
        try:
            in_time = await done_within(self._clock, task, ACK_SECONDS)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        seconds = self._clock.monotonic() - began
        status, body = task.result() if in_time else (0, None)
        error = "" if status == _OK_STATUS else "dispatch_failed"
        ack = Ack(status, seconds, body, error if in_time else "operation_timeout")
        self._traffic.note(
            "to the app",
            kind,
            summary,
            at=at,
            seconds=seconds,
            status=status,
            request={key: value for key, value in payload.items() if key not in _HIDDEN},
            response=body,
        )
        return ack

    async def _send(
        self, kind: str, payload: Mapping[str, Any]
    ) -> tuple[int, dict[str, Any] | None]:
        if self._sockets.connected:
            try:
                return _OK_STATUS, await self._sockets.send(kind, payload)
            except NoSocket:
                return 0, None
        return await self._post(kind, payload)

    async def _post(
        self, kind: str, payload: Mapping[str, Any]
    ) -> tuple[int, dict[str, Any] | None]:
        if self.url is None or self._session is None:
            return 0, None
        fields = payload if kind == "command" else {"payload": json.dumps(payload)}
        body = urlencode(fields).encode()
        headers = signed(self._secret, body, int(self._clock.time()))
        try:
            async with self._session.post(
                self.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status, _read(answer.content_type, await answer.text())
        except (aiohttp.ClientError, OSError, UnicodeDecodeError):
            return 0, None


def _read(content_type: str, text: str) -> dict[str, Any] | None:
    """An ack's body: JSON where it says so, else a plain text to be shown; None when empty."""
    if not text.strip():
        return None
    if content_type == "application/json":
        try:
            body = json.loads(text)
        except ValueError:
            return {"text": text}
        return body if isinstance(body, dict) else {"text": text}
    return {"text": text}
