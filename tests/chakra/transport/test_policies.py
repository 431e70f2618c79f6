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
    CONNECTION_REFUSED,
    CONNECTION_RESET,
    USER_BODY,
    USER_PATH,
    Hang,
    HttpCall,
    Reply,
    Upstream,
    await_within,
    get_user,
    put_user,
    read_example,
    reply,
)
from tests.clock import ManualClock, settle


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.mark.parametrize(
    "trouble",
    [
        reply(500),
        reply(503),
        reply(408),
        reply(429),
        CONNECTION_REFUSED,
        CONNECTION_RESET,
        httpx.ReadTimeout("slow"),
    ],
    ids=["500", "503", "408", "429", "refused", "broken", "timeout"],
)
async def test_read_recovers_from_transient_errors(clock: ManualClock, trouble: Reply) -> None:
    upstream = Upstream([trouble, reply(200, USER_BODY)])
    async with upstream.open_http(clock) as http:
        answer = await await_within(clock, 2, get_user(http))
    assert answer.parse_json() == USER_BODY
    assert len(upstream.requests) == 2


async def test_read_gives_up_when_chakra_stays_down(clock: ManualClock) -> None:
    upstream = Upstream([CONNECTION_REFUSED])
    async with upstream.open_http(clock) as http:
        with pytest.raises(Unavailable, match="Connection refused"):
            await await_within(clock, 20, get_user(http))
    assert len(upstream.requests) == 4


async def test_closed_client_makes_no_requests(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, USER_BODY)])
    http = upstream.open_http(clock)
    await http.aclose()
    with pytest.raises(Unavailable, match="closed"):
        await await_within(clock, 20, get_user(http))
    assert upstream.requests == []


async def test_retry_delays_grow(clock: ManualClock) -> None:
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
            await await_within(clock, 20, get_user(http))
    gaps = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert gaps == pytest.approx([0.2, 0.4, 0.8])


async def test_a_hung_read_ends_with_its_deadline(clock: ManualClock) -> None:
    upstream = Upstream([Hang])
    async with upstream.open_http(clock) as http:
        with pytest.raises(Unavailable, match="in time"):
            await await_within(clock, 20, get_user(http))
    assert clock.monotonic() <= 20
    assert len(upstream.requests) == 2
    assert clock.pending_timers == 0


async def test_a_caller_may_set_a_shorter_deadline(clock: ManualClock) -> None:
    async with Upstream([Hang]).open_http(clock) as http:
        with pytest.raises(Unavailable):
            await await_within(clock, 5, http.get(USER_PATH, {"userId": "u1"}, timeout_seconds=5))


async def test_slow_trickling_body_is_cut_off(clock: ManualClock) -> None:
    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]
            yield b"{"
            await asyncio.Event().wait()

    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Drip()))
    async with Http("https://c.test", SecretStr("t"), clock, transport=transport) as http:
        with pytest.raises(Unavailable):
            await await_within(clock, 20, get_user(http))


@pytest.mark.parametrize(
    "never_made", [CONNECTION_REFUSED, httpx.ConnectTimeout(""), httpx.PoolTimeout("")]
)
async def test_write_is_retried_if_it_never_connected(
    clock: ManualClock, never_made: Exception
) -> None:
    upstream = Upstream([never_made, reply(200, USER_BODY)])
    async with upstream.open_http(clock) as http:
        await await_within(clock, 2, put_user(http))
    assert len(upstream.requests) == 2


async def test_write_that_never_connected_raises_unavailable(
    clock: ManualClock,
) -> None:
    async with Upstream([CONNECTION_REFUSED]).open_http(clock) as http:
        with pytest.raises(Unavailable):
            await await_within(clock, 30, put_user(http))


@pytest.mark.parametrize(
    ("trouble", "meaning"),
    [
        (reply(500), OutcomeUnknown),
        (reply(408), OutcomeUnknown),
        (CONNECTION_RESET, OutcomeUnknown),
        (httpx.ReadError(""), OutcomeUnknown),
        (httpx.ReadTimeout(""), OutcomeUnknown),
        (httpx.WriteError(""), OutcomeUnknown),
    ],
    ids=["500", "408", "broken", "read", "timeout", "write"],
)
async def test_write_that_may_have_arrived_is_never_retried(
    clock: ManualClock, trouble: Reply, meaning: type[ChakraError]
) -> None:
    upstream = Upstream([trouble, reply(200, USER_BODY)])
    async with upstream.open_http(clock) as http:
        with pytest.raises(meaning):
            await await_within(clock, 2, put_user(http))
    assert len(upstream.requests) == 1


async def test_a_hung_write_is_unknown_after_half_a_minute(clock: ManualClock) -> None:
    upstream = Upstream([Hang])
    async with upstream.open_http(clock) as http:
        with pytest.raises(OutcomeUnknown):
            await await_within(clock, 31, put_user(http))
    assert clock.monotonic() == pytest.approx(30, abs=0.1)
    assert len(upstream.requests) == 1


