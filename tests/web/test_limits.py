"""What a stranger may take of the app's memory: unverified bodies, connections, request heads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import islice
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from bot.web.body import (
    MAX_UNVERIFIED_BYTES,
    BodyBudgetExceeded,
    BodyReader,
    BodyTooLarge,
)
from bot.web.protocol import MAX_OVERHEAD_BYTES
from bot.web.server import serve
from tests.clock import ManualClock
from tests.event_loop import run
from tests.world import World

MEI, SALES = "U0MEI", "C0SALES"
SIGNED_HEADERS = {
    "/slack/events": "content-type: application/json\r\nx-slack-request-timestamp: {now}\r\n"
    f"x-slack-signature: v0={'0' * 64}\r\n",
    "/chakra/events": f"x-chakra-signature-256: sha256={'0' * 64}\r\n",
}


class Stranger:
    """A raw connection to the app."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Send ``data``; do nothing if the app has closed the connection."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            pass

    async def post(self, path: str, now: float, *, length: int, sent: int) -> None:
        """Send ``sent`` bytes of a body that is announced with ``length``."""
        headers = SIGNED_HEADERS[path].format(now=int(now))
        head = f"POST {path} HTTP/1.1\r\nhost: bot\r\n{headers}content-length: {length}\r\n\r\n"
        await self.send(head.encode() + b"x" * sent)

    async def read_response(self) -> str:
        """Return everything until the app closes the connection."""
        try:
            return (await asyncio.wait_for(self._reader.read(), 10)).decode()
        except ConnectionError:
            return ""

    async def read_status(self) -> str:
        """Return the status line of the next response."""
        return (await asyncio.wait_for(self._reader.readline(), 10)).decode().strip()

    @property
    def is_closed(self) -> bool:
        return self._reader.at_eof() or self._reader.exception() is not None

    def close(self) -> None:
        self._writer.close()


@asynccontextmanager
async def strangers(url: str) -> AsyncIterator[Callable[[], Awaitable[Stranger]]]:
    """Yield a function that connects one more stranger; close all at the end."""
    connected: list[Stranger] = []

    async def connect() -> Stranger:
        where = urlsplit(url)
        stranger = Stranger(*await asyncio.open_connection(where.hostname, where.port))
        connected.append(stranger)
        return stranger

    try:
        yield connect
    finally:
        for stranger in connected:
            stranger.close()


# --- one budget for all unverified bodies --------------------------------------------------------


async def test_strangers_large_bodies_get_503_while_commands_and_events_pass(
    acme: World, clock: ManualClock
) -> None:
    size = 1_000_000
    count = MAX_UNVERIFIED_BYTES // size + 3
    paths = list(SIGNED_HEADERS)
    async with strangers(acme.bot_url) as connect:
        senders = [await connect() for _ in range(count)]
        for number, sender in enumerate(senders):
            path = paths[number % 2]
            await sender.post(path, clock.time(), length=size + 1, sent=size)
        small = await connect()
        await small.post("/chakra/events", clock.time(), length=5_001, sent=5_000)
        delivered = await acme.slack.type(MEI, SALES, "/chakra help")
        assert delivered.status == 200
        assert not small.is_closed
        responses = asyncio.as_completed([sender.read_response() for sender in senders])
        refused = [await response for response in islice(responses, 3)]
    for response in refused:
        assert response.startswith("HTTP/1.1 503 ")
        assert "retry-after: 5\r\n" in response
        assert "connection: close\r\n" in response


def build_receive(*sizes: int, is_endless: bool = False) -> Receive:
    chunks = list(sizes)

    async def receive() -> Message:
        if not chunks:
            await asyncio.Event().wait()
        size = chunks.pop(0)
        more = is_endless or bool(chunks)
        return {"type": "http.request", "body": b"x" * size, "more_body": more}

    return receive


