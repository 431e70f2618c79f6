"""Speed and time left, from a few observations of a job."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.jobs.progress import MAX_POINTS, Progress, ProgressPoint, add_point, build_series
from tests.jobs.builders import build_job, build_job_at

STARTED_AT = 1_700_000_000.0


def build_points(*pairs: tuple[float, int]) -> tuple[ProgressPoint, ...]:
    """Return the series of these points: seconds since the start, and entries done."""
    points: tuple[ProgressPoint, ...] = ()
    for second, done in pairs:
        points = add_point(points, ProgressPoint(STARTED_AT + second, done))
    return points


def compute_progress(*pairs: tuple[float, int], total: int = 1000, later: float = 0.0) -> Progress:
    last, done = pairs[-1]
    return Progress.from_points(
        build_points(*pairs), build_job_at(done, total), STARTED_AT + last + later
    )


def test_steady_speed_is_reported_exactly() -> None:
    found = compute_progress((0, 0), (20, 100), (40, 200))
    assert found.per_minute == 300
    assert found.eta_seconds == 160
    assert found.stalled_seconds == 0


@pytest.mark.parametrize(
    "pairs",
    [
        [(0, 0)],
        [(0, 0), (60, 100)],  # two observations
        [(0, 0), (10, 100), (29, 200)],  # not thirty seconds yet
        [(0, 50), (20, 50), (40, 50), (60, 50)],  # nothing moved
    ],
)
def test_no_estimate_without_enough_samples(
    pairs: list[tuple[float, int]],
) -> None:
    found = compute_progress(*pairs)
    assert (found.per_minute, found.eta_seconds) == (None, None)


def test_no_samples_give_no_progress() -> None:
    assert Progress.from_points((), build_job_at(5), STARTED_AT) == Progress()


def test_speed_uses_recent_samples() -> None:
    slow = [(second, second // 10) for second in range(0, 600, 10)]
    fast = [(600 + second, 60 + 10 * second) for second in range(0, 200, 10)]
    found = compute_progress(*slow, *fast, total=10_000)
    assert found.per_minute == pytest.approx(600, rel=0.2)


def test_stalled_job_speed_decays_to_zero() -> None:
    moving = [(second, 5 * second) for second in range(0, 100, 10)]
    standing = [(90 + second, 450) for second in range(10, 200, 10)]
    at_first = compute_progress(*moving, *standing[:3])
    assert at_first.per_minute is not None
    assert 0 < at_first.per_minute < 300
    assert at_first.stalled_seconds == 30
    later = compute_progress(*moving, *standing, later=5)
    assert (later.per_minute, later.eta_seconds) == (0, None)
    assert later.stalled_seconds == 195


def test_stall_start_survives_thinning() -> None:
    moving = [(second, second) for second in range(0, 300, 3)]
    standing = [(297 + second, 297) for second in range(3, 7200, 3)]
    found = compute_progress(*moving, *standing)
    assert found.stalled_seconds == 7197
    assert len(found.points) == MAX_POINTS


def test_job_that_progressed_is_not_stalled() -> None:
    points = build_points((0, 10), (60, 10), (120, 10))
    assert Progress.from_points(points, build_job_at(10), STARTED_AT + 130).stalled_seconds == 130
    assert Progress.from_points(points, build_job_at(11), STARTED_AT + 130).stalled_seconds == 0


def test_finished_job_has_no_eta_and_is_not_stalled() -> None:
    points = build_points((0, 0), (20, 500), (40, 1000))
    done = Progress.from_points(points, build_job_at(1000), STARTED_AT + 9999)
    assert (done.eta_seconds, done.stalled_seconds, done.per_minute) == (None, 0, 1500)
    given_up = build_job({"SUCCESS": 500, "NOT_STARTED": 500}, completedAt=1617966536211)
    assert Progress.from_points(points[:2], given_up, STARTED_AT + 9999).stalled_seconds == 0


def test_retried_entries_start_a_new_series() -> None:
    assert build_points((0, 0), (20, 100), (40, 200), (60, 50)) == (
        ProgressPoint(STARTED_AT, 0),
        ProgressPoint(STARTED_AT + 60, 50),
    )
    # An answer that was a little older than the last one costs one point.
    assert [point.done for point in build_points((0, 0), (20, 100), (40, 90), (60, 200))] == [
        0,
        90,
        200,
    ]


def test_clock_moving_backwards_is_tolerated() -> None:
    points = build_points((0, 0), (100, 50), (60, 60), (80, 70))
    assert points == (
        ProgressPoint(STARTED_AT, 0),
        ProgressPoint(STARTED_AT + 60, 60),
        ProgressPoint(STARTED_AT + 80, 70),
    )


def test_samples_stay_evenly_spread() -> None:
    points = build_points(*((second, second) for second in range(0, 3600, 3)))
    gaps = [after.timestamp - before.timestamp for before, after in pairwise(points)]
    assert len(points) == MAX_POINTS
    assert (points[0].timestamp, points[-1].timestamp) == (STARTED_AT, STARTED_AT + 3597)
    assert max(gaps[:-1]) <= 4 * 3597 / MAX_POINTS


POINTS = st.lists(
    st.builds(
        ProgressPoint,
        timestamp=st.floats(-1e12, 1e12) | st.integers(0, 600).map(float),
        done=st.integers(0, 10**9) | st.integers(0, 5),
    ),
    max_size=60,
)


EMPTY_JOB = [ProgressPoint(0.0, 0), ProgressPoint(1.0, 0), ProgressPoint(30.0, 1)]


@settings(deadline=None)
@example(EMPTY_JOB, 0, 0, 0.0)
@given(POINTS, st.integers(0, 50), st.integers(0, 50), st.floats(-1e12, 1e12))
def test_any_samples_give_consistent_progress(
    points: list[ProgressPoint], done: int, to_go: int, now: float
) -> None:
    found = Progress.from_points(points, build_job_at(done, done + to_go), now)
    assert found.points == build_series(points)
    assert len(found.points) <= MAX_POINTS
    for before, after in pairwise(found.points):
        assert before.timestamp < after.timestamp
        assert before.done <= after.done
    assert build_series(found.points) == found.points
    if points:
        assert found.points[-1].timestamp == max(point.timestamp for point in points)
    assert found.stalled_seconds >= 0
    for figure in (found.per_minute, found.eta_seconds):
        assert figure is None or (figure >= 0 and math.isfinite(figure))
    if found.eta_seconds is not None:
        assert found.per_minute
        assert to_go


@settings(deadline=None)
@given(st.integers(1, 50), st.integers(3, 60), st.floats(10, 300), st.integers(1, 10_000))
def test_steady_speed_is_found_for_any_sampling(
    pace: int, looks: int, every: float, to_go: int
) -> None:
    pairs = [(every * look, pace * look) for look in range(looks)]
    found = compute_progress(*pairs, total=pace * (looks - 1) + to_go)
    if every * (looks - 1) >= 30:
        assert found.per_minute == pytest.approx(60 * pace / every)
        assert found.eta_seconds == pytest.approx(to_go * every / pace)
