"""Seeded jobs: the fields that ``jobs.json`` and ``add_job`` accept."""

from __future__ import annotations

import json
from functools import cache
from itertools import count, cycle, islice
from pathlib import Path
from random import Random
from uuid import UUID, uuid4, uuid5

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt
from pydantic.alias_generators import to_camel

from bot.sandbox.chakra.job import (
    ERROR,
    SUCCESS,
    EmbeddedJob,
    EmbeddedJobEntry,
    RowOutcome,
    repeat_action,
)

SEED_PATH = Path(__file__).with_name("jobs.json")

DEFAULT_FAILURE_REASONS = ("Attribute score is not valid",)
DEFAULT_REJECTION_REASONS = ("Process not found",)
"""The example's reason; every key of its entry is a guess."""


class JobPlan(BaseModel):
    """How many entries end how, and when.

    ``unstarted`` entries are never processed, so the job never ends. The others take ``seconds`` in
    total; the reasons are used in turn. ``starts_in`` is in seconds from now (negative: in the
    past), ``started_at_ms`` is an absolute time, and ``starts_when_fetched`` waits for the first
    fetch. The rest is as in ``EmbeddedJob``.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    id: str = Field(default_factory=lambda: str(uuid4()))
    about: str = ""
    team: str = ""
    succeed: NonNegativeInt = 0
    fail: NonNegativeInt = 0
    invalid: NonNegativeInt = 0
    unstarted: NonNegativeInt = 0
    failed_because: tuple[str, ...] = Field(default=DEFAULT_FAILURE_REASONS, min_length=1)
    rejected_because: tuple[str, ...] = Field(default=DEFAULT_REJECTION_REASONS, min_length=1)
    seconds: float = Field(default=60.0, gt=0)
    warmup: float = Field(default=1.0, ge=0)
    starts_in: float = 0.0
    started_at_ms: int | None = None
    starts_when_fetched: bool = False
    stalls_after: int | None = None
    stalls_for: float | None = None
    vanishes_after: float | None = None
    says_when_done: bool = False

    def build_job(self, now: float, default_team_id: str) -> EmbeddedJob:
        """Build the job; ``team`` is the default for a plan that names none."""
        ids = (str(uuid5(UUID(self.id), str(number))) for number in count())
        tried = [EmbeddedJobEntry(next(ids), repeat_action(fate)) for fate in self._list_outcomes()]
        untried = [EmbeddedJobEntry(next(ids)) for _ in range(self.unstarted)]
        because = islice(cycle(self.rejected_because), self.invalid)
        listed = [
            *tried,
            *untried,
            *(EmbeddedJobEntry(next(ids), rejection_reason=reason) for reason in because),
        ]
        shuffled = Random(self.id).shuffle  # noqa: S311 - the same each time
        shuffled(tried)
        shuffled(listed)
        return EmbeddedJob(
            id=self.id,
            team_id=self.team or default_team_id,
            entries=tuple(listed),
            queue=(*tried, *untried),
            seconds_per_entry=self.seconds / max(1, len(tried)),
            warmup_seconds=self.warmup,
            began_at=self._start_time(now),
            stall_after_entries=len(tried) if untried else self.stalls_after,
            stall_seconds=None if untried else self.stalls_for,
            delete_after_seconds=self.vanishes_after,
            reports_completion=self.says_when_done,
            description=self.about,
        )

    def _list_outcomes(self) -> list[RowOutcome]:
        failed = islice(cycle(self.failed_because), self.fail)
        return [RowOutcome(SUCCESS)] * self.succeed + [
            RowOutcome(ERROR, reason) for reason in failed
        ]

    def _start_time(self, now: float) -> float | None:
        if self.starts_when_fetched:
            return None
        return now + self.starts_in if self.started_at_ms is None else self.started_at_ms / 1000


@cache
def load_job_plans() -> tuple[JobPlan, ...]:
    return tuple(JobPlan.model_validate(row) for row in json.loads(SEED_PATH.read_bytes()))
