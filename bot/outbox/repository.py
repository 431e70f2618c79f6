"""Messages that the bot posts on its own: one row each, stored until and after delivery."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.aio.clock import MAX_CLOCK_SKEW_SECONDS
from bot.db.engine import Database
from bot.db.rows import read_row
from bot.db.tables import posts
from bot.outbox import content
from bot.outbox.error_policy import UNUSABLE_THREAD_CODES
from bot.outbox.message import OutboxMessage
from bot.outbox.post import FailureNotice, Post
from bot.slack.client.retry import MAX_RETRY_AFTER_SECONDS

MAX_WAIT_SECONDS = MAX_RETRY_AFTER_SECONDS
"""The longest that a post waits for its next attempt."""
WITHDRAWN = "withdrawn"
"""The error code of a post that its author has withdrawn."""

_unposted = select(func.min(posts.c.id)).where(
    posts.c.workspace == bindparam("workspace"), posts.c.pending, posts.c.message_ts == ""
)
_NEXT_PER_CHANNEL = (
    select(posts).where(posts.c.id.in_(_unposted.group_by(posts.c.channel))).order_by(posts.c.id)
)
_not_before = func.coalesce(posts.c.not_before, 0.0)
_PENDING_EDITS = (
    select(posts)
    .where(posts.c.workspace == bindparam("workspace"), posts.c.pending, posts.c.message_ts != "")
    .order_by(
        and_(_not_before > bindparam("now"), _not_before <= bindparam("latest")),
        posts.c.urgent.desc(),
        posts.c.stale_since,
        posts.c.id,
    )
    .limit(bindparam("count"))
)


class Posts:
    """Each method is one transaction and raises ``DatabaseUnavailable``.

    Times are in seconds since 1970; ``process_id`` identifies the process that delivers a post.
    """

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    # --- authors -----------------------------------------------------------------------

    async def enqueue(self, messages: Sequence[OutboxMessage], now: float) -> None:
        """Insert new messages; for a known key, replace the content.

        Nothing changes if the content is the same, or if the post is closed: withdrawn by its
        author, or refused by Slack before it was posted.
        """
        if not messages:
            return
        # Sorted, so that two replicas lock the rows in the same order and cannot deadlock.
        ordered = sorted(messages, key=lambda message: message.key)
        contents = {message.key: content.dump_message(message.message) for message in ordered}
        async with self._database.begin() as connection:
            await self._insert(connection, ordered, now)
            await connection.execute(
                update(posts)
                .where(
                    self._match_workspace(),
                    posts.c.key == bindparam("of"),
                    posts.c.digest != bindparam("now"),
                    _match_accepted_content(),
                )
                .values(
                    content=bindparam("new"),
                    digest=bindparam("now"),
                    urgent=bindparam("now_urgent"),
                    version=posts.c.version + 1,
                    pending=True,
                    changed_at=now,
                    stale_since=case((posts.c.pending, posts.c.stale_since), else_=now),
                ),
                [
                    {
                        "of": message.key,
                        "new": contents[message.key],
                        "now": _compute_digest(contents[message.key]),
                        "now_urgent": message.urgent,
                    }
                    for message in ordered
                ],
            )

    async def close(self, key: str, error_code: str, now: float) -> None:
        """Stop posting and editing this message: it is withdrawn, or its thread is unusable."""
        values = {"error_code": error_code, "failed_at": now, "pending": False, "content": ""}
        await self._update(and_(self._match_workspace(), posts.c.key == key), values)

    async def find_key(self, channel: str, ts: str) -> str:
        """Return the key of the post with this timestamp in a channel, "" if there is none."""
        found = select(posts.c.key).where(
            posts.c.workspace == self._workspace,
            posts.c.channel == channel,
            posts.c.message_ts == ts,
        )
        async with self._database.begin() as connection:
            return str((await connection.execute(found.limit(1))).scalar_one_or_none() or "")

    async def find_by_key(self, key: str) -> Post | None:
        """Return the post with this key."""
        found = await self.find_by_keys([key])
        return found[0] if found else None

    async def find_by_keys(self, keys: Collection[str]) -> list[Post]:
        """Return the posts with these keys."""
        return await self._fetch_all(
            select(posts).where(self._match_workspace(), posts.c.key.in_(keys))
        )

    async def reopen(self, channel: str, except_codes: Collection[str]) -> None:
        """Clear Slack's refusals of a channel's messages, except for these reasons.

        Messages that were never posted are deleted; for posted ones, the same content counts as an
        edit.
        """
        refused = and_(
            self._match_workspace(),
            posts.c.channel == channel,
            ~posts.c.pending,
            posts.c.error_code.not_in(("", *except_codes)),
        )
        async with self._database.begin() as connection:
            await connection.execute(delete(posts).where(refused, posts.c.message_ts == ""))
            await connection.execute(
                update(posts).where(refused).values(digest="", error_code="", notice_key="")
            )

    async def forget_refused(self, keys: Collection[str], error_codes: Collection[str]) -> None:
        """Delete the replies that Slack refused for these reasons, in the threads of these posts.

        Their authors may enqueue them again, in another thread.
        """
        threads = select(posts.c.thread_key).where(
            self._match_workspace(), posts.c.key.in_(keys), posts.c.thread_key != ""
        )
        async with self._database.begin() as connection:
            found = [row.thread_key for row in await connection.execute(threads.distinct())]
            refused = and_(
                self._match_workspace(),
                posts.c.thread_key.in_(found),
                posts.c.error_code.in_(error_codes),
                posts.c.message_ts == "",
            )
            await connection.execute(delete(posts).where(refused))

    async def forget(self, key: str) -> None:
        """Delete a post that Slack no longer has: its author may enqueue it again."""
        gone = and_(self._match_workspace(), posts.c.key == key, ~posts.c.pending)
        async with self._database.begin() as connection:
            await connection.execute(delete(posts).where(gone, posts.c.error_code != ""))

    # --- pending work -----------------------------------------------------------------------

    async def find_next_per_channel(self) -> list[Post]:
        """Return the first unposted message of each channel; the others wait for it."""
        return await self._fetch_all(_NEXT_PER_CHANNEL, workspace=self._workspace)

    async def find_pending_edits(self, now: float, limit: int) -> list[Post]:
        """Return posted messages whose newest version Slack doesn't show yet.

        Those that may be edited now come first: the urgent ones, then the oldest.
        """
        return await self._fetch_all(
            _PENDING_EDITS,
            workspace=self._workspace,
            now=now,
            latest=now + MAX_WAIT_SECONDS,
            count=limit,
        )

    async def count_pending(self) -> tuple[int, int]:
        """Return how many messages are to be posted, and how many to be edited."""
        counts = select(
            func.count().filter(posts.c.message_ts == ""),
            func.count().filter(posts.c.message_ts != ""),
        ).where(self._match_workspace(), posts.c.pending)
        async with self._database.begin() as connection:
            posting, editing = (await connection.execute(counts)).one()
        return posting, editing

    # --- outcomes -----------------------------------------------------------------------

    async def claim(
        self, post_id: int, process_id: str, now: float, abandoned_cutoff: float
    ) -> Post | None:
        """Claim a pending post for this process; return its previous state, None if it isn't free.

        It is free unless another process claimed it after ``abandoned_cutoff``, or at an impossible
        future time: then the clock was set back. From now on it is uncertain whether it is posted.
        """
        free = or_(
            posts.c.process_id == "",
            posts.c.process_id == process_id,
            posts.c.attempted_at <= abandoned_cutoff,
            posts.c.attempted_at > now + MAX_CLOCK_SKEW_SECONDS,
        )
        wanted = select(posts).where(posts.c.id == post_id, posts.c.pending, free).with_for_update()
        async with self._database.begin() as connection:
            row = (await connection.execute(wanted)).one_or_none()
            if row is None:
                return None
            since = now if row.uncertain_since is None else row.uncertain_since
            await connection.execute(
                update(posts)
                .where(posts.c.id == post_id)
                .values(
                    process_id=process_id,
                    attempted_at=now,
                    uncertain_since=since if not row.message_ts else None,
                )
            )
        return read_row(Post, row)

    async def mark_delivered(
        self, post_id: int, version: int, now: float, *, channel: str = "", ts: str = ""
    ) -> None:
        """Record that Slack shows this version, at this place if it was just posted or found.

        Earlier errors no longer count, unless the message was closed in the same moment.
        """
        dropped = posts.c.error_code.in_((WITHDRAWN, *UNUSABLE_THREAD_CODES))
        values: dict[str, Any] = {
            "delivered_version": version,
            "content": case((posts.c.version > version, posts.c.content), else_=""),
            "pending": and_(posts.c.version > version, ~dropped),
            "error_code": case((dropped, posts.c.error_code), else_=""),
            "notice_key": "",
            "delivered_at": now,
            "stale_since": now,
            "not_before": None,
            **_UNCLAIMED,
        }
        if ts:
            values |= {"message_channel": channel, "message_ts": ts}
        await self._update(posts.c.id == post_id, values)

    async def reschedule(self, post_id: int, not_before: float | None = None) -> None:
        """Release a post that Slack has certainly not accepted, for another attempt."""
        await self._update(posts.c.id == post_id, {"not_before": not_before, **_UNCLAIMED})

    async def mark_uncertain(self, post_id: int, not_before: float) -> None:
        """Leave an uncertain post claimed until it may be searched for."""
        await self._update(posts.c.id == post_id, {"not_before": not_before})

    async def mark_failed(
        self, post: Post, error_code: str, now: float, notice: FailureNotice | None = None
    ) -> None:
        """Give up on a post and notify the member by DM.

        While a channel keeps failing for the same reason, further messages are added to the thread
        of the first notice.
        """
        async with self._database.begin() as connection:
            notice_key = None
            if notice is not None:
                notice_key = await self._find_notice_key(connection, post, error_code)
                message = OutboxMessage(
                    key=f"undelivered:{post.id}:{post.version}",
                    channel=post.member,
                    message=notice.repeat if notice_key else notice.message,
                    member=post.member,
                    thread_key=notice_key or "",
                    urgent=True,
                )
                await self._insert(connection, [message], now)
                notice_key = notice_key or message.key
            await connection.execute(
                update(posts)
                .where(posts.c.id == post.id)
                .values(
                    error_code=error_code,
                    failed_at=now,
                    notice_key=notice_key or posts.c.notice_key,
                    pending=False,
                    content="",
                    **_UNCLAIMED,
                )
            )

    async def purge(self, cutoff: float, limit: int) -> int:
        """Delete settled posts whose content has not changed since ``cutoff``.

        Return how many, at most ``limit``.
        """
        settled = and_(self._match_workspace(), ~posts.c.pending, posts.c.changed_at <= cutoff)
        old = select(posts.c.id).where(settled).limit(limit)
        async with self._database.begin() as connection:
            deleted = await connection.execute(delete(posts).where(posts.c.id.in_(old)))
            return deleted.rowcount

    # --- internal ---------------------------------------------------------------------------------

    async def _insert(
        self, connection: AsyncConnection, messages: Sequence[OutboxMessage], now: float
    ) -> None:
        contents = {message.key: content.dump_message(message.message) for message in messages}
        await connection.execute(
            self._database.insert(posts).on_conflict_do_nothing(
                index_elements=[posts.c.workspace, posts.c.key]
            ),
            [
                {
                    "workspace": self._workspace,
                    "key": message.key,
                    "channel": message.channel,
                    "member": message.member,
                    "content": contents[message.key],
                    "digest": _compute_digest(contents[message.key]),
                    "version": 1,
                    "delivered_version": 0,
                    "pending": True,
                    "urgent": message.urgent,
                    "thread_key": message.thread_key,
                    "broadcast": message.broadcast,
                    "created_at": now,
                    "changed_at": now,
                    "stale_since": now,
                }
                for message in messages
            ],
        )

    async def _find_notice_key(
        self, connection: AsyncConnection, post: Post, error_code: str
    ) -> str | None:
        """Return the notice of this error to this member, unless the channel took a post since."""
        last_delivery = select(func.coalesce(func.max(posts.c.delivered_at), 0.0)).where(
            self._match_workspace(), posts.c.channel == post.channel
        )
        notice_keys = (
            select(posts.c.notice_key)
            .where(
                self._match_workspace(),
                posts.c.channel == post.channel,
                posts.c.error_code == error_code,
                posts.c.failed_at > last_delivery.scalar_subquery(),
                posts.c.member == post.member,
                posts.c.notice_key != "",
            )
            .order_by(posts.c.failed_at)
            .limit(1)
        )
        key: str | None = (await connection.execute(notice_keys)).scalar_one_or_none()
        return key

    def _match_workspace(self) -> ColumnElement[bool]:
        return posts.c.workspace == self._workspace

    async def _fetch_all(self, query: Any, **parameters: object) -> list[Post]:
        async with self._database.begin() as connection:
            return [read_row(Post, row) for row in await connection.execute(query, parameters)]

    async def _update(self, condition: ColumnElement[bool], values: Mapping[str, Any]) -> None:
        async with self._database.begin() as connection:
            await connection.execute(update(posts).where(condition).values(**values))


_UNCLAIMED: Mapping[str, Any] = {"process_id": "", "attempted_at": None, "uncertain_since": None}


def _compute_digest(content: str) -> str:
    return sha256(content.encode()).hexdigest()


def _match_accepted_content() -> ColumnElement[bool]:
    is_posted = and_(posts.c.message_ts != "", posts.c.error_code != WITHDRAWN)
    return or_(posts.c.error_code == "", is_posted)
