"""Work that outlives its request: a task set that drains at shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from bot.aio.clock import Clock, finishes_within

T = TypeVar("T")

REPLY_GRACE_SECONDS = 2.0
"""Time at shutdown to notify people that their work was cancelled."""


async def cancel_and_wait(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel the tasks, and wait until they have finished."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def run_in_loop(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` in ``loop``, which may be that of another thread, and return its result."""
    if asyncio.get_running_loop() is loop:
        return await work
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))


@asynccontextmanager
async def background_tasks(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run ``coroutines`` beside the block; when it ends, cancel them and wait for them."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        await cancel_and_wait(tasks)


class TaskSet:
    """Strong references to tasks: asyncio has only weak ones, so a task may be collected early."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._work_tasks: set[asyncio.Task[Any]] = set()
        self._reply_tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._work_tasks) + len(self._reply_tasks)

    @property
    def pending_replies(self) -> int:
        """The number of replies about finished work that are in flight.

        Work that continues after its ack has one reply task, which waits for it.
        """
        return max(0, len(self._reply_tasks) - len(self._work_tasks))

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start work, which a shutdown cancels after its grace period."""
        return self._track(coroutine, self._work_tasks)

    def spawn_reply(self, reply: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a reply about the outcome of work; a shutdown lets it outlive the work."""
        return self._track(reply, self._reply_tasks)

    async def drain(self, seconds: float) -> int:
        """Wait up to ``seconds`` for running work, cancel what remains, and let replies finish.

        Returns the number of cancelled tasks.
        """
        await self._wait(self._work_tasks | self._reply_tasks, seconds)
        cancelled = list(self._work_tasks)
        for task in cancelled:
            task.cancel()
        await self._wait(self._work_tasks | self._reply_tasks, REPLY_GRACE_SECONDS)
        for task in self._work_tasks | self._reply_tasks:
            task.cancel()
        return len(cancelled)

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
        all_done = asyncio.ensure_future(asyncio.wait(set(tasks)))
        await finishes_within(self._clock, all_done, seconds)
        all_done.cancel()
        await asyncio.gather(all_done, return_exceptions=True)
