"""How a job stands in one sentence."""

from __future__ import annotations

from bot.chakra.job import Job


def summary_line(job: Job) -> str:
    """``389 of 612 succeeded, 3 failed, 100 were rejected, 120 are to go.``"""
    if not job.total:
        return "Chakra had not counted its entries yet."
    told = [f"{job.succeeded:,} of {job.total:,} succeeded"]
    if job.failed:
        told.append(f"{job.failed:,} failed")
    if job.invalid:
        told.append(f"{job.invalid:,} {'was' if job.invalid == 1 else 'were'} rejected")
    other = job.done - job.succeeded - job.failed - job.invalid
    if other > 0:
        told.append(f"{other:,} ended otherwise")
    if job.remaining:
        told.append(f"{job.remaining:,} {'is' if job.remaining == 1 else 'are'} to go")
    return f"{', '.join(told)}."
