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
from bot.webhooks.receiver import MAX_BODY_BYTES, WebhookReceiver
from bot.webhooks.repository import Events
from tests.clock import ManualClock, settle
from tests.db.databases import watched_database
from tests.event_loop import run
from tests.messages.webhooks import SECRET, chakra, dump, meta, meta_status, sign

EVENT = dump(chakra("SENT"))
URL = "http://bot/chakra/events"


class Door:
    """A running receiver and a client."""

    def __init__(self, events: Events, secret: str | None = SECRET) -> None:
        self.clock = ManualClock()
        self.rings = 0
        self.intake = WebhookReceiver(events, self.clock, secret=secret, on_stored=self._ring)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.intake))

    def _ring(self) -> None:
        self.rings += 1

    async def post(self, body: bytes = EVENT, signature: str | None = "right") -> httpx.Response:
        given = sign(body) if signature == "right" else signature
        headers = {} if given is None else {"X-Chakra-Signature-256": given}
        return await self.client.post(URL, content=body, headers=headers)


@asynccontextmanager
async def at_work(events: Events, secret: str | None = SECRET) -> AsyncIterator[Door]:
    door = Door(events, secret)
    running = asyncio.create_task(door.intake.run())
    try:
        yield door
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await door.client.aclose()


@pytest.fixture
async def door(sqlite: Database) -> AsyncIterator[Door]:
    async with at_work(Events(sqlite)) as made:
        yield made


async def stored(database: Database) -> int:
    async with database.begin() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM events"))).scalar_one())


# --- taken ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [chakra("SENT"), meta(meta_status("sent"))])
async def test_a_signed_event_is_stored_then_answered(
    door: Door, sqlite: Database, event: dict[str, Any]
) -> None:
    answer = await door.post(dump(event))
    assert (answer.status_code, door.rings) == (200, 1)
    assert await stored(sqlite) == 1


@pytest.mark.parametrize("spelt", ["{}", "sha256={}", " {} "])
async def test_the_signature_may_have_its_prefix(door: Door, spelt: str) -> None:
    assert (await door.post(signature=spelt.format(sign(EVENT)))).status_code == 200
    assert (await door.post(signature=spelt.format(sign(EVENT).upper()))).status_code == 200


async def test_a_replay_is_answered_and_stored_once(door: Door, sqlite: Database) -> None:
    answers = [await door.post() for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert await stored(sqlite) == 1


async def test_the_signature_is_over_the_very_bytes(door: Door) -> None:
    spaced = EVENT.replace(b":", b": ")
    assert (await door.post(spaced)).status_code == 200
    assert (await door.post(spaced, sign(EVENT))).status_code == 401


async def test_an_event_of_a_new_kind_is_stored_too(door: Door, sqlite: Database) -> None:
    assert (await door.post(dump({"event": "from_2031", "payload": {}}))).status_code == 200
    assert await stored(sqlite) == 1


# --- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signature",
    [None, "", "sha1=abc", "z" * 64, sign(EVENT)[:-1], f"sha256={sign(EVENT)}0", "ü" * 64],
)
async def test_an_unsigned_delivery_is_refused(
    door: Door, sqlite: Database, signature: str | None
) -> None:
    headers = [] if signature is None else [(b"X-Chakra-Signature-256", signature.encode())]
    answer = await door.client.post(URL, content=EVENT, headers=headers)
    assert (answer.status_code, await stored(sqlite)) == (401, 0)
    assert "missing or malformed" in answer.text


async def test_a_pass_through_delivery_without_a_signature_is_refused(door: Door) -> None:
    assert (await door.post(dump(meta(meta_status("read"))), None)).status_code == 401


@pytest.mark.parametrize("key", ["another secret", "", SECRET + " "])
async def test_a_forged_delivery_is_refused(door: Door, sqlite: Database, key: str) -> None:
    answer = await door.post(signature=sign(EVENT, key))
    assert (answer.status_code, await stored(sqlite)) == (401, 0)
    assert "does not match" in answer.text


async def test_two_signatures_are_none(door: Door) -> None:
    name = b"X-Chakra-Signature-256"
    headers = [(name, sign(EVENT).encode()), (name, b"0" * 64)]
    assert (await door.client.post(URL, content=EVENT, headers=headers)).status_code == 401


