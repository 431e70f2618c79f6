"""Build jobs and entries for tests."""

from __future__ import annotations

from typing import Any

from bot.chakra.job import Job, JobEntry

JOB = "19632427-908f-4bf3-a6f5-69b9a0bbfc63"


def build_job(counts: object = None, **data: object) -> Job:
    """Build a job from counts and the fields of Chakra, such as ``completedAt``."""
    return Job.model_validate({"id": JOB, "counts": counts, **data})


def build_job_at(done: int, total: int = 1000) -> Job:
    return build_job({"SUCCESS": done, "NOT_STARTED": total - done})


def build_entry(state: str = "ERROR", reason: str | None = None, **other: Any) -> JobEntry:
    return JobEntry.from_item({"completionStatus": state, "statusMessage": reason, **other})
