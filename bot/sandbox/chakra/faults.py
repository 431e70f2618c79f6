"""The failure modes of a service, as values: ``chakra.fail("GET /v1/ext/users", Hang())``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from starlette.responses import JSONResponse, Response

from bot.sandbox.chakra import envelope, meta
from bot.sandbox.chakra.exchange import Exchange
from bot.sandbox.chakra.request_log import EndpointMatcher, RecordedRequest

BAD_GATEWAY_HTML = (
    "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>Sorry.</body></html>"
)


class Fault(Protocol):
    async def apply(self, exchange: Exchange) -> None:
        """Respond, or fail to, in this fault's way."""


@dataclass(frozen=True, slots=True)
class Hang:
    """No response until ``release()``; then the normal one."""

    async def apply(self, exchange: Exchange) -> None:
        await exchange.wait_until_released()
        await exchange.reply(await exchange.run_app())


@dataclass(frozen=True, slots=True)
class DelayedResponse:
    """The normal response, ``seconds`` later by the clock; the work is done after the delay."""

    seconds: float

    async def apply(self, exchange: Exchange) -> None:
        await exchange.delay(self.seconds)
        await exchange.reply(await exchange.run_app())


@dataclass(frozen=True, slots=True)
class ResetBeforeHandling:
    """The connection is reset before any work is done; ``graceful`` closes it instead."""

    graceful: bool = False

    async def apply(self, exchange: Exchange) -> None:
        await exchange.drop_connection(reset=not self.graceful)


@dataclass(frozen=True, slots=True)
class ResetAfterHandling:
    """The connection is reset after the work is done; ``graceful`` closes it instead."""

    graceful: bool = False

    async def apply(self, exchange: Exchange) -> None:
        await exchange.run_app()
        await exchange.drop_connection(reset=not self.graceful)


@dataclass(frozen=True, slots=True)
class StatusResponse:
    """``code`` with ``text``, with ``json``, or with one error in the envelope."""

    code: int
    json: Any = None
    text: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    async def apply(self, exchange: Exchange) -> None:
        if self.text is not None:
            await exchange.reply(Response(self.text, self.code, self.headers, "text/plain"))
        else:
            body = {"_errors": [f"status {self.code}"]} if self.json is None else self.json
            await exchange.reply(JSONResponse(body, self.code, self.headers))


@dataclass(frozen=True, slots=True)
class HtmlErrorPage:
    """An HTML page, as from a proxy."""

    status: int = 502
    page: str = BAD_GATEWAY_HTML

    async def apply(self, exchange: Exchange) -> None:
        await exchange.reply(Response(self.page, self.status, media_type="text/html"))


@dataclass(frozen=True, slots=True)
class InvalidJsonBody:
    """A JSON content type with a body that is not JSON."""

    text: str = "it works"
    status: int = 200

    async def apply(self, exchange: Exchange) -> None:
        await exchange.reply(Response(self.text, self.status, media_type="application/json"))


@dataclass(frozen=True, slots=True)
class EmptyBody:
    status: int = 200

    async def apply(self, exchange: Exchange) -> None:
        await exchange.reply(Response(b"", self.status, media_type="application/json"))


@dataclass(frozen=True, slots=True)
class TruncatedBody:
    """The normal response cut in half, with a matching length."""

    async def apply(self, exchange: Exchange) -> None:
        whole = await exchange.run_app()
        half = bytes(whole.body)[: len(whole.body) // 2]
        await exchange.reply(Response(half, whole.status_code, media_type="application/json"))


@dataclass(frozen=True, slots=True)
class OtherRecord:
    """The normal response with the ID of another record, as from a mixed-up cache or proxy."""

    id: str = "00000000-0000-4000-8000-000000000001"

    async def apply(self, exchange: Exchange) -> None:
        whole = await exchange.run_app()
        body = json.loads(bytes(whole.body))
        if isinstance(body.get("_data"), dict):
            body["_data"]["id"] = self.id
        await exchange.reply(JSONResponse(body, whole.status_code))


@dataclass(frozen=True, slots=True)
class MissingField:
    """The normal response without the field at ``path`` ("_data.id").

    Names lead through objects. In a list they lead through every element, a number through one
    ("_data.0.id").
    """

    path: str

    async def apply(self, exchange: Exchange) -> None:
        whole = await exchange.run_app()
        body = json.loads(bytes(whole.body))
        _remove_field(body, self.path.split("."))
        await exchange.reply(JSONResponse(body, whole.status_code))


@dataclass(frozen=True, slots=True)
class ErrorsWithStatus200:
    """200 with a non-empty ``_errors``, which the vendor's SDK treats as a failure; no work."""

    message: str = "Something went wrong"

    async def apply(self, exchange: Exchange) -> None:
        await exchange.reply(envelope.build_error_response(200, self.message))


@dataclass(frozen=True, slots=True)
class MetaErrorResponse:
    """A Meta error, passed on unchanged (Meta's Graph API error object)."""

    code: int
    details: str = "Relayed from Meta."
    title: str = "Some error"
    status: int = 400

    async def apply(self, exchange: Exchange) -> None:
        message = f"(#{self.code}) {self.title}"
        body = meta.build_error_body(self.code, message, details=self.details)
        await exchange.reply(JSONResponse(body, self.status))


@dataclass(frozen=True, slots=True)
class TooManyRequests:
    """429, with the wait in the ``Retry-After`` header, in its message, in both or in neither.

    Only the message is INFERRED from real traffic; no actual limit is known.
    """

    retry_after_seconds: float | str | None = None
    message_ms: int | None = None

    MESSAGE: ClassVar[str] = "Too many requests"

    async def apply(self, exchange: Exchange) -> None:
        headers = {}
        if self.retry_after_seconds is not None:
            headers["Retry-After"] = str(self.retry_after_seconds)
        wait = "" if self.message_ms is None else f", retry after {self.message_ms} ms"
        await exchange.reply(
            envelope.build_error_response(429, self.MESSAGE + wait, headers=headers)
        )


@dataclass(slots=True)
class _PlannedFault:
    matches: EndpointMatcher
    fault: Fault
    remaining: int | None


class FaultPlan:
    """The planned faults. A request gets the first one that matches it and is not used up."""

    def __init__(self) -> None:
        self._planned: list[_PlannedFault] = []

    def add(self, matches: EndpointMatcher, fault: Fault, times: int | None) -> None:
        self._planned.append(_PlannedFault(matches, fault, times))

    def clear(self) -> None:
        self._planned.clear()

    def take_next(self, request: RecordedRequest) -> Fault | None:
        for planned in self._planned:
            if planned.remaining != 0 and planned.matches(request):
                if planned.remaining is not None:
                    planned.remaining -= 1
                return planned.fault
        return None


def _remove_field(body: Any, path: list[str]) -> None:
    name, *rest = path
    if isinstance(body, list) and name.isdecimal():
        _remove_child(body, int(name), rest)
    elif isinstance(body, list):
        for item in body:
            _remove_field(item, path)
    elif isinstance(body, dict) and name in body:
        _remove_child(body, name, rest)


def _remove_child(container: Any, key: str | int, rest: list[str]) -> None:
    if rest:
        _remove_field(container[key], rest)
    else:
        del container[key]