@pytest.mark.parametrize("secret", [None, "", "  "])
async def test_without_a_secret_everything_is_refused_and_logged(
    sqlite: Database, secret: str | None
) -> None:
    async with at_work(Events(sqlite), secret) as door:
        with capture_logs() as logs:
            answers = [await door.post(signature=sign(EVENT, secret or "")) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {403}
    assert [line["reason"] for line in logs] == ["no_secret"]  # once a minute
    assert await stored(sqlite) == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_events_come_by_post(door: Door, method: str) -> None:
    answer = await door.client.request(method, URL)
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
async def test_signed_junk_is_a_400(door: Door, sqlite: Database, body: bytes) -> None:
    assert (await door.post(body)).status_code == 400
    assert await stored(sqlite) == 0


async def test_a_body_that_is_too_large_is_not_read_to_its_end(door: Door) -> None:
    read = 0

    async def receive() -> Any:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b" " * 65_536, "more_body": True}

    assert await status_of(door, receive) == 413
    assert read <= MAX_BODY_BYTES // 65_536 + 1


async def test_a_body_that_dawdles_is_given_up(door: Door) -> None:
    async def receive() -> Any:
        await asyncio.Event().wait()

    asking = asyncio.create_task(status_of(door, receive))
    await settle()
    await door.clock.advance(10)
    assert await asking == 408


async def test_disconnected_sender_gets_no_response(door: Door) -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    assert await status_of(door, receive) is None


async def status_of(door: Door, receive: Any) -> int | None:
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    headers = [(b"x-chakra-signature-256", b"0" * 64)]
    await door.intake({"type": "http", "method": "POST", "headers": headers}, receive, send)
    return said[0]["status"] if said else None


@given(st.binary(max_size=200), st.binary(max_size=80) | st.none(), st.booleans())
def test_whatever_comes_is_answered_below_500(
    body: bytes, signature: bytes | None, signed: bool
) -> None:
    async def knock() -> None:
        async with (
            watched_database("sqlite:///:memory:") as database,
            at_work(Events(database)) as door,
        ):
            given = sign(body).encode() if signed else signature
            headers = [] if given is None else [(b"x-chakra-signature-256", given)]
            answer = await door.client.post(URL, content=body, headers=headers)
            assert answer.status_code < 500

    run(knock())


# --- when it cannot be stored ---------------------------------------------------------------------


class Failing(Events):
    fault: Exception | None = DatabaseUnavailable("the disk is full")

    async def store(self, *arguments: Any) -> None:
        if self.fault:
            raise self.fault
        await super().store(*arguments)


@pytest.mark.parametrize("fault", [DatabaseUnavailable("the disk is full"), RuntimeError("a bug")])
async def test_unstored_event_is_not_acknowledged(sqlite: Database, fault: Exception) -> None:
    events = Failing(sqlite)
    events.fault = fault
    async with at_work(events) as door:
        answer = await door.post()
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert door.rings == 0
        events.fault = None
        assert (await door.post()).status_code == 200


async def test_sender_is_asked_to_retry_while_the_app_stops(sqlite: Database) -> None:
    door = Door(Events(sqlite))
    early = asyncio.create_task(door.post())
    await settle()
    running = asyncio.create_task(door.intake.run())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    if not early.done():  # it was cancelled before it had begun
        running = asyncio.create_task(door.intake.run())
        await early
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert (await door.post()).status_code == 503
    await door.client.aclose()


# --- many -----------------------------------------------------------------------------------------


async def test_a_burst_is_acknowledged_in_few_writes(door: Door, sqlite: Database) -> None:
    bodies = [dump(chakra("SENT", f"wamid.{turn}")) for turn in range(1_000)]
    answers = await asyncio.gather(*(door.post(body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert await stored(sqlite) == 1_000
    assert door.rings < 100


async def test_more_than_memory_may_hold_is_asked_to_come_again(sqlite: Database) -> None:
    door = Door(Events(sqlite))  # and nobody writes
    large = dump(chakra("SENT", pad="x" * (MAX_BODY_BYTES - 1_000)))
    waiting = [asyncio.create_task(door.post(large)) for _ in range(21)]
    await settle()
    answers = [await door.post(large) for _ in range(2)]
    assert answers[-1].status_code == 503
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await door.client.aclose()
