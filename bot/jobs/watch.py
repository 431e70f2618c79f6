"""A watch: who follows which job in which channel, its last known status and its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

StoredPoint = tuple[float, int]
"""Seconds since 1970, and how many entries were done then."""


class WatchStatus(StrEnum):
    """``ACTIVE``, or why the watch ended."""

    ACTIVE = "active"
    FINISHED = "finished"
    STOPPED = "stopped"  # by a person
    JOB_NOT_FOUND = "job_not_found"  # deleted in Chakra
    TIMED_OUT = "timed_out"  # longer than any job takes


@dataclass(frozen=True, slots=True)
class NewWatch:
    """What a member wants to follow.

    ``jobs`` are Chakra's IDs: one, or those of one upload in the order of their start. ``channel``
    is where the message is posted: a channel, or the member's own ID for direct messages with the
    app.
    """

    subject: str
    jobs: tuple[str, ...]
    member: str
    channel: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """One watch.

    ``subject`` is a job's ID or an upload's key; one subject has one active watch per channel.
    ``counts`` are the last known entries by state. ``complete`` is False while an upload may still
    start more jobs; with ``notify_by_dm`` the outcome goes to the member alone.
    """

    id: int
    subject: str
    jobs: tuple[str, ...]
    member: str
    channel: str
    title: str
    status: WatchStatus
    started_at: float
    ended_at: float
    progress_at: float
    complete: bool
    notify_by_dm: bool
    stall_notified: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    progress_points: tuple[StoredPoint, ...] = ()

    @property
    def is_active(self) -> bool:
        return self.status is WatchStatus.ACTIVE
