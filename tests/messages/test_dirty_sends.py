"""A send is marked when its status changes, until its report is in the outbox."""

from __future__ import annotations

import pytest

from bot.db.engine import Database
from bot.messages.dirty_sends import DirtySends
from bot.messages.repository import Sends
from bot.messages.status import SendStatus
from tests.db.builders import start_send


@pytest.fixture
def sends(database: Database) -> Sends:
    return Sends(database)


@pytest.fixture
def dirty_sends(database: Database) -> DirtySends:
    return DirtySends(database)


async def list_dirty(dirty_sends: DirtySends) -> list[int]:
    return [send.id for send in await dirty_sends.fetch(10)]


async def test_send_is_dirty_from_its_first_outcome_until_reported(
    sends: Sends, dirty_sends: DirtySends
) -> None:
    send = await start_send(sends)
    assert await list_dirty(dirty_sends) == []
    accepted = await sends.record_outcome(send.id, SendStatus.ACCEPTED, 1001)
    assert await list_dirty(dirty_sends) == [send.id]
    await dirty_sends.clear([accepted])
    assert await list_dirty(dirty_sends) == []


async def test_report_stays_pending_if_the_status_changed_again(
    sends: Sends, dirty_sends: DirtySends
) -> None:
    send = await start_send(sends)
    accepted = await sends.record_outcome(send.id, SendStatus.ACCEPTED, 1001)
    sent = await sends.record_outcome(send.id, SendStatus.SENT, 1002)
    await dirty_sends.clear([accepted])
    assert await list_dirty(dirty_sends) == [send.id]
    await dirty_sends.clear([sent])
    assert await list_dirty(dirty_sends) == []


async def test_late_replica_leaves_the_report_pending(
    sends: Sends, dirty_sends: DirtySends
) -> None:
    """One replica reports the latest state, then another one what it had read before."""
    send = await start_send(sends)
    accepted = await sends.record_outcome(send.id, SendStatus.ACCEPTED, 1001)
    sent = await sends.record_outcome(send.id, SendStatus.SENT, 1002)
    await dirty_sends.clear([sent])
    await dirty_sends.clear([accepted])
    assert await list_dirty(dirty_sends) == [send.id]


async def test_oldest_changes_come_first(sends: Sends, dirty_sends: DirtySends) -> None:
    moved = [await start_send(sends, f"view-{number}") for number in range(3)]
    for send, at in zip(moved, (1003, 1001, 1002), strict=True):
        await sends.record_outcome(send.id, SendStatus.ACCEPTED, at)
    assert await list_dirty(dirty_sends) == [moved[1].id, moved[2].id, moved[0].id]
    assert [send.id for send in await dirty_sends.fetch(1)] == [moved[1].id]
    await dirty_sends.clear([])
