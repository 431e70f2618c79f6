"""Planned faults for a method's next calls: errors, broken connections and no response."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Literal

Reset = Literal["before", "after"]


@dataclass(frozen=True)
class Fault:
    """A fault; ``reset`` breaks the connection before or after the call took effect."""

    error: str | None = None
    status: int | None = None
    reset: Reset | None = None
    retry_after: int | None = None


class Faults:
    """The planned faults by method: a Web API method or "response_url"."""

    def __init__(self) -> None:
        self._next: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._held: dict[str, asyncio.Event] = {}
        self._left: dict[str, int] = {}

    def fail(self, method: str, fault: Fault, times: int) -> None:
        self._next[method].extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        waiting = self._next[method]
        return waiting.popleft() if waiting else None

    def hang(self, method: str, times: int | None = None) -> None:
        """Leave the next ``times`` calls of the method without a response, or all of them."""
        self._held.setdefault(method, asyncio.Event())
        self._left.pop(method, None)
        if times is not None:
            self._left[method] = times

    def release(self, method: str | None = None) -> None:
        """Respond normally to the hung calls of one method, or of all."""
        for name in [method] if method else list(self._held):
            self._left.pop(name, None)
            held = self._held.pop(name, None)
            if held is not None:
                held.set()

    async def wait(self, method: str) -> None:
        held = self._held.get(method)
        left = self._left.get(method)
        if held is None or left == 0:
            return
        if left is not None:
            self._left[method] = left - 1
        await held.wait()
