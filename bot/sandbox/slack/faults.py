"""Planned faults for a method's next calls: errors, broken connections and no response."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Literal

ResetTiming = Literal["before", "after"]


@dataclass(frozen=True)
class ApiFault:
    """A fault; ``reset`` breaks the connection before or after the call took effect."""

    error: str | None = None
    status: int | None = None
    reset: ResetTiming | None = None
    retry_after: int | None = None


class ApiFaultQueue:
    """The planned faults by method: a Web API method or "response_url"."""

    def __init__(self) -> None:
        self._queued: defaultdict[str, deque[ApiFault]] = defaultdict(deque)
        self._hang_events: dict[str, asyncio.Event] = {}
        self._hangs_remaining: dict[str, int] = {}

    def fail(self, method: str, fault: ApiFault, times: int) -> None:
        self._queued[method].extend([fault] * times)

    def take_next(self, method: str) -> ApiFault | None:
        waiting = self._queued[method]
        return waiting.popleft() if waiting else None

    def hang(self, method: str, times: int | None = None) -> None:
        """Leave the next ``times`` calls of the method without a response, or all of them."""
        self._hang_events.setdefault(method, asyncio.Event())
        self._hangs_remaining.pop(method, None)
        if times is not None:
            self._hangs_remaining[method] = times

    def release(self, method: str | None = None) -> None:
        """Respond normally to the hung calls of one method, or of all."""
        for name in [method] if method else list(self._hang_events):
            self._hangs_remaining.pop(name, None)
            hang = self._hang_events.pop(name, None)
            if hang is not None:
                hang.set()

    async def wait_released(self, method: str) -> None:
        hang = self._hang_events.get(method)
        left = self._hangs_remaining.get(method)
        if hang is None or left == 0:
            return
        if left is not None:
            self._hangs_remaining[method] = left - 1
        await hang.wait()
