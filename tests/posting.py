"""Requests posted by hand to the bot of a world: signed as Slack signs them, or not."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.world import World

EVENTS = "/slack/events"
JSON = "application/json"


@dataclass(frozen=True)
class Answered:
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Post:
    """A client of the bot's web routes."""

    world: World
    session: aiohttp.ClientSession

    async def ask(self, path: str, method: str = "GET", **request: Any) -> Answered:
        url = self.world.bot_url + path
        async with self.session.request(method, url, **request) as answer:
            return Answered(answer.status, await answer.text(), answer.headers)

    async def signed(
        self, body: bytes, content_type: str | None = None, *, at: float | None = None
    ) -> Answered:
        """``at`` is when it was signed: now, unless it is given."""
        headers = self.world.slack.sign_request(body, None if at is None else int(at))
        if content_type is not None:
            headers["Content-Type"] = content_type
        return await self.ask(EVENTS, "POST", data=body, headers=headers)

    async def payload(self, payload: object) -> Answered:
        """As an interaction comes: JSON within a form."""
        return await self.signed(urlencode({"payload": json.dumps(payload)}).encode())

    async def json(self, body: object) -> Answered:
        """As an event comes."""
        return await self.signed(json.dumps(body).encode(), JSON)

    async def command(self, **fields: str) -> Answered:
        return await self.signed(urlencode(fields).encode())


@asynccontextmanager
async def posting(world: World) -> AsyncIterator[Post]:
    async with aiohttp.ClientSession() as session:
        yield Post(world, session)


@contextmanager
def nobody_listens() -> Iterator[int]:
    """A port where nothing answers and that nobody else is given; ``serve`` may listen on it."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
