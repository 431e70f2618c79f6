"""A job's status in one sentence."""

from __future__ import annotations

from bot.chakra.job import Job


def render_summary_line(job: Job) -> str:
    """Return, for example, "389 of 612 succeeded, 3 failed, 1 was rejected, 120 remaining."."""
    if not job.total:
        return "No entries had been counted yet."
    parts = [f"{job.succeeded:,} of {job.total:,} succeeded"]
    if job.failed:
        parts.append(f"{job.failed:,} failed")
    if job.invalid:
        parts.append(f"{job.invalid:,} {'was' if job.invalid == 1 else 'were'} rejected")
    other = job.done - job.succeeded - job.failed - job.invalid
    if other > 0:
        parts.append(f"{other:,} ended with another status")
    if job.remaining:
        parts.append(f"{job.remaining:,} remaining")
    return f"{', '.join(parts)}."
