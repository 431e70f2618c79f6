"""A client of the embedded Slack, and something on the wire that is not quite Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.errors import SlackError
from bot.slack.client.web_api import SlackClient
from bot.web.server import serve
from tests.clock import ManualClock
from tests.sandbox.slack_harness import SlackHarness

TOKEN = "xoxb-made-up"


@asynccontextmanager
async def open_client(
    base_url: str, clock: ManualClock, *, token: str = TOKEN, patience: float = 5
) -> AsyncIterator[SlackClient]:
    client = SlackClient(token=token, base_url=base_url, clock=clock, timeout=patience)
    try:
        yield client
    finally:
        await client.aclose()


def count_calls(harness: SlackHarness, method: str) -> int:
    return sum(call.method == method for call in harness.slack.calls)


async def catch_slack_error(asking: Awaitable[Any]) -> SlackError:
    with pytest.raises(SlackError) as raised:
        await asking
    return raised.value


@dataclass(frozen=True)
class StubRequest:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class StubServer:
    """Something that is not quite Slack; ``answer`` is what it says to anything, ``at`` what it
    says at some paths."""

    respond: Callable[[], Response] = lambda: JSONResponse({"ok": True})
    path_responses: dict[str, Callable[[], Response]] = field(default_factory=dict)
    requests: list[StubRequest] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        async def handle(request: Request) -> Response:
            body = await request.body()
            self.requests.append(StubRequest(request.url.path, dict(request.headers), body))
            return self.path_responses.get(request.url.path, self.respond)()

        return Starlette(routes=[Route("/{path:path}", handle, methods=["GET", "POST"])])

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        async with serve(self.app, grace_seconds=0.2) as url:
            yield url
