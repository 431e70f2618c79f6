"""The patience of the two verbs, on a clock moved by hand."""

from __future__ import annotations

import asyncio
import itertools

import httpx
import pytest
from pydantic import SecretStr

from bot.chakra.transport.http import Http
from bot.errors import ChakraError, OutcomeUnknown, RateLimited, Unavailable
from tests.chakra.upstream import (
    BROKEN,
    DATA,
    DOWN,
    ONE,
    Hang,
    Reply,
    Upstream,
    Verb,
    after,
    example,
    get,
    put,
    reply,
)
from tests.clock import ManualClock, settle


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.mark.parametrize(
    "trouble",
    [reply(500), reply(503), reply(408), reply(429), DOWN, BROKEN, httpx.ReadTimeout("slow")],
    ids=["500", "503", "408", "429", "refused", "broken", "timeout"],
)
async def test_a_read_gets_over_passing_trouble(clock: ManualClock, trouble: Reply) -> None:
    upstream = Upstream([trouble, reply(200, DATA)])
    async with upstream.http(clock) as http:
        answer = await after(clock, 2, get(http))
    assert answer.json() == DATA
    assert len(upstream.asked) == 2


async def test_a_read_gives_up_on_a_chakra_that_stays_down(clock: ManualClock) -> None:
    upstream = Upstream([DOWN])
    async with upstream.http(clock) as http:
        with pytest.raises(Unavailable, match="Connection refused"):
            await after(clock, 20, get(http))
    assert len(upstream.asked) == 4


async def test_after_closing_nothing_is_asked(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, DATA)])
    http = upstream.http(clock)
    await http.aclose()
    with pytest.raises(Unavailable, match="closed"):
        await after(clock, 20, get(http))
    assert upstream.asked == []


async def test_waits_between_repeats_grow(clock: ManualClock) -> None:
    moments: list[float] = []

    async def answer(_: httpx.Request) -> httpx.Response:
        moments.append(clock.monotonic())
        return httpx.Response(500)

    async with Http(
        "https://c.test",
        SecretStr("t"),
        clock,
        transport=httpx.MockTransport(answer),
        jitter=lambda: 1.0,
    ) as http:
        with pytest.raises(Unavailable):
            await after(clock, 20, get(http))
    gaps = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert gaps == pytest.approx([0.2, 0.4, 0.8])


async def test_a_hung_read_ends_with_its_deadline(clock: ManualClock) -> None:
    upstream = Upstream([Hang])
    async with upstream.http(clock) as http:
        with pytest.raises(Unavailable, match="in time"):
            await after(clock, 20, get(http))
    assert clock.monotonic() <= 20
    assert len(upstream.asked) == 2
    assert clock.waiting == 0


async def test_a_caller_may_set_a_shorter_deadline(clock: ManualClock) -> None:
    async with Upstream([Hang]).http(clock) as http:
        with pytest.raises(Unavailable):
            await after(clock, 5, http.get(ONE, {"userId": "u1"}, timeout_seconds=5))


async def test_a_body_that_drips_for_ever_is_cut_off(clock: ManualClock) -> None:
    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]
            yield b"{"
            await asyncio.Event().wait()

    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Drip()))
    async with Http("https://c.test", SecretStr("t"), clock, transport=transport) as http:
        with pytest.raises(Unavailable):
            await after(clock, 20, get(http))


@pytest.mark.parametrize("never_made", [DOWN, httpx.ConnectTimeout(""), httpx.PoolTimeout("")])
async def test_a_write_whose_connection_was_never_made_is_repeated(
    clock: ManualClock, never_made: Exception
) -> None:
    upstream = Upstream([never_made, reply(200, DATA)])
    async with upstream.http(clock) as http:
        await after(clock, 2, put(http))
    assert len(upstream.asked) == 2


async def test_a_write_that_never_connected_is_known_not_to_have_happened(
    clock: ManualClock,
) -> None:
    async with Upstream([DOWN]).http(clock) as http:
        with pytest.raises(Unavailable):
            await after(clock, 30, put(http))


@pytest.mark.parametrize(
    ("trouble", "meaning"),
    [
        (reply(500), OutcomeUnknown),
        (reply(408), OutcomeUnknown),
        (BROKEN, OutcomeUnknown),
        (httpx.ReadError(""), OutcomeUnknown),
        (httpx.ReadTimeout(""), OutcomeUnknown),
        (httpx.WriteError(""), OutcomeUnknown),
    ],
    ids=["500", "408", "broken", "read", "timeout", "write"],
)
async def test_a_write_that_may_have_arrived_is_never_repeated(
    clock: ManualClock, trouble: Reply, meaning: type[ChakraError]
) -> None:
    upstream = Upstream([trouble, reply(200, DATA)])
    async with upstream.http(clock) as http:
        with pytest.raises(meaning):
            await after(clock, 2, put(http))
    assert len(upstream.asked) == 1


