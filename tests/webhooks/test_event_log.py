"""The log of events: each once, in order, readable again whatever it contains, and not for ever."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.customers.repository import RETENTION_SECONDS as CUSTOMER_RETENTION_SECONDS
from bot.customers.repository import Customers
from bot.db.customer_tables import event_log, opt_outs
from bot.db.engine import Database
from bot.webhooks.event_log import RETENTION_SECONDS, STATUS_RETENTION_SECONDS, EventLog
from bot.webhooks.parser import parse_events
from bot.webhooks.processor import EventProcessor
from bot.webhooks.recorder import Recorder
from bot.webhooks.repository import Events, RawEvent, StoredEvent
from tests.clock import ManualClock
from tests.db.databases import watched_database
from tests.event_loop import run

NOW = 1_795_900_000.0
KEY = b"k" * 32
PHONE = "919876543210"


class Harness:
    def __init__(self, database: Database) -> None:
        self.clock = ManualClock(start=NOW)
        self.customers = Customers(database, "", KEY)
        self.log = EventLog(database, "", KEY, self.customers.identify)
        self.events = Events(database)
        self.processor = EventProcessor(
            self.events, self.clock, handlers={}, recorder=Recorder(self.log)
        )

    async def process(self, limit: int) -> int:
        """Record the oldest deliveries, in one transaction; return how many there were."""
        recorder = Recorder(self.log)

        async def apply(connection: AsyncConnection, stored: Sequence[StoredEvent]) -> set[int]:
            events = [event for delivery in stored for event in parse_events(delivery.body)]
            await recorder.record(connection, events, self.clock.time())
            return set()

        return (await self.events.process(limit, self.clock.time(), apply)).count

    async def receive(self, *bodies: bytes) -> None:
        raw = [RawEvent(f"{self.clock.time()} {body!r}", body) for body in bodies]
        await self.events.store(raw, self.clock.time())
        await self.processor.run_once()


@pytest.fixture
def harness(database: Database) -> Harness:
    return Harness(database)


def encode(value: Any) -> bytes:
    return json.dumps(value).encode()


def build_message(wamid: str, body: str = "Hi", **more: Any) -> dict[str, Any]:
    text = {"type": "text", "text": {"body": body}, "timestamp": str(int(NOW))}
    return {"id": wamid, "from": PHONE, **text, **more}


def build_meta_body(**value: Any) -> bytes:
    change = {"field": "messages", "value": value}
    return encode({"object": "whatsapp_business_account", "entry": [{"changes": [change]}]})


def build_chakra_message(wamid: str) -> bytes:
    return encode({"event": "message", "payload": {"message": build_message(wamid)}})


def nest(depth: int) -> bytes:
    """Return a message with a field that is nested so deep."""
    start, end = b'{"event": "message", "payload": {"message": ', b"}}"
    inner = encode(build_message("wamid.deep"))[:-1]
    return start + inner + b', "more": ' + b"[" * depth + b"]" * depth + b"}" + end


async def test_event_in_both_formats_is_recorded_once(harness: Harness) -> None:
    await harness.receive(
        build_chakra_message("wamid.1"), build_meta_body(messages=[build_message("wamid.1")])
    )
    await harness.receive(
        build_meta_body(messages=[build_message("wamid.1"), build_message("wamid.2")])
    )
    recorded = await harness.log.list_pending(10)
    assert [item.key for item in recorded] == ["message:wamid.1", "message:wamid.2"]
    assert await harness.log.find_by_key("message:wamid.1") == recorded[0]


async def test_user_id_is_learned_from_the_second_format(harness: Harness) -> None:
    await harness.receive(build_chakra_message("wamid.1"))
    await harness.receive(build_meta_body(messages=[build_message("wamid.1", from_user_id="IN.1")]))
    (recorded,) = await harness.log.list_pending(10)
    known = await harness.customers.find(recorded.customer_id)
    assert known is not None
    assert (known.user_id, known.phone) == ("IN.1", PHONE)


async def test_unreadable_event_costs_only_itself(harness: Harness) -> None:
    await harness.receive(build_meta_body(messages=[{"type": "text"}, build_message("wamid.2")]))
    kinds = [item.event.kind for item in await harness.log.list_pending(10)]
    assert kinds == ["unreadable", "text"]
    [unknown] = await harness.log.list_recent(10, ["other"])
    assert unknown.event.kind == "unreadable"


@pytest.mark.parametrize(
    "body",
    [
        nest(900),
        nest(200),
        build_chakra_message("wamid.\0").replace(b"Hi", b"\\u0000\\ud800"),
        encode({"event": "new_kind\0\ud800", "payload": {"\ud800": 10**400}}),
    ],
    ids=["deep", "nested", "NUL and half a character", "an unknown kind"],
)
async def test_odd_event_is_recorded_and_does_not_delay_others(
    harness: Harness, body: bytes
) -> None:
    await harness.receive(body, build_chakra_message("wamid.1"))
    recorded = await harness.log.list_pending(10)
    assert len(recorded) == 2
    assert recorded[-1].key == "message:wamid.1"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(("message", "status", "x")), json_values, json_values),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_is_parsed_can_be_recorded(values: list[tuple[str, Any, Any]]) -> None:
    bodies = [
        encode(
            {"event": name, "payload": {"message": value, "id": other, "deliveryStatus": "READ"}}
        )
        for name, value, other in values
    ] + [build_meta_body(messages=[value], statuses=[other]) for _, value, other in values]

    async def story() -> None:
        async with watched_database("sqlite:///:memory:") as database:
            harness = Harness(database)
            await harness.receive(*bodies)
            recorded = await harness.log.list_pending(100)
            parsed = [event for body in bodies for event in parse_events(body)]
            assert len(recorded) <= len(parsed)
            assert {type(item.event) for item in recorded} == {type(event) for event in parsed}

    run(story())


async def test_replicas_record_each_event_once_and_in_order(database: Database) -> None:
    """One is stopped in the middle of its transactions, again and again."""
    replicas = [Harness(database), Harness(database)]
    sent = [f"wamid.{number}" for number in range(120)]
    for wamid in sent:
        phone = f"91987654321{int(wamid[6:]) % 5}"
        body = build_meta_body(messages=[build_message(wamid, **{"from": phone})])
        await replicas[0].events.store([RawEvent(wamid, body)], NOW)
    chance = random.Random(11)
    for _ in range(10):
        await _stop_after(replicas[0], chance.randrange(30))
        await asyncio.gather(*(replica.process(7) for replica in replicas))
    while await replicas[1].process(50):
        pass
    recorded = await replicas[1].log.list_pending(len(sent) + 1)
    assert [item.key for item in recorded] == [f"message:{wamid}" for wamid in sent]
    assert len({item.customer_id for item in recorded}) == 5


async def _stop_after(replica: Harness, steps: int) -> None:
    """Cancel a transaction after some turns of the loop, as if the process ended."""
    task = asyncio.create_task(replica.process(5))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_old_events_and_people_without_events_are_deleted(
    harness: Harness, database: Database
) -> None:
    status = {"id": "wamid.1", "status": "read", "recipient_id": PHONE, "timestamp": str(int(NOW))}
    await harness.receive(build_meta_body(messages=[build_message("wamid.2")], statuses=[status]))
    assert await harness.log.purge(NOW + 2 * RETENTION_SECONDS, 10) == 0  # not yet decided
    await _decide(database)
    assert await harness.log.purge(NOW + STATUS_RETENTION_SECONDS - 1, 10) == 0
    assert await harness.log.purge(NOW + STATUS_RETENTION_SECONDS, 10) == 1
    assert [item.event.kind for item in await harness.log.list_recent(10)] == ["text"]
    assert await harness.log.purge(NOW + RETENTION_SECONDS, 10) == 1
    assert await harness.customers.purge(NOW + CUSTOMER_RETENTION_SECONDS - 1, 10) == 0
    assert await harness.customers.find_by_phone(PHONE) is not None
    assert await harness.customers.purge(NOW + CUSTOMER_RETENTION_SECONDS, 10) == 1
    assert await harness.customers.find_by_phone(PHONE) is None


async def test_person_who_opted_out_is_remembered(harness: Harness, database: Database) -> None:
    await harness.receive(build_chakra_message("wamid.1"))
    customer = await harness.customers.find_by_phone(PHONE)
    assert customer is not None
    async with database.begin() as connection:
        await connection.execute(
            insert(opt_outs).values(
                workspace="",
                customer_id=customer.id,
                source="typed",
                scope="all",
                noted_at=NOW,
            )
        )
    assert await harness.customers.purge(NOW + 2 * CUSTOMER_RETENTION_SECONDS, 10) == 0


async def _decide(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(update(event_log).values(pending=False))
