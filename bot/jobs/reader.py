"""The background jobs, read through the cache."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from bot.cache import Cache, Cached
from bot.chakra.client import Chakra
from bot.chakra.job import Job, JobEntry
from bot.chakra.jobs import WaitForRateLimit

JOB_CACHE_KIND, FAILED_ENTRIES_CACHE_KIND = "job", "job_failures"

DEFAULT_FAILED_ENTRIES = 5
MAX_ENTRY_PAGES = 20
"""Pages of entries, for the first failed ones. Chakra cannot be asked for those alone."""


@dataclass(frozen=True)
class FailedEntries:
    """The first entries that failed or were rejected. ``finished`` as the job was when they were
    read: of a finished job they will not change."""

    entries: tuple[JobEntry, ...] = ()
    finished: bool = False


class JobReader:
    """Raises the ``ChakraError``s of the client; ``ResourceNotFound`` for a job that is not there
    any more.
    ``job_id`` is a UUID, in either case.

    With a ``turn``, each request waits for one; those who ask a library without, on the same cache,
    never wait for that.
    """

    def __init__(
        self, chakra: Chakra, cache: Cache, *, throttle: WaitForRateLimit | None = None
    ) -> None:
        self._chakra = chakra
        self._cache = cache
        self._throttle = throttle

    def rate_limited(self, throttle: WaitForRateLimit) -> JobReader:
        """The same jobs, for those who ask all day long and have time."""
        return JobReader(self._chakra, self._cache, throttle=throttle)

    async def get_job(self, job_id: str, *, refresh: bool = False) -> Cached[Job]:
        """Two seconds old at the most while it runs, an hour once it is finished."""
        key = job_id.lower()

        async def load() -> Job:
            return await self._chakra.jobs.fetch(key)

        if self._throttle is not None and not self._is_fresh(key):
            await self._throttle()
        return await self._cache.get(JOB_CACHE_KIND, key, load, refresh=refresh)

    async def get_failed_entries(
        self, job_id: str, *, limit: int = DEFAULT_FAILED_ENTRIES, max_pages: int = MAX_ENTRY_PAGES
    ) -> Cached[FailedEntries]:
        """The first ``most`` that did not succeed, in Chakra's order, as far as the first ``pages``
        of entries hold them. Nothing is asked where the job counts none."""
        job = (await self.get_job(job_id)).value
        if not job.unsuccessful:
            return Cached(FailedEntries(finished=job.finished))
        key = job_id.lower()

        async def load() -> FailedEntries:
            return FailedEntries(
                await self._fetch_failed_entries(key, limit, max_pages), job.finished
            )

        asked = (
            key,
            limit,
            max_pages,
            self._throttle is None,
        )  # who is in a hurry joins no load in turns
        return await self._cache.get(FAILED_ENTRIES_CACHE_KIND, asked, load)

    async def iter_failed_entries(self, job_id: str) -> AsyncGenerator[JobEntry, None]:
        """All that did not succeed, each page asked for anew: for a report of them."""
        async with aclosing(self._chakra.jobs.iter_entry_pages(job_id.lower())) as pages:
            async for page in pages:
                for entry in page.entries:
                    if entry.unsuccessful:
                        yield entry

    async def _fetch_failed_entries(
        self, job_id: str, limit: int, max_pages: int
    ) -> tuple[JobEntry, ...]:
        found: list[JobEntry] = []
        looked_through = 0
        async with aclosing(
            self._chakra.jobs.iter_entry_pages(job_id, wait_for_rate_limit=self._throttle)
        ) as several:
            async for page in several:
                found += [entry for entry in page.entries if entry.unsuccessful]
                looked_through += 1
                if len(found) >= limit or looked_through == max_pages:
                    break
        return tuple(found[:limit])

    def _is_fresh(self, key: str) -> bool:
        remembered = self._cache.peek(JOB_CACHE_KIND, key)
        return remembered is not None and not remembered.stale
