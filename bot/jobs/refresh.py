"""When a watch's message is worth an edit: something changed, or its times are too old. Pure.

All watches share one budget of edits (`bot/outbox/slack_limits.py`), so an edit that changes
nothing but a time delays one that a person waits for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from pydantic_core import to_json

from bot.chakra.job import Job, JobEntry
from bot.errors import ChakraError
from bot.jobs.card import STALLED_AFTER_SECONDS
from bot.jobs.progress import Progress
from bot.jobs.watch import Watch
from bot.jobs.watch_message import OUTAGE_NOTICE_AFTER_SECONDS, is_outage, render_progress

MIN_REFRESH_SECONDS, MAX_REFRESH_SECONDS = 120.0, 600.0
"""Seconds after which a message is edited although only its times have changed."""
REFRESH_DIVISOR = 10
"""The age shown for a stalled job is off by a tenth at most."""


def is_worth_an_edit(
    digest: str, posted_digest: str, progress: Progress, seconds_since_edit: float
) -> bool:
    """Return whether a message with ``digest`` should replace the one with ``posted_digest``."""
    if digest != posted_digest or seconds_since_edit < 0:
        return True
    interval = progress.stalled_seconds / REFRESH_DIVISOR
    return seconds_since_edit >= min(max(interval, MIN_REFRESH_SECONDS), MAX_REFRESH_SECONDS)


def compute_message_digest(
    watch: Watch,
    job: Job,
    progress: Progress,
    *,
    now: float,
    error: ChakraError | None = None,
    failed_entries: Sequence[JobEntry] = (),
) -> str:
    """Return a digest of the message without its times, its speed and its chart.

    Those three change with every poll, and follow from the counts that the digest covers.
    """
    has_notice = error is not None and is_outage(watch, now)
    is_stalled = progress.stalled_seconds >= STALLED_AFTER_SECONDS
    timeless = render_progress(
        replace(watch, started_at=1.0, progress_at=1.0),
        job,
        Progress(stalled_seconds=STALLED_AFTER_SECONDS if is_stalled else 0.0),
        now=2.0 + OUTAGE_NOTICE_AFTER_SECONDS if has_notice else 1.0,
        error=error,
        failed_entries=failed_entries,
    )
    content = to_json((watch.channel, str(timeless.text), timeless.blocks))
    return sha256(content).hexdigest()[:16]
