"""The outbox: authors put in what is to be said, one process takes it to Slack.

In each channel the posts come in the order in which they were put in, at most one a second; a hung
call holds up its own channel only. Edits share one budget, and show the newest content.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from bot.aio.clock import Clock, done_within, sleep
from bot.aio.tasks import cancel
from bot.aio.wake_event import Bell
from bot.db.engine import Database
from bot.db.locks import Lead
from bot.errors import StoreUnavailable
from bot.outbox import content
from bot.outbox.delivery import TROUBLE_SECONDS, Delivery
from bot.outbox.rate_limits import Pace
from bot.outbox.repository import Draft, Post, Posts
from bot.slack.client.web_api import MessageRef, SlackClient
from bot.slack.commands.reply import Message

LEAD = "outbox"
AGAIN_SECONDS = 3.0
"""Between tries to become the process that delivers."""
LOOK_SECONDS = 1.0
"""Between looks for what other processes put in."""
ASK_SECONDS = 0.25
"""Between looks whether another process has posted what somebody waits for."""
LONGEST_SECONDS = 60.0
"""Between looks in any case: the clock on the wall may be set anew."""

POSTS_AT_ONCE, EDITS_AT_ONCE = 16, 8
EDITS_LOOKED_AT = 100
"""More than can be on their way, or wait for their three seconds, at any moment."""

KEEP_SECONDS = 30 * 86_400.0
"""For which a delivered message is known, and edited where its content changes."""
TIDY_SECONDS = 3_600.0
TIDY_AT_ONCE = 1_000

CLOSING_SECONDS = 3.0
"""For which a stop waits for calls that are on their way: what they did is then known."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message of the bot's own. ``channel`` is a channel's id, or a member's for their direct
    messages; ``member`` asked for it and is told where it cannot be delivered. ``key`` names it:
    the same key is the same message, and its ``message`` the newest content.

    ``thread_of`` is the key of the message that it replies to, put in before it, in the same
    channel; a ``broadcast`` reply shows in the channel too. ``urgent`` content is edited in before
    other. Where others than ``member`` read it, ``message`` must be masked.
    """

    key: str
    channel: str
    message: Message
    member: str
    thread_of: str = ""
    broadcast: bool = False
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a message is, once it is posted; and why nothing more is tried, where that is so: a
    code of Slack's (``is_archived``), or ``uncertain`` or ``dropped``."""

    place: MessageRef | None
    refusal: str = ""


