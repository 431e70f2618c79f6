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
ORDER = (INVALID, NOT_STARTED, SUCCESS, ERROR)
"""The order of the states in the documented example."""

BULK_API_JOB = "bulk_api_job"
ACKNOWLEDGED_TYPE = "3ae1c371-9a3b-4c06-8090-42fea6c4df36"
"""The documented acknowledgement's value of `type`; the fetch has the word instead."""


class Fate(NamedTuple):
    """What processing an entry leads to; ``reason`` is "" for a success."""

    state: str
    reason: str | None = None


Work = Callable[[int], Fate]
"""The work of an entry; its argument is the time in epoch milliseconds."""


def always(fate: Fate) -> Work:
    return lambda _: fate


WAITING = Fate(NOT_STARTED)
SUCCEED = always(Fate(SUCCESS))


@dataclass(eq=False)
class Entry:
    """An entry. ``rejected`` is the reason for INVALID, which is never processed.

    Times are epoch milliseconds, 0 for what has not happened.
    """

    id: str
    work: Work = SUCCEED
    rejected: str = ""
    fate: Fate = WAITING
    started_at: int = 0
    completed_at: int = 0


@dataclass
class Pause:
    """A pause in wall-clock seconds, endless without ``until``."""

    since: float
    until: float | None = None


@dataclass(eq=False)
class EmbeddedJob:
    """A job. ``entries`` are in listing order, ``queue`` in processing order.

    The first entry is processed after ``warmup`` plus one ``pace``, then one each ``pace``. The job
    has no counts during the warm-up.

    After ``stalls_after`` processed entries it pauses for ``stalls_for`` seconds, or forever.
    ``vanishes_after`` is in seconds from the start. ``begun_at`` is None for a job that starts when
    it is first fetched. With ``says_when_done`` the fetch includes completionStatus and
    completedAt, which the documented one does not. ``about`` is a line for the demo.
    """

    id: str
    team: str
    entries: tuple[Entry, ...]
    queue: Sequence[Entry]
    pace: float
    warmup: float = 1.0
    begun_at: float | None = None
    stalls_after: int | None = None
    stalls_for: float | None = None
    vanishes_after: float | None = None
    says_when_done: bool = False
    about: str = ""
    _tried: int = 0
    _pauses: list[Pause] = field(default_factory=list)
    _gone: bool = False

    def settle(self, now: float) -> None:
        """Process everything that is due."""
        if self.begun_at is None or not self.counted(now):
            return
        self._reject(milliseconds(self.begun_at + self.warmup))
        while self._tried < len(self.queue):
            if self._tried == self.stalls_after:
                self._pause_as_planned()
            moment = self._moment(self._tried + 1)
            if moment is None or moment > now:
                return
            self._try(self.queue[self._tried], milliseconds(moment))

    def seen(self, now: float) -> None:
        """Start a job that waits for its first fetch."""
        if self.begun_at is None:
            self.begun_at = now
        self.settle(now)

    def stall(self, now: float) -> None:
        """Stop processing until ``resume``."""
        self.seen(now)
        self.resume(now)
        self._pauses.append(Pause(now))

    def resume(self, now: float) -> None:
        self.settle(now)
        for pause in self._pauses:
            if pause.until is None or pause.until > now:
                pause.until = now

    def vanish(self) -> None:
        self._gone = True

    def gone(self, now: float) -> bool:
        if self._gone or self.vanishes_after is None or self.begun_at is None:
            return self._gone
        return now >= self.begun_at + self.vanishes_after

    def counted(self, now: float) -> bool:
        """Return whether the warm-up is over, so that the entries are counted."""
        return self.begun_at is not None and now >= self.begun_at + self.warmup

    @property
    def counts(self) -> dict[str, int]:
        """The entries by state, without empty states: INFERRED, and the stricter guess."""
        found = Counter(entry.fate.state for entry in self.entries)
        return {state: found[state] for state in ORDER if found[state]}

    @property
    def finished_at(self) -> int:
        """The end in epoch milliseconds; 0 while entries remain."""
        if any(entry.fate.state == NOT_STARTED for entry in self.entries):
            return 0
        return max((entry.completed_at or entry.started_at for entry in self.entries), default=0)

    def _reject(self, moment: int) -> None:
        if not self._tried:
            for entry in self.entries:
                if entry.rejected:
                    entry.fate, entry.started_at = Fate(INVALID, entry.rejected), moment

    def _pause_as_planned(self) -> None:
        since = self._moment(self._tried)
        if since is not None:
            until = None if self.stalls_for is None else since + self.stalls_for
            self._pauses.append(Pause(since, until))
            self.stalls_after = None

    def _try(self, entry: Entry, moment: int) -> None:
        entry.started_at = entry.completed_at = moment
        entry.fate = entry.work(moment)
        self._tried += 1

    def _moment(self, number: int) -> float | None:
        """Return when ``number`` entries will have been processed; None if a pause has no end."""
        moment = (self.begun_at or 0.0) + self.warmup + number * self.pace
        for pause in self._pauses:
            if moment <= pause.since:
                break
            if pause.until is None:
                return None
            moment += pause.until - pause.since
        return moment


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