async def test_the_deadline_never_cuts_a_write_that_is_still_connecting(
    clock: ManualClock,
) -> None:
    began: list[float] = []

    async def connect_slowly(_: httpx.Request) -> httpx.Response:
        began.append(clock.monotonic())
        await sleep_on_clock(clock, 7.9)
        raise httpx.ConnectTimeout("")

    transport = httpx.MockTransport(connect_slowly)
    async with Http("https://c.test", SecretStr("t"), clock, transport=transport) as http:
        with pytest.raises(Unavailable):
            await await_within(clock, 30, put_user(http))
    assert max(began) + 8 <= 30


async def sleep_on_clock(clock: ManualClock, seconds: float) -> None:
    woken = asyncio.Event()
    clock.call_later(seconds, woken.set)
    await woken.wait()


@pytest.mark.parametrize("verb", [get_user, put_user])
async def test_a_429_is_waited_out_for_its_retry_after(clock: ManualClock, verb: HttpCall) -> None:
    limited = reply(429, read_example("error.chakra-rate-limit"))
    upstream = Upstream([limited, limited, reply(200, USER_BODY)])
    async with upstream.open_http(clock) as http:
        await await_within(clock, 2, verb(http))
    assert clock.monotonic() == pytest.approx(1.7, abs=0.1)


@pytest.mark.parametrize("verb", [get_user, put_user])
async def test_persistent_429_raises_rate_limited_after_ten_seconds(
    clock: ManualClock, verb: HttpCall
) -> None:
    upstream = Upstream([reply(429, {"_errors": ["slow down"]})])
    async with upstream.open_http(clock) as http:
        with pytest.raises(RateLimited, match="slow down"):
            await await_within(clock, 10, verb(http))
    assert len(upstream.requests) == 4  # at 0, 1, 3 and 7 s


async def test_a_429_with_a_longer_wait_is_raised_immediately(clock: ManualClock) -> None:
    upstream = Upstream([reply(429, None, retry_after="60")])
    async with upstream.open_http(clock) as http:
        with pytest.raises(RateLimited) as raised:
            await get_user(http)
    assert raised.value.retry_after == 60
    assert clock.monotonic() == 0


async def test_a_4xx_with_retry_after_is_treated_as_a_429(clock: ManualClock) -> None:
    upstream = Upstream(
        [reply(400, read_example("error.chakra-rate-limit")), reply(200, USER_BODY)]
    )
    async with upstream.open_http(clock) as http:
        await await_within(clock, 1, put_user(http))


async def open_circuit(http: Http, clock: ManualClock) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable):
            await await_within(clock, 20, get_user(http))


async def test_circuit_opens_for_five_seconds_after_five_timeouts(
    clock: ManualClock,
) -> None:
    upstream = Upstream([CONNECTION_REFUSED])
    seen: list[tuple[str, str]] = []
    async with upstream.open_http(clock, seen=seen) as http:
        await open_circuit(http, clock)
        assert len(upstream.requests) == 5
        for verb in (get_user, put_user):
            with pytest.raises(Unavailable) as raised:
                await verb(http)
            assert raised.value.retry_after == pytest.approx(5, abs=0.5)
    assert len(upstream.requests) == 5
    assert seen[-1] == (USER_PATH, "circuit_open")


async def test_half_open_circuit_lets_one_probe_through(
    clock: ManualClock,
) -> None:
    upstream = Upstream([CONNECTION_REFUSED] * 5 + [Hang, reply(200, USER_BODY)])
    async with upstream.open_http(clock) as http:
        await open_circuit(http, clock)
        await clock.advance(5)
        probe = asyncio.ensure_future(get_user(http))
        await settle()
        with pytest.raises(Unavailable):
            await get_user(http)
        assert len(upstream.requests) == 6
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe
        await get_user(http)  # a cancelled probe proves nothing: the next one may try
        await get_user(http)
    assert len(upstream.requests) == 8


async def test_failed_probe_reopens_the_circuit(clock: ManualClock) -> None:
    upstream = Upstream([CONNECTION_REFUSED])
    async with upstream.open_http(clock) as http:
        await open_circuit(http, clock)
        await clock.advance(5)
        with pytest.raises(Unavailable):
            await await_within(clock, 20, get_user(http))
        assert len(upstream.requests) == 6


@pytest.mark.parametrize("status", [400, 401, 404, 500])
async def test_error_responses_never_open_the_circuit(clock: ManualClock, status: int) -> None:
    upstream = Upstream([reply(status)])
    async with upstream.open_http(clock) as http:
        for _ in range(10):
            with pytest.raises(ChakraError):
                await await_within(clock, 20, get_user(http))
    assert len(upstream.requests) >= 10


async def test_full_pool_and_cancellation_never_open_the_circuit(clock: ManualClock) -> None:
    upstream = Upstream([httpx.PoolTimeout("")] * 8 + [Hang])
    async with upstream.open_http(clock) as http:
        await open_circuit(http, clock)
        for _ in range(10):
            task = asyncio.ensure_future(get_user(http))
            await settle()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        upstream.replies = [reply(200, USER_BODY)]
        await get_user(http)
    assert clock.pending_timers == 0
