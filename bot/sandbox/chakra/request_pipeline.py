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
from bot.sandbox.chakra.exchange import ClientDisconnected, Exchange, HangSignals, read_body
from bot.sandbox.chakra.faults import Fault, FaultPlan
from bot.sandbox.chakra.request_log import (
    EndpointMatcher,
    RecordedRequest,
    RequestLog,
    find_template,
)

PUBLIC_MEDIA_PREFIX = "/media/"
"""Pictures and public uploads are fetched by browsers, Slack and Meta, which have no token. They
are not part of the API: they are neither recorded nor failed."""

FaultSelector = Callable[[RecordedRequest], Fault | None]
"""The fault that a request triggers by itself, when none was planned for it."""


class RequestPipeline:
    def __init__(
        self, routes: Starlette, access_token: str, clock: Clock, select_fault: FaultSelector
    ) -> None:
        self._routes = routes
        self._select_fault = select_fault
        self._authorization = f"Bearer {access_token}"
        self._clock = clock
        self.request_log = RequestLog()
        self.faults = FaultPlan()
        self.hang_signals = HangSignals()
        self.disabled_endpoints: list[EndpointMatcher] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PUBLIC_MEDIA_PREFIX):
            await self._routes(scope, receive, send)
            return
        try:
            body = await read_body(receive)
        except ClientDisconnected:
            return
        asked = self._build_record(scope, body)
        self.request_log.record(asked)
        exchange = Exchange(
            self._dispatch, scope, body, receive, send, self._clock, self.hang_signals
        )
        await self._handle(asked, exchange)
        if exchange.status is not None:
            self.request_log.record_status(asked, exchange.status)

    async def _handle(self, asked: RecordedRequest, exchange: Exchange) -> None:
        fault = self.faults.take_next(asked) or self._select_fault(asked)
        try:
            if fault is None:
                await exchange.reply(await exchange.run_app())
            else:
                await fault.apply(exchange)
        except ClientDisconnected:
            await exchange.drop_connection()

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        if Headers(scope=scope).get("authorization") != self._authorization:
            await envelope.build_error_response(401, envelope.INVALID_TOKEN_MESSAGE)(
                scope, receive, send
            )
        elif any(means(self._build_record(scope, b"")) for means in self.disabled_endpoints):
            await envelope.build_error_response(404, envelope.NOT_FOUND_MESSAGE)(
                scope, receive, send
            )
        else:
            await self._routes(scope, receive, send)

    def _build_record(self, scope: Scope, body: bytes) -> RecordedRequest:
        return RecordedRequest(
            method=scope["method"],
            path=scope["path"],
            endpoint=find_template(self._routes.routes, scope),
            query=dict(QueryParams(scope["query_string"])),
            headers=dict(Headers(scope=scope)),
            json=_parse_json(body),
        )


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
