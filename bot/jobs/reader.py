"""Read background jobs through the cache."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from bot.cache import Cache, Cached, CacheKind
from bot.chakra.client import Chakra
from bot.chakra.job import Job, JobEntry
from bot.chakra.jobs import WaitForRateLimit

JOB_CACHE_KIND = CacheKind("job", fresh_seconds=2, finished_seconds=3600, negative_seconds=2)
FAILED_ENTRIES_CACHE_KIND = CacheKind(
    "job_failures", fresh_seconds=10, finished_seconds=3600, negative_seconds=2
)

DEFAULT_FAILED_ENTRIES = 5
MAX_ENTRY_PAGES = 20
"""Pages of entries that are searched for failed ones. Chakra has no filter for them."""


@dataclass(frozen=True)
class FailedEntries:
    """The first entries that failed or were rejected.

    ``finished`` says whether the job had finished when they were read, and they can't change.
    """

    entries: tuple[JobEntry, ...] = ()
    finished: bool = False


class JobReader:
    """Reads jobs. Methods raise ``ChakraError``s, ``ResourceNotFound`` for a deleted job.

    A ``job_id`` is a UUID in upper or lower case. With ``throttle``, each request waits for it
    first; readers of the same cache without one never do.
    """

    def __init__(
        self, chakra: Chakra, cache: Cache, *, throttle: WaitForRateLimit | None = None
    ) -> None:
        self._chakra = chakra
        self._cache = cache
        self._throttle = throttle

    def limit_rate(self, throttle: WaitForRateLimit) -> JobReader:
        """Return a reader of the same jobs for background work."""
        return JobReader(self._chakra, self._cache, throttle=throttle)

    async def get_job(self, job_id: str, *, refresh: bool = False) -> Cached[Job]:
        """Return a job: at most two seconds old while it runs, an hour once it has finished."""
        key = job_id.lower()

        async def load() -> Job:
            return await self._chakra.jobs.fetch(key)

        if self._throttle is not None and not self._is_fresh(key):
            await self._throttle()
        return await self._cache.get(JOB_CACHE_KIND, key, load, refresh=refresh)

    async def get_failed_entries(
        self, job_id: str, *, limit: int = DEFAULT_FAILED_ENTRIES, max_pages: int = MAX_ENTRY_PAGES
    ) -> Cached[FailedEntries]:
        """Return the first ``limit`` failed entries within ``max_pages``, in Chakra's order.

        No request is made if the job counts none.
        """
        job = (await self.get_job(job_id)).value
        if not job.unsuccessful:
            return Cached(FailedEntries(finished=job.finished))
        key = job_id.lower()

        async def load() -> FailedEntries:
            return FailedEntries(
                await self._fetch_failed_entries(key, limit, max_pages), job.finished
            )

        # A person's request must not share the load of a throttled one.
        cache_key = (key, limit, max_pages, self._throttle is None)
        return await self._cache.get(FAILED_ENTRIES_CACHE_KIND, cache_key, load)

    async def iter_failed_entries(self, job_id: str) -> AsyncGenerator[JobEntry, None]:
        """Yield all failed entries, uncached: for a complete report."""
        async with aclosing(self._chakra.jobs.iter_entry_pages(job_id.lower())) as pages:
            async for page in pages:
                for entry in page.entries:
                    if entry.unsuccessful:
                        yield entry

    async def _fetch_failed_entries(
        self, job_id: str, limit: int, max_pages: int
    ) -> tuple[JobEntry, ...]:
        failed: list[JobEntry] = []
        page_count = 0
        async with aclosing(
            self._chakra.jobs.iter_entry_pages(job_id, wait_for_rate_limit=self._throttle)
        ) as pages:
            async for page in pages:
                failed += [entry for entry in page.entries if entry.unsuccessful]
                page_count += 1
                if len(failed) >= limit or page_count == max_pages:
                    break
        return tuple(failed[:limit])

    def _is_fresh(self, key: str) -> bool:
        cached = self._cache.peek(JOB_CACHE_KIND, key)
        return cached is not None and not cached.stale
