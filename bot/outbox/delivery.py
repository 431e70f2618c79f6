"""One post or edit at a time, and what became of it: noted, tried again, or told of.

A post is claimed in the database before Slack is called, and noted after. Whatever happens in
between leaves it in doubt, and what is in doubt is looked for before anything is posted again;
where it cannot be looked for, nothing is, and the member is told.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.aio.clock import Clock, sleep
from bot.db.locks import Lead
from bot.errors import SlackError, StoreUnavailable
from bot.outbox import content
from bot.outbox import history_search as search
from bot.outbox.error_policy import (
    DELETED,
    NO_LOOK,
    ONE_REASON,
    THREAD_GONE,
    UNCERTAIN,
    Meaning,
    meaning,
)
from bot.outbox.notices import in_words, telling
from bot.outbox.rate_limits import Pace
from bot.outbox.repository import Post, Posts
from bot.slack.client.web_api import MessageRef, SlackClient
from bot.slack.commands.reply import Message

T = TypeVar("T")

ABANDONED_SECONDS = 20.0
"""A post that another process set out to deliver so long ago is anybody's: longer than a call may
take, and with the time until the lead is found free less than thirty seconds."""
TROUBLE_SECONDS = 5.0
"""Until the next try where Slack, or the database, could not be reached."""
TOKEN_SECONDS = 60.0
"""The same where Slack does not take the token."""

POSTED, FOUND, EDITED = "posted", "found", "edited"
UNDELIVERABLE = "undeliverable"
OUTCOMES = (POSTED, FOUND, EDITED, UNDELIVERABLE, UNCERTAIN)


class Delivery:
    """``observe`` hears of each outcome, ``settled`` of each key that is posted or closed.

    ``post`` and ``edit`` raise ``StoreUnavailable``; nothing was called then.
    """

    def __init__(
        self,
        posts: Posts,
        slack: SlackClient,
        clock: Clock,
        pace: Pace,
        *,
        boot: str,
        alone: bool,
        observe: Callable[[str], None],
        settled: Callable[[str], None],
    ) -> None:
        self._posts = posts
        self._slack = slack
        self._clock = clock
        self._pace = pace
        self._boot = boot
        self._alone = alone
        self._observe = observe
        self._settled = settled
        self._log = structlog.get_logger("outbox")

    def until_free(self, post: Post) -> float:
        """Seconds until it may be taken up: 0 when nothing speaks against it."""
        until = post.not_before or 0.0
        if post.boot not in ("", self._boot) and not self._alone:
            until = max(until, (post.tried_at or 0.0) + ABANDONED_SECONDS)
        return max(0.0, until - self._clock.time())

    async def post(self, head: Post, lead: Lead) -> None:
        """``head`` is the first of its channel that is to be posted."""
        root = await self._root(head)
        if isinstance(root, str):
            await self._close(head, root)
            return
        if head.thread_key and root is None:
            await self._posts.not_done(head.id, self._clock.time() + 1.0)
            return
        post = await self._taken(head, lead)
        if post is None or post.place_ts:
            return
        try:
            place = await search.find(self._slack, post, _ts(root)) if post.doubt_since else None
        except SlackError as refused:
            await self._not_found(post, refused)
            return
        if place is not None:  # whatever it shows, it is to be edited
            await self._stands(post, place, shown=0, outcome=FOUND)
            return
        if post.doubt_since and not await self._taken(head, lead):
            return  # to look took longer than a claim holds
        try:
            place = await self._said(post, lambda said: self._call(post, root, said))
        except SlackError as refused:
            await self._not_posted(post, refused)
        else:
            await self._stands(post, place, shown=post.version, outcome=POSTED)

    async def edit(self, post: Post, lead: Lead) -> None:
        claimed = await self._taken(post, lead)
        if claimed is None:
            return
        place = MessageRef(claimed.place_channel, claimed.place_ts)
        try:
            await self._said(claimed, lambda said: self._slack.update_message(place, said))
        except SlackError as refused:
            await self._not_edited(claimed, refused)
            return
        now = self._clock.time()
        await self._noted(lambda: self._posts.shows(claimed.id, claimed.version, now))
        self._observe(EDITED)

    # --- the calls --------------------------------------------------------------------------------

    async def _root(self, post: Post) -> MessageRef | str | None:
        """Where the message stands that it replies to; the reason where that will never be; None
        where it is not there yet, or this is no reply."""
        if not post.thread_key:
            return None
        parent = await self._posts.by_key(post.thread_key)
        if parent is None:
            return THREAD_GONE
        if parent.place_ts:
            return MessageRef(parent.place_channel, parent.place_ts)
        return parent.refusal or None

    async def _taken(self, post: Post, lead: Lead) -> Post | None:
        """As it is now, where it is this process's to deliver."""
        await lead.confirm()
        now = self._clock.time()
        abandoned_by = math.inf if self._alone else now - ABANDONED_SECONDS
        return await self._posts.claim(post.id, self._boot, now, abandoned_by)

    async def _said(self, post: Post, say: Callable[[Message], Awaitable[T]]) -> T:
        """As its author wrote it; where that does not please Slack, in words only."""
        message = content.read(post.content)
        try:
            return await say(message)
        except SlackError as refused:
            if meaning(refused) is not Meaning.CONTENT:
                raise
            self._log.error("said_in_words_only", post=post.id, key=post.key, **_named(refused))
            return await say(in_words(message))

    async def _call(self, post: Post, root: MessageRef | None, message: Message) -> MessageRef:
        return await self._slack.post_message(
            root.channel if root else post.channel,
            message,
            metadata=search.metadata(post.key),
            thread_ts=_ts(root),
            broadcast=post.broadcast,
        )

    # --- what became of it ------------------------------------------------------------------------

    async def _stands(self, post: Post, place: MessageRef, *, shown: int, outcome: str) -> None:
        self._pace.appeared(post.id)
        now, where = self._clock.time(), {"channel": place.channel, "ts": place.ts}
        await self._noted(lambda: self._posts.shows(post.id, shown, now, **where))
        self._observe(outcome)
        self._settled(post.key)

    async def _not_found(self, post: Post, refused: SlackError) -> None:
        """It could not be looked for: not now, or never."""
        match Meaning.NEVER if refused.code in NO_LOOK else meaning(refused):
            case Meaning.CONTENT | Meaning.NEVER:
                await self._close(post, UNCERTAIN, refused)
            case passing:
                wait = self._wait(post, refused, passing)
                await self._noted(lambda: self._posts.in_doubt(post.id, wait))

    async def _not_posted(self, post: Post, refused: SlackError) -> None:
        match meaning(refused):
            case Meaning.CONTENT | Meaning.NEVER:
                await self._close(post, refused.code, refused)
            case Meaning.DOUBT:
                wait = self._wait(post, refused, Meaning.DOUBT)
                await self._noted(lambda: self._posts.in_doubt(post.id, wait))
            case passing:
                wait = self._wait(post, refused, passing)
                await self._noted(lambda: self._posts.not_done(post.id, wait))

    async def _not_edited(self, post: Post, refused: SlackError) -> None:
        match meaning(refused):
            case Meaning.CONTENT | Meaning.NEVER:
                await self._close(post, refused.code, refused)
            case passing:
                until = self._wait(post, refused, passing)
                self._pace.pause_edits(until - self._clock.time())
                await self._noted(lambda: self._posts.not_done(post.id, until))

    def _wait(self, post: Post, refused: SlackError, why: Meaning) -> float:
        """The moment of the next try."""
        self._log.warning("not_delivered_yet", post=post.id, key=post.key, **_named(refused))
        wait = TROUBLE_SECONDS if refused.retry_after is None else refused.retry_after
        if why is Meaning.TOKEN:
            wait = TOKEN_SECONDS
            self._pace.pause_all(wait)
        return self._clock.time() + wait

    async def _close(self, post: Post, code: str, refused: SlackError | None = None) -> None:
        """Nothing more is tried, and the member is told, unless it is they who cannot be reached.

        Of an edit they are told once, and of what is urgent each time.
        """
        code = ONE_REASON.get(code, code)
        named = _named(refused) if refused else {"code": code}
        self._log.warning("not_delivered", post=post.id, key=post.key, **named)
        told = None
        silent = code == DELETED or (post.place_ts and post.told_by and not post.urgent)
        if post.member and not search.direct(post.channel) and not silent:
            told = telling(post, code)
        now = self._clock.time()
        await self._noted(lambda: self._posts.refuse(post, code, now, told))
        self._observe(UNCERTAIN if code == UNCERTAIN else UNDELIVERABLE)
        self._settled(post.key)

    async def _noted(self, note: Callable[[], Awaitable[None]]) -> None:
        """What Slack has done must not be forgotten because the database is away."""
        while True:
            try:
                await note()
            except StoreUnavailable as down:
                self._log.warning("not_noted_yet", reason=down.message)
                await sleep(self._clock, TROUBLE_SECONDS)
            else:
                return


def _ts(root: MessageRef | None) -> str:
    return root.ts if root else ""


def _named(refused: SlackError) -> dict[str, str]:
    return {"method": refused.method, "code": refused.code}
