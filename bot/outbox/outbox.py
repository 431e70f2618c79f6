"""The outbox: authors enqueue messages, and one process delivers them to Slack.

Each channel gets its messages in the order in which they were enqueued, at most one a second; a
call that hangs delays its own channel only. Edits share one budget and show the newest content.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.aio.clock import Clock, finishes_within
from bot.aio.periodic import FIRST_PURGE_SECONDS, run_periodically
from bot.aio.tasks import cancel_and_wait
from bot.aio.wake_event import WakeEvent
from bot.db.engine import Database
from bot.db.locks import LeaderLock
from bot.errors import DatabaseUnavailable
from bot.outbox.delivery import RETRY_DELAY_SECONDS, SlackDelivery
from bot.outbox.error_policy import UNUSABLE_THREAD_CODES
from bot.outbox.message import OutboxMessage
from bot.outbox.post import Post
from bot.outbox.repository import WITHDRAWN, Posts
from bot.outbox.slack_limits import SlackLimits
from bot.slack.channel_mask import is_private, mask_for_channel
from bot.slack.client.web_api import MessageRef, SlackClient

LEADER_LOCK = "outbox"
LEADER_RETRY_SECONDS = 3.0
"""Seconds between attempts to become the process that delivers."""
POLL_INTERVAL_SECONDS = 1.0
"""Seconds between searches for messages that other processes enqueued."""
WAIT_POLL_INTERVAL_SECONDS = 0.25
"""Seconds between checks whether another process has posted a message that a caller awaits."""
MAX_POLL_INTERVAL_SECONDS = 60.0
"""Seconds after which the outbox checks in any case: the system clock may have been changed."""

MAX_CONCURRENT_POSTS, MAX_CONCURRENT_EDITS = 16, 8
MAX_EDITS_FETCHED = 100
"""More than can be in flight, or in their waiting time of three seconds, at the same time."""

RETENTION_SECONDS = 200 * 86_400.0
"""Seconds for which a delivered message is known, and edited if its content changes. Longer than
customers with their conversations (180 days) and sends (90 days) are stored: one that isn't known
would be posted a second time."""
PURGE_INTERVAL_SECONDS = 3_600.0
PURGE_BATCH_SIZE = 1_000

SHUTDOWN_GRACE_SECONDS = 3.0
"""Seconds that a stop waits for calls in flight, so that their outcome is known."""


@dataclass(frozen=True, slots=True)
class PostStatus:
    """Where a message is posted, and the error code if no more attempts are made.

    The code is Slack's (``is_archived``), or ``uncertain`` or ``withdrawn``. ``is_known`` is False
    for a key that was never enqueued. ``is_pending``: it has yet to be posted or edited.
    """

    ref: MessageRef | None
    error_code: str = ""
    is_known: bool = True
    is_pending: bool = False


class Outbox:
    """Any process may enqueue; ``run`` delivers, in one process at a time."""

    def __init__(
        self,
        database: Database,
        slack: SlackClient,
        clock: Clock,
        *,
        process_id: str,
        workspace: str = "",
        on_outcome: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._posts = Posts(database, workspace)
        self._leader_lock = f"{LEADER_LOCK} {workspace}"
        self._clock = clock
        self._wake_event = WakeEvent(clock)
        self._waiters: dict[str, list[WakeEvent]] = {}
        self._rate_limits = SlackLimits(clock)
        self._delivery = SlackDelivery(
            self._posts,
            slack,
            clock,
            self._rate_limits,
            process_id=process_id,
            single_process=database.single_process,
            on_outcome=on_outcome,
            on_settled=self._on_settled,
        )
        self._posts_in_flight: dict[str, asyncio.Task[None]] = {}
        self._edits_in_flight: dict[int, asyncio.Task[None]] = {}
        self._paused_until: dict[object, float] = {}
        self._next_purge_at = clock.monotonic() + FIRST_PURGE_SECONDS
        self._log = structlog.get_logger("outbox")

    # --- authors ------------------------------------------------------------------------------

    async def enqueue(self, *messages: OutboxMessage) -> None:
        """Store the messages, all or none, each key once; they will be delivered.

        What goes to a channel is stored masked.
        Raise ``DatabaseUnavailable`` if they couldn't be stored.
        """
        if not messages:
            return
        masked = [
            message
            if is_private(message.channel)
            else replace(message, message=mask_for_channel(message.message))
            for message in messages
        ]
        await self._posts.enqueue(masked, self._clock.time())
        self._wake_event.set()

    async def withdraw(self, key: str) -> None:
        """Stop posting and editing the message. Raise ``DatabaseUnavailable``."""
        await self._posts.close(key, WITHDRAWN, self._clock.time())
        self._on_settled(key)

    async def get_status(self, key: str) -> PostStatus:
        """Return the status of a message; for an unknown key that of a pending one.

        Raise ``DatabaseUnavailable``.
        """
        return (await self.get_statuses([key])).get(key, PostStatus(None, is_known=False))

    async def get_statuses(self, keys: Collection[str]) -> dict[str, PostStatus]:
        """Return the status of each message by its key, without unknown ones.

        Raise ``DatabaseUnavailable``.
        """
        return {post.key: _post_status(post) for post in await self._posts.find_by_keys(keys)}

    async def reopen(self, channel: str, *, except_codes: Collection[str]) -> None:
        """Accept messages of a channel again that Slack refused for any other reason.

        Their authors enqueue them again. Raise ``DatabaseUnavailable``.
        """
        await self._posts.reopen(channel, except_codes)

    async def forget_refused_replies(self, keys: Collection[str]) -> None:
        """Accept replies again that couldn't be posted because their thread is unusable.

        These are the replies to the given messages. Their authors enqueue them again, in another
        thread. Raise ``DatabaseUnavailable``.
        """
        await self._posts.forget_refused(keys, UNUSABLE_THREAD_CODES)

    async def forget(self, key: str) -> None:
        """Accept a message again that Slack refused or no longer has.

        Raise ``DatabaseUnavailable``.
        """
        await self._posts.forget(key)

    async def find_key(self, ref: MessageRef) -> str:
        """Return the key of a message by its location in Slack, "" if it isn't the outbox's.

        Raise ``DatabaseUnavailable``.
        """
        return await self._posts.find_key(ref.channel, ref.ts)

    def reserve_post(self, channel: str) -> float:
        """Count a post that its author makes without the outbox, such as a file.

        Return 0 if it may be made now, else the seconds after which it may be.
        """
        wait = self._rate_limits.count_seconds_until_post(channel)
        if wait <= 0:
            self._rate_limits.record_post(channel)
        return max(0.0, wait)

    async def count_pending(self) -> tuple[int, int]:
        """Return how many messages are to be posted, and how many to be edited.

        Raise ``DatabaseUnavailable``.
        """
        return await self._posts.count_pending()

    async def wait_posted(self, key: str, seconds: float) -> MessageRef | None:
        """Return where a message is posted, waiting up to ``seconds``; None if it is not.

        Do not wait for a message that will never be posted.
        """
        wake, deadline = WakeEvent(self._clock), self._clock.monotonic() + seconds
        self._waiters.setdefault(key, []).append(wake)
        try:
            while True:
                status = await self.get_status(key)
                left = deadline - self._clock.monotonic()
                if status.ref or status.error_code or left <= 0:
                    return status.ref
                await wake.wait(
                    left if self._database.single_process else min(left, WAIT_POLL_INTERVAL_SECONDS)
                )
        except DatabaseUnavailable:
            return None
        finally:
            self._waiters[key].remove(wake)
            if not self._waiters[key]:
                del self._waiters[key]

    def _on_settled(self, key: str) -> None:
        for wake in self._waiters.get(key, ()):
            wake.set()

    # --- delivery -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Deliver while this process is the leader, until cancelled."""
        await run_periodically("outbox", self._lead, LEADER_RETRY_SECONDS, self._clock)

    async def _lead(self) -> None:
        """Deliver for as long as this process leads, if no other does."""
        async with self._database.try_lead(self._leader_lock, self._clock) as lock:
            if lock is not None:
                await self._deliver(lock)

    async def aclose(self) -> None:
        """Wait a moment for the calls in flight; call it once ``run`` has ended."""
        calls = [*self._posts_in_flight.values(), *self._edits_in_flight.values()]
        if not calls:
            return
        ended = asyncio.ensure_future(asyncio.wait(calls))
        await finishes_within(self._clock, ended, SHUTDOWN_GRACE_SECONDS)
        await cancel_and_wait([ended, *calls])

    async def _deliver(self, lock: LeaderLock) -> None:
        while not lock.lost.is_set():
            try:
                waits = [
                    *await self._dispatch_due(lock),
                    await self._purge_if_due(),
                    MAX_POLL_INTERVAL_SECONDS,
                ]
            except DatabaseUnavailable as error:
                self._log.warning("database_unavailable", component="outbox", reason=error.message)
                waits = [RETRY_DELAY_SECONDS]
            if not self._database.single_process:
                waits.append(POLL_INTERVAL_SECONDS)
            await self._wake_event.wait(min(waits))

    async def _dispatch_due(self, lock: LeaderLock) -> list[float]:
        """Start every delivery that is due; return the seconds until more are."""
        waits = []
        for head in await self._posts.find_next_per_channel():
            if head.channel in self._posts_in_flight:
                continue
            wait = max(
                self._compute_seconds_until_available(head, head.channel),
                self._rate_limits.count_seconds_until_post(head.channel),
            )
            if wait > 0:
                waits.append(wait)
            elif len(self._posts_in_flight) < MAX_CONCURRENT_POSTS:
                self._rate_limits.record_post(head.channel)
                self._start(self._posts_in_flight, head.channel, self._delivery.post(head, lock))
        if wait := self._rate_limits.count_seconds_until_any_edit():
            return [*waits, wait]
        return waits + await self._dispatch_due_edits(lock)

    async def _dispatch_due_edits(self, lock: LeaderLock) -> list[float]:
        waits = []
        for post in await self._posts.find_pending_edits(self._clock.time(), MAX_EDITS_FETCHED):
            if (
                post.id in self._edits_in_flight
                or len(self._edits_in_flight) >= MAX_CONCURRENT_EDITS
            ):
                continue
            wait = max(
                self._compute_seconds_until_available(post, post.id),
                self._rate_limits.count_seconds_until_edit(post.id),
            )
            wait = wait or self._rate_limits.count_seconds_until_any_edit()
            if wait > 0:
                waits.append(wait)
            else:
                self._rate_limits.record_edit(post.id)
                self._start(self._edits_in_flight, post.id, self._delivery.edit(post, lock))
        return waits

    def _compute_seconds_until_available(self, post: Post, lane_key: object) -> float:
        paused = self._paused_until.get(lane_key, 0.0) - self._clock.monotonic()
        return max(0.0, paused, self._delivery.compute_seconds_until_available(post))

    def _start(
        self,
        in_flight: dict[Any, asyncio.Task[None]],
        lane_key: object,
        delivery: Coroutine[Any, Any, None],
    ) -> None:
        async def deliver() -> None:
            try:
                await delivery
                self._paused_until.pop(lane_key, None)
            except DatabaseUnavailable as error:
                self._log.warning("database_unavailable", component="outbox", reason=error.message)
                self._paused_until[lane_key] = self._clock.monotonic() + RETRY_DELAY_SECONDS
            except Exception:  # noqa: BLE001 - one message must not stop the others
                self._log.exception("delivery_failed")
                self._paused_until[lane_key] = self._clock.monotonic() + RETRY_DELAY_SECONDS
            finally:
                del in_flight[lane_key]
                self._wake_event.set()

        in_flight[lane_key] = asyncio.create_task(deliver())

    async def _purge_if_due(self) -> float:
        """Purge old messages now and then; return the seconds until the next time."""
        now = self._clock.monotonic()
        if now >= self._next_purge_at:
            old = self._clock.time() - RETENTION_SECONDS
            deleted = await self._posts.purge(old, PURGE_BATCH_SIZE)
            self._next_purge_at = now + (
                PURGE_INTERVAL_SECONDS if deleted < PURGE_BATCH_SIZE else POLL_INTERVAL_SECONDS
            )
        return self._next_purge_at - now


def _post_status(post: Post) -> PostStatus:
    ref = MessageRef(post.message_channel, post.message_ts) if post.message_ts else None
    return PostStatus(ref, post.error_code, is_pending=post.pending)


@asynccontextmanager
async def open_outbox(
    database: Database,
    slack: SlackClient,
    clock: Clock,
    *,
    process_id: str,
    workspace: str = "",
    on_outcome: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Outbox]:
    """Yield an outbox that delivers until the block ends.

    ``process_id`` identifies this process. ``on_outcome`` gets the outcomes of
    ``bot.outbox.delivery.OUTCOMES``. The next process delivers whatever remains.
    """
    outbox = Outbox(
        database,
        slack,
        clock,
        process_id=process_id,
        workspace=workspace,
        on_outcome=on_outcome,
    )
    running = asyncio.create_task(outbox.run())
    try:
        yield outbox
    finally:
        await cancel_and_wait([running])
        await outbox.aclose()
