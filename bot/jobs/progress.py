"""How fast a job goes, and when it will be done: from a few observations of it. Pure.

Chakra tells how much is done, never how fast; so whoever follows a job keeps a short series of
points, and this makes a speed of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from bot.chakra.job import Job

MAX_POINTS = 20
"""As many as a chart of Slack's has categories."""

MIN_POINTS = 3
MIN_SPAN_SECONDS = 30.0
"""Observations, and seconds between the first and the last of them, before a speed is told."""

SPEED_WINDOW_SECONDS = 120.0
SPEED_WINDOW_RATIO = 0.25
"""The speed is that of the last two minutes or, of a long job, of the last quarter of what was
seen: its points lie further apart."""


@dataclass(frozen=True, slots=True)
class ProgressPoint:
    """So many entries were done ``at`` a moment, in seconds since the epoch."""

    timestamp: float
    done: int


def add_point(points: Iterable[ProgressPoint], point: ProgressPoint) -> tuple[ProgressPoint, ...]:
    """The series with one more point, the newest; it rises in time, never falls in ``done``, and
    has ``MAX_POINTS`` at the most, the first always among them.

    Earlier points that say more is done are forgotten: those entries are being tried again, or the
    answer was an old one. While nothing moves, only the first and the last of the equal points are
    kept, so that the beginning of a standstill is never lost.
    """
    kept = [one for one in points if one.timestamp < point.timestamp and one.done <= point.done]
    if len(kept) > 1 and kept[-2].done == kept[-1].done == point.done:
        kept.pop()
    kept.append(point)
    while len(kept) > MAX_POINTS:
        del kept[_most_redundant_index(kept)]
    return tuple(kept)


def build_series(points: Iterable[ProgressPoint]) -> tuple[ProgressPoint, ...]:
    """Any points as ``observed`` would have kept them, one after another."""
    nothing: tuple[ProgressPoint, ...] = ()
    return reduce(add_point, sorted(points, key=lambda one: one.timestamp), nothing)


def _most_redundant_index(points: Sequence[ProgressPoint]) -> int:
    """Whose absence leaves the smallest gap: so the points stay evenly spread."""
    standing = points[-1].done == points[-2].done
    inner = range(1, len(points) - (2 if standing else 1))
    return min(inner, key=lambda at: points[at + 1].timestamp - points[at - 1].timestamp)


@dataclass(frozen=True, slots=True)
class Progress:
    """``per_minute`` is None until there is enough to tell it by, ``eta_seconds`` also while
    nothing moves and once the job is finished. ``stalled_for`` is for how many seconds nothing was
    done."""

    points: tuple[ProgressPoint, ...] = ()
    per_minute: float | None = None
    eta_seconds: float | None = None
    stalled_seconds: float = 0.0

    @classmethod
    def from_points(cls, points: Iterable[ProgressPoint], job: Job, now: float) -> Progress:
        """``now`` in seconds since the epoch."""
        seen = build_series(points)
        speed = _entries_per_second(seen)
        return cls(
            points=seen,
            per_minute=None if speed is None else speed * 60,
            eta_seconds=_eta_seconds(job, speed),
            stalled_seconds=0.0 if job.finished else _stalled_seconds(seen, job, now),
        )


def _entries_per_second(points: Sequence[ProgressPoint]) -> float | None:
    if len(points) < MIN_POINTS:
        return None
    first, last = points[0], points[-1]
    lasted = last.timestamp - first.timestamp
    if lasted < MIN_SPAN_SECONDS or last.done == first.done:
        return None
    since = last.timestamp - max(SPEED_WINDOW_SECONDS, lasted * SPEED_WINDOW_RATIO)
    start = next((one for one in reversed(points) if one.timestamp <= since), first)
    return (last.done - start.done) / (last.timestamp - start.timestamp)


def _eta_seconds(job: Job, speed: float | None) -> float | None:
    if not speed or not job.remaining or job.finished:
        return None
    return job.remaining / speed


def _stalled_seconds(points: Sequence[ProgressPoint], job: Job, now: float) -> float:
    if not points or job.done != points[-1].done:
        return 0.0
    began = next(one.timestamp for one in points if one.done == points[-1].done)
    return max(0.0, now - began)
