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
from tests.sandbox.slack_stage import Stage

TOKEN = "xoxb-made-up"


@asynccontextmanager
async def client(
    base_url: str, clock: ManualClock, *, token: str = TOKEN, patience: float = 5
) -> AsyncIterator[SlackClient]:
    made = SlackClient(token=token, base_url=base_url, clock=clock, timeout=patience)
    try:
        yield made
    finally:
        await made.aclose()


def count(stage: Stage, method: str) -> int:
    return sum(call.method == method for call in stage.slack.calls)


async def refused(asking: Awaitable[Any]) -> SlackError:
    with pytest.raises(SlackError) as raised:
        await asking
    return raised.value


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Wire:
    """Something that is not quite Slack; ``answer`` is what it says to anything, ``at`` what it
    says at some paths."""

    answer: Callable[[], Response] = lambda: JSONResponse({"ok": True})
    at: dict[str, Callable[[], Response]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        async def handle(request: Request) -> Response:
            body = await request.body()
            self.asked.append(Asked(request.url.path, dict(request.headers), body))
            return self.at.get(request.url.path, self.answer)()

        return Starlette(routes=[Route("/{path:path}", handle, methods=["GET", "POST"])])

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        async with serve(self.app, grace_seconds=0.2) as url:
            yield url
