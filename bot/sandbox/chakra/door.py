"""The pipeline of each request: record, planned faults, token, routes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.types import Receive, Scope, Send

from bot.aio.clock import Clock
from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.exchange import Exchange, Gates, Gone, read_body
from bot.sandbox.chakra.faults import Fault, Faults
from bot.sandbox.chakra.traffic import Asked, Pattern, Traffic, template_of

PUBLIC = "/media/"
"""Pictures and public uploads are fetched by browsers, Slack and Meta, which have no token. They
are not part of the API: they are neither recorded nor failed."""

Trouble = Callable[[Asked], Fault | None]
"""The fault that a request triggers by itself, when none was planned for it."""


class Door:
    def __init__(
        self, routes: Starlette, access_token: str, clock: Clock, trouble: Trouble
    ) -> None:
        self._routes = routes
        self._trouble = trouble
        self._credentials = f"Bearer {access_token}"
        self._clock = clock
        self.traffic = Traffic()
        self.faults = Faults()
        self.gates = Gates()
        self.closed_endpoints: list[Pattern] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PUBLIC):
            await self._routes(scope, receive, send)
            return
        try:
            body = await read_body(receive)
        except Gone:
            return
        asked = self._asked(scope, body)
        self.traffic.arrived(asked)
        exchange = Exchange(self._work, scope, body, receive, send, self._clock, self.gates)
        await self._take(asked, exchange)
        if exchange.status is not None:
            self.traffic.answered(asked, exchange.status)

    async def _take(self, asked: Asked, exchange: Exchange) -> None:
        fault = self.faults.take(asked) or self._trouble(asked)
        try:
            if fault is None:
                await exchange.reply(await exchange.answer())
            else:
                await fault.apply(exchange)
        except Gone:
            await exchange.drop()

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        if Headers(scope=scope).get("authorization") != self._credentials:
            await envelope.errors(401, envelope.BAD_TOKEN)(scope, receive, send)
        elif any(means(self._asked(scope, b"")) for means in self.closed_endpoints):
            await envelope.errors(404, envelope.NO_SUCH_PATH)(scope, receive, send)
        else:
            await self._routes(scope, receive, send)

    def _asked(self, scope: Scope, body: bytes) -> Asked:
        return Asked(
            method=scope["method"],
            path=scope["path"],
            endpoint=template_of(self._routes.routes, scope),
            query=dict(QueryParams(scope["query_string"])),
            headers=dict(Headers(scope=scope)),
            json=_json(body),
        )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
