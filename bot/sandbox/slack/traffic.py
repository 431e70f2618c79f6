"""The wire traffic: the app's calls, deliveries to it, and how many are in flight."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

CALLS_KEPT = 5_000
PAYLOADS_KEPT = 500

Direction = Literal["to the app", "from the app"]


@dataclass(frozen=True)
class ApiCall:
    """A Web API call, or a post to a response URL (method "response_url").

    ``args`` are without the token; ``at`` is in epoch seconds.
    """

    method: str
    args: dict[str, Any]
    answer: Any
    at: float


@dataclass(frozen=True)
class Payload:
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


class Traffic:
    """Records traffic; ``on_payload`` is called when an exchange ends."""

    def __init__(self, on_payload: Callable[[Payload], None]) -> None:
        self.calls: deque[ApiCall] = deque(maxlen=CALLS_KEPT)
        self.payloads: deque[Payload] = deque(maxlen=PAYLOADS_KEPT)
        self._on_payload = on_payload
        self._count = 0
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def note(
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
        payload = Payload(
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
        self.payloads.append(payload)
        self._on_payload(payload)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Count an exchange as in flight, for ``idle``."""
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    @property
    def is_busy(self) -> bool:
        """Whether anything is under way."""
        return self._under_way > 0

    async def idle(self) -> None:
        while self._under_way:
            await self._idle.wait()
