"""A cache bounded in bytes, with one load at a time for a key, and stale values during outages.

Callers that miss while a load is in flight share it. The load runs in a task of its own, so that
cancelling the caller that started it does not cancel the others.

A refresh joins another refresh in flight, never a plain load: a person who presses Refresh knows of
a change, and the plain load may have started before it. A plain `get` joins either. Of two loads
that overlap, the one that started later wins, whichever ends first.

`invalidate` is for writes: callers after it never get a value that was loaded before it.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Generic, NamedTuple, TypeVar, cast

from cachetools import TLRUCache

from bot.aio.clock import Clock, finishes_within
from bot.aio.waits import waiting_for_chakra
from bot.errors import BotError, InvalidResponse, NotFound, ResourceNotFound, Unavailable
from bot.memory import estimate_size

T = TypeVar("T")
U = TypeVar("U")
Key = tuple[str, Hashable]

NEGATIVE_ERRORS: tuple[type[BotError], ...] = (ResourceNotFound, NotFound)
"""Errors that are cached like values, for `CachePolicy.negative_seconds`."""


def is_outage(error: BotError) -> bool:
    """Return whether a stale value may replace the error.

    Not for a refusal, which is an answer; a response that can't be parsed isn't.
    """
    return error.retryable or isinstance(error, InvalidResponse)


@dataclass(frozen=True)
class CacheKind:
    """How long values of a kind are cached: as fresh, as stale in an outage, or as "not found".

    Declare it beside the code that loads them. ``name`` is in their keys, and labels the metrics.
    With a stale value, callers wait up to ``max_wait_seconds`` for a load. ``finished_seconds``
    replaces ``fresh_seconds`` for a value whose ``finished`` is true, which no longer changes.
    Waiting for a load that ``is_of_slack`` doesn't count as waiting for Chakra.
    """

    name: str
    fresh_seconds: float
    stale_seconds: float = 24 * 3600.0
    negative_seconds: float = 30.0
    max_wait_seconds: float = 2.0
    finished_seconds: float | None = None
    is_of_slack: bool = False

    def get_fresh_seconds(self, value: object) -> float:
        if self.finished_seconds is not None and getattr(value, "finished", False) is True:
            return self.finished_seconds
        return self.fresh_seconds


MAX_BYTES = 32 * 1024 * 1024


class Cached(NamedTuple, Generic[T]):
    """A value with its age.

    ``loaded_at`` is in seconds since the epoch. ``stale`` means that an outage, whose error is
    ``reason``, prevented a newer load.
    """

    value: T
    age_seconds: float = 0.0
    stale: bool = False
    reason: BotError | None = None
    loaded_at: float = 0.0

    def with_value(self, value: U) -> Cached[U]:
        """Return ``value`` with the age of what it was derived from."""
        return Cached(value, self.age_seconds, self.stale, self.reason, self.loaded_at)


@dataclass(frozen=True)
class CacheStats:
    """`items_by_kind` includes cached errors."""

    items: int
    bytes: int
    max_bytes: int
    items_by_kind: Mapping[str, int] = field(default_factory=dict)


OnLookup = Callable[[str, str], None]
"""Called for each `get` with its kind and its result: `hit`, `miss` (it loaded), `coalesced` (it
joined a load), `stale`, `negative` (a cached "not found") or `error`."""


@dataclass(frozen=True)
class _Entry:
    """A value or an error. Times are monotonic, but ``loaded_at`` is in epoch seconds."""

    sequence: int
    stored_at: float
    expires_at: float
    fresh_seconds: float
    size: int
    loaded_at: float
    value: Any = None
    error: BotError | None = None


@dataclass(eq=False)
class _InFlight:
    """A load in flight. An `invalidated` one may finish, but its value is not stored."""

    kind: CacheKind
    key: Key
    sequence: int
    refresh: bool
    invalidated: bool = False
    traceback: TracebackType | None = None
    task: asyncio.Task[Any] = field(init=False)


class Cache:
    """`await cache.get(USER_CACHE_KIND, user_id, load)`; `aclose()` at the end.

    `sizeof` returns how many bytes a value takes. A value larger than the whole cache is served,
    but not stored.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        max_bytes: int = MAX_BYTES,
        on_lookup: OnLookup | None = None,
        sizeof: Callable[[object], int] | None = None,
    ) -> None:
        self._clock = clock
        self._on_lookup = on_lookup or (lambda _kind, _result: None)
        self._sizeof = sizeof or estimate_size
        self._entries: TLRUCache[Key, _Entry] = TLRUCache(
            maxsize=max_bytes,
            ttu=lambda _key, entry, _now: entry.expires_at,
            timer=clock.monotonic,
            getsizeof=lambda entry: entry.size,
        )
        self._sequence_numbers = itertools.count(1)
        self._in_flight: dict[tuple[Key, bool], _InFlight] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def get(
        self,
        kind: CacheKind,
        key: Hashable,
        load: Callable[[], Awaitable[T]],
        *,
        refresh: bool = False,
        max_age_seconds: float = math.inf,
    ) -> Cached[T]:
        """Return the value of `key`: the cached one while it is fresh, else that of `load()`.

        `refresh` loads again, and a value older than `max_age_seconds` isn't fresh for this call.
        If the load fails during an outage, or takes longer than the kind's `max_wait_seconds`, the
        last value is returned as `stale`, if there is one. Any other error of `load` is raised to
        all callers that wait for it.
        """
        cache_key = (kind.name, key)
        entry = self._find(cache_key)
        if entry is not None and not refresh:
            age = self._measure_age(entry)
            if entry.error is not None or age < min(entry.fresh_seconds, max_age_seconds):
                return self._serve_entry(kind, entry, age)
        in_flight, started = self._join_or_start(kind, cache_key, load, refresh=refresh)
        try:
            if self._has_value(entry) and not await self._finishes_within(
                in_flight, kind.max_wait_seconds
            ):
                return self._serve_stale(cache_key, Unavailable("Chakra is slow to answer."))
            value = await self._get_result(in_flight)
        except BotError as error:
            if is_outage(error):
                return self._serve_stale(cache_key, error)
            self._on_lookup(kind.name, "error")
            raise
        except Exception:
            self._on_lookup(kind.name, "error")
            raise
        self._on_lookup(kind.name, "miss" if started else "coalesced")
        return Cached(cast("T", value), loaded_at=self._clock.time())

    def peek(self, kind: CacheKind, key: Hashable) -> Cached[Any] | None:
        """Return the cached value, however old, without loading; `stale` if it is not fresh."""
        entry = self._find((kind.name, key))
        if entry is None or entry.error is not None:
            return None
        age = self._measure_age(entry)
        is_stale = age >= entry.fresh_seconds
        return Cached(entry.value, age, is_stale, None, entry.loaded_at)

    def invalidate(self, kind: CacheKind, key: Hashable | None = None) -> None:
        """Drop one value, or all of a kind.

        A load in flight finishes for its callers, but is neither stored nor joined.
        """

        def matches(place: Key) -> bool:
            return place[0] == kind.name and (key is None or place[1] == key)

        places = list(self._entries) if key is None else [(kind.name, key)]
        for place in filter(matches, places):
            self._discard(place)
        self._abandon_loads(matches)

    def mark_outdated(
        self, kind: CacheKind, key: Hashable, change: Callable[[Any], Any] | None = None
    ) -> None:
        """Load a value again before it is next used; during an outage it may still be served.

        ``change`` returns the value with the known changes applied.
        """
        place = (kind.name, key)
        entry = self._find(place)
        if self._has_value(entry) and entry is not None:
            value = change(entry.value) if change else entry.value
            self._entries[place] = replace(entry, value=value, fresh_seconds=0.0)
        self._abandon_loads(lambda loading: loading == place)

    def get_stats(self) -> CacheStats:
        self._entries.expire()
        counts = Counter(kind for kind, _ in self._entries)
        return CacheStats(
            items=counts.total(),
            bytes=int(self._entries.currsize),
            max_bytes=int(self._entries.maxsize),
            items_by_kind=dict(counts),
        )

    def _abandon_loads(self, matches: Callable[[Key], bool]) -> None:
        """Let loads in flight finish for their callers; they are neither stored nor joined."""
        for slot in [slot for slot in self._in_flight if matches(slot[0])]:
            self._in_flight.pop(slot).invalidated = True

    async def aclose(self) -> None:
        """Cancel all loads. Their callers, and later ones, get `Unavailable`."""
        self._closed = True
        self._in_flight.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _find(self, cache_key: Key) -> _Entry | None:
        try:  # `get` would look twice, and the entry may expire in between
            return self._entries[cache_key]
        except KeyError:
            return None

    def _discard(self, cache_key: Key) -> None:
        with suppress(KeyError):
            del self._entries[cache_key]

    def _measure_age(self, entry: _Entry) -> float:
        return self._clock.monotonic() - entry.stored_at

    def _serve_entry(self, kind: CacheKind, entry: _Entry, age: float) -> Cached[Any]:
        if entry.error is not None:
            self._on_lookup(kind.name, "negative")
            raise entry.error.with_traceback(None)
        self._on_lookup(kind.name, "hit")
        return Cached(entry.value, age, False, None, entry.loaded_at)

    def _serve_stale(self, cache_key: Key, error: BotError) -> Cached[Any]:
        entry = self._find(cache_key)
        if entry is None or entry.error is not None:
            self._on_lookup(cache_key[0], "error")
            raise error
        self._on_lookup(cache_key[0], "stale")
        return Cached(entry.value, self._measure_age(entry), True, error, entry.loaded_at)

    @staticmethod
    def _has_value(entry: _Entry | None) -> bool:
        return entry is not None and entry.error is None

    async def _finishes_within(self, in_flight: _InFlight, seconds: float) -> bool:
        """Return whether the load finished in time. It continues either way and fills the cache."""
        return await finishes_within(self._clock, in_flight.task, seconds)

    def _join_or_start(
        self, kind: CacheKind, cache_key: Key, load: Callable[[], Awaitable[Any]], *, refresh: bool
    ) -> tuple[_InFlight, bool]:
        """Return the load to wait for, and whether this call started it."""
        in_flight = self._in_flight.get((cache_key, True))
        if in_flight is None and not refresh:
            in_flight = self._in_flight.get((cache_key, False))
        if in_flight is not None:
            return in_flight, False
        if self._closed:
            raise Unavailable("The bot is stopping.")
        in_flight = _InFlight(kind, cache_key, next(self._sequence_numbers), refresh)
        self._in_flight[cache_key, refresh] = in_flight
        in_flight.task = asyncio.ensure_future(self._run_load(in_flight, load))
        self._tasks.add(in_flight.task)
        in_flight.task.add_done_callback(self._on_load_done)
        return in_flight, True

    def _on_load_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # the callers may be gone, and asyncio would log it as never retrieved

    async def _get_result(self, in_flight: _InFlight) -> Any:
        # Unlike awaiting the task, this does not cancel it with the caller, and tells the
        # cancellation of the caller from that of the task.
        with nullcontext() if in_flight.kind.is_of_slack else waiting_for_chakra():
            await asyncio.wait((in_flight.task,))
        if in_flight.task.cancelled():
            raise Unavailable("Loading was cancelled.")
        error = in_flight.task.exception()
        if error is not None:
            # Raised once for each caller, every time with the traceback of the load alone.
            raise error.with_traceback(in_flight.traceback)
        return in_flight.task.result()

    async def _run_load(self, in_flight: _InFlight, load: Callable[[], Awaitable[Any]]) -> Any:
        try:
            value = await load()
        except Exception as error:
            in_flight.traceback = error.__traceback__
            if isinstance(error, NEGATIVE_ERRORS):
                self._store(in_flight, error=_strip_traceback(error))
            raise
        else:
            self._store(in_flight, value)
            return value
        finally:
            load_key = (in_flight.key, in_flight.refresh)
            if self._in_flight.get(load_key) is in_flight:
                del self._in_flight[load_key]

    def _store(
        self, in_flight: _InFlight, value: Any = None, error: BotError | None = None
    ) -> None:
        present = self._find(in_flight.key)
        if in_flight.invalidated or (present and present.sequence > in_flight.sequence):
            return
        kind, now = in_flight.kind, self._clock.monotonic()
        fresh_seconds = kind.negative_seconds if error else kind.get_fresh_seconds(value)
        lifetime = fresh_seconds if error else fresh_seconds + kind.stale_seconds
        size = self._sizeof(in_flight.key) + self._sizeof(value if error is None else error)
        self._discard(in_flight.key)
        if size <= self._entries.maxsize:
            self._entries[in_flight.key] = _Entry(
                in_flight.sequence,
                now,
                now + lifetime,
                fresh_seconds,
                size,
                self._clock.time(),
                value,
                error,
            )


def _strip_traceback(error: BotError) -> BotError:
    """Return a copy without the traceback, whose frames would keep whole responses alive."""
    copy = error.__class__.__new__(error.__class__, *error.args)
    copy.__dict__.update(error.__dict__)
    return copy
