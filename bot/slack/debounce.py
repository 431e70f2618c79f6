"""Somebody types into a form that hears each letter: when they have stopped for a moment."""

from __future__ import annotations

from itertools import count

from cachetools import TTLCache

from bot.aio.clock import Clock, sleep

PAUSE = 0.5
"""Seconds. `views.update` is of tier 4, about 100 a minute: less than a letter each would take.
docs.slack.dev/apis/web-api/rate-limits"""
MOST_FORMS = 10_000
KEPT_SECONDS = 60.0


class Typing:
    def __init__(self, clock: Clock, pause: float = PAUSE) -> None:
        self._clock = clock
        self._pause = pause
        self._numbers = count()
        self._latest: TTLCache[str, int] = TTLCache(MOST_FORMS, KEPT_SECONDS, timer=clock.monotonic)

    async def stopped(self, form: str) -> bool:
        """After a pause, whether nothing more was typed into this form in it."""
        mine = self._noted(form)
        await sleep(self._clock, self._pause)
        return self._latest.get(form) == mine

    def overtaken(self, form: str) -> int:
        """Whoever still waits for a pause need not: the form becomes another one. The number tells
        :meth:`unchanged` which."""
        return self._noted(form)

    def unchanged(self, form: str, number: int) -> bool:
        """Whether nothing was done in the form since it was overtaken."""
        return self._latest.get(form, number) == number

    def _noted(self, form: str) -> int:
        number = next(self._numbers)
        self._latest[form] = number
        return number
