"""One background job as the embedded Chakra keeps it: its entries, and how far it is by the clock.

Nothing runs in between: whatever fell due since the last look is done at the next one, each entry
at its own moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

NOT_STARTED, SUCCESS, ERROR, INVALID = "NOT_STARTED", "SUCCESS", "ERROR", "INVALID"
ORDER = (INVALID, NOT_STARTED, SUCCESS, ERROR)
"""Of the states in the documented example."""

BULK_API_JOB = "bulk_api_job"
ACKNOWLEDGED_TYPE = "3ae1c371-9a3b-4c06-8090-42fea6c4df36"
"""What the documented acknowledgement has for `type`, where the fetch has the word."""


class Fate(NamedTuple):
    """``reason`` is nothing for a success."""

    state: str
    reason: str | None = None


Work = Callable[[int], Fate]
"""What is done for an entry, told the moment in epoch milliseconds."""


def always(fate: Fate) -> Work:
    return lambda _: fate


WAITING = Fate(NOT_STARTED)
SUCCEED = always(Fate(SUCCESS))


@dataclass(eq=False)
class Entry:
    """``rejected`` says why it is INVALID and never tried. Moments are epoch milliseconds, 0 for
    what has not happened."""

    id: str
    work: Work = SUCCEED
    rejected: str = ""
    fate: Fate = WAITING
    started_at: int = 0
    completed_at: int = 0


@dataclass
class Pause:
    """Seconds of the wall clock; without an ``until`` it lasts for ever."""

    since: float
    until: float | None = None


@dataclass(eq=False)
class EmbeddedJob:
    """``entries`` are in the order in which they are listed, ``queue`` in that in which they are
    tried: the first after ``warmup`` seconds and one ``pace``, then one each ``pace``. Until the
    warm-up is over the job has no counts.

    ``stalls_after`` so many tried entries it pauses for ``stalls_for`` seconds, or for ever.
    ``vanishes_after`` is in seconds from the beginning. ``begun_at`` is nothing for a job that
    begins when it is first asked for. ``says_when_done`` makes the fetch tell completionStatus and
    completedAt, which the documented one does not. ``about`` is one line for the demo's list.
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
        """Does all that is due."""
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
        """Somebody asks for it."""
        if self.begun_at is None:
            self.begun_at = now
        self.settle(now)

    def stall(self, now: float) -> None:
        """From now on nothing is tried, until ``resume``."""
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
        """Whether it knows its entries by now."""
        return self.begun_at is not None and now >= self.begun_at + self.warmup

    @property
    def counts(self) -> dict[str, int]:
        """Without the states that no entry is in: INFERRED, and the stricter guess."""
        found = Counter(entry.fate.state for entry in self.entries)
        return {state: found[state] for state in ORDER if found[state]}

    @property
    def finished_at(self) -> int:
        """Epoch milliseconds; 0 while something is left to try."""
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
        """When so many will have been tried; nothing where a pause has no end."""
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
