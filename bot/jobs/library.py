"""The background jobs, read through the cache."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from bot.cache import Cache, Cached
from bot.chakra.client import Chakra
from bot.chakra.job import Job, JobEntry

JOB, FAILURES = "job", "job_failures"

MOST_SHOWN = 5
MOST_LOOKED_THROUGH = 20
"""Pages of entries, for the first failed ones. Chakra cannot be asked for those alone."""


@dataclass(frozen=True)
class Failures:
    """The first entries that failed or were rejected. ``finished`` as the job was when they were
    read: of a finished job they will not change."""

    entries: tuple[JobEntry, ...] = ()
    finished: bool = False


class JobLibrary:
    """Raises the ``ChakraError``s of the client; ``Missing`` for a job that is not there any more.
    ``job_id`` is a UUID, in either case."""

    def __init__(self, chakra: Chakra, cache: Cache) -> None:
        self._chakra = chakra
        self._cache = cache

    async def job(self, job_id: str, *, refresh: bool = False) -> Cached[Job]:
        """Two seconds old at the most while it runs, an hour once it is finished."""
        key = job_id.lower()

        async def load() -> Job:
            return await self._chakra.jobs.fetch(key)

        return await self._cache.get(JOB, key, load, refresh=refresh)

    def at_hand(self, job_id: str) -> Job | None:
        """As Chakra need not be asked for it: finished, or looked at a moment ago."""
        held = self._cache.peek(JOB, job_id.lower())
        job: Job | None = held.value if held is not None and not held.stale else None
        return job

    async def failed(self, job_id: str, *, most: int = MOST_SHOWN) -> Cached[Failures]:
        """The first ``most`` that did not succeed, in Chakra's order, as far as the first pages of
        entries hold them. Nothing is asked where the job counts none."""
        job = (await self.job(job_id)).value
        if not job.unsuccessful:
            return Cached(Failures(finished=job.finished))
        key = job_id.lower()

        async def load() -> Failures:
            return Failures(await self._first(key, most), job.finished)

        return await self._cache.get(FAILURES, (key, most), load)

    async def every_failed(self, job_id: str) -> AsyncGenerator[JobEntry, None]:
        """All that did not succeed, each page asked for anew: for a report of them."""
        async with aclosing(self._chakra.jobs.entries(job_id.lower())) as pages:
            async for page in pages:
                for entry in page.entries:
                    if entry.unsuccessful:
                        yield entry

    async def _first(self, job_id: str, most: int) -> tuple[JobEntry, ...]:
        found: list[JobEntry] = []
        looked_through = 0
        async with aclosing(self._chakra.jobs.entries(job_id)) as pages:
            async for page in pages:
                found += [entry for entry in page.entries if entry.unsuccessful]
                looked_through += 1
                if len(found) >= most or looked_through == MOST_LOOKED_THROUGH:
                    break
        return tuple(found[:most])
