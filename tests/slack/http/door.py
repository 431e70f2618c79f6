"""A guard with everything around it, asked the way a server asks an ASGI application."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.types import Message, Receive, Scope, Send

from bot.slack.http.verification import RequestVerifier, VerifierLimits
from tests.clock import ManualClock

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
LIMITS = VerifierLimits(max_body_bytes=2_000, max_cached_signatures=3)
COMMAND = urlencode({"token": "t", "command": "/chakra", "text": "user john@acme.com"}).encode()
Headers = list[tuple[bytes, bytes]]


@dataclass
class Inner:
    """Stands where Bolt stands: keeps the bodies it was given and answers 200."""

    bodies: list[bytes] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    after: list[Message] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["type"] != "http":
            return
        message = await receive()
        assert message["more_body"] is False
        self.bodies.append(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
        self.after.append(await receive())


@dataclass
class Answer:
    sent: list[Message] = field(default_factory=list)

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent[1:]).decode()


class Door:
    """``observed`` is what the guard reported, ``received`` how often it asked for the body."""

    def __init__(self, *, start: float = 1_700_000_000) -> None:
        self.clock = ManualClock(start)
        self.inner = Inner()
        self.observed: list[str] = []
        self.received = 0
        self.guard = RequestVerifier(
            self.inner,
            signing_secret=SECRET,
            clock=self.clock,
            limits=LIMITS,
            on_result=self.observed.append,
        )

    async def post(self, body: bytes, content_type: str = FORM, **signing: Any) -> Answer:
        return await self.ask(self.signed(body, content_type, **signing), [body])

    async def ask(
        self, headers: Headers, chunks: Sequence[bytes] = (b"",), method: str = "POST"
    ) -> Answer:
        last = len(chunks) - 1
        messages = [
            {"type": "http.request", "body": chunk, "more_body": number < last}
            for number, chunk in enumerate(chunks)
        ]
        return await self.run(headers, [*messages, {"type": "http.disconnect"}], method)

    async def run(
        self, headers: Headers, messages: Iterable[Message], method: str = "POST"
    ) -> Answer:
        coming = iter(messages)
        answer = Answer()

        async def receive() -> Message:
            self.received += 1
            message = next(coming, None)
            return message if message is not None else await asyncio.Future()

        async def send(message: Message) -> None:
            answer.sent.append(message)

        scope = {"type": "http", "method": method, "path": "/slack/events", "headers": headers}
        await self.guard(scope, receive, send)
        return answer

    def signed(
        self, body: bytes, content_type: str = FORM, *, age: float = 0, secret: str = SECRET
    ) -> Headers:
        timestamp = str(int(self.clock.time() - age))
        return [
            (b"host", b"bot.acme.com"),
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"x-slack-request-timestamp", timestamp.encode()),
            (b"x-slack-signature", signature(timestamp, body, secret).encode()),
        ]


def signature(timestamp: str, body: bytes, secret: str = SECRET) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def interaction(kind: str = "block_actions", **more: Any) -> bytes:
    return urlencode({"payload": json.dumps({"type": kind, **more})}).encode()


def replaced(headers: Headers, name: bytes, *values: bytes) -> Headers:
    kept = [header for header in headers if header[0] != name]
    return kept + [(name, value) for value in values]
