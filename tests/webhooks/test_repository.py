"""Events are stored once, processed once, and what they say finds its send, early or late."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from bot.db.engine import Database
from bot.messages.repository import Sends
from bot.messages.send import Failure
from bot.messages.status import SendStatus
from bot.messages.status_updates import StatusUpdate, StatusUpdates
from bot.webhooks.repository import Events, RawEvent
from tests.db.rows import begun, status


@pytest.fixture
def events(database: Database) -> Events:
    return Events(database)


@pytest.fixture
def statuses(database: Database) -> StatusUpdates:
    return StatusUpdates(database)


@pytest.fixture
def sends(database: Database) -> Sends:
    return Sends(database)


def arrived(*bodies: bytes) -> list[RawEvent]:
    return [RawEvent(body.hex(), body) for body in bodies]


async def test_an_event_that_comes_twice_is_stored_once(events: Events) -> None:
    await events.store(arrived(b"one", b"two", b"one"), 1000)
    await events.store(arrived(b"two", b"three"), 1001)
    seen: list[bytes] = []

    def read(body: bytes) -> list[StatusUpdate]:
        seen.append(body)
        return []

    assert (await events.process(10, 1002, read)).count == 3
    assert seen == [b"one", b"two", b"three"]
    await events.store(arrived(b"one"), 1003)
    assert (await events.process(10, 1004, read)).count == 0


async def test_the_body_goes_once_it_is_processed(database: Database, events: Events) -> None:
    await events.store(arrived(b'{"recipientId": "919876543210"}'), 1000)
    await events.process(10, 1001, lambda _: [])
    async with database.begin() as connection:
        row = (await connection.execute(text("SELECT body, processed_at FROM events"))).one()
    assert tuple(row) == (None, 1001)


async def test_a_reader_that_fails_leaves_the_events_to_be_read_again(events: Events) -> None:
    await events.store(arrived(b"one"), 1000)

    def stumble(_: bytes) -> list[StatusUpdate]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await events.process(10, 1001, stumble)
    assert (await events.process(10, 1002, lambda _: [])).count == 1


async def test_two_at_work_take_different_events(events: Events) -> None:
    await events.store(arrived(*(str(turn).encode() for turn in range(100))), 1000)
    seen: list[bytes] = []

    def read(body: bytes) -> list[StatusUpdate]:
        seen.append(body)
        return []

    while any(
        done.count for done in await asyncio.gather(*(events.process(7, 1, read) for _ in "ab"))
    ):
        pass
    assert len(seen) == len(set(seen)) == 100


async def test_old_marks_go_and_what_is_not_processed_stays(events: Events) -> None:
    await events.store(arrived(b"old"), 1000)
    await events.process(10, 1001, lambda _: [])
    await events.store(arrived(b"waiting"), 1000)
    assert await events.purge(1001) == 1
    assert (await events.process(10, 1002, lambda _: [])).count == 1


# --- news -----------------------------------------------------------------------------------------


async def kept(events: Events, *news: StatusUpdate, now: float = 1011) -> None:
    await events.store(arrived(repr(news).encode()), now)
    await events.process(10, now, lambda _: list(news))


@pytest.mark.parametrize(
    "news",
    [
        status(SendStatus.SENT, "wamid.1", ""),
        status(SendStatus.SENT, "", "m-1"),
        status(SendStatus.SENT, "wamid.1", "m-1"),
        status(SendStatus.SENT, "wamid.else", "m-1"),
    ],
)
async def test_news_find_their_send_by_either_id(
    sends: Sends, statuses: StatusUpdates, news: StatusUpdate
) -> None:
    send = await begun(sends)
    await sends.record_outcome(
        send.id, SendStatus.ACCEPTED, 1001, wamid="wamid.1", message_id="m-1"
    )
    [moved] = await statuses.apply([news], 1011)
    assert (moved.id, moved.status, moved.status_at) == (send.id, SendStatus.SENT, 1010)


async def test_chakras_id_brings_metas(sends: Sends, statuses: StatusUpdates) -> None:
    send = await begun(sends)
    await sends.record_outcome(send.id, SendStatus.ACCEPTED, 1001, message_id="m-1")
    await statuses.apply([status(SendStatus.SENT, "wamid.1", "m-1")], 1011)
    [moved] = await statuses.apply([status(SendStatus.READ, "wamid.1")], 1012)
    assert moved.status is SendStatus.READ


async def test_the_latest_of_several_counts_with_its_failure(
    sends: Sends, statuses: StatusUpdates
) -> None:
    failure = Failure("recipient_rejected", 131026, "Undeliverable", "")
    for key, wamid in (("one", "wamid.1"), ("two", "wamid.2"), ("three", "wamid.3")):
        send = await begun(sends, key)
        await sends.record_outcome(send.id, SendStatus.ACCEPTED, 1001, wamid=wamid)
    moved = await statuses.apply(
        [
            status(SendStatus.READ, "wamid.1"),
            status(SendStatus.SENT, "wamid.1"),
            status(SendStatus.FAILED, "wamid.2", failure=failure),
            status(SendStatus.SENT, "wamid.2"),
            status(SendStatus.DELIVERED, "wamid.3"),
            status(SendStatus.SENT, "wamid.stranger"),
        ],
        1011,
    )
    assert {(one.wamid, one.status, one.failure) for one in moved} == {
        ("wamid.1", SendStatus.READ, None),
        ("wamid.2", SendStatus.FAILED, failure),
        ("wamid.3", SendStatus.DELIVERED, None),
    }


@pytest.mark.parametrize("at", [0.0, 99_999.0])
async def test_a_moment_that_is_missing_or_yet_to_come_is_now(
    sends: Sends, statuses: StatusUpdates, at: float
) -> None:
    send = await begun(sends)
    await sends.record_outcome(send.id, SendStatus.ACCEPTED, 1001, wamid="wamid.1")
    [moved] = await statuses.apply([status(SendStatus.SENT, at=at)], 1011)
    assert moved.status_at == 1011


async def test_news_of_nobody_yet_wait_for_their_send(
    events: Events, sends: Sends, statuses: StatusUpdates
) -> None:
    news = [
        status(SendStatus.DELIVERED, "wamid.1", "m-1"),
        status(SendStatus.SENT, "wamid.1", "m-1"),
    ]
    await kept(events, *news)
    assert await statuses.apply(news, 1011) == []
    send = await begun(sends)
    await sends.record_outcome(send.id, SendStatus.ACCEPTED, 1012, wamid="wamid.1")
    waiting = await statuses.find_by_message(wamid="wamid.1", message_id="")
    assert {one.status for one in waiting} == {SendStatus.SENT, SendStatus.DELIVERED}
    assert await statuses.find_applicable(10) == waiting
    [moved] = await statuses.apply(waiting, 1013)
    assert moved.status is SendStatus.DELIVERED
    assert await statuses.find_by_message(wamid="wamid.1", message_id="m-1") == []
    assert await statuses.find_applicable(10) == []


async def test_a_failure_that_waits_keeps_its_reason(
    events: Events, statuses: StatusUpdates
) -> None:
    failure = Failure("recipient_rejected", 131026, "Undeliverable", "Not on WhatsApp")
    await kept(events, status(SendStatus.FAILED, failure=failure))
    [waiting] = await statuses.find_by_message(wamid="wamid.1", message_id="")
    assert waiting == status(SendStatus.FAILED, failure=failure)


async def test_news_of_strangers_go_after_a_while(events: Events, statuses: StatusUpdates) -> None:
    await kept(events, status(SendStatus.SENT), now=1000)
    await kept(events, status(SendStatus.READ), now=1001)
    assert await statuses.purge(1000) == 1
    assert [
        one.status for one in await statuses.find_by_message(wamid="wamid.1", message_id="")
    ] == [SendStatus.READ]


async def test_nothing_is_asked_where_nothing_is_known(statuses: StatusUpdates) -> None:
    assert await statuses.find_by_message(wamid="", message_id="") == []
    assert await statuses.apply([], 1000) == []
