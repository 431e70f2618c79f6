"""Work that outlives its request: a task set that keeps its tasks and drains at shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any, TypeVar

from bot.aio.clock import Clock, done_within

T = TypeVar("T")

LAST_WORDS = 2.0
"""Seconds that are left for telling people that their work was cut off."""


async def cancel(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Ends them, and waits until they have."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Tasks:
    """asyncio keeps only weak references to tasks, so a follow-up nobody holds can vanish."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._work: set[asyncio.Task[Any]] = set()
        self._telling: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._work) + len(self._telling)

    @property
    def owed(self) -> int:
        """How many people are being told of work that has ended. Every work that goes on past its
        ack has one telling task, which waits for it."""
        return max(0, len(self._telling) - len(self._work))

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Work: cancelled when a shutdown has waited long enough."""
        return self._keep(work, self._work)

    def tell(self, telling: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Tells a person how some work ended; outlives the work at a shutdown."""
        return self._keep(telling, self._telling)

    async def drain(self, seconds: float) -> int:
        """Waits up to ``seconds`` for what is in hand, cancels the rest, lets that be told.

        Returns how many pieces of work were cut off.
        """
        await self._wait(self._work | self._telling, seconds)
        cut = list(self._work)
        for task in cut:
            task.cancel()
        await self._wait(self._work | self._telling, LAST_WORDS)
        for task in self._work | self._telling:
            task.cancel()
        return len(cut)

    def _keep(self, work: Coroutine[Any, Any, T], where: set[asyncio.Task[Any]]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        where.add(task)
        task.add_done_callback(where.discard)
        return task

    async def _wait(self, tasks: set[asyncio.Task[Any]], seconds: float) -> None:
        if not tasks:
            return
        every = asyncio.ensure_future(asyncio.wait(set(tasks)))
        await done_within(self._clock, every, seconds)
        every.cancel()
        await asyncio.gather(every, return_exceptions=True)
