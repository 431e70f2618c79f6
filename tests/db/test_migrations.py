"""A database of an earlier release keeps what it promised."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.engine import Database, open_database
from bot.db.migrate import alembic_config
from bot.messages.dirty_sends import DirtySends
from bot.messages.report_message import report_message
from bot.messages.reporter import Reporter
from bot.messages.repository import Sends
from bot.messages.status import SendStatus
from bot.outbox.outbox import Outbox
from bot.outbox.repository import Posts
from tests.outbox.stage import JOHN, Stage, sample, staged

OLD_SEND = """
INSERT INTO sends (key, member, template, language, recipient, recipient_hash, content_hash,
                   followable, boot, started_at, state, state_at, report_due, report_state,
                   report_channel, report_ts, report_boot, report_tried_at)
VALUES (:key, 'U0JOHN', 'order_update', 'en', '+91 •••••• 3210', :key, 'hello', true, 'boot-0',
        1000, :state, 1010, :due, :shown, :channel, :ts, :boot, :tried)
"""
NOTHING: dict[str, Any] = dict.fromkeys(("shown", "channel", "ts", "boot", "tried"))


@asynccontextmanager
async def old(url: str) -> AsyncIterator[AsyncConnection]:
    """The database as release 0.1 made it; to be opened anew afterwards."""
    async with open_database(url) as database, database.begin() as connection:
        await connection.run_sync(lambda one: command.downgrade(alembic_config(one), "0001"))
        yield connection


async def write(connection: AsyncConnection, key: str, **columns: Any) -> None:
    given = {"key": key, "state": "accepted", "due": False, **NOTHING, **columns}
    await connection.execute(text(OLD_SEND), given)


def reports(database: Database, outbox: Outbox, stage: Stage) -> Reporter:
    return Reporter(DirtySends(database), outbox, stage.clock, render=report_message)


async def test_reports_keep_their_places_and_doubts(url: str) -> None:
    posted = {"channel": "D0JOHN", "ts": "1.2", "boot": "boot-0", "tried": 1011}
    async with old(url) as connection:
        await write(connection, "posted", **posted, shown="accepted")
        await write(connection, "moved", **{**posted, "ts": "1.3"}, state="read", due=True)
        await write(connection, "in doubt", boot="boot-0", tried=1011, due=True)
        await write(connection, "waits", due=True)
    async with open_database(url) as database:
        posts = Posts(database)
        stands = await posts.find_by_key("send:posted")
        assert stands is not None
        assert (stands.message_channel, stands.message_ts, stands.pending) == (
            "D0JOHN",
            "1.2",
            False,
        )
        assert (stands.channel, stands.member, stands.process_id) == ("U0JOHN", "U0JOHN", "")
        doubt = await posts.find_by_key("send:in doubt")
        assert doubt is not None
        assert (doubt.process_id, doubt.attempted_at, doubt.uncertain_since) == (
            "boot-0",
            1011,
            1000,
        )
        assert await posts.find_by_key("send:waits") is None
        due = await DirtySends(database).fetch(10)
        assert {one.key for one in due} == {"moved", "in doubt", "waits"}
        assert await posts.next_per_channel() == await posts.pending_edits(2000, 10) == []


async def test_and_the_way_back(url: str) -> None:
    async with old(url) as connection:
        await write(connection, "posted", channel="D0JOHN", ts="1.2")
    async with open_database(url) as database, database.begin() as connection:
        await connection.run_sync(lambda one: command.downgrade(alembic_config(one), "0001"))
        row = (await connection.execute(text("SELECT report_channel, report_ts FROM sends"))).one()
        assert tuple(row) == ("D0JOHN", "1.2")


async def test_a_report_of_before_is_edited_and_not_posted_anew(url: str) -> None:
    """One stands and has moved on; one may stand; one was never posted."""
    async with open_database(url) as database, staged(database) as stage:
        place = await stage.client.post_message(JOHN, sample("Accepted"))
        marked = {"event_type": "chakra_send", "event_payload": {"key": "in doubt"}}
        await stage.client.post_message(JOHN, sample("Accepted"), metadata=marked)
        now = stage.clock.time()
        async with database.begin() as connection:
            await connection.run_sync(lambda one: command.downgrade(alembic_config(one), "0001"))
            stands = {"channel": place.channel, "ts": place.ts}
            await write(connection, "moved", **stands, state="read", due=True)
            await write(connection, "in doubt", boot="boot-0", tried=now, due=True)
            await write(connection, "waits", due=True)
            await connection.execute(text("UPDATE sends SET started_at = :now"), {"now": now})
            await connection.run_sync(lambda one: command.upgrade(alembic_config(one), "head"))
        outbox = stage.outbox()
        assert await reports(database, outbox, stage).run_once() == 3
        await stage.until(lambda: shows(stage, "Read: ", "Sending (WhatsApp", "Sending (WhatsApp"))
        assert len(stage.calls("chat.postMessage")) == 3
        sends = Sends(database)
        send = await sends.find_by_key("in doubt")
        assert send is not None
        await sends.record_outcome(send.id, SendStatus.READ, now + 60)
        assert await reports(database, outbox, stage).run_once() == 1
        await stage.until(lambda: shows(stage, "Read: ", "Read: ", "Sending (WhatsApp"))


def shows(stage: Stage, *words: str) -> bool:
    shown = stage.direct()
    return len(shown) == len(words) and all(map(str.__contains__, shown, words))
