"""A database of the first release (migrations up to 0003) opens with its unfinished work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, column, insert, table, text

from bot.bulk.repository import Uploads
from bot.bulk.upload import BatchState, UploadStage
from bot.db.adoption import adopt_rows
from bot.db.engine import Database, open_database
from bot.db.migrate import build_alembic_config
from bot.jobs.repository import Watches
from bot.jobs.watch import WatchStatus
from bot.messages.dirty_sends import DirtySends
from bot.messages.error_codec import deserialize_error
from bot.messages.repository import Sends
from bot.messages.status import SendStatus
from bot.outbox.repository import WITHDRAWN, Posts

WORKSPACE = "T0ACME"

Row = Mapping[str, Any]

SEND: Row = {
    "member": "U0JOHN",
    "template": "order_update",
    "language": "en",
    "recipient": "+91 •••••• 3210",
    "recipient_hash": "to",
    "content_hash": "hello",
    "followable": True,
    "boot": "boot-0",
    "started_at": 1000,
    "state": "sending",
    "state_at": 1000,
    "report_due": False,
}
POST: Row = {
    "channel": "C0SALES",
    "member": "U0JOHN",
    "content": '{"text":"Hello","blocks":[]}',
    "digest": "d",
    "version": 1,
    "shown": 0,
    "due": True,
    "urgent": False,
    "broadcast": False,
    "created_at": 1000,
    "changed_at": 1000,
    "waiting_since": 1000,
}
WATCH: Row = {
    "jobs": '["j1"]',
    "member": "U0JOHN",
    "channel": "C0SALES",
    "title": "Leads",
    "ending": "watched",
    "started_at": 1000,
    "whole": True,
    "counts": '{"SUCCESS":3}',
    "points": "[[1000,0],[1010,3]]",
}
UPLOAD: Row = {
    "member": "U0JOHN",
    "channel": "C0SALES",
    "procedure": "lead",
    "kind": "create",
    "filename": "leads.csv",
    "stage": "going",
    "turn": 2,
    "made_at": 1000,
    "moved_at": 1001,
}
PIECE: Row = {"upload_id": 1, "first_row": 2, "last_row": 4, "rows": 3, "state": "pending"}

ROWS: Mapping[str, tuple[Row, ...]] = {
    "sends": (
        {**SEND, "key": "in flight"},
        {**SEND, "key": "rejected", "state": "failed", "failure_kind": "throttled"},
        {**SEND, "key": "key", "state": "failed", "failure_kind": "key_refused"},
        {
            **SEND,
            "key": "accepted",
            "state": "accepted",
            "message_id": "m-1",
            "wamid": "wamid.1",
            "report_due": True,
        },
    ),
    "statuses": (
        {
            "wamid": "wamid.9",
            "message_id": "",
            "state": "failed",
            "at": 1010,
            "received_at": 1010,
            "failure_kind": "pair_throttled",
        },
    ),
    "events": ({"digest": "seen", "received_at": 1000, "processed_at": 1001},),
    "posts": (
        {**POST, "key": "waiting"},
        {**POST, "key": "uncertain", "boot": "boot-0", "tried_at": 1001, "doubt_since": 1001},
        {**POST, "key": "posted", "place_channel": "C1", "place_ts": "1.2", "shown": 1},
        {**POST, "key": "dropped", "due": False, "refusal": "dropped", "refused_at": 1002},
    ),
    "watches": (
        {**WATCH, "subject": "j1", "live": "j1 C0SALES", "seen_at": 1010},
        {**WATCH, "subject": "gone", "ending": "vanished", "ended_at": 1020},
        {**WATCH, "subject": "late", "ending": "too_long", "ended_at": 1020},
    ),
    "uploads": ({**UPLOAD, "key": "form"},),
    "pieces": (
        {**PIECE, "number": 1, "state": "sent", "job_id": "j1"},
        {**PIECE, "number": 2, "body": b"[1]"},
    ),
    "paces": ({"name": "watch", "free_at": 1000},),
}


def build_release(connection: Connection) -> None:
    """Replace the tables by those that the migrations of the first release create, with ROWS."""
    command.downgrade(build_alembic_config(connection), "base")
    command.upgrade(build_alembic_config(connection), "0003")
    for name, rows in ROWS.items():
        for row in rows:
            columns = table(name, *(column(key) for key in row))
            connection.execute(insert(columns).values(**row))


@pytest.fixture
async def upgraded(url: str) -> AsyncIterator[Database]:
    async with open_database(url) as database, database.begin() as connection:
        await connection.run_sync(build_release)
    async with open_database(url) as database:
        await adopt_rows(database, WORKSPACE)
        yield database


async def test_sends_keep_their_outcomes_and_are_not_repeated(upgraded: Database) -> None:
    sends = Sends(upgraded, WORKSPACE)
    [expired] = await sends.expire(2000, 2000, ())
    assert (expired.key, expired.status, expired.process_id) == (
        "in flight",
        SendStatus.UNKNOWN,
        "boot-0",
    )
    kinds = {}
    for key in ("rejected", "key"):
        send = await sends.find_by_key(key)
        assert send is not None
        assert send.failure is not None
        kinds[key] = deserialize_error(send.failure).kind
    assert kinds == {"rejected": "rate_limited", "key": "authentication_error"}
    due = await DirtySends(upgraded, WORKSPACE).fetch(10)
    assert {send.key for send in due} == {"in flight", "accepted"}
    accepted = await sends.find_by_key("accepted")
    assert accepted is not None
    assert (accepted.message_id, accepted.wamid) == ("m-1", "wamid.1")


async def test_posts_keep_their_place_and_their_doubt(upgraded: Database) -> None:
    posts = Posts(upgraded, WORKSPACE)
    assert [post.key for post in await posts.find_next_per_channel()] == ["waiting"]
    uncertain = await posts.find_by_key("uncertain")
    assert uncertain is not None
    assert (uncertain.process_id, uncertain.attempted_at, uncertain.uncertain_since) == (
        "boot-0",
        1001,
        1001,
    )
    [edit] = await posts.find_pending_edits(2000, 10)
    assert (edit.key, edit.message_channel, edit.message_ts, edit.delivered_version) == (
        "posted",
        "C1",
        "1.2",
        1,
    )
    dropped = await posts.find_by_key("dropped")
    assert dropped is not None
    assert dropped.error_code == WITHDRAWN


async def test_watches_resume_and_ended_ones_say_why(upgraded: Database) -> None:
    watches = Watches(upgraded, WORKSPACE)
    active = await watches.find_active("j1", "C0SALES")
    assert active is not None
    assert (active.status, active.progress_at, dict(active.counts)) == (
        WatchStatus.ACTIVE,
        1010,
        {"SUCCESS": 3},
    )
    assert active.progress_points == ((1000, 0), (1010, 3))
    recent = {watch.subject: watch.status for watch in await watches.list_recent(0, 10)}
    assert (recent["gone"], recent["late"]) == (WatchStatus.JOB_NOT_FOUND, WatchStatus.TIMED_OUT)


async def test_uploads_resume_with_the_next_batch(upgraded: Database) -> None:
    uploads = Uploads(upgraded, WORKSPACE)
    [upload] = await uploads.list_running()
    assert (upload.key, upload.stage, upload.attempt) == ("form", UploadStage.RUNNING, 2)
    assert await uploads.claim(upload.id, 1) is None
    batch = await uploads.claim(upload.id, 2)
    assert batch is not None
    assert (batch.number, batch.row_count, batch.body) == (2, 3, b"[1]")
    states = [batch.state for batch in await uploads.list_batches(upload.id)]
    assert states == [BatchState.SENT, BatchState.SENDING]


async def test_new_rows_are_numbered_after_the_old_ones(upgraded: Database) -> None:
    """Postgres numbers rows by a sequence of its own, which must survive the migration."""
    async with upgraded.begin() as connection:
        for name in ("unmatched_statuses", "upload_batches"):
            last = await connection.scalar(text(f"SELECT max(id) FROM {name}"))  # noqa: S608
            assert last == len(ROWS[{"unmatched_statuses": "statuses"}.get(name, "pieces")])
        await connection.execute(
            text(
                "INSERT INTO unmatched_statuses "
                "(wamid, message_id, status, occurred_at, received_at) VALUES ('x','','sent',1,1)"
            )
        )
