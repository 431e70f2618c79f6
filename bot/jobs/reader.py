"""The background jobs, read through the cache."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from bot.cache import Cache, Cached
from bot.chakra.client import Chakra
from bot.chakra.job import Job, JobEntry
from bot.chakra.jobs import Turn

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
    ``job_id`` is a UUID, in either case.

    With a ``turn``, each request waits for one; those who ask a library without, on the same cache,
    never wait for that.
    """

    def __init__(self, chakra: Chakra, cache: Cache, *, turn: Turn | None = None) -> None:
        self._chakra = chakra
        self._cache = cache
        self._turn = turn

    def in_turns(self, turn: Turn) -> JobLibrary:
        """The same jobs, for those who ask all day long and have time."""
        return JobLibrary(self._chakra, self._cache, turn=turn)

    async def job(self, job_id: str, *, refresh: bool = False) -> Cached[Job]:
        """Two seconds old at the most while it runs, an hour once it is finished."""
        key = job_id.lower()

        async def load() -> Job:
            return await self._chakra.jobs.fetch(key)

        if self._turn is not None and not self._fresh(key):
            await self._turn()
        return await self._cache.get(JOB, key, load, refresh=refresh)

    async def failed(
        self, job_id: str, *, most: int = MOST_SHOWN, pages: int = MOST_LOOKED_THROUGH
    ) -> Cached[Failures]:
        """The first ``most`` that did not succeed, in Chakra's order, as far as the first ``pages``
        of entries hold them. Nothing is asked where the job counts none."""
        job = (await self.job(job_id)).value
        if not job.unsuccessful:
            return Cached(Failures(finished=job.finished))
        key = job_id.lower()

        async def load() -> Failures:
            return Failures(await self._first(key, most, pages), job.finished)

        asked = (key, most, pages, self._turn is None)  # who is in a hurry joins no load in turns
        return await self._cache.get(FAILURES, asked, load)

    async def every_failed(self, job_id: str) -> AsyncGenerator[JobEntry, None]:
        """All that did not succeed, each page asked for anew: for a report of them."""
        async with aclosing(self._chakra.jobs.entries(job_id.lower())) as pages:
            async for page in pages:
                for entry in page.entries:
                    if entry.unsuccessful:
                        yield entry

    async def _first(self, job_id: str, most: int, pages: int) -> tuple[JobEntry, ...]:
        found: list[JobEntry] = []
        looked_through = 0
        async with aclosing(self._chakra.jobs.entries(job_id, turn=self._turn)) as several:
            async for page in several:
                found += [entry for entry in page.entries if entry.unsuccessful]
                looked_through += 1
                if len(found) >= most or looked_through == pages:
                    break
        return tuple(found[:most])

    def _fresh(self, key: str) -> bool:
        remembered = self._cache.peek(JOB, key)
        return remembered is not None and not remembered.stale
