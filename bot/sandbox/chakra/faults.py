"""The failure modes of a service, as values: ``chakra.fail("GET /v1/ext/users", Hang())``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from starlette.responses import JSONResponse, Response

from bot.sandbox.chakra import envelope, meta
from bot.sandbox.chakra.exchange import Exchange
from bot.sandbox.chakra.traffic import Asked, Pattern

PAGE = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>Sorry.</body></html>"


class Fault(Protocol):
    async def apply(self, exchange: Exchange) -> None:
        """Respond, or fail to, in this fault's way."""


@dataclass(frozen=True, slots=True)
class Hang:
    """No response until ``release()``; then the normal one."""

    async def apply(self, exchange: Exchange) -> None:
        await exchange.until_released()
        await exchange.reply(await exchange.answer())


@dataclass(frozen=True, slots=True)
class Slow:
    """The normal response, ``seconds`` later by the clock; the work is done after the delay."""

    seconds: float

    async def apply(self, exchange: Exchange) -> None:
        await exchange.pause(self.seconds)
        await exchange.reply(await exchange.answer())


@dataclass(frozen=True, slots=True)
class ResetBefore:
    """The connection is reset before any work is done; ``polite`` closes it instead."""

    polite: bool = False

    async def apply(self, exchange: Exchange) -> None:
        await exchange.drop(reset=not self.polite)


@dataclass(frozen=True, slots=True)
class ResetAfter:
    """The connection is reset after the work is done; ``polite`` closes it instead."""

    polite: bool = False

    async def apply(self, exchange: Exchange) -> None:
        await exchange.answer()
        await exchange.drop(reset=not self.polite)


@dataclass(frozen=True, slots=True)
class Status:
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
class Html:
    """An HTML page, as from a proxy."""

    status: int = 502
    page: str = PAGE

    async def apply(self, exchange: Exchange) -> None:
        await exchange.reply(Response(self.page, self.status, media_type="text/html"))


@dataclass(frozen=True, slots=True)
class NotJson:
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
class Truncated:
    """The normal response cut in half, with a matching length."""

    async def apply(self, exchange: Exchange) -> None:
        whole = await exchange.answer()
        half = bytes(whole.body)[: len(whole.body) // 2]
        await exchange.reply(Response(half, whole.status_code, media_type="application/json"))


@dataclass(frozen=True, slots=True)
class MissingField:
    """The normal response without the field at ``place`` ("_data.id").

    Names lead through objects. In a list they lead through every element, a number through one
    ("_data.0.id").
    """

    place: str

    async def apply(self, exchange: Exchange) -> None:
        whole = await exchange.answer()
        body = json.loads(bytes(whole.body))
        _remove(body, self.place.split("."))
        await exchange.reply(JSONResponse(body, whole.status_code))


@dataclass(frozen=True, slots=True)
class Errors200:
    """200 with a non-empty ``_errors``, which the vendor's SDK treats as a failure; no work."""

    message: str = "Something went wrong"

    async def apply(self, exchange: Exchange) -> None:
        await exchange.reply(envelope.errors(200, self.message))


@dataclass(frozen=True, slots=True)
class MetaError:
    """A Meta error, passed on unchanged (Meta's Graph API error object)."""

    code: int
    details: str = "Relayed from Meta."
    title: str = "Some error"
    status: int = 400

    async def apply(self, exchange: Exchange) -> None:
        message = f"(#{self.code}) {self.title}"
        body = meta.error_body(self.code, message, details=self.details)
        await exchange.reply(JSONResponse(body, self.status))


@dataclass(frozen=True, slots=True)
class Throttle:
    """429, with the wait in the ``Retry-After`` header, in its message, in both or in neither.

    Only the message is INFERRED from real traffic; no actual limit is known.
    """

    retry_after_seconds: float | str | None = None
    message_ms: int | None = None

    SENTENCE: ClassVar[str] = "Too many requests"

    async def apply(self, exchange: Exchange) -> None:
        headers = {}
        if self.retry_after_seconds is not None:
            headers["Retry-After"] = str(self.retry_after_seconds)
        wait = "" if self.message_ms is None else f", retry after {self.message_ms} ms"
        await exchange.reply(envelope.errors(429, self.SENTENCE + wait, headers=headers))


@dataclass(slots=True)
class _Planned:
    means: Pattern
    fault: Fault
    left: int | None


class Faults:
    """The planned faults. A request gets the first one that matches it and is not used up."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []

    def plan(self, means: Pattern, fault: Fault, times: int | None) -> None:
        self._planned.append(_Planned(means, fault, times))

    def clear(self) -> None:
        self._planned.clear()

    def take(self, asked: Asked) -> Fault | None:
        for planned in self._planned:
            if planned.left != 0 and planned.means(asked):
                if planned.left is not None:
                    planned.left -= 1
                return planned.fault
        return None


def _remove(body: Any, place: list[str]) -> None:
    name, *rest = place
    if isinstance(body, list) and name.isdecimal():
        _remove_within(body, int(name), rest)
    elif isinstance(body, list):
        for item in body:
            _remove(item, place)
    elif isinstance(body, dict) and name in body:
        _remove_within(body, name, rest)


def _remove_within(holder: Any, key: str | int, rest: list[str]) -> None:
    if rest:
        _remove(holder[key], rest)
    else:
        del holder[key]
