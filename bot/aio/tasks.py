"""Work that outlives its request: a task set that keeps its tasks and drains at shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from bot.aio.clock import Clock, done_within

T = TypeVar("T")

REPLY_GRACE_SECONDS = 2.0
"""Seconds that are left for telling people that their work was cut off."""


async def cancel_and_wait(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Ends them, and waits until they have."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def background_tasks(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run ``coroutines`` beside the block; cancel them and wait for their end when it is left."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        await cancel_and_wait(tasks)


class TaskSet:
    """asyncio keeps only weak references to tasks, so a follow-up nobody holds can vanish."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._work_tasks: set[asyncio.Task[Any]] = set()
        self._reply_tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._work_tasks) + len(self._reply_tasks)

    @property
    def pending_replies(self) -> int:
        """How many people are being told of work that has ended. Every work that goes on past its
        ack has one telling task, which waits for it."""
        return max(0, len(self._reply_tasks) - len(self._work_tasks))

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Work: cancelled when a shutdown has waited long enough."""
        return self._track(coroutine, self._work_tasks)

    def spawn_reply(self, reply: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Tells a person how some work ended; outlives the work at a shutdown."""
        return self._track(reply, self._reply_tasks)

    async def drain(self, seconds: float) -> int:
        """Waits up to ``seconds`` for what is in hand, cancels the rest, lets that be told.

        Returns how many pieces of work were cut off.
        """
        await self._wait(self._work_tasks | self._reply_tasks, seconds)
        cut = list(self._work_tasks)
        for task in cut:
            task.cancel()
        await self._wait(self._work_tasks | self._reply_tasks, REPLY_GRACE_SECONDS)
        for task in self._work_tasks | self._reply_tasks:
            task.cancel()
        return len(cut)

    def _track(
        self, coroutine: Coroutine[Any, Any, T], tasks: set[asyncio.Task[Any]]
    ) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(coroutine)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    async def _wait(self, tasks: set[asyncio.Task[Any]], seconds: float) -> None:
        if not tasks:
            return
        every = asyncio.ensure_future(asyncio.wait(set(tasks)))
        await done_within(self._clock, every, seconds)
        every.cancel()
        await asyncio.gather(every, return_exceptions=True)
