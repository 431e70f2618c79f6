"""Time as an argument: wall clock, monotonic clock and timers, so that tests never sleep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def time(self) -> float:
        """Seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    def to_real_seconds(self, seconds: float) -> float:
        """Return how long ``seconds`` last by the machine's clock, which other programs go by;
        ``inf`` if this clock moves only by hand."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Runs ``callback`` on the running loop after ``seconds``, unless it is cancelled first."""


class SystemClock:
    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def to_real_seconds(self, seconds: float) -> float:
        return seconds

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, callback)


async def sleep(clock: Clock, seconds: float) -> None:
    woken, wake = _wake_future()
    timer = clock.call_later(seconds, wake)
    try:
        await woken
    finally:
        timer.cancel()


async def done_within(clock: Clock, task: asyncio.Task[Any], seconds: float) -> bool:
    """Whether ``task`` ended in time. It is left running when it did not: the caller owns it.

    Cancelling the caller leaves the task alone as well.
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
    """The result of ``work``; it is cancelled and ``TimeoutError`` raised after ``seconds``."""
    task = asyncio.ensure_future(coroutine)
    try:
        finished = await done_within(clock, task, seconds)
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
