"""The background jobs: fetch one, and list its entries in pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.job import (
    ACKNOWLEDGED_TYPE,
    BULK_API_JOB,
    EmbeddedJob,
    Entry,
    milliseconds,
)
from bot.sandbox.chakra.job_seed import JobPlan, read_jobs
from bot.sandbox.chakra.people import is_uuid

ONE = "/v1/ext/background-job/{backgroundJobId}"
ENTRIES = f"{ONE}/entries"
COUNTS = "bjEntryCompletionStatusVsCount"

PAGE = 10
MOST = 100
"""Entries of a page: a guess, the process list's value. ``skip`` and ``limit`` are guesses too, and
so are ``total`` and ``next`` in ``_meta``."""


class JobsResource:
    """The jobs; seeded ones are built on first access, as most tests need none."""

    def __init__(self, team_id: str, clock: Clock) -> None:
        self._team_id = team_id
        self._clock = clock
        began = clock.time()
        self.seed = read_jobs()
        self._jobs: dict[str, EmbeddedJob | Callable[[], EmbeddedJob]] = {
            plan.id: partial(plan.job, began, team_id) for plan in self.seed
        }

    def routes(self) -> list[Route]:
        return [
            Route(ONE, self._fetch, methods=["GET"]),
            Route(ENTRIES, self._entries, methods=["GET"]),
        ]

    @property
    def jobs(self) -> tuple[EmbeddedJob, ...]:
        """All jobs, with everything due processed."""
        found = [job for job in map(self.find, list(self._jobs)) if job is not None]
        self.settle()
        return tuple(found)

    def find(self, job_id: str) -> EmbeddedJob | None:
        job = self._jobs.get(job_id)
        if job is None or isinstance(job, EmbeddedJob):
            return job
        return self.add(job())

    def plan(self, plan: JobPlan) -> EmbeddedJob:
        return self.add(plan.job(self._clock.time(), self._team_id))

    def add(self, job: EmbeddedJob) -> EmbeddedJob:
        self._jobs[job.id] = job
        return job

    def settle(self) -> None:
        """Process what is due in all jobs but seeded ones that nobody has looked at."""
        for job in self._jobs.values():
            if isinstance(job, EmbeddedJob):
                job.settle(self._clock.time())

    def acknowledged(self, job: EmbeddedJob) -> dict[str, Any]:
        """Return the bulk endpoints' response: more fields than the fetch, and another ``type``."""
        return {
            **_moments(job),
            "completionStatus": "IN_PROGRESS",
            "statusMessage": None,
            **_started(job),
            "completedAt": 0,
            "team": job.team,
            "type": ACKNOWLEDGED_TYPE,
        }

    async def _fetch(self, request: Request) -> Response:
        job = self._asked_for(request)
        shown = {**_moments(job), **_ending(job), **_started(job)}
        shown |= {"team": job.team, "type": BULK_API_JOB}
        meta = {COUNTS: job.counts} if job.counted(self._clock.time()) else None
        return envelope.data(shown, meta=meta)

    async def _entries(self, request: Request) -> Response:
        job = self._asked_for(request)
        skip, limit = _whole(request, "skip", 0), _whole(request, "limit", PAGE)
        if not 1 <= limit <= MOST:
            raise envelope.Refused(400, f"limit is not a whole number from 1 to {MOST}")
        known = job.entries if job.counted(self._clock.time()) else ()
        page = [_entry(job, one) for one in known[skip : skip + limit]]
        meta: dict[str, Any] = {"total": len(known)}
        if skip + limit < len(known):
            path = ENTRIES.format(backgroundJobId=job.id)
            meta["next"] = f"{path}?skip={skip + limit}&limit={limit}"
        return envelope.data(page, meta=meta)

    def _asked_for(self, request: Request) -> EmbeddedJob:
        """Return the requested job. Statuses, messages and expiry are INFERRED."""
        job_id = request.path_params["backgroundJobId"]
        if not is_uuid(job_id):
            raise envelope.Refused(400, "background-job id is not a valid UUID")
        job, now = self.find(job_id.lower()), self._clock.time()
        if job is None or job.gone(now):
            raise envelope.Refused(404, "Background job not found")
        job.seen(now)
        return job


def _moments(job: EmbeddedJob) -> dict[str, Any]:
    """Return the job's times.

    ``updatedAt`` doesn't change while entries are processed, as in the documented example, whose
    entries can't all be older than it.
    """
    created = milliseconds(job.begun_at or 0)
    updated = job.finished_at if job.says_when_done else 0
    return {"id": job.id, "createdAt": created, "updatedAt": updated or created}


def _started(job: EmbeddedJob) -> dict[str, Any]:
    """Return the start, a millisecond before the creation: documented so."""
    return {"startedAt": milliseconds(job.begun_at or 0) - 1}


def _ending(job: EmbeddedJob) -> dict[str, Any]:
    """Return the fields that the documented fetch omits. ``SUCCESS`` is INFERRED."""
    if not job.says_when_done:
        return {}
    ended = job.finished_at
    status = "SUCCESS" if ended else "IN_PROGRESS"
    return {"completionStatus": status, "statusMessage": None, "completedAt": ended}


def _entry(job: EmbeddedJob, entry: Entry) -> dict[str, Any]:
    """Return an entry. ``completionStatus`` is documented; every other key is a guess.

    Nothing tells which row of the request an entry belongs to.
    """
    created = milliseconds((job.begun_at or 0) + job.warmup)
    return {
        "id": entry.id,
        "createdAt": created,
        "updatedAt": entry.completed_at or entry.started_at or created,
        "completionStatus": entry.fate.state,
        "statusMessage": entry.fate.reason,
        "startedAt": entry.started_at,
        "completedAt": entry.completed_at,
        "backgroundJob": job.id,
    }


def _whole(request: Request, name: str, usual: int) -> int:
    given = request.query_params.get(name, str(usual))
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise envelope.Refused(400, f"{name} is not a whole number")
    return int(given)
