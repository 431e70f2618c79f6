"""Loads that overlap: shared, left, refreshed, invalidated, in any order."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cache import Cache
from bot.errors import ResourceNotFound, Unavailable
from tests.cache_source import JOB, USER, Source, start_get
from tests.clock import ManualClock, settle
from tests.event_loop import run as run_story


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


async def run_few_turns() -> None:
    """Let some of what can run do so, and not all of it."""
    for _ in range(6):
        await asyncio.sleep(0)


async def test_concurrent_callers_share_one_load(
    cache: Cache, outcomes: Counter[tuple[str, str]]
) -> None:
    source = Source(["John"], is_blocked=True)
    tasks = [asyncio.ensure_future(cache.get(USER, "1", source)) for _ in range(200)]
    await settle()
    await source.release()
    assert {task.result().value for task in tasks} == {"John"}
    assert source.load_count == 1
    assert outcomes == {("user", "miss"): 1, ("user", "coalesced"): 199}


async def test_cancelling_the_first_caller_cancels_no_other(cache: Cache) -> None:
    source = Source(["John"], is_blocked=True)
    first = await start_get(cache.get(USER, "1", source))
    second = await start_get(cache.get(USER, "1", source))
    first.cancel()
    await settle()
    assert first.cancelled()
    await source.release()
    assert (await second).value == "John"
    assert source.load_count == 1


async def test_load_abandoned_by_all_callers_still_fills_the_cache(cache: Cache) -> None:
    source = Source(["John"], is_blocked=True)
    only = await start_get(cache.get(USER, "1", source))
    only.cancel()
    await settle()
    await source.release()
    peeked = cache.peek(USER, "1")
    assert peeked is not None
    assert peeked.value == "John"


async def test_error_reaches_all_callers_and_is_not_cached(
    cache: Cache, outcomes: Counter[tuple[str, str]]
) -> None:
    source = Source([Unavailable("down"), "John"], is_blocked=True)
    tasks = [await start_get(cache.get(USER, "1", source)) for _ in range(3)]
    await source.release()
    for task in tasks:
        assert isinstance(task.exception(), Unavailable)
    assert outcomes == {("user", "error"): 3}
    source.is_blocked = False
    assert (await cache.get(USER, "1", source)).value == "John"


async def test_unawaited_error_is_not_logged_by_the_loop(cache: Cache) -> None:
    logged: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: logged.append(context))
    source = Source([RuntimeError("a bug")], is_blocked=True)
    only = await start_get(cache.get(USER, "1", source))
    only.cancel()
    await source.release()
    del only
    gc.collect()
    await settle()
    assert logged == []


async def test_load_error_keeps_its_traceback(cache: Cache) -> None:
    async def load() -> object:
        raise RuntimeError("a bug")

    tasks = [asyncio.ensure_future(cache.get(USER, "1", load)) for _ in range(2)]
    await asyncio.wait(tasks)
    for task in tasks:
        error = task.exception()
        assert error is not None
        names = []
        traceback = error.__traceback__
        while traceback:
            names.append(traceback.tb_frame.f_code.co_name)
            traceback = traceback.tb_next
        assert "load" in names


async def test_refresh_reloads_and_updates_the_cache(cache: Cache) -> None:
    source = Source(["John", "Johnny"])
    await cache.get(USER, "1", source)
    assert (await cache.get(USER, "1", source, refresh=True)).value == "Johnny"
    assert (await cache.get(USER, "1", source)).value == "Johnny"
    assert source.load_count == 2


async def test_refreshes_share_a_load_and_plain_gets_join_it(cache: Cache) -> None:
    source = Source(["John"], is_blocked=True)
    tasks = [
        await start_get(cache.get(USER, "1", source, refresh=True)),
        await start_get(cache.get(USER, "1", source, refresh=True)),
        await start_get(cache.get(USER, "1", source)),
    ]
    await source.release()
    assert [task.result().value for task in tasks] == ["John"] * 3
    assert source.load_count == 1


async def test_refresh_does_not_join_an_earlier_plain_load(cache: Cache) -> None:
    source = Source(["before", "after"], is_blocked=True)
    plain = await start_get(cache.get(USER, "1", source))
    refresh = await start_get(cache.get(USER, "1", source, refresh=True))
    await source.release(1)
    assert refresh.result().value == "after"
    await source.release(0)
    assert plain.result().value == "before"
    assert (await cache.get(USER, "1", source)).value == "after"


async def test_refresh_does_not_delay_readers_of_a_fresh_value(cache: Cache) -> None:
    source = Source(["John", "Johnny"])
    await cache.get(USER, "1", source)
    source.is_blocked = True
    refresh = await start_get(cache.get(USER, "1", source, refresh=True))
    assert (await cache.get(USER, "1", source)).value == "John"
    await source.release()
    assert refresh.result().value == "Johnny"


async def test_invalidate_removes_one_or_all_of_a_kind(cache: Cache) -> None:
    for key in ("1", "2"):
        await cache.get(USER, key, Source(["John"]))
    await cache.get(JOB, "1", Source(["a job"]))
    cache.invalidate(USER, "1")
    assert cache.peek(USER, "1") is None
    assert cache.peek(USER, "2") is not None
    cache.invalidate(USER)
    assert cache.peek(USER, "2") is None
    assert cache.peek(JOB, "1") is not None


@pytest.mark.parametrize("whole_kind", [False, True])
@pytest.mark.parametrize("refresh", [False, True])
async def test_load_invalidated_in_flight_is_neither_cached_nor_joined(
    cache: Cache, whole_kind: bool, refresh: bool
) -> None:
    source = Source(["before", "after"], is_blocked=True)
    early = await start_get(cache.get(USER, "1", source, refresh=refresh))
    cache.invalidate(USER, None if whole_kind else "1")
    late = await start_get(cache.get(USER, "1", source))
    await source.release(1)
    await source.release(0)
    assert early.result().value == "before"
    assert late.result().value == "after"
    assert (await cache.get(USER, "1", source)).value == "after"


async def test_not_found_from_before_an_invalidation_is_ignored(cache: Cache) -> None:
    source = Source([ResourceNotFound("no"), "John"], is_blocked=True)
    early = await start_get(cache.get(USER, "1", source))
    cache.invalidate(USER, "1")
    await source.release()
    assert isinstance(early.exception(), ResourceNotFound)
    source.is_blocked = False
    assert (await cache.get(USER, "1", source)).value == "John"


async def test_close_cancels_loads_and_fails_waiters(clock: ManualClock) -> None:
    cache = Cache(clock)
    source = Source(["John"], is_blocked=True)
    started = await start_get(cache.get(USER, "1", source))
    unbegun = asyncio.ensure_future(cache.get(USER, "2", source))
    await asyncio.sleep(0)
    await cache.aclose()
    for task in (started, unbegun):
        with pytest.raises(Unavailable):
            await task
    with pytest.raises(Unavailable):
        await cache.get(USER, "3", source)


STEP_LISTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["get", "get", "refresh"]), st.sampled_from([0, 0, 1])),
        st.tuples(st.just("invalidate"), st.sampled_from([0, 0, 1, None])),
        st.tuples(
            st.sampled_from(["cancel", "finish", "finish", "fail", "missing"]), st.integers(0, 5)
        ),
        st.tuples(st.just("wait"), st.sampled_from([1, 31, 301])),
    ),
    min_size=4,
    max_size=30,
)


@dataclass
class _Load:
    key: int
    started_at: int
    refresh: bool
    task: asyncio.Task[object] | None
    gate: asyncio.Future[object]


class CacheModel:
    """Every step has a number; a value is the number of the step at which its load began. So a
    value that is older than an earlier invalidation fails immediately."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.cache = Cache(self.clock)
        self.step = 0
        self.invalidated = {0: 0, 1: 0}
        self.running: list[_Load] = []
        self.askers: list[asyncio.Task[None]] = []

    def make_loader(self, key: int, refresh: bool) -> Callable[[], Awaitable[object]]:
        async def load() -> object:
            began = self.step
            for other in self.running:
                if other.key == key and other.refresh == refresh:
                    assert other.started_at <= self.invalidated[key], "two concurrent loads"
            gate = asyncio.get_running_loop().create_future()
            mine = _Load(key, began, refresh, asyncio.current_task(), gate)
            self.running.append(mine)
            try:
                error = await gate
            finally:
                self.running.remove(mine)
            if error is not None:
                raise error
            return began

        return load

    async def get_value(self, key: int, refresh: bool) -> None:
        after = self.invalidated[key]
        try:
            cached = await self.cache.get(
                USER, key, self.make_loader(key, refresh), refresh=refresh
            )
        except (Unavailable, ResourceNotFound):
            return
        assert isinstance(cached.value, int)
        assert cached.value > after or after == 0, "older than an invalidation"

    def finish_load(self, number: int, error: BaseException | None) -> None:
        if self.running:
            load = self.running[number % len(self.running)]
            if not load.gate.done():
                load.gate.set_result(error)

    async def run_step(self, what: str, argument: int | None) -> None:
        self.step += 1
        match what, argument:
            case (("get" | "refresh"), int(key)):
                self.askers.append(asyncio.ensure_future(self.get_value(key, what == "refresh")))
            case "invalidate", key:
                for each in (0, 1) if key is None else (key,):
                    self.invalidated[each] = self.step
                self.cache.invalidate(USER, key)
            case "cancel", int(number) if self.askers:
                self.askers[number % len(self.askers)].cancel()
            case "finish", int(number):
                self.finish_load(number, None)
            case "fail", int(number):
                self.finish_load(number, Unavailable("down"))
            case "missing", int(number):
                self.finish_load(number, ResourceNotFound("no"))
            case "wait", int(seconds):
                await self.clock.advance(seconds)
        await run_few_turns()

    async def finish_all(self) -> None:
        while self.running:
            self.finish_load(0, None)
            await run_few_turns()
        results = await asyncio.gather(*self.askers, return_exceptions=True)
        await self.cache.aclose()
        for result in results:
            if isinstance(result, Exception):
                raise result


@given(STEP_LISTS)
@settings(max_examples=400, deadline=None)
def test_no_value_is_ever_older_than_an_invalidation(
    steps: list[tuple[str, int | None]],
) -> None:
    async def run() -> None:
        world = CacheModel()
        for what, argument in steps:
            await world.run_step(what, argument)
        await world.finish_all()

    run_story(run())
