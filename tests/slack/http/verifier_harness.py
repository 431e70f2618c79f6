"""Slack's endpoint with a recording dispatch, called the way a server calls an ASGI app."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.types import Message

from bot.slack.commands.command import Payload
from bot.slack.http.endpoint import SlackEndpoint
from bot.slack.http.verification import RequestVerifier, VerifierLimits
from bot.slack.surfaces import Ack
from bot.web.body import BodyReader
from tests.clock import ManualClock

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
LIMITS = VerifierLimits(max_body_bytes=2_000, max_cached_signatures=3)
COMMAND = urlencode({"token": "t", "command": "/chakra", "text": "user john@acme.com"}).encode()
Headers = list[tuple[bytes, bytes]]


@dataclass
class VerifierResponse:
    messages: list[Message] = field(default_factory=list)

    @property
    def status(self) -> int | None:
        return self.messages[0]["status"] if self.messages else None

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.messages[0]["headers"])

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.messages[1:]).decode()


class VerifierHarness:
    """``payloads`` is what the endpoint dispatched, ``observed`` the results that it reported,
    ``received`` how often it asked for the body."""

    def __init__(self, *, start: float = 1_700_000_000) -> None:
        self.clock = ManualClock(start)
        self.payloads: list[Payload] = []
        self.outcomes: list[str] = []
        self.receive_count = 0
        self.bodies = BodyReader(self.clock)
        self.endpoint = SlackEndpoint(
            self.dispatch,
            RequestVerifier(SECRET, self.clock, LIMITS),
            self.bodies,
            on_result=self.outcomes.append,
        )

    async def dispatch(self, payload: Payload) -> Ack | None:
        self.payloads.append(payload)
        return b"ok"

    async def post(self, body: bytes, content_type: str = FORM, **signing: Any) -> VerifierResponse:
        return await self.request(self.sign_headers(body, content_type, **signing), [body])

    async def request(
        self,
        headers: Headers,
        chunks: Sequence[bytes] = (b"",),
        method: str = "POST",
        query: bytes = b"",
    ) -> VerifierResponse:
        last = len(chunks) - 1
        messages = [
            {"type": "http.request", "body": chunk, "more_body": number < last}
            for number, chunk in enumerate(chunks)
        ]
        return await self.run_messages(
            headers, [*messages, {"type": "http.disconnect"}], method, query
        )

    async def run_messages(
        self,
        headers: Headers,
        messages: Iterable[Message],
        method: str = "POST",
        query: bytes = b"",
    ) -> VerifierResponse:
        coming = iter(messages)
        answer = VerifierResponse()

        async def receive() -> Message:
            self.receive_count += 1
            message = next(coming, None)
            return message if message is not None else await asyncio.Future()

        async def send(message: Message) -> None:
            answer.messages.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": "/slack/events",
            "query_string": query,
            "headers": headers,
        }
        await self.endpoint(scope, receive, send)
        return answer

    def sign_headers(
        self, body: bytes, content_type: str = FORM, *, age: float = 0, secret: str = SECRET
    ) -> Headers:
        timestamp = str(int(self.clock.time() - age))
        return [
            (b"host", b"bot.acme.com"),
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"x-slack-request-timestamp", timestamp.encode()),
            (b"x-slack-signature", compute_signature(timestamp, body, secret).encode()),
        ]


def compute_signature(timestamp: str, body: bytes, secret: str = SECRET) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def build_interaction_body(kind: str = "block_actions", **more: Any) -> bytes:
    return urlencode({"payload": json.dumps({"type": kind, **more})}).encode()


def replace_header(headers: Headers, name: bytes, *values: bytes) -> Headers:
    others = [header for header in headers if header[0] != name]
    return others + [(name, value) for value in values]
