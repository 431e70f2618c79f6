"""Delayed calls by the clock, all of which can be cancelled at the end."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from bot.aio.clock import Clock, Timer


class Timers:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count()
        self._waiting: dict[int, Timer] = {}

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        number = next(self._numbers)

        def fire() -> None:
            del self._waiting[number]
            act()

        self._waiting[number] = self._clock.call_later(seconds, fire)

    def close(self) -> None:
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()
