"""The jobs of one upload as one: a large file goes up in pieces, and each piece is a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing

import structlog

from bot.cache import Cached
from bot.chakra.job import Job, JobEntry
from bot.errors import ChakraError
from bot.jobs.reader import MOST_LOOKED_THROUGH, JobLibrary

Seen = Cached[Job]
"""As it was when Chakra last told of it, with its age."""


def together(jobs: Sequence[Job]) -> Job:
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


async def seen(library: JobLibrary, ids: Sequence[str], *, refresh: bool = False) -> Seen:
    """The jobs as one, as old as the oldest answer. Raises as ``JobLibrary.job``."""
    found = [await library.job(one, refresh=refresh) for one in ids]
    oldest = max(found, key=lambda one: (one.stale, one.age_seconds))
    return Cached(
        together([one.value for one in found]), oldest.age_seconds, oldest.stale, oldest.reason
    )


async def first_failed(
    library: JobLibrary, ids: Sequence[str], most: int, *, pages: int = MOST_LOOKED_THROUGH
) -> tuple[JobEntry, ...]:
    """The first of all of them; fewer, or none, where Chakra does not tell, or where they are not
    among the first ``pages`` of a job: a card is worth showing without."""
    found: list[JobEntry] = []
    try:
        for one in ids:
            found += (await library.failed(one, pages=pages)).value.entries
            if len(found) >= most:
                break
    except ChakraError as silent:
        structlog.get_logger("jobs").info("failed_entries_not_seen", reason=silent.kind)
    return tuple(found[:most])


async def all_failed(library: JobLibrary, ids: Sequence[str], most: int) -> list[JobEntry]:
    """Raises the ``ChakraError``s of the client: a list that lacks some would mislead."""
    found: list[JobEntry] = []
    for one in ids:
        async with aclosing(library.every_failed(one)) as entries:
            async for entry in entries:
                found.append(entry)
                if len(found) >= most:
                    return found
    return found
