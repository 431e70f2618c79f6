"""How long to wait before a job is looked at again: by its own speed, and never for nothing."""

from __future__ import annotations

from bot.jobs.progress import Progress

MIN_POLL_SECONDS, MAX_POLL_SECONDS = 2.0, 60.0
"""Seconds. A running job is remembered for two; a minute is soon enough for one that takes hours.
"""
POLLS_PER_JOB = 20
"""Looks over what is left of a job: each then finds about a twentieth of it done."""
UNKNOWN_SPEED_DIVISOR = 5
"""While nothing is known of its speed: a fifth of the time that it has been watched for."""
STALLED_DIVISOR = 10
"""Of one that stands still: a tenth of the time that it has."""
RETRY_DELAYS_SECONDS = (5.0, 10.0, 20.0, 40.0, 60.0)
"""While Chakra does not answer: after the first silence, the second …"""


def poll_interval(progress: Progress, watched_seconds: float) -> float:
    """Seconds until the next look at a job that goes on."""
    if progress.stalled_seconds > MAX_POLL_SECONDS:
        wait = progress.stalled_seconds / STALLED_DIVISOR
    elif progress.eta_seconds is not None:
        wait = progress.eta_seconds / POLLS_PER_JOB
    else:
        wait = watched_seconds / UNKNOWN_SPEED_DIVISOR
    return min(max(wait, MIN_POLL_SECONDS), MAX_POLL_SECONDS)


def retry_delay(failures: int) -> float:
    """Seconds until Chakra is asked again after so many times in vain."""
    return RETRY_DELAYS_SECONDS[min(failures, len(RETRY_DELAYS_SECONDS)) - 1]
