"""When a watch's message is edited: a change that a person cares about, or times that mislead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.job import ERROR, NOT_STARTED, SUCCESS, Job, JobEntry
from bot.errors import AuthenticationError, ChakraError, Unavailable
from bot.jobs.progress import Progress, ProgressPoint
from bot.jobs.refresh import compute_message_digest, is_worth_an_edit
from bot.jobs.watch import Watch, WatchStatus

WATCH = Watch(
    id=7,
    subject="621d00aa-0092-58f8-8bc6-cf72588d9b82",
    jobs=("621d00aa-0092-58f8-8bc6-cf72588d9b82",),
    member="U0MEI",
    channel="C0SALES",
    title="New leads from leads.csv",
    status=WatchStatus.ACTIVE,
    started_at=1_000.0,
    ended_at=0.0,
    progress_at=2_000.0,
    complete=True,
    notify_by_dm=False,
    stall_notified=False,
)
JOB = Job(id=WATCH.subject, counts={SUCCESS: 40, NOT_STARTED: 60})
POINTS = tuple(ProgressPoint(1_000.0 + 100 * number, 10 * number) for number in range(5))
RUNNING = Progress(points=POINTS, per_minute=6.0, eta_seconds=600.0)
STALLED = replace(RUNNING, stalled_seconds=150.0)
ENTRY = JobEntry(completion_status=ERROR, reason="Phone number is missing")
OUTAGE: ChakraError = Unavailable("Chakra is down")


def build_changed_job(**values: Any) -> Job:
    return JOB.model_copy(update=values)


def compute_digest(
    watch: Watch = WATCH,
    job: Job = JOB,
    progress: Progress = RUNNING,
    **others: Any,
) -> str:
    return compute_message_digest(watch, job, progress, **{"now": 2_000.0, **others})


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(compute_digest(now=2_030.0), id="a later poll"),
        pytest.param(
            compute_digest(replace(WATCH, progress_at=2_030.0), now=2_030.0), id="a newer answer"
        ),
        pytest.param(compute_digest(progress=replace(RUNNING, eta_seconds=900.0)), id="time left"),
        pytest.param(compute_digest(progress=replace(RUNNING, per_minute=2.0)), id="speed"),
        pytest.param(
            compute_digest(progress=replace(RUNNING, points=(*POINTS, ProgressPoint(1_500.0, 40)))),
            id="a point of the chart",
        ),
        pytest.param(
            compute_digest(progress=replace(RUNNING, stalled_seconds=30.0)), id="a short pause"
        ),
        pytest.param(compute_digest(now=2_050.0, error=OUTAGE), id="Chakra is silent for a moment"),
    ],
)
def test_message_that_only_aged_is_not_edited(same: str) -> None:
    assert same == compute_digest()


def test_longer_stall_and_outage_are_not_edited_each_time() -> None:
    stalled = compute_digest(progress=STALLED)
    assert (
        compute_digest(progress=replace(STALLED, stalled_seconds=4_000.0), now=5_850.0) == stalled
    )
    silent = compute_digest(now=2_100.0, error=OUTAGE)
    assert compute_digest(now=2_900.0, error=OUTAGE) == silent


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(
            compute_digest(job=build_changed_job(counts={SUCCESS: 41, NOT_STARTED: 59})),
            id="entries done",
        ),
        pytest.param(
            compute_digest(job=build_changed_job(counts={SUCCESS: 39, ERROR: 1, NOT_STARTED: 60})),
            id="an entry failed",
        ),
        pytest.param(
            compute_digest(job=build_changed_job(status_message="Paused by an admin")),
            id="a message",
        ),
        pytest.param(compute_digest(failed_entries=(ENTRY,)), id="reasons of failures"),
        pytest.param(compute_digest(progress=STALLED), id="stalled"),
        pytest.param(compute_digest(now=2_100.0, error=OUTAGE), id="an outage"),
        pytest.param(compute_digest(replace(WATCH, notify_by_dm=True)), id="notice by DM"),
        pytest.param(compute_digest(replace(WATCH, channel="U0MEI")), id="moved to a DM"),
        pytest.param(compute_digest(replace(WATCH, title="Changed leads")), id="another title"),
    ],
)
def test_message_with_a_change_that_people_care_about_is_edited(changed: str) -> None:
    assert changed != compute_digest()


def test_another_reason_of_an_outage_is_edited() -> None:
    silent = compute_digest(now=2_100.0, error=OUTAGE)
    assert compute_digest(now=2_100.0, error=AuthenticationError("no")) != silent


@pytest.mark.parametrize(
    ("stalled_seconds", "seconds_since_edit", "expected"),
    [
        (0, 119, False),
        (0, 120, True),
        (600, 119, False),
        (600, 120, True),
        (3_600, 359, False),
        (3_600, 360, True),
        (86_400, 599, False),
        (86_400, 600, True),
        (0, -5, True),  # the clock was set back
    ],
)
def test_unchanged_message_is_refreshed_before_its_age_misleads(
    stalled_seconds: float, seconds_since_edit: float, expected: bool
) -> None:
    progress = Progress(stalled_seconds=stalled_seconds)
    assert is_worth_an_edit("same", "same", progress, seconds_since_edit) is expected
    assert is_worth_an_edit("new", "same", progress, seconds_since_edit)


@given(st.lists(st.floats(2, 60), min_size=1, max_size=200), st.floats(0, 86_400))
def test_unchanged_message_is_edited_at_most_every_two_minutes(
    polls: list[float], stalled: float
) -> None:
    now = edited_at = 0.0
    edits = 0
    for wait in polls:
        now += wait
        if is_worth_an_edit("same", "same", Progress(stalled_seconds=stalled), now - edited_at):
            edits, edited_at = edits + 1, now
    assert edits <= now / 120
    assert now - edited_at < 660
