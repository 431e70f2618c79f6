"""Something to cache: a source that a test holds back and lets go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

from bot.cache import Cached, CacheKind
from tests.clock import settle

USER = CacheKind("user", fresh_seconds=300, stale_seconds=1000, negative_seconds=30)
JOB = CacheKind("job", fresh_seconds=2, stale_seconds=10, negative_seconds=30)


@dataclass
class Source:
    """A source of ``values``, one after another; errors are raised. Blocks until ``release``."""

    values: list[object]
    is_blocked: bool = False
    load_count: int = 0
    gates: list[asyncio.Event] = field(default_factory=list)

    async def __call__(self) -> object:
        value = self.values[min(self.load_count, len(self.values) - 1)]
        self.load_count += 1
        if self.is_blocked:
            gate = asyncio.Event()
            self.gates.append(gate)
            await gate.wait()
        if isinstance(value, BaseException):
            raise value
        return value

    async def release(self, number: int = -1) -> None:
        self.gates[number].set()
        await settle()


async def start_get(awaitable: Awaitable[Cached[object]]) -> asyncio.Task[Cached[object]]:
    task = asyncio.ensure_future(awaitable)
    await settle()
    return task
