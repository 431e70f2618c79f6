"""Seeded jobs: the fields that ``jobs.json`` and ``add_job`` accept."""

from __future__ import annotations

import json
from itertools import count, cycle, islice
from pathlib import Path
from random import Random
from uuid import UUID, uuid4, uuid5

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt
from pydantic.alias_generators import to_camel

from bot.sandbox.chakra.job import ERROR, SUCCESS, EmbeddedJob, Entry, Fate, always

SEED = Path(__file__).with_name("jobs.json")

FAILED = ("Attribute score is not valid",)
REJECTED = ("Process not found",)
"""The example's reason; every key of its entry is a guess."""


class JobPlan(BaseModel):
    """How many entries end how, and when.

    ``unstarted`` entries are never processed, so the job never ends. The others take ``seconds`` in
    total; the reasons are used in turn. ``begins`` is in seconds from now (negative: in the past),
    ``begun_at_ms`` is an absolute time, and ``begins_when_seen`` waits for the first fetch. The
    rest is as in ``EmbeddedJob``.
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
    failed_because: tuple[str, ...] = Field(default=FAILED, min_length=1)
    rejected_because: tuple[str, ...] = Field(default=REJECTED, min_length=1)
    seconds: float = Field(default=60.0, gt=0)
    warmup: float = Field(default=1.0, ge=0)
    begins: float = 0.0
    begun_at_ms: int | None = None
    begins_when_seen: bool = False
    stalls_after: int | None = None
    stalls_for: float | None = None
    vanishes_after: float | None = None
    says_when_done: bool = False

    def job(self, now: float, team: str) -> EmbeddedJob:
        """Build the job; ``team`` is the default for a plan that names none."""
        ids = (str(uuid5(UUID(self.id), str(number))) for number in count())
        tried = [Entry(next(ids), always(fate)) for fate in self._fates()]
        untried = [Entry(next(ids)) for _ in range(self.unstarted)]
        because = islice(cycle(self.rejected_because), self.invalid)
        listed = [*tried, *untried, *(Entry(next(ids), rejected=reason) for reason in because)]
        shuffled = Random(self.id).shuffle  # noqa: S311 - the same each time
        shuffled(tried)
        shuffled(listed)
        return EmbeddedJob(
            id=self.id,
            team=self.team or team,
            entries=tuple(listed),
            queue=(*tried, *untried),
            pace=self.seconds / max(1, len(tried)),
            warmup=self.warmup,
            begun_at=self._begun_at(now),
            stalls_after=len(tried) if untried else self.stalls_after,
            stalls_for=None if untried else self.stalls_for,
            vanishes_after=self.vanishes_after,
            says_when_done=self.says_when_done,
            about=self.about,
        )

    def _fates(self) -> list[Fate]:
        failed = islice(cycle(self.failed_because), self.fail)
        return [Fate(SUCCESS)] * self.succeed + [Fate(ERROR, reason) for reason in failed]

    def _begun_at(self, now: float) -> float | None:
        if self.begins_when_seen:
            return None
        return now + self.begins if self.begun_at_ms is None else self.begun_at_ms / 1000


def read_jobs() -> tuple[JobPlan, ...]:
    return tuple(JobPlan.model_validate(row) for row in json.loads(SEED.read_bytes()))
