"""An event loop that knows when nothing is left to do, and notices a clock that is never moved."""

from __future__ import annotations

import asyncio
import select
import selectors
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, Protocol, TypeVar, TypeVarTuple, Unpack
from weakref import WeakSet

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

STALL_SECONDS = 30.0
"""Real seconds after which a test that waits for a clock that is never moved has failed."""
CHECK_SECONDS = 1.0
"""Real seconds between two checks for that, while nothing happens."""
CONFIRM_SECONDS = 0.0005
"""How long loopback may take to carry a byte from one socket of this process to another."""

Events = list[tuple[selectors.SelectorKey, int]]
Select = Callable[[float | None], Events]
Confirm = Callable[[], Events]


class Clock(Protocol):
    """A clock that only moves when a test moves it."""

    @property
    def next_timer(self) -> float | None:
        """Seconds until the next timer is due, or None if there is none."""

    @property
    def changed_at(self) -> float:
        """When it moved or was given a timer, in real (monotonic) seconds."""


class IdleEventLoop(asyncio.SelectorEventLoop):
    """Everything that a test runs is in this process: both stand-ins, the bot, its database. So the
    loop is idle if it would block, no thread works for it and no database transaction is open: from
    then on only time, or the test, can make something happen."""

    def __init__(self) -> None:
        self._idle_waiters: list[asyncio.Future[None]] = []
        self._threads_at_work = 0
        self.stall_seconds = STALL_SECONDS
        self._busy: list[Callable[[], bool]] = []
        self._clocks: WeakSet[Any] = WeakSet()
        self._main: asyncio.Future[Any] | None = None
        super().__init__(_BlockingSelector(self._block))

    async def wait_until_idle(self) -> None:
        """Return once only time or the test can make something happen."""
        waiter = self.create_future()
        self._idle_waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._idle_waiters:
                self._idle_waiters.remove(waiter)

    def watch_busy(self, busy: Callable[[], bool]) -> None:
        """Count the loop as busy while ``busy()`` holds: for work that a thread or server does."""
        self._busy.append(busy)

    def watch_clock(self, clock: Clock) -> None:
        """Fail the test if it waits for this clock and nothing moves it."""
        self._clocks.add(clock)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._threads_at_work += 1
        future.add_done_callback(self._count_finished_thread)
        return future

    def run_until_complete(self, future: Any) -> Any:
        self._main = asyncio.ensure_future(future, loop=self)
        return super().run_until_complete(self._main)

    def _count_finished_thread(self, _: object) -> None:
        self._threads_at_work -= 1

    def _block(self, select: Select, confirm: Confirm, timeout: float | None) -> Events:
        """Wait for a socket, a thread or a real timer; no callback is ready now."""
        if self._idle_waiters and not self._is_busy():
            events = confirm()
            if not events:
                self._wake_idle_waiters()
            return events
        self._fail_if_clock_is_stalled()
        return select(CHECK_SECONDS if timeout is None else min(timeout, CHECK_SECONDS))

    def _wake_idle_waiters(self) -> None:
        waiters, self._idle_waiters = self._idle_waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _is_busy(self) -> bool:
        return self._threads_at_work > 0 or any(busy() for busy in self._busy)

    def _fail_if_clock_is_stalled(self) -> None:
        if self._main is None:
            return
        now = time.monotonic()
        for clock in self._clocks:
            due = clock.next_timer
            if due is not None and now - clock.changed_at > self.stall_seconds:
                self._main.cancel(stall_message(due))
                self._clocks.discard(clock)
                return


class _BlockingSelector(selectors.DefaultSelector):
    """Lets the loop decide how to wait when nothing is ready."""

    def __init__(self, block: Callable[[Select, Confirm, float | None], Events]) -> None:
        super().__init__()
        self._block = block

    def select(self, timeout: float | None = None) -> Events:
        events = super().select(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        return self._block(super().select, self._confirm, timeout)

    def _confirm(self) -> Events:
        """Return what is ready within `CONFIRM_SECONDS`, which an epoll rounds up to 0.001 s."""
        ready, _, _ = select.select([self], (), (), CONFIRM_SECONDS)
        return super().select(0) if ready else []


STALLED = "the clock was not moved"


def stall_message(seconds: float) -> str:
    """Return the failure of a test that waits for a clock that is never moved."""
    return f"{STALLED}; next timer in {seconds:g} s. Move it: `async with clock.running():`"


async def wait_until_idle() -> None:
    """Return once only time or the test can make something happen."""
    await get_running_loop().wait_until_idle()


def get_running_loop() -> IdleEventLoop:
    """Return the loop of the test, which can tell when nothing is left to do."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, IdleEventLoop), "tests run on the loop of tests/conftest.py"
    return loop


def run(story: Coroutine[Any, Any, T]) -> T:
    """Return the result of ``story``, for tests that hypothesis calls without a loop."""
    with asyncio.Runner(loop_factory=IdleEventLoop) as runner:
        return runner.run(story)
