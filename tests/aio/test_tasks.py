"""Work that outlives its request: drained at a stop, cancelled at last, and always logged."""

from __future__ import annotations

import asyncio

import pytest

from bot.aio.clock import sleep
from bot.aio.tasks import REPLY_GRACE_SECONDS, TaskSet
from tests.clock import ManualClock, settle


@pytest.fixture
def tasks(clock: ManualClock) -> TaskSet:
    return TaskSet(clock)


async def record_outcome(work: asyncio.Task[str], outcomes: list[str]) -> None:
    """As the router does: waits for the work, however it ends, and says so."""
    await asyncio.wait({work})
    outcomes.append("cut off" if work.cancelled() else work.result())


async def do_work(clock: ManualClock, seconds: float) -> str:
    await sleep(clock, seconds)
    return f"done in {seconds:g}"


async def test_task_is_referenced_until_it_finishes(tasks: TaskSet, clock: ManualClock) -> None:
    task = tasks.spawn(do_work(clock, 5))
    assert len(tasks) == 1
    await clock.advance(5)
    assert task.result() == "done in 5"
    assert len(tasks) == 0


async def test_caller_need_not_hold_a_task_reference(tasks: TaskSet, clock: ManualClock) -> None:
    messages: list[str] = []
    tasks.spawn_reply(record_outcome(tasks.spawn(do_work(clock, 1)), messages))
    await clock.advance(1)
    assert messages == ["done in 1"]


async def test_pending_replies_counts_finished_work(tasks: TaskSet, clock: ManualClock) -> None:
    async def say_slowly(task: asyncio.Task[str]) -> None:
        await asyncio.wait({task})
        await sleep(clock, 1)

    tasks.spawn_reply(say_slowly(tasks.spawn(do_work(clock, 2))))
    tasks.spawn(do_work(clock, 9))
    assert tasks.pending_replies == 0
    await clock.advance(2)
    assert len(tasks) == 2
    await clock.advance(9)
    assert (len(tasks), tasks.pending_replies) == (0, 0)


async def test_a_drain_without_work_ends_immediately(tasks: TaskSet) -> None:
    assert await tasks.drain(5) == 0


async def test_a_drain_waits_for_work_that_ends_in_time(tasks: TaskSet, clock: ManualClock) -> None:
    messages: list[str] = []
    tasks.spawn_reply(record_outcome(tasks.spawn(do_work(clock, 4)), messages))
    draining = asyncio.create_task(tasks.drain(5))
    await clock.advance(3.9)
    assert not draining.done()
    await clock.advance(0.1)
    assert await draining == 0
    assert messages == ["done in 4"]


async def test_drain_cancels_remaining_work_and_lets_it_reply(
    tasks: TaskSet, clock: ManualClock
) -> None:
    messages: list[str] = []
    for seconds in (1, 60, 70):
        tasks.spawn_reply(record_outcome(tasks.spawn(do_work(clock, seconds)), messages))
    draining = asyncio.create_task(tasks.drain(5))
    await clock.advance(5)
    assert await draining == 2
    assert messages == ["done in 1", "cut off", "cut off"]
    assert len(tasks) == 0
    assert clock.pending_timers == 0


async def test_replies_get_a_grace_period_then_are_cancelled(
    tasks: TaskSet, clock: ManualClock
) -> None:
    async def say_for_ever() -> None:
        await sleep(clock, 9_999)

    telling = tasks.spawn_reply(say_for_ever())
    draining = asyncio.create_task(tasks.drain(5))
    await clock.advance(5)
    assert not draining.done()
    await clock.advance(REPLY_GRACE_SECONDS)
    assert await draining == 0
    await settle()
    assert telling.cancelled()


async def test_reply_within_the_grace_period_is_not_cancelled(
    tasks: TaskSet, clock: ManualClock
) -> None:
    messages: list[str] = []

    async def say_slowly(task: asyncio.Task[str]) -> None:
        await asyncio.wait({task})
        await sleep(clock, REPLY_GRACE_SECONDS - 0.5)
        messages.append("sorry")

    tasks.spawn_reply(say_slowly(tasks.spawn(do_work(clock, 60))))
    draining = asyncio.create_task(tasks.drain(5))
    await clock.advance(5)
    await clock.advance(REPLY_GRACE_SECONDS)
    assert await draining == 1
    assert messages == ["sorry"]


async def test_uncancellable_work_does_not_block_shutdown(
    tasks: TaskSet, clock: ManualClock
) -> None:
    over = asyncio.Event()

    async def ignore_cancellation() -> None:
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue

    task = tasks.spawn(ignore_cancellation())
    draining = asyncio.create_task(tasks.drain(5))
    await clock.advance(5)
    await clock.advance(REPLY_GRACE_SECONDS)
    assert await draining == 1
    over.set()
    await task


async def test_work_that_fails_ends_a_drain_as_well(tasks: TaskSet, clock: ManualClock) -> None:
    async def fail() -> None:
        await sleep(clock, 1)
        raise RuntimeError("no")

    task = tasks.spawn(fail())
    draining = asyncio.create_task(tasks.drain(5))
    await clock.advance(1)
    assert await draining == 0
    assert isinstance(task.exception(), RuntimeError)
