"""What the cache remembers, for how long, and what it says during an outage."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cache import Cache, Cached, CacheKind
from bot.errors import (
    AuthenticationError,
    BotError,
    InvalidResponse,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    ResourceNotFound,
    Unavailable,
)
from bot.memory import estimate_size
from tests.cache_source import JOB, USER, Source
from tests.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def outcomes() -> Counter[tuple[str, str]]:
    return Counter()


@pytest.fixture
async def cache(clock: ManualClock, outcomes: Counter[tuple[str, str]]) -> AsyncIterator[Cache]:
    def observe(kind: str, result: str) -> None:
        outcomes[kind, result] += 1

    cache = Cache(clock, on_lookup=observe)
    yield cache
    await cache.aclose()


async def test_fresh_value_is_served_with_its_age(
    cache: Cache, clock: ManualClock, outcomes: Counter[tuple[str, str]]
) -> None:
    source = Source(["John"])
    served = await cache.get(USER, "1", source)
    assert served._replace(loaded_at=0) == Cached("John", 0.0)
    await clock.advance(299)
    served = await cache.get(USER, "1", source)
    assert served._replace(loaded_at=0) == Cached("John", 299.0)
    assert source.load_count == 1
    assert outcomes == {("user", "miss"): 1, ("user", "hit"): 1}


async def test_expired_value_is_reloaded(cache: Cache, clock: ManualClock) -> None:
    source = Source(["John", "Johnny"])
    await cache.get(USER, "1", source)
    await clock.advance(300)
    served = await cache.get(USER, "1", source)
    assert served._replace(loaded_at=0) == Cached("Johnny")


async def test_kinds_and_keys_are_isolated(cache: Cache) -> None:
    await cache.get(USER, "1", Source(["John"]))
    assert (await cache.get(JOB, "1", Source(["a job"]))).value == "a job"
    assert (await cache.get(USER, "2", Source(["Jane"]))).value == "Jane"


def test_every_kind_has_a_name_of_its_own() -> None:
    root = Path(__file__).parents[1]
    names = Counter(
        name
        for path in root.glob("bot/**/*.py")
        for name in re.findall(r"CacheKind\(\s*\"(\w+)\"", path.read_text(encoding="utf-8"))
    )
    assert names
    assert [name for name, count in names.items() if count > 1] == [], (
        "two kinds of one name share their values: import the other kind, or choose another name"
    )


async def test_none_is_a_value_like_any_other(cache: Cache) -> None:
    source = Source([None])
    await cache.get(USER, "1", source)
    assert (await cache.get(USER, "1", source)).value is None
    assert source.load_count == 1


@pytest.mark.parametrize(
    "error", [ResourceNotFound("no"), NotFound("user", "x", suggestions=("y",))]
)
async def test_not_found_is_cached_briefly(
    cache: Cache, clock: ManualClock, outcomes: Counter[tuple[str, str]], error: Exception
) -> None:
    source = Source([error, "John"])
    for _ in range(3):
        with pytest.raises(type(error)) as raised:
            await cache.get(JOB, "1", source)
        assert vars(raised.value) == vars(error)
        await clock.advance(5)  # longer than a job is fresh
    assert source.load_count == 1
    assert outcomes == {("job", "error"): 1, ("job", "negative"): 2}
    await clock.advance(15)
    assert (await cache.get(JOB, "1", source)).value == "John"


async def test_refresh_ignores_a_cached_not_found(cache: Cache) -> None:
    source = Source([ResourceNotFound("no"), "John"])
    with pytest.raises(ResourceNotFound):
        await cache.get(USER, "1", source)
    assert (await cache.get(USER, "1", source, refresh=True)).value == "John"
    assert (await cache.get(USER, "1", source)).value == "John"


async def test_cached_not_found_does_not_grow_its_traceback(
    cache: Cache,
) -> None:
    source = Source([ResourceNotFound("no")])
    lengths = []
    for _ in range(4):
        with pytest.raises(ResourceNotFound) as raised:
            await cache.get(USER, "1", source)
        lengths.append(len(raised.traceback))
    assert len(set(lengths[1:])) == 1


@pytest.mark.parametrize(
    "error", [Unavailable("down"), RateLimited("slowly", retry_after=9), InvalidResponse("<html>")]
)
async def test_stale_value_is_served_during_an_outage_with_age_and_error(
    cache: Cache, clock: ManualClock, outcomes: Counter[tuple[str, str]], error: BotError
) -> None:
    source = Source(["John", error])
    await cache.get(USER, "1", source)
    await clock.advance(600)
    assert (await cache.get(USER, "1", source))._replace(loaded_at=0) == Cached(
        "John", 600.0, True, error
    )
    assert outcomes["user", "stale"] == 1


async def test_stale_value_eventually_expires(cache: Cache, clock: ManualClock) -> None:
    source = Source(["John", Unavailable("down")])
    await cache.get(USER, "1", source)
    await clock.advance(1300)
    with pytest.raises(Unavailable):
        await cache.get(USER, "1", source)


@pytest.mark.parametrize(
    "error",
    [
        ResourceNotFound(),
        Rejected(),
        AuthenticationError(),
        OutcomeUnknown(),
        RuntimeError(),
    ],
)
async def test_definitive_errors_are_not_masked_by_stale_values(
    cache: Cache, clock: ManualClock, error: Exception
) -> None:
    source = Source(["John", error])
    await cache.get(USER, "1", source)
    await clock.advance(301)
    with pytest.raises(type(error)):
        await cache.get(USER, "1", source)


async def test_not_found_discards_the_stale_value(cache: Cache, clock: ManualClock) -> None:
    source = Source(["John", ResourceNotFound("gone"), Unavailable("down")])
    await cache.get(USER, "1", source)
    with pytest.raises(ResourceNotFound):
        await cache.get(USER, "1", source, refresh=True)
    await clock.advance(31)
    with pytest.raises(Unavailable):
        await cache.get(USER, "1", source)


async def test_failed_refresh_serves_the_last_value_as_stale(cache: Cache) -> None:
    down = Unavailable("down")
    source = Source(["John", down])
    await cache.get(USER, "1", source)
    assert (await cache.get(USER, "1", source, refresh=True))._replace(loaded_at=0) == Cached(
        "John", 0.0, True, down
    )


async def test_peek_never_loads_and_marks_stale_values(cache: Cache, clock: ManualClock) -> None:
    assert cache.peek(USER, "1") is None
    await cache.get(USER, "1", Source(["John"]))
    peeked = cache.peek(USER, "1")
    assert peeked is not None
    assert peeked._replace(loaded_at=0) == Cached("John", 0.0)
    await clock.advance(300)
    peeked = cache.peek(USER, "1")
    assert peeked is not None
    assert peeked._replace(loaded_at=0) == Cached("John", 300.0, stale=True)


async def test_least_recently_used_are_evicted_at_the_byte_limit(clock: ManualClock) -> None:
    cache = Cache(clock, max_bytes=250, sizeof=lambda value: len(str(value)))
    for key in "abc":  # a key and its kind count too
        await cache.get(USER, key, Source(["x" * 80]))
    assert cache.peek(USER, "a") is None
    assert cache.peek(USER, "c") is not None
    figures = cache.get_stats()
    assert figures.items == 2
    assert figures.bytes <= figures.max_bytes == 250
    assert figures.items_by_kind == {"user": 2}


async def test_oversized_value_is_served_uncached_and_evicts_the_old_one(
    clock: ManualClock,
) -> None:
    cache = Cache(clock, max_bytes=100, sizeof=lambda value: len(str(value)))
    source = Source(["small", "x" * 1000])
    await cache.get(USER, "1", source)
    assert (await cache.get(USER, "1", source, refresh=True)).value == "x" * 1000
    assert cache.peek(USER, "1") is None
    assert cache.get_stats().items == 0


async def test_stats_exclude_expired_entries(cache: Cache, clock: ManualClock) -> None:
    await cache.get(USER, "1", Source(["John"]))
    await cache.get(JOB, "1", Source(["a job"]))
    assert cache.get_stats().items_by_kind == {"user": 1, "job": 1}
    await clock.advance(12)
    assert cache.get_stats().items_by_kind == {"user": 1}


def test_size_estimates_are_accurate_and_fast() -> None:
    short, long = ["x" * 100] * 10, [f"{n:0100}" for n in range(100_000)]
    assert estimate_size(short) < 1000
    assert 14_000_000 < estimate_size(long) < 17_000_000
    assert 29_000_000 < estimate_size({name: f"{name}!" for name in long}) < 36_000_000
    assert estimate_size(Cached("x" * 5000)) > 5000


def test_recursive_value_has_a_size() -> None:
    loop: list[object] = []
    loop.append(loop)
    assert estimate_size(loop) > 0


@dataclass(frozen=True)
class FinishableValue:
    finished: object


@pytest.mark.parametrize(
    ("kind", "finished", "seconds"),
    [
        (CacheKind("work", fresh_seconds=2, finished_seconds=3600), True, 3600),
        (CacheKind("work", fresh_seconds=2, finished_seconds=3600), False, 2),
        (CacheKind("work", fresh_seconds=2, finished_seconds=3600), "soon", 2),
        (CacheKind("work", fresh_seconds=2), True, 2),
    ],
)
async def test_finished_value_uses_the_longer_ttl(
    clock: ManualClock, kind: CacheKind, finished: object, seconds: float
) -> None:
    cache = Cache(clock)
    source = Source([FinishableValue(finished), FinishableValue(True)])
    await cache.get(kind, "1", source)
    await clock.advance(seconds - 1)
    assert (await cache.get(kind, "1", source)).age_seconds == seconds - 1
    entry = cache.peek(kind, "1")
    assert entry is not None
    assert not entry.stale
    await clock.advance(1)
    entry = cache.peek(kind, "1")
    assert entry is not None
    assert entry.stale
    await cache.get(kind, "1", source)
    assert source.load_count == 2
    await cache.aclose()


async def test_finished_value_is_served_stale_during_an_outage(clock: ManualClock) -> None:
    cache = Cache(clock)
    kind = CacheKind("work", fresh_seconds=2, finished_seconds=3600, stale_seconds=100)
    down = Unavailable("down")
    source = Source([FinishableValue(True), down])
    await cache.get(kind, "1", source)
    await clock.advance(3650)
    assert (await cache.get(kind, "1", source))._replace(loaded_at=0) == Cached(
        FinishableValue(True), 3650.0, True, down
    )
    await clock.advance(50)
    with pytest.raises(Unavailable):
        await cache.get(kind, "1", source)
    await cache.aclose()


async def test_value_carries_the_moment_at_which_it_was_loaded(clock: ManualClock) -> None:
    cache = Cache(clock)
    loaded_at = clock.time()

    async def load() -> str:
        return "John"

    assert (await cache.get(USER, "1", load)).loaded_at == loaded_at
    await clock.advance(60)
    assert (await cache.get(USER, "1", load)).loaded_at == loaded_at
    assert (await cache.get(USER, "1", load, refresh=True)).loaded_at == loaded_at + 60
