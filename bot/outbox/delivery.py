"""Deliver one post or edit, and record its outcome: delivered, to be retried, or failed.

A post is claimed in the database before Slack is called, and recorded after. Whatever happens in
between leaves it uncertain, and Slack is searched for an uncertain post before anything is posted
again; if that isn't possible, nothing is posted, and the member is notified.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.aio.clock import MAX_CLOCK_SKEW_SECONDS, Clock, count_seconds_left, sleep
from bot.db.locks import LeaderLock
from bot.errors import DatabaseUnavailable, SlackError
from bot.outbox import content
from bot.outbox import history_search as search
from bot.outbox.error_policy import (
    CANNOT_VERIFY_CODES,
    CODE_ALIASES,
    MESSAGE_NOT_FOUND,
    THREAD_NOT_FOUND,
    UNCERTAIN,
    UNUSABLE_THREAD_CODES,
    Disposition,
    classify_error,
)
from bot.outbox.notices import build_failure_notice, strip_blocks
from bot.outbox.post import Post
from bot.outbox.repository import MAX_WAIT_SECONDS, Posts
from bot.outbox.slack_limits import SlackLimits
from bot.slack.client.web_api import MessageRef, SlackClient
from bot.slack.commands.reply import Message

T = TypeVar("T")

CLAIM_TIMEOUT_SECONDS = 20.0
"""Seconds after which a post that another process claimed is free again.

Longer than a call may take; together with the time until a leader is replaced it is less than
thirty seconds.
"""
RETRY_DELAY_SECONDS = 5.0
"""Seconds until the next attempt if Slack couldn't be reached."""
TOKEN_RETRY_DELAY_SECONDS = 60.0
"""Seconds until the next attempt if Slack rejects the token."""

POSTED, RECONCILED, EDITED = "posted", "reconciled", "edited"
UNDELIVERABLE = "undeliverable"
DEFERRED = "deferred"
"""Slack was unreachable or limited the calls; another attempt follows."""
OUTCOMES = (POSTED, RECONCILED, EDITED, UNDELIVERABLE, UNCERTAIN, DEFERRED)


