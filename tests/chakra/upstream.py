"""A Chakra in memory: it answers what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import SecretStr

from bot.chakra.transport.exchange import ChakraResponse
from bot.chakra.transport.http import Http
from bot.chakra.transport.policies import DEFAULT_LIMITS, Limits
from tests.clock import ManualClock

EXAMPLES = Path(__file__).parent.parent / "data" / "chakra"
TOKEN = "secret-token"


def read_example(name: str) -> Any:
    return json.loads((EXAMPLES / f"{name}.json").read_bytes())


class Hang:
    """An answer that never comes."""


Reply = httpx.Response | Exception | type[Hang]


def reply(status: int = 200, body: object = None, **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body, headers=names)


def reply_text(status: int, body: str, media_type: str = "text/plain") -> httpx.Response:
    return httpx.Response(status, text=body, headers={"Content-Type": media_type})


@dataclass
class Upstream:
    """Gives `replies` in turn, the last of them for ever."""

    replies: Sequence[Reply]
    requests: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        given = self.replies[min(len(self.requests), len(self.replies) - 1)]
        self.requests.append(request)
        if isinstance(given, httpx.Response):
            return httpx.Response(
                given.status_code, headers=given.headers, stream=_Bytes(given.content)
            )
        if isinstance(given, Exception):
            raise given
        await asyncio.Event().wait()
        raise AssertionError

    def open_http(
        self,
        clock: ManualClock,
        *,
        limits: Limits = DEFAULT_LIMITS,
        seen: list[tuple[str, str]] | None = None,
        base_url: str = "https://chakra.test",
    ) -> Http:
        return Http(
            base_url,
            SecretStr(TOKEN),
            clock,
            limits=limits,
            transport=httpx.MockTransport(self),
            jitter=lambda: 0.0,
            on_attempt=None if seen is None else lambda *what: seen.append(what[:2]),
        )


class _Bytes(httpx.AsyncByteStream):
    """Raw, as from a socket: a ready response would be decompressed before anybody reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


USER_PATH = "/v2/ext/user/{userId}"
USER_BODY = {"_data": {"id": "u1"}}
CONNECTION_REFUSED = httpx.ConnectError("[Errno 111] Connection refused")
CONNECTION_RESET = httpx.RemoteProtocolError("Server disconnected without sending a response.")

T = TypeVar("T")
HttpCall = Callable[[Http], Awaitable[ChakraResponse]]


def get_user(http: Http) -> Awaitable[ChakraResponse]:
    return http.get(USER_PATH, {"userId": "u1"})


def put_user(http: Http) -> Awaitable[ChakraResponse]:
    return http.write("PUT", USER_PATH, {"userId": "u1"}, body={"firstName": "J"})


async def await_within(clock: ManualClock, seconds: float, awaitable: Awaitable[T]) -> T:
    """The answer, if it comes within `seconds` of the clock."""
    task = asyncio.ensure_future(awaitable)
    end = clock.monotonic() + seconds
    await clock.advance_until(task.done, seconds)
    assert clock.monotonic() <= end, f"no answer within {seconds} s"
    return task.result()
