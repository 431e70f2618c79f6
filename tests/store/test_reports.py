"""A report is posted by one process at a time, and is due until it shows the latest state."""

from __future__ import annotations

import asyncio

import pytest

from bot.store.engine import Database
from bot.store.reports import ReportMarks
from bot.store.sends import Send, Sends
from bot.store.states import State
from tests.store.rows import begun


@pytest.fixture
def sends(database: Database) -> Sends:
    return Sends(database)


@pytest.fixture
def marks(database: Database) -> ReportMarks:
    return ReportMarks(database)


@pytest.fixture
async def send(sends: Sends) -> Send:
    made = await begun(sends)
    return await sends.note(made.id, State.ACCEPTED, 1001)


async def due(marks: ReportMarks, changed_by: float = 9999) -> list[int]:
    return [one.id for one in await marks.due(changed_by, 10)]


async def test_it_is_due_from_the_first_outcome_until_that_is_shown(
    sends: Sends, marks: ReportMarks
) -> None:
    made = await begun(sends)
    assert await due(marks) == []
    await sends.note(made.id, State.ACCEPTED, 1001)
    assert (await due(marks, 1000.9), await due(marks, 1001)) == ([], [made.id])
    await marks.shows(made.id, State.ACCEPTED)
    assert await due(marks) == []


async def test_it_stays_due_when_the_send_moved_on_meanwhile(
    sends: Sends, marks: ReportMarks, send: Send
) -> None:
    await sends.note(send.id, State.SENT, 1002)
    await marks.shows(send.id, State.ACCEPTED)
    assert await due(marks) == [send.id]
    await marks.give_up(send.id, State.ACCEPTED)
    assert await due(marks) == [send.id]
    await marks.give_up(send.id, State.SENT)
    assert await due(marks) == []


async def test_one_of_several_sets_out_to_post_it(marks: ReportMarks, send: Send) -> None:
    tries = await asyncio.gather(
        *(marks.set_out(send.id, f"boot-{turn}", 1002, 972) for turn in range(10))
    )
    assert tries.count(True) == 1


async def test_a_post_that_was_abandoned_is_anybodys_after_thirty_seconds(
    marks: ReportMarks, send: Send
) -> None:
    assert await marks.set_out(send.id, "boot-1", 1000, 970)
    assert not await marks.set_out(send.id, "boot-2", 1029.9, 999.9)
    assert await marks.set_out(send.id, "boot-2", 1030, 1000)


async def test_who_set_out_may_set_out_again(sends: Sends, marks: ReportMarks, send: Send) -> None:
    assert await marks.set_out(send.id, "boot-1", 1000, 970)
    assert await marks.set_out(send.id, "boot-1", 1001, 971)
    tried = await sends.by_id(send.id)
    assert tried is not None
    assert tried.report_boot == "boot-1"
    await marks.not_posted(send.id)
    assert await marks.set_out(send.id, "boot-2", 1002, 972)


async def test_what_stands_is_not_posted_again(
    sends: Sends, marks: ReportMarks, send: Send
) -> None:
    await marks.stands(send.id, "D1", "1.2")
    assert not await marks.set_out(send.id, "boot-1", 1002, 972)
    standing = await sends.by_id(send.id)
    assert standing is not None
    assert (standing.report_channel, standing.report_ts) == ("D1", "1.2")