async def test_a_hung_write_is_unknown_after_half_a_minute(clock: ManualClock) -> None:
    upstream = Upstream([Hang])
    async with upstream.http(clock) as http:
        with pytest.raises(OutcomeUnknown):
            await after(clock, 31, put(http))
    assert clock.monotonic() == pytest.approx(30, abs=0.1)
    assert len(upstream.asked) == 1


async def test_the_deadline_never_cuts_a_write_that_is_still_connecting(
    clock: ManualClock,
) -> None:
    began: list[float] = []

    async def connect_slowly(_: httpx.Request) -> httpx.Response:
        began.append(clock.monotonic())
        await clock_sleep(clock, 7.9)
        raise httpx.ConnectTimeout("")

    transport = httpx.MockTransport(connect_slowly)
    async with Http("https://c.test", SecretStr("t"), clock, transport=transport) as http:
        with pytest.raises(Unavailable):
            await after(clock, 30, put(http))
    assert max(began) + 8 <= 30


async def clock_sleep(clock: ManualClock, seconds: float) -> None:
    woken = asyncio.Event()
    clock.call_later(seconds, woken.set)
    await woken.wait()


@pytest.mark.parametrize("verb", [get, put])
async def test_a_429_is_waited_out_for_as_long_as_it_says(clock: ManualClock, verb: Verb) -> None:
    limited = reply(429, example("error.chakra-rate-limit"))
    upstream = Upstream([limited, limited, reply(200, DATA)])
    async with upstream.http(clock) as http:
        await after(clock, 2, verb(http))
    assert clock.monotonic() == pytest.approx(1.7, abs=0.1)


@pytest.mark.parametrize("verb", [get, put])
async def test_a_429_without_end_is_throttled_after_ten_seconds(
    clock: ManualClock, verb: Verb
) -> None:
    upstream = Upstream([reply(429, {"_errors": ["slow down"]})])
    async with upstream.http(clock) as http:
        with pytest.raises(RateLimited, match="slow down"):
            await after(clock, 10, verb(http))
    assert len(upstream.asked) == 4  # at 0, 1, 3 and 7 s


async def test_a_429_that_asks_for_more_than_that_is_told_at_once(clock: ManualClock) -> None:
    upstream = Upstream([reply(429, None, retry_after="60")])
    async with upstream.http(clock) as http:
        with pytest.raises(RateLimited) as raised:
            await get(http)
    assert raised.value.retry_after == 60
    assert clock.monotonic() == 0


async def test_a_4xx_that_says_retry_after_is_taken_for_a_429(clock: ManualClock) -> None:
    upstream = Upstream([reply(400, example("error.chakra-rate-limit")), reply(200, DATA)])
    async with upstream.http(clock) as http:
        await after(clock, 1, put(http))


async def exhaust(http: Http, clock: ManualClock) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable):
            await after(clock, 20, get(http))


async def test_after_five_silences_chakra_is_left_alone_for_five_seconds(
    clock: ManualClock,
) -> None:
    upstream = Upstream([DOWN])
    seen: list[tuple[str, str]] = []
    async with upstream.http(clock, seen=seen) as http:
        await exhaust(http, clock)
        assert len(upstream.asked) == 5
        for verb in (get, put):
            with pytest.raises(Unavailable) as raised:
                await verb(http)
            assert raised.value.retry_after == pytest.approx(5, abs=0.5)
    assert len(upstream.asked) == 5
    assert seen[-1] == (ONE, "circuit_open")


async def test_then_one_probe_decides_and_the_others_are_refused_meanwhile(
    clock: ManualClock,
) -> None:
    upstream = Upstream([DOWN] * 5 + [Hang, reply(200, DATA)])
    async with upstream.http(clock) as http:
        await exhaust(http, clock)
        await clock.advance(5)
        probe = asyncio.ensure_future(get(http))
        await settle()
        with pytest.raises(Unavailable):
            await get(http)
        assert len(upstream.asked) == 6
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe
        await get(http)  # a cancelled probe proves nothing: the next one may try
        await get(http)
    assert len(upstream.asked) == 8


async def test_a_failed_probe_means_another_rest(clock: ManualClock) -> None:
    upstream = Upstream([DOWN])
    async with upstream.http(clock) as http:
        await exhaust(http, clock)
        await clock.advance(5)
        with pytest.raises(Unavailable):
            await after(clock, 20, get(http))
        assert len(upstream.asked) == 6


@pytest.mark.parametrize("status", [400, 401, 404, 500])
async def test_answers_never_open_the_circuit(clock: ManualClock, status: int) -> None:
    upstream = Upstream([reply(status)])
    async with upstream.http(clock) as http:
        for _ in range(10):
            with pytest.raises(ChakraError):
                await after(clock, 20, get(http))
    assert len(upstream.asked) >= 10


async def test_neither_do_our_own_full_pool_and_cancelled_callers(clock: ManualClock) -> None:
    upstream = Upstream([httpx.PoolTimeout("")] * 8 + [Hang])
    async with upstream.http(clock) as http:
        await exhaust(http, clock)
        for _ in range(10):
            task = asyncio.ensure_future(get(http))
            await settle()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        upstream.replies = [reply(200, DATA)]
        await get(http)
    assert clock.waiting == 0
