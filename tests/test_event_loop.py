"""The tests' loop and clock: idle means idle, and a clock that is never moved is noticed."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.aio.clock import sleep
from bot.db.engine import Database
from tests.clock import ManualClock
from tests.event_loop import IdleEventLoop, wait_until_idle


async def test_idle_waits_for_threads() -> None:
    task = asyncio.create_task(asyncio.to_thread(time.sleep, 0.05))
    await wait_until_idle()
    assert task.done()


async def test_idle_waits_for_a_transaction(sqlite: Database) -> None:
    task = asyncio.create_task(sqlite.check())
    await wait_until_idle()
    assert task.done()
    assert not sqlite.in_use


async def test_idle_does_not_wait_for_time(clock: ManualClock) -> None:
    task = asyncio.create_task(sleep(clock, 5))
    await wait_until_idle()
    assert not task.done()
    assert clock.next_timer == 5
    await clock.advance(5)
    assert task.done()


async def test_timers_fire_in_order_each_at_its_moment(clock: ManualClock) -> None:
    fired: list[float] = []
    for seconds in (3, 1, 2):
        clock.call_later(seconds, lambda: fired.append(clock.monotonic()))
    await clock.advance_until(lambda: len(fired) == 2)
    assert (fired, clock.monotonic()) == ([1, 2], 2)
    assert await clock.advance_to_next()
    assert not await clock.advance_to_next()


async def test_jump_fires_each_timer_once_at_its_end(clock: ManualClock) -> None:
    fired: list[float] = []

    async def every_second() -> None:
        while True:
            await sleep(clock, 1)
            fired.append(clock.monotonic())

    task = asyncio.create_task(every_second())
    await clock.jump(3_600)
    assert fired == [3_600]
    task.cancel()


async def test_clock_runs_by_itself(clock: ManualClock) -> None:
    async with clock.running():
        await sleep(clock, 86_400)
    assert clock.monotonic() >= 86_400


def test_a_clock_that_is_never_moved_ends_a_test_with_a_sentence() -> None:
    async def story() -> None:
        await sleep(ManualClock(), 0.3)

    with asyncio.Runner(loop_factory=IdleEventLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, IdleEventLoop)
        loop.stall_seconds = 0.05
        with pytest.raises(
            asyncio.CancelledError, match=r"the clock was not moved; next timer in 0.3 s"
        ):
            runner.run(story())
