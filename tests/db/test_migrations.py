"""A database of an earlier release still delivers its pending reports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.engine import Database, open_database
from bot.db.migrate import build_alembic_config
from bot.messages.dirty_sends import DirtySends
from bot.messages.reporter import Reporter
from bot.messages.repository import Sends
from bot.messages.status import SendStatus
from bot.outbox.outbox import Outbox
from bot.outbox.repository import Posts
from tests.db.databases import watched_database
from tests.outbox.harness import JOHN, OutboxHarness, build_sample, open_harness

INSERT_OLD_SEND = """
INSERT INTO sends (key, member, template, language, recipient, recipient_hash, content_hash,
                   followable, boot, started_at, state, state_at, report_due, report_state,
                   report_channel, report_ts, report_boot, report_tried_at)
VALUES (:key, 'U0JOHN', 'order_update', 'en', '+91 •••••• 3210', :key, 'hello', true, 'boot-0',
        1000, :state, 1010, :due, :shown, :channel, :ts, :boot, :tried)
"""
EMPTY_REPORT: dict[str, Any] = dict.fromkeys(("shown", "channel", "ts", "boot", "tried"))


@asynccontextmanager
async def create_old_schema(url: str) -> AsyncIterator[AsyncConnection]:
    """Open the database as release 0.1 created it; to be opened again afterwards."""
    async with open_database(url) as database, database.begin() as connection:
        await connection.run_sync(
            lambda sync_connection: command.downgrade(build_alembic_config(sync_connection), "0001")
        )
        yield connection


async def insert_old_send(connection: AsyncConnection, key: str, **columns: Any) -> None:
    given = {"key": key, "state": "accepted", "due": False, **EMPTY_REPORT, **columns}
    await connection.execute(text(INSERT_OLD_SEND), given)


def build_reporter(database: Database, outbox: Outbox, harness: OutboxHarness) -> Reporter:
    return Reporter(DirtySends(database), outbox, harness.clock)


async def test_migration_keeps_report_locations_and_uncertainty(url: str) -> None:
    posted = {"channel": "D0JOHN", "ts": "1.2", "boot": "boot-0", "tried": 1011}
    async with create_old_schema(url) as connection:
        await insert_old_send(connection, "posted", **posted, shown="accepted")
        await insert_old_send(
            connection, "moved", **{**posted, "ts": "1.3"}, state="read", due=True
        )
        await insert_old_send(connection, "in doubt", boot="boot-0", tried=1011, due=True)
        await insert_old_send(connection, "waits", due=True)
    async with open_database(url) as database:
        posts = Posts(database)
        post = await posts.find_by_key("send:posted")
        assert post is not None
        assert (post.message_channel, post.message_ts, post.pending) == (
            "D0JOHN",
            "1.2",
            False,
        )
        assert (post.channel, post.member, post.process_id) == ("U0JOHN", "U0JOHN", "")
        doubt = await posts.find_by_key("send:in doubt")
        assert doubt is not None
        assert (doubt.process_id, doubt.attempted_at, doubt.uncertain_since) == (
            "boot-0",
            1011,
            1000,
        )
        assert await posts.find_by_key("send:waits") is None
        due = await DirtySends(database).fetch(10)
        assert {send.key for send in due} == {"moved", "in doubt", "waits"}
        assert await posts.find_next_per_channel() == await posts.find_pending_edits(2000, 10) == []


async def test_downgrade_restores_report_locations(url: str) -> None:
    async with create_old_schema(url) as connection:
        await insert_old_send(connection, "posted", channel="D0JOHN", ts="1.2")
    async with open_database(url) as database, database.begin() as connection:
        await connection.run_sync(
            lambda sync_connection: command.downgrade(build_alembic_config(sync_connection), "0001")
        )
        row = (await connection.execute(text("SELECT report_channel, report_ts FROM sends"))).one()
        assert tuple(row) == ("D0JOHN", "1.2")


async def test_migrated_report_is_edited_not_reposted(url: str) -> None:
    """One is posted and out of date; one may be posted; one was never posted."""
    async with watched_database(url) as database, open_harness(database) as harness:
        place = await harness.client.post_message(JOHN, build_sample("Accepted"))
        marked = {"event_type": "chakra_send", "event_payload": {"key": "in doubt"}}
        await harness.client.post_message(JOHN, build_sample("Accepted"), metadata=marked)
        now = harness.clock.time()
        async with database.begin() as connection:
            await connection.run_sync(
                lambda sync_connection: command.downgrade(
                    build_alembic_config(sync_connection), "0001"
                )
            )
            post = {"channel": place.channel, "ts": place.ts}
            await insert_old_send(connection, "moved", **post, state="read", due=True)
            await insert_old_send(connection, "in doubt", boot="boot-0", tried=now, due=True)
            await insert_old_send(connection, "waits", due=True)
            await connection.execute(text("UPDATE sends SET started_at = :now"), {"now": now})
            await connection.run_sync(
                lambda sync_connection: command.upgrade(
                    build_alembic_config(sync_connection), "head"
                )
            )
        outbox = harness.start_outbox()
        assert await build_reporter(database, outbox, harness).run_once() == 3
        await harness.advance_until(
            lambda: wait_for_report(harness, "*Read* by ", "*Sending* to ", "*Sending* to ")
        )
        assert len(harness.list_calls("chat.postMessage")) == 3
        sends = Sends(database)
        send = await sends.find_by_key("in doubt")
        assert send is not None
        await sends.record_outcome(send.id, SendStatus.READ, now + 60)
        assert await build_reporter(database, outbox, harness).run_once() == 1
        await harness.advance_until(
            lambda: wait_for_report(harness, "*Read* by ", "*Read* by ", "*Sending* to ")
        )


def wait_for_report(harness: OutboxHarness, *words: str) -> bool:
    texts = harness.list_direct_message_texts()
    return len(texts) == len(words) and all(map(str.__contains__, texts, words))
