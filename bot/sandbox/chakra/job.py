"""A background job: its entries, and its progress by the clock.

Nothing runs in the background: each access performs what has become due, each entry at its own
time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

NOT_STARTED, SUCCESS, ERROR, INVALID = "NOT_STARTED", "SUCCESS", "ERROR", "INVALID"
STATE_ORDER = (INVALID, NOT_STARTED, SUCCESS, ERROR)
"""The order of the states in the documented example."""

BULK_API_JOB = "bulk_api_job"
ACKNOWLEDGED_TYPE = "3ae1c371-9a3b-4c06-8090-42fea6c4df36"
"""The documented acknowledgement's value of `type`; the fetch has the word instead."""


class RowOutcome(NamedTuple):
    """The result of processing an entry; ``reason`` is "" for a success."""

    state: str
    reason: str | None = None


EntryAction = Callable[[int], RowOutcome]
"""The work of an entry; its argument is the time in epoch milliseconds."""


def repeat_action(outcome: RowOutcome) -> EntryAction:
    return lambda _: outcome


PENDING_OUTCOME = RowOutcome(NOT_STARTED)
SUCCEED_ACTION = repeat_action(RowOutcome(SUCCESS))


@dataclass(eq=False)
class EmbeddedJobEntry:
    """An entry. ``rejected`` is the reason for INVALID, which is never processed.

    Times are epoch milliseconds, 0 if it hasn't happened.
    """

    id: str
    action: EntryAction = SUCCEED_ACTION
    rejection_reason: str = ""
    outcome: RowOutcome = PENDING_OUTCOME
    started_at: int = 0
    completed_at: int = 0


@dataclass
class StallPeriod:
    """A pause in wall-clock seconds, endless without ``until``."""

    started_at: float
    ends_at: float | None = None


@dataclass(eq=False)
class EmbeddedJob:
    """A job. ``entries`` are in listing order, ``queue`` in processing order.

    The first entry is processed after ``warmup`` plus one ``pace``, then one each ``pace``. The job
    has no counts during the warm-up.

    After ``stalls_after`` processed entries it pauses for ``stalls_for`` seconds, or forever.
    ``vanishes_after`` is in seconds from the start. ``started_at`` is None for a job that starts
    when it is first fetched. With ``says_when_done`` the fetch includes completionStatus and
    completedAt, which the documented one does not. ``about`` is a line for the demo.
    """

    id: str
    team_id: str
    entries: tuple[EmbeddedJobEntry, ...]
    queue: Sequence[EmbeddedJobEntry]
    seconds_per_entry: float
    warmup_seconds: float = 1.0
    began_at: float | None = None
    stall_after_entries: int | None = None
    stall_seconds: float | None = None
    delete_after_seconds: float | None = None
    reports_completion: bool = False
    description: str = ""
    _processed_count: int = 0
    _stalls: list[StallPeriod] = field(default_factory=list)
    _is_deleted: bool = False

    def advance(self, now: float) -> None:
        """Process everything that is due."""
        if self.began_at is None or not self.has_counts(now):
            return
        self._reject_invalid_entries(to_milliseconds(self.began_at + self.warmup_seconds))
        while self._processed_count < len(self.queue):
            if self._processed_count == self.stall_after_entries:
                self._start_planned_stall()
            moment = self._compute_completion_time(self._processed_count + 1)
            if moment is None or moment > now:
                return
            self._process_entry(self.queue[self._processed_count], to_milliseconds(moment))

    def record_access(self, now: float) -> None:
        """Start a job that waits for its first fetch."""
        if self.began_at is None:
            self.began_at = now
        self.advance(now)

    def stall(self, now: float) -> None:
        """Stop processing until ``resume``."""
        self.record_access(now)
        self.resume(now)
        self._stalls.append(StallPeriod(now))

    def resume(self, now: float) -> None:
        self.advance(now)
        for pause in self._stalls:
            if pause.ends_at is None or pause.ends_at > now:
                pause.ends_at = now

    def delete(self) -> None:
        self._is_deleted = True

    def is_deleted(self, now: float) -> bool:
        if self._is_deleted or self.delete_after_seconds is None or self.began_at is None:
            return self._is_deleted
        return now >= self.began_at + self.delete_after_seconds

    def has_counts(self, now: float) -> bool:
        """Return whether the warm-up is over, so that the entries are counted."""
        return self.began_at is not None and now >= self.began_at + self.warmup_seconds

    @property
    def counts(self) -> dict[str, int]:
        """The entries by state, without empty states: INFERRED, and the stricter guess."""
        found = Counter(entry.outcome.state for entry in self.entries)
        return {state: found[state] for state in STATE_ORDER if found[state]}

    @property
    def finished_at(self) -> int:
        """The end in epoch milliseconds; 0 while entries remain."""
        if any(entry.outcome.state == NOT_STARTED for entry in self.entries):
            return 0
        return max((entry.completed_at or entry.started_at for entry in self.entries), default=0)

    def _reject_invalid_entries(self, moment: int) -> None:
        if not self._processed_count:
            for entry in self.entries:
                if entry.rejection_reason:
                    entry.outcome, entry.started_at = (
                        RowOutcome(INVALID, entry.rejection_reason),
                        moment,
                    )

    def _start_planned_stall(self) -> None:
        since = self._compute_completion_time(self._processed_count)
        if since is not None:
            until = None if self.stall_seconds is None else since + self.stall_seconds
            self._stalls.append(StallPeriod(since, until))
            self.stall_after_entries = None

    def _process_entry(self, entry: EmbeddedJobEntry, moment: int) -> None:
        entry.started_at = entry.completed_at = moment
        entry.outcome = entry.action(moment)
        self._processed_count += 1

    def _compute_completion_time(self, number: int) -> float | None:
        """Return when ``number`` entries will have been processed; None if a pause has no end."""
        moment = (self.began_at or 0.0) + self.warmup_seconds + number * self.seconds_per_entry
        for pause in self._stalls:
            if moment <= pause.started_at:
                break
            if pause.ends_at is None:
                return None
            moment += pause.ends_at - pause.started_at
        return moment


def to_milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
