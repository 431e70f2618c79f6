"""Debounce forms that send an action for each letter that a person types."""

from __future__ import annotations

from itertools import count

from cachetools import TTLCache

from bot.aio.clock import Clock, sleep

DEBOUNCE_SECONDS = 0.5
"""Seconds to wait. ``views.update`` allows about 100 calls a minute, less than typing causes.

docs.slack.dev/apis/web-api/rate-limits
"""
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
        """Wait for the delay, then return whether nothing more was typed into the form."""
        mine = self._increment_version(form_key)
        await sleep(self._clock, self._delay)
        return self._latest.get(form_key) == mine

    def supersede(self, form_key: str) -> int:
        """Cancel the pending callers, because the form changes.

        Return a version for :meth:`is_current`.
        """
        return self._increment_version(form_key)

    def is_current(self, form_key: str, version: int) -> bool:
        """Return whether nothing changed in the form since ``version``."""
        return self._latest.get(form_key, version) == version

    def _increment_version(self, form_key: str) -> int:
        number = next(self._versions)
        self._latest[form_key] = number
        return number
