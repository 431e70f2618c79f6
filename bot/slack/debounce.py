"""Somebody types into a form that hears each letter: when they have stopped for a moment."""

from __future__ import annotations

from itertools import count

from cachetools import TTLCache

from bot.aio.clock import Clock, sleep

DEBOUNCE_SECONDS = 0.5
"""Seconds. `views.update` is of tier 4, about 100 a minute: less than a letter each would take.
docs.slack.dev/apis/web-api/rate-limits"""
MAX_TRACKED_FORMS = 10_000
FORM_TTL_SECONDS = 60.0


class Debouncer:
    def __init__(self, clock: Clock, delay: float = DEBOUNCE_SECONDS) -> None:
        self._clock = clock
        self._delay = delay
        self._versions = count()
        self._latest: TTLCache[str, int] = TTLCache(
            MAX_TRACKED_FORMS, FORM_TTL_SECONDS, timer=clock.monotonic
        )

    async def wait_settled(self, form_key: str) -> bool:
        """After a pause, whether nothing more was typed into this form in it."""
        mine = self._next_version(form_key)
        await sleep(self._clock, self._delay)
        return self._latest.get(form_key) == mine

    def supersede(self, form_key: str) -> int:
        """Whoever still waits for a pause need not: the form becomes another one. The number tells
        :meth:`unchanged` which."""
        return self._next_version(form_key)

    def is_current(self, form_key: str, version: int) -> bool:
        """Whether nothing was done in the form since it was overtaken."""
        return self._latest.get(form_key, version) == version

    def _next_version(self, form_key: str) -> int:
        number = next(self._versions)
        self._latest[form_key] = number
        return number