async def start_reading(bodies: BodyReader, *sizes: int) -> asyncio.Task[bytes | None]:
    receive = build_receive(*sizes, is_endless=True)
    task = asyncio.create_task(bodies.read(receive, max_bytes=1_000, timeout_seconds=10))
    for _ in range(len(sizes) + 3):
        await asyncio.sleep(0)
    return task


@pytest.mark.parametrize(
    ("waiting", "arriving", "dropped"),
    [
        pytest.param([(40,), (40,)], (30,), [0], id="the largest and oldest"),
        pytest.param([(40,), (50,)], (30,), [1], id="the largest"),
        pytest.param([(30,), (30,)], (41,), [2], id="the one that arrives"),
        pytest.param([(30,), (30,)], (20, 20, 20), [2], id="the one that grows"),
        pytest.param([(1,) * 40, (30,)], (31,), [0], id="one of many small chunks"),
        pytest.param([(30,), (30,)], (40,), [], id="exactly the budget"),
        pytest.param([(0,), (0,)], (100,), [], id="empty chunks"),
        pytest.param([(25,)] * 4, (1,), [0], id="small ones among equals"),
    ],
)
async def test_largest_unverified_body_is_dropped_beyond_the_budget(
    waiting: list[tuple[int, ...]], arriving: tuple[int, ...], dropped: list[int]
) -> None:
    bodies = BodyReader(ManualClock(), max_total_bytes=100)
    reading = [await start_reading(bodies, *sizes) for sizes in [*waiting, arriving]]
    errors = {number: task.exception() for number, task in enumerate(reading) if task.done()}
    assert list(errors) == dropped
    assert all(isinstance(error, BodyBudgetExceeded) for error in errors.values())
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)


@pytest.mark.parametrize("end", ["complete", "too large", "timeout", "cancelled", "dropped"])
async def test_budget_is_free_again_after_every_end_of_a_body(end: str) -> None:
    clock = ManualClock()
    bodies = BodyReader(clock, max_total_bytes=100)
    if end == "complete":
        assert (
            await bodies.read(build_receive(60, 40), max_bytes=100, timeout_seconds=10)
            == b"x" * 100
        )
    elif end == "too large":
        with pytest.raises(BodyTooLarge):
            await bodies.read(build_receive(60, 60), max_bytes=100, timeout_seconds=10)
    else:
        task = await start_reading(bodies, 90)
        if end == "timeout":
            await clock.advance(10)
        elif end == "cancelled":
            task.cancel()
        else:
            other = await start_reading(bodies, 80)
            other.cancel()
            await asyncio.wait([other])
        await asyncio.wait([task])
    assert clock.pending_timers == 0
    full = await start_reading(bodies, 100)
    assert not full.done()
    full.cancel()
    await asyncio.wait([full])


@given(st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=6), min_size=1, max_size=8))
def test_unverified_bodies_stay_within_the_budget_and_small_ones_always_pass(
    bodies_of_chunks: list[list[int]],
) -> None:
    budget = 100

    async def scenario() -> None:
        reader = BodyReader(ManualClock(), max_total_bytes=budget)

        def slow(sizes: list[int]) -> Receive:
            receive = build_receive(*sizes)

            async def receive_later() -> Message:
                await asyncio.sleep(0)
                assert reader.total_bytes <= budget
                return await receive()

            return receive_later

        results = await asyncio.gather(
            *(
                reader.read(slow(sizes), max_bytes=1_000, timeout_seconds=10)
                for sizes in bodies_of_chunks
            ),
            return_exceptions=True,
        )
        assert reader.total_bytes == 0
        for sizes, result in zip(bodies_of_chunks, results, strict=True):
            if sum(sizes) <= budget / len(bodies_of_chunks):
                assert result == b"x" * sum(sizes)
            else:
                assert result == b"x" * sum(sizes) or isinstance(result, BodyBudgetExceeded)

    run(scenario())


# --- connections and heads -----------------------------------------------------------------------


