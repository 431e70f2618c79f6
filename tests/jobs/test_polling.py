"""The wait between two polls of a job."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.polling import (
    MAX_POLL_SECONDS,
    MIN_POLL_SECONDS,
    POLLS_PER_JOB,
    RETRY_DELAYS_SECONDS,
    poll_interval,
    retry_delay,
)
from bot.jobs.progress import Progress

durations = st.floats(min_value=0, max_value=30 * 86_400)
progress_values = st.builds(
    Progress, eta_seconds=st.none() | durations, stalled_seconds=st.just(0.0) | durations
)


@given(progress_values, durations)
def test_poll_interval_is_bounded(progress: Progress, watched_for: float) -> None:
    assert MIN_POLL_SECONDS <= poll_interval(progress, watched_for) <= MAX_POLL_SECONDS


@given(durations, durations, durations)
def test_poll_interval_grows_with_job_duration(
    one: float, other: float, watched_for: float
) -> None:
    short, long = sorted((one, other))
    pauses = [poll_interval(Progress(eta_seconds=eta), watched_for) for eta in (short, long)]
    assert pauses == sorted(pauses)


@given(st.floats(min_value=1, max_value=3 * 86_400))
def test_polls_per_job_are_bounded(lasts: float) -> None:
    """At a steady speed a job is polled once a minute, and about ninety times at the end."""
    now, polls = 0.0, 0
    while now < lasts:
        now += poll_interval(Progress(eta_seconds=lasts - now), now)
        polls += 1
    assert polls <= lasts / MAX_POLL_SECONDS + 5 * POLLS_PER_JOB
    assert now - lasts <= MAX_POLL_SECONDS


@pytest.mark.parametrize(
    ("progress", "watched_for", "wait"),
    [
        (Progress(), 0, 2),
        (Progress(), 100, 20),
        (Progress(), 3_600, 60),
        (Progress(eta_seconds=10), 3_600, 2),
        (Progress(eta_seconds=400), 3_600, 20),
        (Progress(eta_seconds=86_400), 0, 60),
        (Progress(eta_seconds=10, stalled_seconds=59), 0, 2),
        (Progress(stalled_seconds=300), 3_600, 30),
        (Progress(eta_seconds=10, stalled_seconds=86_400), 3_600, 60),
    ],
    ids=repr,
)
def test_poll_interval_depends_on_speed(
    progress: Progress, watched_for: float, wait: float
) -> None:
    assert poll_interval(progress, watched_for) == wait


def test_retry_delay_grows_with_each_failure() -> None:
    waits = [retry_delay(silences) for silences in range(1, 20)]
    assert waits[: len(RETRY_DELAYS_SECONDS)] == list(RETRY_DELAYS_SECONDS)
    assert all(before <= after for before, after in pairwise(waits))
    assert waits[-1] == RETRY_DELAYS_SECONDS[-1]
