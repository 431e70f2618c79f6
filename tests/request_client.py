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

EVENTS_PATH = "/slack/events"
JSON_TYPE = "application/json"


@dataclass(frozen=True)
class ReceivedResponse:
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class RequestClient:
    """A client of the bot's web routes."""

    world: World
    session: aiohttp.ClientSession

    async def request(self, path: str, method: str = "GET", **request: Any) -> ReceivedResponse:
        url = self.world.bot_url + path
        async with self.session.request(method, url, **request) as answer:
            return ReceivedResponse(answer.status, await answer.text(), answer.headers)

    async def post_signed(
        self, body: bytes, content_type: str | None = None, *, signed_at: float | None = None
    ) -> ReceivedResponse:
        """``at`` is when it was signed: now, unless it is given."""
        headers = self.world.slack.sign_request(body, None if signed_at is None else int(signed_at))
        if content_type is not None:
            headers["Content-Type"] = content_type
        return await self.request(EVENTS_PATH, "POST", data=body, headers=headers)

    async def post_payload(self, payload: object) -> ReceivedResponse:
        """As an interaction comes: JSON within a form."""
        return await self.post_signed(urlencode({"payload": json.dumps(payload)}).encode())

    async def post_json(self, body: object) -> ReceivedResponse:
        """As an event comes."""
        return await self.post_signed(json.dumps(body).encode(), JSON_TYPE)

    async def post_command(self, **fields: str) -> ReceivedResponse:
        return await self.post_signed(urlencode(fields).encode())


@asynccontextmanager
async def open_request_client(world: World) -> AsyncIterator[RequestClient]:
    async with aiohttp.ClientSession() as session:
        yield RequestClient(world, session)


@contextmanager
def reserve_port() -> Iterator[int]:
    """Reserve a port where nothing answers; only ``serve`` may listen on it."""
    with socket.socket() as bound_socket:
        bound_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound_socket.bind(("127.0.0.1", 0))
        yield bound_socket.getsockname()[1]
