"""The jobs of one upload as one job: a large file is uploaded in batches, a job each."""

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
"""A job as of Chakra's last answer, with its age."""


def merge_jobs(jobs: Sequence[Job]) -> Job:
    """Return one job with the counts of all, from the first start to the last end.

    ``jobs`` must not be empty.
    """
    if len(jobs) == 1:
        return jobs[0]
    counts: Counter[str] = Counter()
    for job in jobs:
        counts.update(job.counts)
    ended = [job.completed_at for job in jobs if job.finished and job.completed_at is not None]
    done = all(job.finished for job in jobs)
    return jobs[0].model_copy(
        update={
            "counts": dict(counts),
            "status_message": next((job.status_message for job in jobs if job.status_message), ""),
            "started_at": min((job.started_at for job in jobs if job.started_at), default=None),
            "completed_at": max(ended) if done and ended else None,
        }
    )


async def fetch_merged_job(
    reader: JobReader, job_ids: Sequence[str], *, refresh: bool = False
) -> CachedJob:
    """Return the jobs as one, with the age of the oldest answer. Raise as `JobReader.get_job`."""
    jobs = [await reader.get_job(job_id, refresh=refresh) for job_id in job_ids]
    oldest = max(jobs, key=lambda job: (job.stale, job.age_seconds))
    return oldest.with_value(merge_jobs([job.value for job in jobs]))


async def fetch_first_failed_entries(
    reader: JobReader, job_ids: Sequence[str], limit: int, *, max_pages: int = MAX_ENTRY_PAGES
) -> tuple[JobEntry, ...]:
    """Return the first failed entries, at most ``limit``.

    There are fewer if Chakra does not answer, or if they are not within the first ``max_pages`` of
    a job: a card is useful without them.
    """
    entries: list[JobEntry] = []
    try:
        for job_id in job_ids:
            entries += (await reader.get_failed_entries(job_id, max_pages=max_pages)).value.entries
            if len(entries) >= limit:
                break
    except ChakraError as error:
        structlog.get_logger("jobs").info("job_entries_fetch_failed", reason=error.kind)
    return tuple(entries[:limit])


async def fetch_failed_entries(
    reader: JobReader, job_ids: Sequence[str], limit: int
) -> list[JobEntry]:
    """Return all failed entries, at most ``limit``.

    Raise the errors of the client: an incomplete list would mislead.
    """
    failed: list[JobEntry] = []
    for job_id in job_ids:
        async with aclosing(reader.iter_failed_entries(job_id)) as entries:
            async for entry in entries:
                failed.append(entry)
                if len(failed) >= limit:
                    return failed
    return failed
