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
    EmbeddedJobEntry,
    to_milliseconds,
)
from bot.sandbox.chakra.job_plan import JobPlan, load_job_plans
from bot.sandbox.chakra.user import is_uuid

JOB_PATH = "/v1/ext/background-job/{backgroundJobId}"
ENTRIES_PATH = f"{JOB_PATH}/entries"
COUNTS_KEY = "bjEntryCompletionStatusVsCount"

DEFAULT_LIMIT = 10
MAX_LIMIT = 100
"""Entries of a page: a guess, the process list's value. ``skip`` and ``limit`` are guesses too, and
so are ``total`` and ``next`` in ``_meta``."""


class JobsResource:
    """The jobs; seeded ones are built on first access, as most tests need none."""

    def __init__(self, team_id: str, clock: Clock) -> None:
        self._team_id = team_id
        self._clock = clock
        began = clock.time()
        self.seed_plans = load_job_plans()
        self._jobs: dict[str, EmbeddedJob | Callable[[], EmbeddedJob]] = {
            plan.id: partial(plan.build_job, began, team_id) for plan in self.seed_plans
        }

    def build_routes(self) -> list[Route]:
        return [
            Route(JOB_PATH, self._fetch, methods=["GET"]),
            Route(ENTRIES_PATH, self._list_entries, methods=["GET"]),
        ]

    @property
    def jobs(self) -> tuple[EmbeddedJob, ...]:
        """All jobs, with everything due processed."""
        found = [job for job in map(self.find_job, list(self._jobs)) if job is not None]
        self.advance_all()
        return tuple(found)

    def find_job(self, job_id: str) -> EmbeddedJob | None:
        job = self._jobs.get(job_id)
        if job is None or isinstance(job, EmbeddedJob):
            return job
        return self.add(job())

    def add_from_plan(self, plan: JobPlan) -> EmbeddedJob:
        return self.add(plan.build_job(self._clock.time(), self._team_id))

    def add(self, job: EmbeddedJob) -> EmbeddedJob:
        self._jobs[job.id] = job
        return job

    def advance_all(self) -> None:
        """Process what is due in all jobs, except seeded ones that no one has opened."""
        for job in self._jobs.values():
            if isinstance(job, EmbeddedJob):
                job.advance(self._clock.time())

    def build_acknowledgement(self, job: EmbeddedJob) -> dict[str, Any]:
        """Return the bulk endpoints' response: more fields than the fetch, and another ``type``."""
        return {
            **_build_timestamp_fields(job),
            "completionStatus": "IN_PROGRESS",
            "statusMessage": None,
            **_build_started_fields(job),
            "completedAt": 0,
            "team": job.team_id,
            "type": ACKNOWLEDGED_TYPE,
        }

    async def _fetch(self, request: Request) -> Response:
        job = self._require_job(request)
        shown = {
            **_build_timestamp_fields(job),
            **_build_completion_fields(job),
            **_build_started_fields(job),
        }
        shown |= {"team": job.team_id, "type": BULK_API_JOB}
        meta = {COUNTS_KEY: job.counts} if job.has_counts(self._clock.time()) else None
        return envelope.build_data_response(shown, meta=meta)

    async def _list_entries(self, request: Request) -> Response:
        job = self._require_job(request)
        skip, limit = (
            _read_integer_parameter(request, "skip", 0),
            _read_integer_parameter(request, "limit", DEFAULT_LIMIT),
        )
        if not 1 <= limit <= MAX_LIMIT:
            raise envelope.RequestError(400, f"limit is not a whole number from 1 to {MAX_LIMIT}")
        known = job.entries if job.has_counts(self._clock.time()) else ()
        page = [_build_entry_body(job, entry) for entry in known[skip : skip + limit]]
        meta: dict[str, Any] = {"total": len(known)}
        if skip + limit < len(known):
            path = ENTRIES_PATH.format(backgroundJobId=job.id)
            meta["next"] = f"{path}?skip={skip + limit}&limit={limit}"
        return envelope.build_data_response(page, meta=meta)

    def _require_job(self, request: Request) -> EmbeddedJob:
        """Return the requested job. Statuses, messages and expiry are INFERRED."""
        job_id = request.path_params["backgroundJobId"]
        if not is_uuid(job_id):
            raise envelope.RequestError(400, "background-job id is not a valid UUID")
        job, now = self.find_job(job_id.lower()), self._clock.time()
        if job is None or job.is_deleted(now):
            raise envelope.RequestError(404, "Background job not found")
        job.record_access(now)
        return job


def _build_timestamp_fields(job: EmbeddedJob) -> dict[str, Any]:
    """Return the job's times.

    ``updatedAt`` doesn't change while entries are processed, as in the documented example, whose
    entries can't all be older than it.
    """
    created = to_milliseconds(job.began_at or 0)
    updated = job.finished_at if job.reports_completion else 0
    return {"id": job.id, "createdAt": created, "updatedAt": updated or created}


def _build_started_fields(job: EmbeddedJob) -> dict[str, Any]:
    """Return the start, a millisecond before the creation: documented so."""
    return {"startedAt": to_milliseconds(job.began_at or 0) - 1}


def _build_completion_fields(job: EmbeddedJob) -> dict[str, Any]:
    """Return the fields that the documented fetch omits. ``SUCCESS`` is INFERRED."""
    if not job.reports_completion:
        return {}
    ended = job.finished_at
    status = "SUCCESS" if ended else "IN_PROGRESS"
    return {"completionStatus": status, "statusMessage": None, "completedAt": ended}


def _build_entry_body(job: EmbeddedJob, entry: EmbeddedJobEntry) -> dict[str, Any]:
    """Return an entry. ``completionStatus`` is documented; every other key is a guess.

    Nothing tells which row of the request an entry belongs to.
    """
    created = to_milliseconds((job.began_at or 0) + job.warmup_seconds)
    return {
        "id": entry.id,
        "createdAt": created,
        "updatedAt": entry.completed_at or entry.started_at or created,
        "completionStatus": entry.outcome.state,
        "statusMessage": entry.outcome.reason,
        "startedAt": entry.started_at,
        "completedAt": entry.completed_at,
        "backgroundJob": job.id,
    }


def _read_integer_parameter(request: Request, name: str, usual: int) -> int:
    given = request.query_params.get(name, str(usual))
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise envelope.RequestError(400, f"{name} is not a whole number")
    return int(given)
