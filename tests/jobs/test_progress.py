"""Speed and time left, from a few observations of a job."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.jobs.progress import MAX_POINTS, Progress, ProgressPoint, add_point, build_series
from tests.jobs.samples import at, job

BEGAN = 1_700_000_000.0


def seen(*pairs: tuple[float, int]) -> tuple[ProgressPoint, ...]:
    """Observed one after another; seconds since the beginning, and how many were done."""
    points: tuple[ProgressPoint, ...] = ()
    for second, done in pairs:
        points = add_point(points, ProgressPoint(BEGAN + second, done))
    return points


def progress(*pairs: tuple[float, int], total: int = 1000, later: float = 0.0) -> Progress:
    last, done = pairs[-1]
    return Progress.from_points(seen(*pairs), at(done, total), BEGAN + last + later)


def test_an_even_pace_is_told_as_it_is() -> None:
    found = progress((0, 0), (20, 100), (40, 200))
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
def test_nothing_is_told_before_there_is_something_to_tell_it_by(
    pairs: list[tuple[float, int]],
) -> None:
    found = progress(*pairs)
    assert (found.per_minute, found.eta_seconds) == (None, None)


def test_without_any_observation_there_is_nothing() -> None:
    assert Progress.from_points((), at(5), BEGAN) == Progress()


def test_the_speed_is_the_recent_one() -> None:
    slow = [(second, second // 10) for second in range(0, 600, 10)]
    fast = [(600 + second, 60 + 10 * second) for second in range(0, 200, 10)]
    found = progress(*slow, *fast, total=10_000)
    assert found.per_minute == pytest.approx(600, rel=0.2)


def test_in_a_standstill_the_speed_goes_down_to_nothing() -> None:
    moving = [(second, 5 * second) for second in range(0, 100, 10)]
    standing = [(90 + second, 450) for second in range(10, 200, 10)]
    at_first = progress(*moving, *standing[:3])
    assert at_first.per_minute is not None
    assert 0 < at_first.per_minute < 300
    assert at_first.stalled_seconds == 30
    later = progress(*moving, *standing, later=5)
    assert (later.per_minute, later.eta_seconds) == (0, None)
    assert later.stalled_seconds == 195


def test_the_beginning_of_a_standstill_outlasts_any_thinning() -> None:
    moving = [(second, second) for second in range(0, 300, 3)]
    standing = [(297 + second, 297) for second in range(3, 7200, 3)]
    found = progress(*moving, *standing)
    assert found.stalled_seconds == 7197
    assert len(found.points) == MAX_POINTS


def test_a_job_that_has_moved_on_since_does_not_stand_still() -> None:
    points = seen((0, 10), (60, 10), (120, 10))
    assert Progress.from_points(points, at(10), BEGAN + 130).stalled_seconds == 130
    assert Progress.from_points(points, at(11), BEGAN + 130).stalled_seconds == 0


def test_a_finished_job_has_no_time_left_and_does_not_stand_still() -> None:
    points = seen((0, 0), (20, 500), (40, 1000))
    done = Progress.from_points(points, at(1000), BEGAN + 9999)
    assert (done.eta_seconds, done.stalled_seconds, done.per_minute) == (None, 0, 1500)
    given_up = job({"SUCCESS": 500, "NOT_STARTED": 500}, completedAt=1617966536211)
    assert Progress.from_points(points[:2], given_up, BEGAN + 9999).stalled_seconds == 0


def test_entries_that_are_tried_again_begin_a_new_series() -> None:
    assert seen((0, 0), (20, 100), (40, 200), (60, 50)) == (
        ProgressPoint(BEGAN, 0),
        ProgressPoint(BEGAN + 60, 50),
    )
    # An answer that was a little older than the last one costs one point.
    assert [one.done for one in seen((0, 0), (20, 100), (40, 90), (60, 200))] == [0, 90, 200]


def test_a_clock_that_was_put_back_does_not_spoil_it() -> None:
    points = seen((0, 0), (100, 50), (60, 60), (80, 70))
    assert points == (
        ProgressPoint(BEGAN, 0),
        ProgressPoint(BEGAN + 60, 60),
        ProgressPoint(BEGAN + 80, 70),
    )


def test_points_stay_evenly_spread() -> None:
    points = seen(*((second, second) for second in range(0, 3600, 3)))
    gaps = [after.timestamp - before.timestamp for before, after in pairwise(points)]
    assert len(points) == MAX_POINTS
    assert (points[0].timestamp, points[-1].timestamp) == (BEGAN, BEGAN + 3597)
    assert max(gaps[:-1]) <= 4 * 3597 / MAX_POINTS


POINTS = st.lists(
    st.builds(
        ProgressPoint,
        timestamp=st.floats(-1e12, 1e12) | st.integers(0, 600).map(float),
        done=st.integers(0, 10**9) | st.integers(0, 5),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(POINTS, st.integers(0, 50), st.integers(0, 50), st.floats(-1e12, 1e12))
def test_whatever_was_observed_makes_sense(
    points: list[ProgressPoint], done: int, to_go: int, now: float
) -> None:
    found = Progress.from_points(points, at(done, done + to_go), now)
    assert found.points == build_series(points)
    assert len(found.points) <= MAX_POINTS
    for before, after in pairwise(found.points):
        assert before.timestamp < after.timestamp
        assert before.done <= after.done
    assert build_series(found.points) == found.points
    if points:
        assert found.points[-1].timestamp == max(one.timestamp for one in points)
    assert found.stalled_seconds >= 0
    for figure in (found.per_minute, found.eta_seconds):
        assert figure is None or (figure >= 0 and math.isfinite(figure))
    if found.eta_seconds is not None:
        assert found.per_minute
        assert to_go


@settings(deadline=None)
@given(st.integers(1, 50), st.integers(3, 60), st.floats(10, 300), st.integers(1, 10_000))
def test_an_even_pace_is_found_however_it_is_looked_at(
    pace: int, looks: int, every: float, to_go: int
) -> None:
    pairs = [(every * look, pace * look) for look in range(looks)]
    found = progress(*pairs, total=pace * (looks - 1) + to_go)
    if every * (looks - 1) >= 30:
        assert found.per_minute == pytest.approx(60 * pace / every)
        assert found.eta_seconds == pytest.approx(to_go * every / pace)
