"""How long to wait before a job is looked at again: by its own speed, and never for nothing."""

from __future__ import annotations

from bot.jobs.progress import Progress

QUICKEST, SLOWEST = 2.0, 60.0
"""Seconds. A running job is remembered for two; a minute is soon enough for one that takes hours.
"""
LOOKS = 20
"""Looks over what is left of a job: each then finds about a twentieth of it done."""
DOUBT = 5
"""While nothing is known of its speed: a fifth of the time that it has been watched for."""
STANDSTILL = 10
"""Of one that stands still: a tenth of the time that it has."""
TROUBLE = (5.0, 10.0, 20.0, 40.0, 60.0)
"""While Chakra does not answer: after the first silence, the second …"""


def pause(progress: Progress, watched_for: float) -> float:
    """Seconds until the next look at a job that goes on."""
    if progress.stalled_for > SLOWEST:
        wait = progress.stalled_for / STANDSTILL
    elif progress.eta_seconds is not None:
        wait = progress.eta_seconds / LOOKS
    else:
        wait = watched_for / DOUBT
    return min(max(wait, QUICKEST), SLOWEST)


def patience(silences: int) -> float:
    """Seconds until Chakra is asked again after so many times in vain."""
    return TROUBLE[min(silences, len(TROUBLE)) - 1]
