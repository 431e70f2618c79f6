"""Answers remembered for a while: bounded in bytes, one load at a time, old ones kept for outages.

Who asks while a load is under way waits for that load. It runs in a task of its own, so the asker
who began it may go away without taking the others along.

What a refresh joins: another refresh under way, never a plain load. A person who presses Refresh
knows of something newer, and a plain load may have begun before that something; another refresh
was asked for the same reason, moments ago. A plain `get` joins either. Of two loads that overlap,
the one begun later wins, whichever ends first.

`invalidate` is for writes: nothing loaded before it is served to anyone who asks after it. Those
who asked before may still get the older value, as if they had been a little quicker.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Generic, NamedTuple, TypeVar, cast

from cachetools import TLRUCache

from bot.aio.clock import Clock, done_within
from bot.errors import BotError, Missing, NotFound, Unavailable

T = TypeVar("T")
Key = tuple[str, Hashable]

NEGATIVE: tuple[type[BotError], ...] = (Missing, NotFound)
"""Answers too, if sad ones: remembered for `Policy.negative` seconds."""


def is_outage(error: BotError) -> bool:
    """Whether an old value may stand in: Chakra or Slack is down or busy, and a repeat may help. A
    refusal is an answer, and no old value replaces it."""
    return error.repeat_helps


@dataclass(frozen=True)
class Policy:
    """Seconds: how long a value is served without asking, how much longer it may stand in during
    an outage, how long "not found" is believed, and how long those who could be given an old value
    wait for a new one. ``finished`` takes the place of ``fresh`` for a value whose own ``finished``
    is true: it will change no more."""

    fresh: float
    stale: float = 24 * 3600.0
    negative: float = 30.0
    patience: float = 2.0
    finished: float | None = None

    def fresh_for(self, value: object) -> float:
        if self.finished is not None and getattr(value, "finished", False) is True:
            return self.finished
        return self.fresh


POLICIES: Mapping[str, Policy] = {
    "user": Policy(fresh=300),
    "users": Policy(fresh=300),
    "config": Policy(fresh=1800),
    "templates": Policy(fresh=600),
    "senders": Policy(fresh=600),
    "job": Policy(fresh=2, finished=3600, negative=2),
    "job_failures": Policy(fresh=10, finished=3600, negative=2),
    "slack_member": Policy(fresh=300),
    "slack_group": Policy(fresh=300),
    "health": Policy(fresh=10, stale=0, negative=0),
}
"""By kind of value. A kind that is not here cannot be cached."""

MOST_BYTES = 32 * 1024 * 1024


class Cached(NamedTuple, Generic[T]):
    """`stale` when it stands in for an answer that could not be had, for the `reason` given."""

    value: T
    age_seconds: float = 0.0
    stale: bool = False
    reason: BotError | None = None


@dataclass(frozen=True)
class Figures:
    """`kinds` counts the items of each kind, remembered refusals included."""

    items: int
    bytes: int
    most_bytes: int
    kinds: Mapping[str, int] = field(default_factory=dict)


Observe = Callable[[str, str], None]
"""Hears of each `get` its kind and its result: `hit`, `miss` (it loaded), `shared` (it joined a
load), `stale`, `negative` (a remembered "not found") or `error`."""


@dataclass(frozen=True)
class _Entry:
    """A value, or the error that stands for there being none. `number` orders loads by their
    beginning; `fresh` is for how many seconds the value is served without asking."""

    number: int
    stored_at: float
    lives_until: float
    fresh: float
    size: int
    value: Any = None
    error: BotError | None = None


@dataclass(eq=False)
class _Flight:
    """A load under way. One that was `overtaken` by an invalidation may finish, but not store."""

    key: Key
    number: int
    refresh: bool
    overtaken: bool = False
    traceback: TracebackType | None = None
    task: asyncio.Task[Any] = field(init=False)


class Cache:
    """`await cache.get("user", user_id, load)`; `aclose()` at the end.

    `sizeof` says how many bytes a value takes. A value larger than the whole cache is served and
    not kept.
    """

    def __init__(
        self,
        clock: Clock,
        policies: Mapping[str, Policy] = POLICIES,
        *,
        most_bytes: int = MOST_BYTES,
        observe: Observe | None = None,
        sizeof: Callable[[object], int] | None = None,
    ) -> None:
        self._clock = clock
        self._policies = policies
        self._observe = observe or (lambda _kind, _result: None)
        self._sizeof = sizeof or size_of
        self._entries: TLRUCache[Key, _Entry] = TLRUCache(
            maxsize=most_bytes,
            ttu=lambda _key, entry, _now: entry.lives_until,
            timer=clock.monotonic,
            getsizeof=lambda entry: entry.size,
        )
        self._numbers = itertools.count(1)
        self._flights: dict[tuple[Key, bool], _Flight] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def get(
        self,
        kind: str,
        key: Hashable,
        load: Callable[[], Awaitable[T]],
        *,
        refresh: bool = False,
    ) -> Cached[T]:
        """The value of `key`, from memory while it is fresh, else from `load()`.

        `refresh` asks anew. When that fails for an outage, or takes longer than the kind's
        patience, the last good value is returned as `stale`, if there is one; any other error of
        `load` is raised, to all who waited for it.
        """
        place, policy = (kind, key), self._policies[kind]
        entry = self._held(place)
        if entry is not None and not refresh:
            age = self._age(entry)
            if entry.error is not None or age < entry.fresh:
                return self._remembered(kind, entry, age)
        flight, began = self._flight(place, load, refresh=refresh)
        try:
            if self._stands_in(entry) and not await self._in_time(flight, policy.patience):
                return self._instead(place, Unavailable("Chakra is slow to answer."))
            value = await self._landed(flight)
        except BotError as error:
            if is_outage(error):
                return self._instead(place, error)
            self._observe(kind, "error")
            raise
        except Exception:
            self._observe(kind, "error")
            raise
        self._observe(kind, "miss" if began else "shared")
        return Cached(cast("T", value))

    def peek(self, kind: str, key: Hashable) -> Cached[Any] | None:
        """What is remembered, however old, without asking; `stale` once it is no longer fresh."""
        entry = self._held((kind, key))
        if entry is None or entry.error is not None:
            return None
        age = self._age(entry)
        return Cached(entry.value, age, stale=age >= entry.fresh)

    def invalidate(self, kind: str, key: Hashable | None = None) -> None:
        """Forgets one value, or all of a kind. A load under way may finish for those who wait for
        it, but is neither stored nor joined."""

        def meant(place: Key) -> bool:
            return place[0] == kind and (key is None or place[1] == key)

        places = list(self._entries) if key is None else [(kind, key)]
        for place in filter(meant, places):
            self._forget(place)
        for slot in [slot for slot in self._flights if meant(slot[0])]:
            self._flights.pop(slot).overtaken = True

    def figures(self) -> Figures:
        self._entries.expire()
        kinds = Counter(kind for kind, _ in self._entries)
        return Figures(
            items=kinds.total(),
            bytes=int(self._entries.currsize),
            most_bytes=int(self._entries.maxsize),
            kinds=dict(kinds),
        )

    async def aclose(self) -> None:
        """Ends all loads; who still waits for one, or asks later, gets `Unavailable`."""
        self._closed = True
        self._flights.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _held(self, place: Key) -> _Entry | None:
        try:  # `get` would look twice, and the entry may expire in between
            return self._entries[place]
        except KeyError:
            return None

    def _forget(self, place: Key) -> None:
        with suppress(KeyError):
            del self._entries[place]

    def _age(self, entry: _Entry) -> float:
        return self._clock.monotonic() - entry.stored_at

    def _remembered(self, kind: str, entry: _Entry, age: float) -> Cached[Any]:
        if entry.error is not None:
            self._observe(kind, "negative")
            raise entry.error.with_traceback(None)
        self._observe(kind, "hit")
        return Cached(entry.value, age)

    def _instead(self, place: Key, error: BotError) -> Cached[Any]:
        entry = self._held(place)
        if entry is None or entry.error is not None:
            self._observe(place[0], "error")
            raise error
        self._observe(place[0], "stale")
        return Cached(entry.value, self._age(entry), stale=True, reason=error)

    @staticmethod
    def _stands_in(entry: _Entry | None) -> bool:
        return entry is not None and entry.error is None

    async def _in_time(self, flight: _Flight, seconds: float) -> bool:
        """The load goes on either way, and fills the cache for the next who asks."""
        return await done_within(self._clock, flight.task, seconds)

    def _flight(
        self, place: Key, load: Callable[[], Awaitable[Any]], *, refresh: bool
    ) -> tuple[_Flight, bool]:
        """A load to wait for, and whether it was begun here."""
        flight = self._flights.get((place, True))
        if flight is None and not refresh:
            flight = self._flights.get((place, False))
        if flight is not None:
            return flight, False
        if self._closed:
            raise Unavailable("The bot is stopping.")
        flight = _Flight(place, next(self._numbers), refresh)
        self._flights[place, refresh] = flight
        flight.task = asyncio.ensure_future(self._load(flight, load))
        self._tasks.add(flight.task)
        flight.task.add_done_callback(self._ended)
        return flight, True

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # who waited may be gone, and asyncio would log it as never retrieved

    async def _landed(self, flight: _Flight) -> Any:
        # Unlike awaiting the task, this leaves it alone when the waiter is cancelled, and tells
        # the waiter's own end from the task's.
        await asyncio.wait((flight.task,))
        if flight.task.cancelled():
            raise Unavailable("Loading was broken off.")
        error = flight.task.exception()
        if error is not None:
            # Raised once for each who waited: every time from where it happened, not from where
            # the last of them left it.
            raise error.with_traceback(flight.traceback)
        return flight.task.result()

    async def _load(self, flight: _Flight, load: Callable[[], Awaitable[Any]]) -> Any:
        try:
            value = await load()
        except Exception as error:
            flight.traceback = error.__traceback__
            if isinstance(error, NEGATIVE):
                self._store(flight, error=_bare(error))
            raise
        else:
            self._store(flight, value)
            return value
        finally:
            slot = (flight.key, flight.refresh)
            if self._flights.get(slot) is flight:
                del self._flights[slot]

    def _store(self, flight: _Flight, value: Any = None, error: BotError | None = None) -> None:
        present = self._held(flight.key)
        if flight.overtaken or (present and present.number > flight.number):
            return
        policy = self._policies[flight.key[0]]
        now = self._clock.monotonic()
        fresh = policy.negative if error else policy.fresh_for(value)
        lives = fresh if error else fresh + policy.stale
        size = self._sizeof(flight.key) + self._sizeof(value if error is None else error)
        self._forget(flight.key)
        if size <= self._entries.maxsize:
            self._entries[flight.key] = _Entry(
                flight.number, now, now + lives, fresh, size, value, error
            )


def _bare(error: BotError) -> BotError:
    """A copy without the traceback, whose frames would keep whole answers alive."""
    copy = error.__class__.__new__(error.__class__, *error.args)
    copy.__dict__.update(error.__dict__)
    return copy


_SAMPLE = 50
_DEPTH = 20


def size_of(value: object) -> int:
    """About how many bytes a value takes, with all it holds, each object once. Of a long sequence
    a sample is measured, so that this never takes long."""
    return _size(value, set(), _DEPTH)


def _size(value: object, seen: set[int], depth: int) -> int:
    if id(value) in seen:
        return 0
    seen.add(id(value))
    size = sys.getsizeof(value)
    if depth == 0 or isinstance(value, str | bytes | int | float | None):
        return size
    if isinstance(value, Mapping):
        keys = _sampled(value.keys(), len(value), seen, depth)
        return size + keys + _sampled(value.values(), len(value), seen, depth)
    if isinstance(value, list | tuple | set | frozenset):
        return size + _sampled(value, len(value), seen, depth)
    slots = [getattr(value, name, None) for name in getattr(type(value), "__slots__", ())]
    attributes = getattr(value, "__dict__", None)
    return size + sum(_size(held, seen, depth - 1) for held in (attributes, slots) if held)


def _sampled(items: Iterable[object], count: int, seen: set[int], depth: int) -> int:
    sample = list(itertools.islice(items, 0, None, max(1, count // _SAMPLE)))
    total = sum(_size(item, seen, depth - 1) for item in sample)
    return total * count // max(1, len(sample))
