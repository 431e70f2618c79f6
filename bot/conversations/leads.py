"""The leads of customers: looked up in the background, so that no message waits for Chakra."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from bot.aio.tasks import TaskSet
from bot.cache import Cache, CacheKind
from bot.errors import ChakraError
from bot.processes.directory import LEAD, RecordDirectory

CACHE_KIND = CacheKind("leads", fresh_seconds=600)
MAX_CONCURRENT_LOOKUPS = 10
"""More would use too much of the rate limit that people's requests share; a customer without a
lookup gets one with their next message."""


class Leads:
    """Finds the lead that has a customer's phone number."""

    def __init__(self, records: RecordDirectory, cache: Cache, tasks: TaskSet) -> None:
        self._records = records
        self._cache = cache
        self._tasks = tasks
        self._in_flight = 0

    def peek(self, phone: str) -> str:
        """Return the key of the lead with this number, "" if there is none or it isn't loaded."""
        cached = self._cache.peek(CACHE_KIND, phone) if phone else None
        return str(cached.value) if cached else ""

    def reload(self, phone: str, on_found: Callable[[], Awaitable[None]]) -> None:
        """Load the lead again, since one may have been created: see `look_up`."""
        self._cache.invalidate(CACHE_KIND, phone)
        self.look_up(phone, on_found)

    def look_up(self, phone: str, on_found: Callable[[], Awaitable[None]]) -> None:
        """Load the lead in the background unless it is loaded; call ``on_found`` if there is one.

        ``phone`` is of digits.
        """
        is_loaded = self._cache.peek(CACHE_KIND, phone) is not None
        if not phone or is_loaded or self._in_flight >= MAX_CONCURRENT_LOOKUPS:
            return
        self._in_flight += 1
        self._tasks.spawn(self._load(phone, on_found))

    async def _load(self, phone: str, on_found: Callable[[], Awaitable[None]]) -> None:
        async def find() -> str:
            records = await self._records.find_by_phone(f"+{phone}", LEAD)
            return records[0].key if records else ""

        try:
            found = await self._cache.get(CACHE_KIND, phone, find)
            if found.value:
                await on_found()
        except (ChakraError, TimeoutError) as error:
            structlog.get_logger("conversations").info("lead_not_loaded", error=repr(error)[:100])
        finally:
            self._in_flight -= 1
