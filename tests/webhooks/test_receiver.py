"""Deliveries to /chakra/events are signed and stored, or refused; junk is never a 5xx."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.db.engine import Database
from bot.errors import DatabaseUnavailable
from bot.web.body import BodyReader
from bot.webhooks.receiver import MAX_BODY_BYTES, WebhookReceiver
from bot.webhooks.repository import Events
from tests.clock import ManualClock, settle
from tests.db.databases import watched_database
from tests.event_loop import run
from tests.messages.webhook_builders import (
    SECRET,
    build_event,
    build_meta,
    build_status,
    encode,
    sign,
)

EVENT = encode(build_event("SENT"))
URL = "http://bot/chakra/events"


class ReceiverHarness:
    """A running receiver and a client."""

    def __init__(self, events: Events, secret: str | None = SECRET) -> None:
        self.clock = ManualClock()
        self.stored_count = 0
        self.write_lock = asyncio.Lock()
        self.receiver = WebhookReceiver(
            events,
            self.clock,
            BodyReader(self.clock),
            secret=secret,
            write_lock=self.write_lock,
            on_stored=self._count_stored,
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.receiver))

    def _count_stored(self) -> None:
        self.stored_count += 1

    async def post(self, body: bytes = EVENT, signature: str | None = "right") -> httpx.Response:
        given = sign(body) if signature == "right" else signature
        headers = {} if given is None else {"X-Chakra-Signature-256": given}
        return await self.client.post(URL, content=body, headers=headers)


@asynccontextmanager
async def run_receiver(
    events: Events, secret: str | None = SECRET
) -> AsyncIterator[ReceiverHarness]:
    harness = ReceiverHarness(events, secret)
    running = asyncio.create_task(harness.receiver.run())
    try:
        yield harness
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await harness.client.aclose()


@pytest.fixture
async def harness(sqlite: Database) -> AsyncIterator[ReceiverHarness]:
    async with run_receiver(Events(sqlite)) as receiver:
        yield receiver


async def count_stored_events(database: Database) -> int:
    async with database.begin() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM events"))).scalar_one())


# --- taken ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [build_event("SENT"), build_meta(build_status("sent"))])
async def test_signed_event_is_stored_then_acknowledged(
    harness: ReceiverHarness, sqlite: Database, event: dict[str, Any]
) -> None:
    answer = await harness.post(encode(event))
    assert (answer.status_code, harness.stored_count) == (200, 1)
    assert await count_stored_events(sqlite) == 1


@pytest.mark.parametrize("spelt", ["{}", "sha256={}", " {} "])
async def test_signature_prefix_is_optional(harness: ReceiverHarness, spelt: str) -> None:
    assert (await harness.post(signature=spelt.format(sign(EVENT)))).status_code == 200
    assert (await harness.post(signature=spelt.format(sign(EVENT).upper()))).status_code == 200


async def test_replay_is_acknowledged_and_stored_once(
    harness: ReceiverHarness, sqlite: Database
) -> None:
    answers = [await harness.post() for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert await count_stored_events(sqlite) == 1


async def test_signature_covers_the_raw_bytes(harness: ReceiverHarness) -> None:
    spaced = EVENT.replace(b":", b": ")
    assert (await harness.post(spaced)).status_code == 200
    assert (await harness.post(spaced, sign(EVENT))).status_code == 401


async def test_unknown_event_type_is_stored(harness: ReceiverHarness, sqlite: Database) -> None:
    assert (await harness.post(encode({"event": "from_2031", "payload": {}}))).status_code == 200
    assert await count_stored_events(sqlite) == 1


# --- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signature",
    [None, "", "sha1=abc", "z" * 64, sign(EVENT)[:-1], f"sha256={sign(EVENT)}0", "ü" * 64],
)
async def test_unsigned_delivery_is_rejected(
    harness: ReceiverHarness, sqlite: Database, signature: str | None
) -> None:
    headers = [] if signature is None else [(b"X-Chakra-Signature-256", signature.encode())]
    answer = await harness.client.post(URL, content=EVENT, headers=headers)
    assert (answer.status_code, await count_stored_events(sqlite)) == (401, 0)
    assert "missing or malformed" in answer.text


async def test_unsigned_pass_through_delivery_is_rejected(harness: ReceiverHarness) -> None:
    assert (await harness.post(encode(build_meta(build_status("read"))), None)).status_code == 401


@pytest.mark.parametrize("key", ["another secret", "", SECRET + " "])
async def test_forged_delivery_is_rejected(
    harness: ReceiverHarness, sqlite: Database, key: str
) -> None:
    answer = await harness.post(signature=sign(EVENT, key))
    assert (answer.status_code, await count_stored_events(sqlite)) == (401, 0)
    assert "does not match" in answer.text


async def test_duplicate_signature_header_is_rejected(harness: ReceiverHarness) -> None:
    name = b"X-Chakra-Signature-256"
    headers = [(name, sign(EVENT).encode()), (name, b"0" * 64)]
    assert (await harness.client.post(URL, content=EVENT, headers=headers)).status_code == 401


@pytest.mark.parametrize("secret", [None, "", "  "])
async def test_without_a_secret_everything_is_refused_and_logged(
    sqlite: Database, secret: str | None
) -> None:
    async with run_receiver(Events(sqlite), secret) as harness:
        with capture_logs() as logs:
            answers = [await harness.post(signature=sign(EVENT, secret or "")) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {403}
    assert [line["reason"] for line in logs] == ["no_secret"]  # once a minute
    assert await count_stored_events(sqlite) == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_only_post_is_accepted(harness: ReceiverHarness, method: str) -> None:
    answer = await harness.client.request(method, URL)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"event": 1, "payload": {}}',
        b'{"event": "status"}',
        b'{"entry": {}}',
        b'{"event": "status", "payload": []}',
        b"[" * 100_000,
    ],
)
async def test_signed_junk_is_a_400(
    harness: ReceiverHarness, sqlite: Database, body: bytes
) -> None:
    assert (await harness.post(body)).status_code == 400
    assert await count_stored_events(sqlite) == 0


async def test_oversized_body_is_not_read_in_full(harness: ReceiverHarness) -> None:
    read = 0

    async def receive() -> Any:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b" " * 65_536, "more_body": True}

    assert await read_response_status(harness, receive) == 413
    assert read <= MAX_BODY_BYTES // 65_536 + 1


async def test_slow_body_times_out(harness: ReceiverHarness) -> None:
    async def receive() -> Any:
        await asyncio.Event().wait()

    asking = asyncio.create_task(read_response_status(harness, receive))
    await settle()
    await harness.clock.advance(10)
    assert await asking == 408


async def test_disconnected_sender_gets_no_response(harness: ReceiverHarness) -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    assert await read_response_status(harness, receive) is None


async def read_response_status(harness: ReceiverHarness, receive: Any) -> int | None:
    answers: list[Any] = []

    async def send(message: Any) -> None:
        answers.append(message)

    headers = [(b"x-chakra-signature-256", b"0" * 64)]
    await harness.receiver({"type": "http", "method": "POST", "headers": headers}, receive, send)
    return answers[0]["status"] if answers else None


@given(st.binary(max_size=200), st.binary(max_size=80) | st.none(), st.booleans())
def test_any_request_is_answered_below_500(
    body: bytes, signature: bytes | None, signed: bool
) -> None:
    async def knock() -> None:
        async with (
            watched_database("sqlite:///:memory:") as database,
            run_receiver(Events(database)) as harness,
        ):
            given = sign(body).encode() if signed else signature
            headers = [] if given is None else [(b"x-chakra-signature-256", given)]
            answer = await harness.client.post(URL, content=body, headers=headers)
            assert answer.status_code < 500

    run(knock())


# --- when it cannot be stored ---------------------------------------------------------------------


class FailingEvents(Events):
    error: Exception | None = DatabaseUnavailable("the disk is full")

    async def store(self, *arguments: Any) -> None:
        if self.error:
            raise self.error
        await super().store(*arguments)


@pytest.mark.parametrize("fault", [DatabaseUnavailable("the disk is full"), RuntimeError("a bug")])
async def test_unstored_event_is_not_acknowledged(sqlite: Database, fault: Exception) -> None:
    events = FailingEvents(sqlite)
    events.error = fault
    async with run_receiver(events) as harness:
        answer = await harness.post()
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert harness.stored_count == 0
        events.error = None
        assert (await harness.post()).status_code == 200


async def test_only_those_that_wait_for_a_failed_write_are_asked_to_retry(sqlite: Database) -> None:
    class SlowlyFailing(FailingEvents):
        is_failing, may_fail = asyncio.Event(), asyncio.Event()

        async def store(self, *arguments: Any) -> None:
            if not self.may_fail.is_set():
                self.is_failing.set()
                await self.may_fail.wait()
                raise DatabaseUnavailable("the disk is full")
            await Events.store(self, *arguments)

    events = SlowlyFailing(sqlite)
    async with run_receiver(events) as harness:
        early = asyncio.create_task(harness.post())
        await events.is_failing.wait()
        late = asyncio.create_task(harness.post(encode(build_event("READ"))))
        await settle()
        events.may_fail.set()
        answers = await asyncio.gather(early, late)
    assert [answer.status_code for answer in answers] == [503, 200]


async def test_sender_is_asked_to_retry_while_the_app_stops(sqlite: Database) -> None:
    harness = ReceiverHarness(Events(sqlite))
    early = asyncio.create_task(harness.post())
    await settle()
    running = asyncio.create_task(harness.receiver.run())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    if not early.done():  # it was cancelled before it started
        running = asyncio.create_task(harness.receiver.run())
        await early
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert (await harness.post()).status_code == 503
    await harness.client.aclose()


# --- many -----------------------------------------------------------------------------------------


async def test_a_burst_is_acknowledged_in_few_writes(
    harness: ReceiverHarness, sqlite: Database
) -> None:
    bodies = [encode(build_event("SENT", f"wamid.{turn}")) for turn in range(1_000)]
    async with harness.clock.running():
        answers = await asyncio.gather(*(harness.post(body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert await count_stored_events(sqlite) == 1_000
    assert harness.stored_count < 100


async def test_one_write_stores_all_that_arrive_until_it_can_begin(
    harness: ReceiverHarness, sqlite: Database
) -> None:
    waiting = []
    async with sqlite.begin():  # SQLite has one connection
        for turn in range(3):
            body = encode(build_event("SENT", f"wamid.{turn}"))
            waiting.append(asyncio.create_task(harness.post(body)))
            for _ in range(100):  # the database is in use, so the loop is never idle
                await asyncio.sleep(0)
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
    assert harness.stored_count == 1


async def test_nothing_is_stored_while_late_deliveries_are_processed(
    harness: ReceiverHarness, sqlite: Database
) -> None:
    async with harness.write_lock:
        waiting = asyncio.create_task(harness.post())
        await settle()
        assert await count_stored_events(sqlite) == 0
    assert (await waiting).status_code == 200


async def test_requests_over_the_memory_limit_get_503(sqlite: Database) -> None:
    harness = ReceiverHarness(Events(sqlite))  # without a writer
    large = encode(build_event("SENT", pad="x" * (MAX_BODY_BYTES - 1_000)))
    waiting = [asyncio.create_task(harness.post(large)) for _ in range(21)]
    await settle()
    answers = [await harness.post(large) for _ in range(2)]
    assert answers[-1].status_code == 503
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await harness.client.aclose()
