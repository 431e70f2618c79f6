"""What the bot says by itself: one row a message, kept until it is delivered, and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.engine import Database
from bot.db.tables import posts
from bot.outbox import content
from bot.outbox.message import OutboxMessage
from bot.slack.commands.reply import Message

WITHDRAWN = "dropped"
"""The refusal of a post that its author takes back; it stays closed."""


@dataclass(frozen=True, slots=True)
class Post:
    """One row; what is not known is "" or None. Without a ``place_ts`` it is not posted, as far as
    is known; with ``doubt_since`` it may be all the same. ``content`` is there while it is due."""

    id: int
    key: str
    channel: str
    member: str
    content: str
    version: int
    delivered_version: int
    pending: bool
    urgent: bool
    thread_key: str
    broadcast: bool
    message_channel: str
    message_ts: str
    process_id: str
    attempted_at: float | None
    uncertain_since: float | None
    not_before: float | None
    error_code: str
    notice_key: str
    created_at: float
    stale_since: float


@dataclass(frozen=True, slots=True)
class FailureNotice:
    """Notifies a member that a post was not delivered.

    ``message`` goes first; ``repeat`` goes into its thread while the channel keeps failing for the
    same reason.
    """

    message: Message
    repeat: Message


class Posts:
    """Every method is one transaction, and raises ``DatabaseUnavailable``. Moments are seconds
    since
    1970; ``boot`` names the process that has a post in hand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- what authors write -----------------------------------------------------------------------

    async def enqueue(self, messages: Sequence[OutboxMessage], now: float) -> None:
        """Insert new messages; for a known key, replace the content.

        Nothing changes if the content is the same, or if the post is closed: withdrawn by its
        author, or refused by Slack before it was posted.
        """
        if not messages:
            return
        # Sorted, so that two replicas lock the rows in the same order and cannot deadlock.
        ordered = sorted(messages, key=lambda message: message.key)
        contents = {message.key: content.dumps(message.message) for message in ordered}
        async with self._database.begin() as connection:
            await self._insert(connection, ordered, now)
            await connection.execute(
                update(posts)
                .where(
                    posts.c.key == bindparam("of"),
                    posts.c.digest != bindparam("now"),
                    _accepts_content(),
                )
                .values(
                    content=bindparam("new"),
                    digest=bindparam("now"),
                    urgent=bindparam("now_urgent"),
                    version=posts.c.version + 1,
                    due=True,
                    changed_at=now,
                    waiting_since=case((posts.c.due, posts.c.waiting_since), else_=now),
                ),
                [
                    {
                        "of": message.key,
                        "new": contents[message.key],
                        "now": _digest(contents[message.key]),
                        "now_urgent": message.urgent,
                    }
                    for message in ordered
                ],
            )

    async def withdraw(self, key: str, now: float) -> None:
        """It is neither posted nor edited any more."""
        values = {"refusal": WITHDRAWN, "refused_at": now, "due": False, "content": ""}
        await self._update(posts.c.key == key, values)

    async def find_by_key(self, key: str) -> Post | None:
        async with self._database.begin() as connection:
            row = (await connection.execute(select(posts).where(posts.c.key == key))).one_or_none()
        return None if row is None else _post_from_row(row)

    # --- what is to be done -----------------------------------------------------------------------

    async def next_per_channel(self) -> list[Post]:
        """Of each channel the first that is to be posted: those behind it wait for it."""
        first = (
            select(func.min(posts.c.id))
            .where(posts.c.due, posts.c.place_ts.is_(None))
            .group_by(posts.c.channel)
        )
        return await self._fetch_all(
            select(posts).where(posts.c.id.in_(first)).order_by(posts.c.id)
        )

    async def pending_edits(self, now: float, limit: int) -> list[Post]:
        """Those that stand and do not show their newest version: first those that need not wait,
        of those the urgent ones, then those that have been waiting for longest."""
        waits = func.coalesce(posts.c.not_before, 0.0) > now
        return await self._fetch_all(
            select(posts)
            .where(posts.c.due, posts.c.place_ts.is_not(None))
            .order_by(waits, posts.c.urgent.desc(), posts.c.waiting_since, posts.c.id)
            .limit(limit)
        )

    async def count_pending(self) -> tuple[int, int]:
        """How many are to be posted, and how many to be edited."""
        counts = select(
            func.count().filter(posts.c.place_ts.is_(None)),
            func.count().filter(posts.c.place_ts.is_not(None)),
        ).where(posts.c.due)
        async with self._database.begin() as connection:
            posting, editing = (await connection.execute(counts)).one()
        return posting, editing

    # --- what becomes of it -----------------------------------------------------------------------

    async def claim(
        self, post_id: int, process_id: str, now: float, abandoned_cutoff: float
    ) -> Post | None:
        """The post as it was, where it is the caller's to post or edit: due, and in nobody else's
        hand since ``abandoned_by``. From now on it is in doubt whether it is posted."""
        free = or_(
            posts.c.boot.is_(None), posts.c.boot == process_id, posts.c.tried_at <= abandoned_cutoff
        )
        wanted = select(posts).where(posts.c.id == post_id, posts.c.due, free).with_for_update()
        async with self._database.begin() as connection:
            row = (await connection.execute(wanted)).one_or_none()
            if row is None:
                return None
            since = now if row.doubt_since is None else row.doubt_since
            await connection.execute(
                update(posts)
                .where(posts.c.id == post_id)
                .values(
                    boot=process_id,
                    tried_at=now,
                    doubt_since=since if row.place_ts is None else None,
                )
            )
        return _post_from_row(row)

    async def mark_delivered(
        self, post_id: int, version: int, now: float, *, channel: str = "", ts: str = ""
    ) -> None:
        """Slack has this version; at this place, where it was posted or found just now. What it
        refused before counts no more."""
        dropped = func.coalesce(posts.c.refusal, "") == WITHDRAWN
        values: dict[str, Any] = {
            "shown": version,
            "content": case((posts.c.version > version, posts.c.content), else_=""),
            "due": and_(posts.c.version > version, ~dropped),
            "refusal": case((dropped, WITHDRAWN)),
            "told_by": None,
            "delivered_at": now,
            "waiting_since": now,
            "not_before": None,
            **_UNCLAIMED,
        }
        if ts:
            values |= {"place_channel": channel, "place_ts": ts}
        await self._update(posts.c.id == post_id, values)

    async def reschedule(self, post_id: int, not_before: float | None = None) -> None:
        """Slack certainly did not do what was tried last; it may be tried again."""
        await self._update(posts.c.id == post_id, {"not_before": not_before, **_UNCLAIMED})

    async def mark_uncertain(self, post_id: int, not_before: float) -> None:
        """It is not known whether it stands; it stays in the caller's hand until it may look."""
        await self._update(posts.c.id == post_id, {"not_before": not_before})

    async def mark_failed(
        self, post: Post, error_code: str, now: float, notice: FailureNotice | None = None
    ) -> None:
        """Nothing more is tried, and the member is told in their direct messages: once while a
        channel stays closed for the same reason, with the rest in the thread of that."""
        async with self._database.begin() as connection:
            told_by = None
            if notice is not None:
                told_by = await _find_notice_key(connection, post, error_code)
                message = OutboxMessage(
                    key=f"undelivered:{post.id}:{post.version}",
                    channel=post.member,
                    message=notice.repeat if told_by else notice.message,
                    member=post.member,
                    thread_key=told_by or "",
                    urgent=True,
                )
                await self._insert(connection, [message], now)
                told_by = told_by or message.key
            await connection.execute(
                update(posts)
                .where(posts.c.id == post.id)
                .values(
                    refusal=error_code,
                    refused_at=now,
                    told_by=func.coalesce(told_by, posts.c.told_by),
                    due=False,
                    content="",
                    **_UNCLAIMED,
                )
            )

    async def purge(self, cutoff: float, limit: int) -> int:
        """Drops what was settled, and has had the same content since ``changed_by`` or before.
        Returns how many, at most ``limit``."""
        old = select(posts.c.id).where(~posts.c.due, posts.c.changed_at <= cutoff).limit(limit)
        async with self._database.begin() as connection:
            gone = await connection.execute(delete(posts).where(posts.c.id.in_(old)))
            return gone.rowcount

    # --- inside -----------------------------------------------------------------------------------

    async def _insert(
        self, connection: AsyncConnection, messages: Sequence[OutboxMessage], now: float
    ) -> None:
        contents = {message.key: content.dumps(message.message) for message in messages}
        await connection.execute(
            self._database.insert(posts).on_conflict_do_nothing(index_elements=[posts.c.key]),
            [
                {
                    "key": message.key,
                    "channel": message.channel,
                    "member": message.member,
                    "content": contents[message.key],
                    "digest": _digest(contents[message.key]),
                    "version": 1,
                    "shown": 0,
                    "due": True,
                    "urgent": message.urgent,
                    "thread_key": message.thread_key or None,
                    "broadcast": message.broadcast,
                    "created_at": now,
                    "changed_at": now,
                    "waiting_since": now,
                }
                for message in messages
            ],
        )

    async def _fetch_all(self, query: Any) -> list[Post]:
        async with self._database.begin() as connection:
            return [_post_from_row(row) for row in await connection.execute(query)]

    async def _update(self, condition: ColumnElement[bool], values: Mapping[str, Any]) -> None:
        async with self._database.begin() as connection:
            await connection.execute(update(posts).where(condition).values(**values))


