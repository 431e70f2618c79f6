"""The wire traffic: the app's calls, deliveries to it, and how many are in flight."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

MAX_RECORDED_CALLS = 5_000
MAX_RECORDED_EXCHANGES = 500

Direction = Literal["to the app", "from the app"]


@dataclass(frozen=True)
class ApiCall:
    """A Web API call, or a post to a response URL (method "response_url").

    ``args`` are without the token; ``at`` is in epoch seconds.
    """

    method: str
    args: dict[str, Any]
    response: Any
    at: float


@dataclass(frozen=True)
class ExchangeRecord:
    """One exchange as the page shows it; ``ms`` is the response time."""

    n: int
    at: float
    direction: Direction
    kind: str
    summary: str
    status: int
    ms: float
    request: Any
    response: Any


class ExchangeLog:
    """Records traffic; ``on_payload`` is called when an exchange ends."""

    def __init__(self, on_exchange: Callable[[ExchangeRecord], None]) -> None:
        self.calls: deque[ApiCall] = deque(maxlen=MAX_RECORDED_CALLS)
        self.exchanges: deque[ExchangeRecord] = deque(maxlen=MAX_RECORDED_EXCHANGES)
        self._on_exchange = on_exchange
        self._count = 0
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def record(
        self,
        direction: Direction,
        kind: str,
        summary: str,
        *,
        at: float,
        seconds: float,
        status: int,
        request: Any,
        response: Any,
    ) -> None:
        self._count += 1
        payload = ExchangeRecord(
            n=self._count,
            at=at,
            direction=direction,
            kind=kind,
            summary=summary,
            status=status,
            ms=round(seconds * 1000, 1),
            request=request,
            response=response,
        )
        self.exchanges.append(payload)
        self._on_exchange(payload)

    @contextmanager
    def track(self) -> Iterator[None]:
        """Count an exchange as in flight, for ``idle``."""
        self._in_flight += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()

    @property
    def is_busy(self) -> bool:
        """Whether anything is in flight."""
        return self._in_flight > 0

    async def wait_idle(self) -> None:
        while self._in_flight:
            await self._idle.wait()