class SlackDelivery:
    """Deliver posts and edits.

    ``on_outcome`` gets each outcome, ``on_settled`` each key that is posted or has failed. ``post``
    and ``edit`` raise ``DatabaseUnavailable`` before they call Slack.
    """

    def __init__(
        self,
        posts: Posts,
        slack: SlackClient,
        clock: Clock,
        rate_limits: SlackLimits,
        *,
        process_id: str,
        single_process: bool,
        on_outcome: Callable[[str], None],
        on_settled: Callable[[str], None],
    ) -> None:
        self._posts = posts
        self._slack = slack
        self._clock = clock
        self._rate_limits = rate_limits
        self._process_id = process_id
        self._single_process = single_process
        self._on_outcome = on_outcome
        self._on_settled = on_settled
        self._log = structlog.get_logger("outbox")

    def compute_seconds_until_available(self, post: Post) -> float:
        """Return the seconds until the post may be claimed, 0 for now."""
        now = self._clock.time()
        wait = count_seconds_left(post.not_before or 0.0, now, MAX_WAIT_SECONDS)
        if post.process_id not in ("", self._process_id) and not self._single_process:
            free_at = (post.attempted_at or 0.0) + CLAIM_TIMEOUT_SECONDS
            longest = CLAIM_TIMEOUT_SECONDS + MAX_CLOCK_SKEW_SECONDS
            wait = max(wait, count_seconds_left(free_at, now, longest))
        return wait

    async def post(self, queued: Post, lock: LeaderLock) -> None:
        """Post the first unposted message of a channel."""
        root = await self._find_thread_root(queued)
        if isinstance(root, str):
            await self._mark_failed(queued, root)
            return
        if queued.thread_key and root is None:
            await self._posts.reschedule(queued.id, self._clock.time() + 1.0)
            return
        post = await self._claim(queued, lock)
        if post is None or post.message_ts:
            return
        try:
            place = (
                await search.find_message(self._slack, post, _get_thread_ts(root))
                if post.uncertain_since
                else None
            )
        except SlackError as error:
            await self._handle_lookup_error(post, error)
            return
        if place is not None:  # it may show an older version: edit it
            await self._mark_delivered(post, place, version=0, outcome=RECONCILED)
            return
        if post.uncertain_since and not await self._claim(queued, lock):
            return  # the search took longer than a claim lasts
        try:
            place = await self._send_with_fallback(
                post, lambda message: self._post_message(post, root, message)
            )
        except SlackError as error:
            await self._handle_post_error(post, error)
        else:
            await self._mark_delivered(post, place, version=post.version, outcome=POSTED)

    async def edit(self, post: Post, lock: LeaderLock) -> None:
        claimed = await self._claim(post, lock)
        if claimed is None:
            return
        place = MessageRef(claimed.message_channel, claimed.message_ts)
        try:
            await self._send_with_fallback(
                claimed, lambda message: self._slack.update_message(place, message)
            )
        except SlackError as error:
            await self._handle_edit_error(claimed, error)
            return
        now = self._clock.time()
        await self._write_with_retry(
            lambda: self._posts.mark_delivered(claimed.id, claimed.version, now)
        )
        self._on_outcome(EDITED)

    # --- calls --------------------------------------------------------------------------------

    async def _find_thread_root(self, post: Post) -> MessageRef | str | None:
        """Return the message to reply to, or the reason why it will never exist.

        Return None if it isn't posted yet, or if this isn't a reply.
        """
        if not post.thread_key:
            return None
        parent = await self._posts.find_by_key(post.thread_key)
        if parent is None:
            return THREAD_NOT_FOUND
        if parent.message_ts:
            return MessageRef(parent.message_channel, parent.message_ts)
        return parent.error_code or None

    async def _claim(self, post: Post, lock: LeaderLock) -> Post | None:
        """Claim the post; return its current state, None if it is not free."""
        await lock.ensure_held()
        now = self._clock.time()
        abandoned_by = math.inf if self._single_process else now - CLAIM_TIMEOUT_SECONDS
        return await self._posts.claim(post.id, self._process_id, now, abandoned_by)

    async def _send_with_fallback(self, post: Post, send: Callable[[Message], Awaitable[T]]) -> T:
        """Send the message as its author wrote it, or as text only if Slack rejects that."""
        message = content.load_message(post.content)
        try:
            return await send(message)
        except SlackError as error:
            if classify_error(error) is not Disposition.CONTENT:
                raise
            self._log.error(
                "blocks_rejected_text_sent", post=post.id, key=post.key, **_list_error_fields(error)
            )
            return await send(strip_blocks(message))

    async def _post_message(
        self, post: Post, root: MessageRef | None, message: Message
    ) -> MessageRef:
        return await self._slack.post_message(
            root.channel if root else post.channel,
            message,
            metadata=search.post_metadata(post.key),
            thread_ts=_get_thread_ts(root),
            broadcast=post.broadcast,
        )

    # --- outcomes ------------------------------------------------------------------------

    async def _mark_delivered(
        self, post: Post, ref: MessageRef, *, version: int, outcome: str
    ) -> None:
        self._rate_limits.record_posted(post.id)
        now, where = self._clock.time(), {"channel": ref.channel, "ts": ref.ts}
        await self._write_with_retry(
            lambda: self._posts.mark_delivered(post.id, version, now, **where)
        )
        self._on_outcome(outcome)
        self._on_settled(post.key)

    async def _handle_lookup_error(self, post: Post, error: SlackError) -> None:
        """Handle an uncertain post that couldn't be searched for: not yet, or never."""
        match Disposition.PERMANENT if error.code in CANNOT_VERIFY_CODES else classify_error(error):
            case Disposition.CONTENT | Disposition.PERMANENT:
                await self._mark_failed(post, UNCERTAIN, error)
            case transient:
                wait = self._compute_next_attempt_at(post, error, transient)
                await self._write_with_retry(lambda: self._posts.mark_uncertain(post.id, wait))

    async def _handle_post_error(self, post: Post, error: SlackError) -> None:
        if post.thread_key and error.code in UNUSABLE_THREAD_CODES:
            now = self._clock.time()
            await self._write_with_retry(
                lambda: self._posts.close(post.thread_key, error.code, now)
            )
        match classify_error(error):
            case Disposition.CONTENT | Disposition.PERMANENT:
                await self._mark_failed(post, error.code, error)
            case Disposition.UNCERTAIN:
                wait = self._compute_next_attempt_at(post, error, Disposition.UNCERTAIN)
                await self._write_with_retry(lambda: self._posts.mark_uncertain(post.id, wait))
            case transient:
                wait = self._compute_next_attempt_at(post, error, transient)
                await self._write_with_retry(lambda: self._posts.reschedule(post.id, wait))

    async def _handle_edit_error(self, post: Post, error: SlackError) -> None:
        match classify_error(error):
            case Disposition.CONTENT | Disposition.PERMANENT:
                await self._mark_failed(post, error.code, error)
            case transient:
                until = self._compute_next_attempt_at(post, error, transient)
                self._rate_limits.pause_edits(until - self._clock.time())
                await self._write_with_retry(lambda: self._posts.reschedule(post.id, until))

    def _compute_next_attempt_at(
        self, post: Post, error: SlackError, disposition: Disposition
    ) -> float:
        """Return the time of the next attempt."""
        wait = RETRY_DELAY_SECONDS if error.retry_after is None else error.retry_after
        wait = min(wait, MAX_WAIT_SECONDS)
        if disposition is Disposition.TOKEN:
            wait = TOKEN_RETRY_DELAY_SECONDS
            self._rate_limits.pause_all(wait)
        self._log.warning(
            "delivery_deferred",
            post=post.id,
            key=post.key,
            again_in=round(wait),
            **_list_error_fields(error),
        )
        self._on_outcome(DEFERRED)
        return self._clock.time() + wait

    async def _mark_failed(self, post: Post, code: str, error: SlackError | None = None) -> None:
        """Give up on the post and notify the member, if the member can be reached.

        They are notified once about an edit, and each time about an urgent one.
        """
        code = CODE_ALIASES.get(code, code)
        named = _list_error_fields(error) if error else {"code": code}
        self._log.warning("message_undeliverable", post=post.id, key=post.key, **named)
        notice = None
        silent = code == MESSAGE_NOT_FOUND or (
            post.message_ts and post.notice_key and not post.urgent
        )
        if post.member and not search.is_direct_message(post.channel) and not silent:
            notice = build_failure_notice(post, code)
        now = self._clock.time()
        await self._write_with_retry(lambda: self._posts.mark_failed(post, code, now, notice))
        self._on_outcome(UNCERTAIN if code == UNCERTAIN else UNDELIVERABLE)
        self._on_settled(post.key)

    async def _write_with_retry(self, write: Callable[[], Awaitable[None]]) -> None:
        """Retry until it succeeds: a database outage must not lose the outcome of a call."""
        while True:
            try:
                await write()
            except DatabaseUnavailable as error:
                self._log.warning("db_write_retry", reason=error.message)
                await sleep(self._clock, RETRY_DELAY_SECONDS)
            else:
                return


def _get_thread_ts(root: MessageRef | None) -> str:
    return root.ts if root else ""


def _list_error_fields(error: SlackError) -> dict[str, str]:
    return {"method": error.method, "code": error.code}
