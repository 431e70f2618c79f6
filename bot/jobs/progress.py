"""The speed of a job and its time left, from a few observations. Pure.

Chakra reports how much is done, but no speed. A watch stores a short series of points, from which
the speed is computed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from bot.chakra.job import Job

MAX_POINTS = 20
"""The maximum number of categories in one of Slack's charts."""

MIN_POINTS = 3
MIN_SPAN_SECONDS = 30.0
"""Points, and the seconds that they span, before a speed is shown."""

SPEED_WINDOW_SECONDS = 120.0
SPEED_WINDOW_RATIO = 0.25
"""The speed is that of the last two minutes or, for a long job, of the last quarter of the points,
which are further apart."""


@dataclass(frozen=True, slots=True)
class ProgressPoint:
    """The number of entries done at ``timestamp``, in seconds since the epoch."""

    timestamp: float
    done: int


def add_point(points: Iterable[ProgressPoint], point: ProgressPoint) -> tuple[ProgressPoint, ...]:
    """Return the series with one more point, the newest.

    The series increases in time, never decreases in ``done``, and has at most ``MAX_POINTS``,
    always including the first. Earlier points with a higher count are dropped: their entries are
    being retried, or the answer was outdated. Of a run of equal points only the first and the last
    stay, so that the start of a stall is never lost.
    """
    series = [
        earlier
        for earlier in points
        if earlier.timestamp < point.timestamp and earlier.done <= point.done
    ]
    if len(series) > 1 and series[-2].done == series[-1].done == point.done:
        series.pop()
    series.append(point)
    while len(series) > MAX_POINTS:
        del series[_find_most_redundant_index(series)]
    return tuple(series)


def build_series(points: Iterable[ProgressPoint]) -> tuple[ProgressPoint, ...]:
    """Return the series of ``points``, added one after another."""
    empty: tuple[ProgressPoint, ...] = ()
    return reduce(add_point, sorted(points, key=lambda point: point.timestamp), empty)


def _find_most_redundant_index(points: Sequence[ProgressPoint]) -> int:
    """Return the index whose removal leaves the smallest gap, which spreads the points evenly."""
    is_stalled = points[-1].done == points[-2].done
    inner = range(1, len(points) - (2 if is_stalled else 1))
    return min(inner, key=lambda index: points[index + 1].timestamp - points[index - 1].timestamp)


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a job.

    ``per_minute`` is None while there are too few points, ``eta_seconds`` also while the job is
    stalled and once it has finished. ``stalled_seconds`` is the time without progress.
    """

    points: tuple[ProgressPoint, ...] = ()
    per_minute: float | None = None
    eta_seconds: float | None = None
    stalled_seconds: float = 0.0

    @classmethod
    def from_points(cls, points: Iterable[ProgressPoint], job: Job, now: float) -> Progress:
        """Compute the progress; ``now`` is in seconds since the epoch."""
        series = build_series(points)
        speed = _compute_entries_per_second(series)
        return cls(
            points=series,
            per_minute=None if speed is None else speed * 60,
            eta_seconds=_compute_eta_seconds(job, speed),
            stalled_seconds=0.0 if job.finished else _compute_stalled_seconds(series, job, now),
        )


def _compute_entries_per_second(points: Sequence[ProgressPoint]) -> float | None:
    if len(points) < MIN_POINTS:
        return None
    first, last = points[0], points[-1]
    duration = last.timestamp - first.timestamp
    if duration < MIN_SPAN_SECONDS or last.done == first.done:
        return None
    since = last.timestamp - max(SPEED_WINDOW_SECONDS, duration * SPEED_WINDOW_RATIO)
    start = next((point for point in reversed(points) if point.timestamp <= since), first)
    return (last.done - start.done) / (last.timestamp - start.timestamp)


def _compute_eta_seconds(job: Job, speed: float | None) -> float | None:
    if not speed or not job.remaining or job.finished:
        return None
    return job.remaining / speed


def _compute_stalled_seconds(points: Sequence[ProgressPoint], job: Job, now: float) -> float:
    if not points or job.done != points[-1].done:
        return 0.0
    start = next(point.timestamp for point in points if point.done == points[-1].done)
    return max(0.0, now - start)