_UNCLAIMED: Mapping[str, None] = {"boot": None, "tried_at": None, "doubt_since": None}


def _digest(content: str) -> str:
    return sha256(content.encode()).hexdigest()


def _accepts_content() -> ColumnElement[bool]:
    stands = and_(posts.c.place_ts.is_not(None), posts.c.refusal != WITHDRAWN)
    return or_(posts.c.refusal.is_(None), stands)


async def _find_notice_key(connection: AsyncConnection, post: Post, error_code: str) -> str | None:
    """The post that told this member the same of this channel, if that took nothing since."""
    taken = select(func.coalesce(func.max(posts.c.delivered_at), 0.0)).where(
        posts.c.channel == post.channel
    )
    told = (
        select(posts.c.told_by)
        .where(
            posts.c.channel == post.channel,
            posts.c.refusal == error_code,
            posts.c.refused_at > taken.scalar_subquery(),
            posts.c.member == post.member,
            posts.c.told_by.is_not(None),
        )
        .order_by(posts.c.refused_at)
        .limit(1)
    )
    key: str | None = (await connection.execute(told)).scalar_one_or_none()
    return key


def _post_from_row(row: Row[Any]) -> Post:
    return Post(
        id=row.id,
        key=row.key,
        channel=row.channel,
        member=row.member,
        content=row.content,
        version=row.version,
        delivered_version=row.shown,
        pending=row.due,
        urgent=row.urgent,
        thread_key=row.thread_key or "",
        broadcast=row.broadcast,
        message_channel=row.place_channel or "",
        message_ts=row.place_ts or "",
        process_id=row.boot or "",
        attempted_at=row.tried_at,
        uncertain_since=row.doubt_since,
        not_before=row.not_before,
        error_code=row.refusal or "",
        notice_key=row.told_by or "",
        created_at=float(row.created_at),
        stale_since=float(row.waiting_since),
    )
