"""Statuses find their send by either ID, whether it is known before or after them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import select, text

from bot.db.engine import Database
from bot.db.tables import sends
from bot.messages.repository import Sends
from bot.messages.rows import has_message_id
from bot.messages.send import Failure, Send
from bot.messages.status import SendStatus
from bot.messages.status_updates import StatusUpdates, apply_updates
from bot.webhooks.events import StatusEvent
from tests.db.builders import start_send
from tests.messages.webhook_builders import META_ERROR


class Stage:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.sends = Sends(database)
        self.changes = 0
        self.statuses = StatusUpdates(database, on_status_change=self._count)

    def _count(self) -> None:
        self.changes += 1

    async def arrive(self, *events: StatusEvent, now: float = 1011) -> None:
        async with self.database.begin() as connection:
            notify = await self.statuses.handle(connection, events, now)
        if notify:
            notify()

    async def list_stored(self) -> list[str]:
        query = text("SELECT status FROM unmatched_statuses ORDER BY id")
        async with self.database.begin() as connection:
            return [row.status for row in await connection.execute(query)]

    async def send(self, key: str = "view-1") -> Send:
        send = await self.sends.find_by_key(key)
        assert send is not None
        return send


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


def build_event(
    kind: str, wamid: str = "wamid.1", message_id: str = "", at: float = 1010, error: object = None
) -> StatusEvent:
    return StatusEvent(kind=kind, occurred_at=at, wamid=wamid, message_id=message_id, error=error)


@pytest.mark.parametrize(
    ("wamid", "message_id"),
    [("wamid.1", ""), ("", "m-1"), ("wamid.1", "m-1"), ("wamid.else", "m-1")],
)
async def test_status_finds_its_send_by_either_id(
    stage: Stage, wamid: str, message_id: str
) -> None:
    send = await start_send(stage.sends)
    await stage.sends.record_outcome(
        send.id, SendStatus.ACCEPTED, 1001, wamid="wamid.1", message_id="m-1"
    )
    await stage.arrive(build_event("sent", wamid, message_id))
    sent = await stage.send()
    assert (sent.status, sent.status_at) == (SendStatus.SENT, 1010)
    assert (stage.changes, await stage.list_stored()) == (1, [])


async def test_wamid_is_learned_through_chakras_id(stage: Stage) -> None:
    send = await start_send(stage.sends)
    await stage.sends.record_outcome(send.id, SendStatus.ACCEPTED, 1001, message_id="m-1")
    await stage.arrive(build_event("sent", "wamid.1", "m-1"))
    await stage.arrive(build_event("read", "wamid.1"), now=1012)
    assert (await stage.send()).status is SendStatus.READ


async def test_latest_of_several_counts_with_its_failure(stage: Stage) -> None:
    for key, wamid in (("one", "wamid.1"), ("two", "wamid.2"), ("three", "wamid.3")):
        send = await start_send(stage.sends, key)
        await stage.sends.record_outcome(send.id, SendStatus.ACCEPTED, 1001, wamid=wamid)
    await stage.arrive(
        build_event("read", "wamid.1"),
        build_event("sent", "wamid.1"),
        build_event("failed", "wamid.2", error=[META_ERROR]),
        build_event("sent", "wamid.2"),
        build_event("delivered", "wamid.3"),
        build_event("sent", "wamid.stranger"),
    )
    found = [await stage.send(key) for key in ("one", "two", "three")]
    assert [send.status for send in found] == [
        SendStatus.READ,
        SendStatus.FAILED,
        SendStatus.DELIVERED,
    ]
    assert [send.failure and send.failure.code for send in found] == [None, 131026, None]
    assert await stage.list_stored() == ["sent"]


@pytest.mark.parametrize("at", [0.0, 99_999.0])
async def test_missing_or_future_time_is_now(stage: Stage, at: float) -> None:
    send = await start_send(stage.sends)
    await stage.sends.record_outcome(send.id, SendStatus.ACCEPTED, 1001, wamid="wamid.1")
    await stage.arrive(build_event("sent", at=at))
    assert (await stage.send()).status_at == 1011


async def test_status_waits_for_its_send(stage: Stage) -> None:
    early = [build_event("delivered", "wamid.1", "m-1"), build_event("sent", "wamid.1", "m-1")]
    await stage.arrive(*early)
    await stage.arrive(*early)  # from the other webhook, or once more
    assert (stage.changes, await stage.list_stored()) == (0, ["delivered", "sent"])
    send = await start_send(stage.sends)
    recorded = await stage.sends.record_outcome(send.id, SendStatus.ACCEPTED, 1012, wamid="wamid.1")
    assert (recorded.status, recorded.status_at) == (SendStatus.DELIVERED, 1010)
    assert await stage.list_stored() == []


async def test_waiting_failure_keeps_its_reason(stage: Stage) -> None:
    await stage.arrive(
        build_event("failed", error=[{**META_ERROR, "error_data": {"details": "Not there"}}])
    )
    send = await start_send(stage.sends)
    recorded = await stage.sends.record_outcome(send.id, SendStatus.ACCEPTED, 1012, wamid="wamid.1")
    assert recorded.failure == Failure(
        "recipient_rejected", 131026, "(#131026) Message undeliverable: Not there", "Not there"
    )


async def test_status_that_missed_its_send_is_applied_by_the_sweep(stage: Stage) -> None:
    """Two transactions that do not see each other: one stores the status, one records the IDs."""
    send = await start_send(stage.sends)
    await stage.sends.record_outcome(send.id, SendStatus.ACCEPTED, 1001, wamid="wamid.1")
    await stage.arrive(build_event("read", "wamid.else"))
    async with stage.database.begin() as connection:
        await connection.execute(text("UPDATE unmatched_statuses SET wamid = 'wamid.1'"))
    assert await stage.statuses.sweep(0, 1013) == 1
    assert (await stage.send()).status is SendStatus.READ
    assert (stage.changes, await stage.list_stored()) == (1, [])
    assert await stage.statuses.sweep(0, 1013) == 0


async def test_statuses_of_strangers_are_deleted_after_a_while(stage: Stage) -> None:
    await stage.arrive(build_event("sent"), now=1000)
    await stage.arrive(build_event("read"), now=1001)
    assert await stage.statuses.sweep(1000, 2000) == 0
    assert await stage.list_stored() == ["read"]


async def test_concurrent_batches_do_not_deadlock(stage: Stage) -> None:
    for number in range(20):
        send = await start_send(stage.sends, f"view-{number}")
        wamid, message_id = f"wamid.{number}", f"m-{number}"
        await stage.sends.record_outcome(
            send.id, SendStatus.ACCEPTED, 1001, wamid=wamid, message_id=message_id
        )
    forth = [build_event("delivered", f"wamid.{number}") for number in range(40)]
    back: Sequence[StatusEvent] = [
        build_event("read", "", f"m-{number}") for number in reversed(range(40))
    ]
    await asyncio.gather(*(stage.arrive(*events) for events in (forth, back) * 4))
    states = {(await stage.send(f"view-{number}")).status for number in range(20)}
    assert states == {SendStatus.READ}
    assert len(await stage.list_stored()) == 40


async def test_nothing_is_asked_for_no_updates(stage: Stage) -> None:
    async with stage.database.begin() as connection:
        assert await apply_updates(connection, "", [], 1000) == []
    assert await stage.statuses.sweep(0, 1000) == 0
    await stage.arrive(build_event("from_2031"))
    assert await stage.list_stored() == []


async def test_sends_are_found_by_their_ids_without_reading_all(sqlite: Database) -> None:
    async with sqlite.begin() as connection:
        is_known = has_message_id(connection, "", ["wamid.1", "m-1"])
        found = select(sends.c.id).where(is_known)
        literal = {"literal_binds": True}
        query = str(found.compile(dialect=connection.dialect, compile_kwargs=literal))
        rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")
        plan = " ".join(row["detail"] for row in rows.mappings())
    assert "(wamid=?)" in plan
    assert "(message_id=?)" in plan
    assert "(workspace=?)" not in plan
