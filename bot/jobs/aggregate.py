"""The jobs of one upload as one: a large file goes up in pieces, and each piece is a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing

import structlog

from bot.cache import Cached
from bot.chakra.job import Job, JobEntry
from bot.errors import ChakraError
from bot.jobs.reader import MAX_ENTRY_PAGES, JobReader

CachedJob = Cached[Job]
"""As it was when Chakra last told of it, with its age."""


def merge_jobs(jobs: Sequence[Job]) -> Job:
    """One job with the counts of all: begun with the first, ended when the last one has. ``jobs``
    are not none."""
    if len(jobs) == 1:
        return jobs[0]
    counts: Counter[str] = Counter()
    for one in jobs:
        counts.update(one.counts)
    ended = [one.completed_at for one in jobs if one.finished and one.completed_at is not None]
    done = all(one.finished for one in jobs)
    return jobs[0].model_copy(
        update={
            "counts": dict(counts),
            "status_message": next((one.status_message for one in jobs if one.status_message), ""),
            "started_at": min((one.started_at for one in jobs if one.started_at), default=None),
            "completed_at": max(ended) if done and ended else None,
        }
    )


async def fetch_merged_job(
    reader: JobReader, job_ids: Sequence[str], *, refresh: bool = False
) -> CachedJob:
    """The jobs as one, as old as the oldest answer. Raises as ``JobReader.job``."""
    found = [await reader.get_job(one, refresh=refresh) for one in job_ids]
    oldest = max(found, key=lambda one: (one.stale, one.age_seconds))
    return oldest.with_value(merge_jobs([one.value for one in found]))


async def fetch_first_failed_entries(
    reader: JobReader, job_ids: Sequence[str], limit: int, *, max_pages: int = MAX_ENTRY_PAGES
) -> tuple[JobEntry, ...]:
    """The first of all of them; fewer, or none, where Chakra does not tell, or where they are not
    among the first ``pages`` of a job: a card is worth showing without."""
    found: list[JobEntry] = []
    try:
        for one in job_ids:
            found += (await reader.get_failed_entries(one, max_pages=max_pages)).value.entries
            if len(found) >= limit:
                break
    except ChakraError as silent:
        structlog.get_logger("jobs").info("job_entries_fetch_failed", reason=silent.kind)
    return tuple(found[:limit])


async def fetch_failed_entries(
    reader: JobReader, job_ids: Sequence[str], limit: int
) -> list[JobEntry]:
    """Raises the ``ChakraError``s of the client: a list that lacks some would mislead."""
    found: list[JobEntry] = []
    for one in job_ids:
        async with aclosing(reader.iter_failed_entries(one)) as entries:
            async for entry in entries:
                found.append(entry)
                if len(found) >= limit:
                    return found
    return found
