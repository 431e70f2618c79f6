"""Time as an argument: wall clock, monotonic clock and timers, so that tests never sleep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

MAX_CLOCK_SKEW_SECONDS = 300.0
"""Seconds by which the clocks of two replicas may differ: beyond that, Slack's requests fail."""


class Timer(Protocol):
    """A scheduled callback, such as ``asyncio.TimerHandle``."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """The time and the timers of everything that runs."""

    def time(self) -> float:
        """Return the seconds since the epoch."""

    def monotonic(self) -> float:
        """Return the seconds since some fixed moment; they never decrease."""

    def to_real_seconds(self, seconds: float) -> float:
        """Return how long ``seconds`` last on the system clock, which other programs use.

        ``inf`` if this clock is only moved by hand.
        """

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run ``callback`` on the running loop after ``seconds``, unless it is cancelled first."""


class SystemClock:
    """The clock of the machine and of the running loop."""

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def to_real_seconds(self, seconds: float) -> float:
        return seconds

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, callback)


def count_seconds_left(until: float, now: float, longest: float) -> float:
    """Return the seconds from ``now`` until ``until``, both since the epoch; 0 if it has passed.

    Also 0 if more than ``longest`` are left, longer than anything ever waits: then the system clock
    was set back after the moment was stored.
    """
    left = until - now
    return left if 0 < left <= longest else 0.0


async def sleep(clock: Clock, seconds: float) -> None:
    """Wait ``seconds`` on ``clock``."""
    woken, wake = _wake_future()
    timer = clock.call_later(seconds, wake)
    try:
        await woken
    finally:
        timer.cancel()


async def finishes_within(clock: Clock, task: asyncio.Task[Any], seconds: float) -> bool:
    """Return whether ``task`` finishes within ``seconds``.

    The task isn't cancelled if it doesn't, nor if the caller is cancelled: the caller owns it.
    """
    if task.done():
        return True
    woken, wake = _wake_future()
    timer = clock.call_later(seconds, wake)
    task.add_done_callback(wake)
    try:
        await woken
    finally:
        timer.cancel()
        task.remove_done_callback(wake)
    return task.done()


async def wait_for(clock: Clock, coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
    """Return the coroutine's result; cancel it and raise ``TimeoutError`` after ``seconds``."""
    task = asyncio.ensure_future(coroutine)
    try:
        finished = await finishes_within(clock, task, seconds)
    except asyncio.CancelledError:
        await _cancel_and_wait(task)
        raise
    if not finished:
        await _cancel_and_wait(task)
        raise TimeoutError
    return task.result()


def _wake_future() -> tuple[asyncio.Future[None], Callable[..., None]]:
    woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(_: object = None) -> None:
        if not woken.done():
            woken.set_result(None)

    return woken, wake


async def _cancel_and_wait(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
