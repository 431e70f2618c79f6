"""Seconds until the next poll of a job, by its speed."""

from __future__ import annotations

from bot.jobs.progress import Progress

MIN_POLL_SECONDS, MAX_POLL_SECONDS = 2.0, 60.0
"""A running job is cached for two seconds; a minute is often enough for one that takes hours."""
POLLS_PER_JOB = 20
"""Polls of the remaining part of a job: each finds about a twentieth of it done."""
UNKNOWN_SPEED_DIVISOR = 5
"""While the speed is unknown, the wait is a fifth of the time that the job has been watched."""
STALLED_DIVISOR = 10
"""For a stalled job the wait is a tenth of the stall."""
RETRY_DELAYS_SECONDS = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Waits after the first failed poll, the second …"""


def poll_interval(progress: Progress, watched_seconds: float) -> float:
    """Return the seconds until the next poll of a running job."""
    if progress.stalled_seconds > MAX_POLL_SECONDS:
        wait = progress.stalled_seconds / STALLED_DIVISOR
    elif progress.eta_seconds is not None:
        wait = progress.eta_seconds / POLLS_PER_JOB
    else:
        wait = watched_seconds / UNKNOWN_SPEED_DIVISOR
    return min(max(wait, MIN_POLL_SECONDS), MAX_POLL_SECONDS)


def retry_delay(failures: int) -> float:
    """Return the seconds until the next poll after ``failures`` failed ones."""
    return RETRY_DELAYS_SECONDS[min(failures, len(RETRY_DELAYS_SECONDS)) - 1]
