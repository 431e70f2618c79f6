"""How fast a job goes, and when it will be done: from a few observations of it. Pure.

Chakra tells how much is done, never how fast; so whoever follows a job keeps a short series of
points, and this makes a speed of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from bot.chakra.job import Job

MOST_POINTS = 20
"""As many as a chart of Slack's has categories."""

FEWEST = 3
SHORTEST = 30.0
"""Observations, and seconds between the first and the last of them, before a speed is told."""

RECENT = 120.0
SHARE = 0.25
"""The speed is that of the last two minutes or, of a long job, of the last quarter of what was
seen: its points lie further apart."""


@dataclass(frozen=True, slots=True)
class Point:
    """So many entries were done ``at`` a moment, in seconds since the epoch."""

    at: float
    done: int


def observed(points: Iterable[Point], point: Point) -> tuple[Point, ...]:
    """The series with one more point, the newest; it rises in time, never falls in ``done``, and
    has ``MOST_POINTS`` at the most, the first always among them.

    Earlier points that say more is done are forgotten: those entries are being tried again, or the
    answer was an old one. While nothing moves, only the first and the last of the equal points are
    kept, so that the beginning of a standstill is never lost.
    """
    kept = [one for one in points if one.at < point.at and one.done <= point.done]
    if len(kept) > 1 and kept[-2].done == kept[-1].done == point.done:
        kept.pop()
    kept.append(point)
    while len(kept) > MOST_POINTS:
        del kept[_closest(kept)]
    return tuple(kept)


def series(points: Iterable[Point]) -> tuple[Point, ...]:
    """Any points as ``observed`` would have kept them, one after another."""
    nothing: tuple[Point, ...] = ()
    return reduce(observed, sorted(points, key=lambda one: one.at), nothing)


def _closest(points: Sequence[Point]) -> int:
    """Whose absence leaves the smallest gap: so the points stay evenly spread."""
    standing = points[-1].done == points[-2].done
    inner = range(1, len(points) - (2 if standing else 1))
    return min(inner, key=lambda at: points[at + 1].at - points[at - 1].at)


@dataclass(frozen=True, slots=True)
class Progress:
    """``per_minute`` is None until there is enough to tell it by, ``eta_seconds`` also while
    nothing moves and once the job is finished. ``stalled_for`` is for how many seconds nothing was
    done."""

    points: tuple[Point, ...] = ()
    per_minute: float | None = None
    eta_seconds: float | None = None
    stalled_for: float = 0.0

    @classmethod
    def of(cls, points: Iterable[Point], job: Job, now: float) -> Progress:
        """``now`` in seconds since the epoch."""
        seen = series(points)
        speed = _per_second(seen)
        return cls(
            points=seen,
            per_minute=None if speed is None else speed * 60,
            eta_seconds=job.to_go / speed if speed and not job.finished else None,
            stalled_for=0.0 if job.finished else _standing(seen, job, now),
        )


def _per_second(points: Sequence[Point]) -> float | None:
    if len(points) < FEWEST:
        return None
    first, last = points[0], points[-1]
    lasted = last.at - first.at
    if lasted < SHORTEST or last.done == first.done:
        return None
    since = last.at - max(RECENT, lasted * SHARE)
    start = next((one for one in reversed(points) if one.at <= since), first)
    return (last.done - start.done) / (last.at - start.at)


def _standing(points: Sequence[Point], job: Job, now: float) -> float:
    if not points or job.done != points[-1].done:
        return 0.0
    began = next(one.at for one in points if one.done == points[-1].done)
    return max(0.0, now - began)
