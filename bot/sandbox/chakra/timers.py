"""Delayed calls by the clock, all of which can be cancelled at the end."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from bot.aio.clock import Clock, Timer


class TimerGroup:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids = count()
        self._pending: dict[int, Timer] = {}

    def call_later(self, seconds: float, callback: Callable[[], object]) -> None:
        number = next(self._ids)

        def fire() -> None:
            del self._pending[number]
            callback()

        self._pending[number] = self._clock.call_later(seconds, fire)

    def cancel_all(self) -> None:
        for timer in self._pending.values():
            timer.cancel()
        self._pending.clear()