async def answer_everything(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        if scope["path"] == "/slow":
            await receive()
            await asyncio.Event().wait()
        await PlainTextResponse("ok")(scope, receive, send)


GET = b"GET / HTTP/1.1\r\nhost: bot\r\n\r\n"


@pytest.mark.parametrize(
    "sent_so_far",
    [
        pytest.param(b"", id="nothing sent"),
        pytest.param(b"GET / HT", id="half a request line"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: b", id="half the headers"),
        pytest.param(b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nx", id="half a body"),
        pytest.param(GET, id="idle after a response"),
    ],
)
async def test_clients_that_keep_the_app_waiting_do_not_shut_others_out(sent_so_far: bytes) -> None:
    async with (
        serve(answer_everything, grace_seconds=0.1, max_connections=5) as url,
        strangers(url) as connect,
    ):
        slow = []
        for _ in range(5):
            slow.append(await connect())
            await slow[-1].send(sent_so_far)
        if sent_so_far == GET:
            for stranger in slow:
                assert await stranger.read_status() == "HTTP/1.1 200 OK"
        await asyncio.sleep(0)
        for _ in range(3):
            honest = await connect()
            await honest.send(GET)
            assert await honest.read_status() == "HTTP/1.1 200 OK"
        await slow[0].read_response()
        assert slow[0].is_closed
        assert not slow[4].is_closed


async def test_connection_beyond_the_limit_gets_503_if_all_others_are_at_work() -> None:
    async with (
        serve(answer_everything, grace_seconds=0, max_connections=2) as url,
        strangers(url) as connect,
    ):
        for _ in range(2):
            busy = await connect()
            await busy.send(GET.replace(b"/", b"/slow", 1))
        await asyncio.sleep(0.01)
        late = await connect()
        await late.send(GET)
        response = await late.read_response()
        assert response.startswith("HTTP/1.1 503 ")
        assert "retry-after: 5\r\n" in response


@pytest.mark.parametrize(
    "request_start",
    [
        pytest.param(b"GET /" + b"a" * 20_000, id="a long address"),
        pytest.param(b"GET / HTTP/1.1\r\nx: " + b"a" * 20_000, id="a long header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"x: a\r\n" * 4_000, id="many headers"),
        pytest.param(
            b"POST /slow HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: " + b"a" * 20_000,
            id="a long trailer",
        ),
        pytest.param(
            b"POST /slow HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;" + b"a" * 20_000,
            id="a long chunk extension",
        ),
    ],
)
async def test_endless_head_is_refused_beyond_the_limit(request_start: bytes) -> None:
    async with (
        serve(answer_everything, grace_seconds=0) as url,
        strangers(url) as connect,
    ):
        stranger = await connect()
        await stranger.send(request_start)
        for _ in range(MAX_OVERHEAD_BYTES // 10_000):
            await stranger.send(b"a" * 15_000)
        assert "HTTP/1.1 431 " in await stranger.read_response() or stranger.is_closed


async def test_large_body_is_no_overhead() -> None:
    async def count_bytes(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            size, more = 0, True
            while more:
                message = await receive()
                size, more = size + len(message["body"]), message["more_body"]
            await PlainTextResponse(str(size))(scope, receive, send)

    size = 3_000_000
    async with serve(count_bytes, grace_seconds=0) as url, strangers(url) as connect:
        client = await connect()
        await client.send(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size)
        assert await client.read_status() == "HTTP/1.1 200 OK"


async def test_pipelined_requests_get_the_first_response_only() -> None:
    async with (
        serve(answer_everything, grace_seconds=0) as url,
        strangers(url) as connect,
    ):
        client = await connect()
        await client.send(GET * 1_000)
        response = await client.read_response()
        assert response.count("HTTP/1.1 200 OK") == 1
        again = await connect()
        await again.send(GET)
        assert await again.read_status() == "HTTP/1.1 200 OK"
