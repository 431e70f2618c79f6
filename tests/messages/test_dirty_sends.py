"""A send is marked when its status changes, until its report is in the outbox."""

from __future__ import annotations

import pytest

from bot.db.engine import Database
from bot.messages.dirty_sends import DirtySends
from bot.messages.repository import Sends
from bot.messages.status import SendStatus
from tests.db.rows import begun


@pytest.fixture
def sends(database: Database) -> Sends:
    return Sends(database)


@pytest.fixture
def marks(database: Database) -> DirtySends:
    return DirtySends(database)


async def due(marks: DirtySends) -> list[int]:
    return [one.id for one in await marks.fetch(10)]


async def test_it_is_due_from_the_first_outcome_until_it_is_reported(
    sends: Sends, marks: DirtySends
) -> None:
    made = await begun(sends)
    assert await due(marks) == []
    accepted = await sends.record_outcome(made.id, SendStatus.ACCEPTED, 1001)
    assert await due(marks) == [made.id]
    await marks.clear([accepted])
    assert await due(marks) == []


async def test_report_stays_pending_if_the_status_changed_again(
    sends: Sends, marks: DirtySends
) -> None:
    made = await begun(sends)
    accepted = await sends.record_outcome(made.id, SendStatus.ACCEPTED, 1001)
    sent = await sends.record_outcome(made.id, SendStatus.SENT, 1002)
    await marks.clear([accepted])
    assert await due(marks) == [made.id]
    await marks.clear([sent])
    assert await due(marks) == []


async def test_late_replica_leaves_the_report_pending(sends: Sends, marks: DirtySends) -> None:
    """One replica reports the latest state, then another one what it had read before."""
    made = await begun(sends)
    accepted = await sends.record_outcome(made.id, SendStatus.ACCEPTED, 1001)
    sent = await sends.record_outcome(made.id, SendStatus.SENT, 1002)
    await marks.clear([sent])
    await marks.clear([accepted])
    assert await due(marks) == [made.id]


async def test_those_that_moved_first_come_first(sends: Sends, marks: DirtySends) -> None:
    moved = [await begun(sends, f"view-{number}") for number in range(3)]
    for send, at in zip(moved, (1003, 1001, 1002), strict=True):
        await sends.record_outcome(send.id, SendStatus.ACCEPTED, at)
    assert await due(marks) == [moved[1].id, moved[2].id, moved[0].id]
    assert [one.id for one in await marks.fetch(1)] == [moved[1].id]
    await marks.clear([])