class Outbox:
    """``put`` and its like may be called in any process; ``run`` delivers, in one at a time."""

    def __init__(
        self,
        database: Database,
        slack: SlackClient,
        clock: Clock,
        *,
        boot: str,
        observe: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._posts = Posts(database)
        self._clock = clock
        self._bell = Bell(clock)
        self._asking: dict[str, list[Bell]] = {}
        self._pace = Pace(clock)
        self._delivery = Delivery(
            self._posts,
            slack,
            clock,
            self._pace,
            boot=boot,
            alone=database.alone,
            observe=observe,
            settled=self._settled,
        )
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._edits: dict[int, asyncio.Task[None]] = {}
        self._paused: dict[object, float] = {}
        self._tidy_at = clock.monotonic()
        self._log = structlog.get_logger("outbox")

    # --- for authors ------------------------------------------------------------------------------

    async def put(
        self,
        key: str,
        channel: str,
        message: Message,
        *,
        member: str,
        thread_of: str = "",
        broadcast: bool = False,
        urgent: bool = False,
    ) -> None:
        """See `Outgoing`. Kept from now on until it is delivered; raises ``StoreUnavailable`` where
        it is not kept."""
        await self.put_all([Outgoing(key, channel, message, member, thread_of, broadcast, urgent)])

    async def put_all(self, several: Sequence[Outgoing]) -> None:
        """All of them or none; each key once."""
        drafts = [
            Draft(
                one.key,
                one.channel,
                one.member,
                content.written(one.message),
                one.thread_of,
                one.broadcast,
                one.urgent,
            )
            for one in several
        ]
        await self._posts.put(drafts, self._clock.time())
        self._bell.ring()

    async def drop(self, key: str) -> None:
        """It is neither posted nor edited any more. Raises ``StoreUnavailable``."""
        await self._posts.drop(key, self._clock.time())
        self._settled(key)

    async def standing(self, key: str) -> Standing:
        """How it stands; as a message that waits, where the key is not known. Raises
        ``StoreUnavailable``."""
        post = await self._posts.by_key(key)
        if post is None:
            return Standing(None)
        place = MessageRef(post.place_channel, post.place_ts) if post.place_ts else None
        return Standing(place, post.refusal)

    async def waiting(self) -> tuple[int, int]:
        """How many messages are to be posted, and how many to be edited. Raises
        ``StoreUnavailable``."""
        return await self._posts.waiting()

    async def place(self, key: str, seconds: float) -> MessageRef | None:
        """Where it stands; waits for it up to so long, and not where it will never stand."""
        bell, until = Bell(self._clock), self._clock.monotonic() + seconds
        self._asking.setdefault(key, []).append(bell)
        try:
            while True:
                standing = await self.standing(key)
                left = until - self._clock.monotonic()
                if standing.place or standing.refusal or left <= 0:
                    return standing.place
                await bell.wait(left if self._database.alone else min(left, ASK_SECONDS))
        except StoreUnavailable:
            return None
        finally:
            self._asking[key].remove(bell)
            if not self._asking[key]:
                del self._asking[key]

    def _settled(self, key: str) -> None:
        for bell in self._asking.get(key, ()):
            bell.ring()

    # --- delivering -------------------------------------------------------------------------------

    async def run(self) -> None:
        """For as long as the process lives: delivers while this is the process that does."""
        while True:
            try:
                async with self._database.lead(LEAD, self._clock) as lead:
                    if lead is not None:
                        await self._deliver(lead)
            except StoreUnavailable as down:
                self._log.warning("outbox_waits", reason=down.message)
            except Exception:  # noqa: BLE001 - it is logged, and what waits must not wait for ever
                self._log.exception("outbox_failed")
            await sleep(self._clock, AGAIN_SECONDS)

    async def aclose(self) -> None:
        """Once ``run`` has ended: lets the calls that are on their way end, for a while."""
        calls = [*self._lanes.values(), *self._edits.values()]
        if not calls:
            return
        ended = asyncio.ensure_future(asyncio.wait(calls))
        await done_within(self._clock, ended, CLOSING_SECONDS)
        await cancel([ended, *calls])

    async def _deliver(self, lead: Lead) -> None:
        while not lead.lost.is_set():
            try:
                waits = [*await self._turn(lead), await self._tidied(), LONGEST_SECONDS]
            except StoreUnavailable as down:
                self._log.warning("outbox_waits", reason=down.message)
                waits = [TROUBLE_SECONDS]
            if not self._database.alone:
                waits.append(LOOK_SECONDS)
            await self._bell.wait(min(waits))

    async def _turn(self, lead: Lead) -> list[float]:
        """Sets out with all that may be delivered now; seconds until more may be."""
        waits = []
        for head in await self._posts.heads():
            if head.channel in self._lanes:
                continue
            wait = max(self._until_free(head, head.channel), self._pace.until_post(head.channel))
            if wait > 0:
                waits.append(wait)
            elif len(self._lanes) < POSTS_AT_ONCE:
                self._pace.posting(head.channel)
                self._set_out(self._lanes, head.channel, self._delivery.post(head, lead))
        if wait := self._pace.until_any_edit():
            return [*waits, wait]
        return waits + await self._turn_of_edits(lead)

    async def _turn_of_edits(self, lead: Lead) -> list[float]:
        waits = []
        for post in await self._posts.unshown(self._clock.time(), EDITS_LOOKED_AT):
            if post.id in self._edits or len(self._edits) >= EDITS_AT_ONCE:
                continue
            wait = max(self._until_free(post, post.id), self._pace.until_edit(post.id))
            wait = wait or self._pace.until_any_edit()
            if wait > 0:
                waits.append(wait)
            else:
                self._pace.editing(post.id)
                self._set_out(self._edits, post.id, self._delivery.edit(post, lead))
        return waits

    def _until_free(self, post: Post, lane: object) -> float:
        paused = self._paused.get(lane, 0.0) - self._clock.monotonic()
        return max(0.0, paused, self._delivery.until_free(post))

    def _set_out(
        self,
        where: dict[Any, asyncio.Task[None]],
        lane: object,
        delivering: Coroutine[Any, Any, None],
    ) -> None:
        async def deliver() -> None:
            try:
                await delivering
                self._paused.pop(lane, None)
            except StoreUnavailable as down:
                self._log.warning("outbox_waits", reason=down.message)
                self._paused[lane] = self._clock.monotonic() + TROUBLE_SECONDS
            except Exception:  # noqa: BLE001 - one message that trips us must not stop the others
                self._log.exception("delivery_failed")
                self._paused[lane] = self._clock.monotonic() + TROUBLE_SECONDS
            finally:
                del where[lane]
                self._bell.ring()

        where[lane] = asyncio.create_task(deliver())

    async def _tidied(self) -> float:
        """Lets go of what is old, now and then; seconds until the next time."""
        now = self._clock.monotonic()
        if now >= self._tidy_at:
            old = self._clock.time() - KEEP_SECONDS
            gone = await self._posts.forget(old, TIDY_AT_ONCE)
            self._tidy_at = now + (TIDY_SECONDS if gone < TIDY_AT_ONCE else LOOK_SECONDS)
        return self._tidy_at - now


@asynccontextmanager
async def open_outbox(
    database: Database,
    slack: SlackClient,
    clock: Clock,
    *,
    boot: str,
    observe: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Outbox]:
    """``boot`` names this process. ``observe`` hears of the outcomes in
    ``bot.outbox.delivery.OUTCOMES``. What is put in before this closes is delivered by whoever
    comes next, where it was not yet."""
    outbox = Outbox(database, slack, clock, boot=boot, observe=observe)
    running = asyncio.create_task(outbox.run())
    try:
        yield outbox
    finally:
        await cancel([running])
        await outbox.aclose()
