"""The report of each send: one message to the person who sent it, edited as the send moves on.

Slack has no idempotency key, so a post carries the send's key in its ``metadata``. Where it is not
certain whether a post came through, the direct messages are searched for it before anything is
posted again; where they cannot be searched, nothing is.
"""

from __future__ import annotations

import asyncio

import structlog

from bot.clock import Clock
from bot.errors import SLACK_PASSING, SlackError, StoreUnavailable
from bot.sending.bell import Bell
from bot.sending.card import Card
from bot.sending.pacing import Budget, Gaps
from bot.slack.client import Posted, SlackClient
from bot.store.reports import ReportMarks
from bot.store.sends import Send, Sends
from bot.store.states import State

EDITS = (45, 60.0)
"""Edits and their seconds: `chat.update` is of tier 3, about 50 a minute over the workspace.
docs.slack.dev/apis/web-api/rate-limits"""
EDIT_GAP = 3.0
"""Seconds between two edits of one message."""
POST_GAP = 1.0
"""Seconds between two posts to one person: Slack takes one a second in a channel."""

TAKEOVER_SECONDS = 30.0
"""A report that somebody set out to post so long ago is anybody's."""
TROUBLE_SECONDS = 5.0
"""Until the next try where Slack, or the database, could not be reached."""
AT_ONCE = 1_000
"""Reports taken up from the database in one look."""

EVENT_TYPE = "chakra_send"
SEARCHED_BEFORE = 60.0
"""Seconds by which Slack's clock and ours may differ."""
SEARCHED_PAGES = 5


class Reports:
    """``wake`` it for each send that has moved; ``run`` does the talking, one call at a time."""

    def __init__(
        self,
        sends: Sends,
        marks: ReportMarks,
        slack: SlackClient,
        clock: Clock,
        *,
        card: Card,
        boot: str,
    ) -> None:
        self._sends = sends
        self._marks = marks
        self._slack = slack
        self._clock = clock
        self._card = card
        self._boot = boot
        self._asking: dict[int, list[asyncio.Future[Posted | None]]] = {}
        self._bell = Bell(clock)
        self._budget = Budget(clock, *EDITS)
        self._edit_gaps = Gaps(clock, EDIT_GAP)
        self._post_gaps = Gaps(clock, POST_GAP)
        self._posts: dict[int, float] = {}  # send -> not before, by the monotonic clock
        self._edits: dict[int, float] = {}
        self._log = structlog.get_logger("reports")

    def wake(self, send: Send) -> None:
        """Its report shall show its latest state; soon, and each state it had in between or not."""
        if send.state is State.SENDING or send.report_state is send.state:
            return
        if send.report_ts:
            self._edits.setdefault(send.id, self._edit_gaps.free_at(send.id))
        else:
            self._posts.setdefault(send.id, self._clock.monotonic())
        self._bell.ring()

    async def place(self, send: Send, seconds: float) -> Posted | None:
        """Where the report stands; waits for it up to so long."""
        if send.report_ts:
            return Posted(send.report_channel, send.report_ts)
        self.wake(send)
        asking: asyncio.Future[Posted | None] = asyncio.get_running_loop().create_future()
        self._asking.setdefault(send.id, []).append(asking)
        timer = self._clock.call_later(seconds, lambda: self._tell(send.id, None))
        try:
            return await asking
        finally:
            timer.cancel()

    async def pick_up(self, idle_seconds: float) -> None:
        """Wakes the reports that nobody brought up to date in ``idle_seconds``."""
        for send in await self._marks.due(self._clock.time() - idle_seconds, AT_ONCE):
            self.wake(send)

    async def run(self) -> None:
        """For as long as the process lives."""
        while True:
            wait = await self.step()
            if wait is None or wait > 0:
                await self._bell.wait(wait)

    async def step(self) -> float | None:
        """Brings one report up to date: 0. Or seconds until one may be; None where none is due."""
        now = self._clock.monotonic()
        send_id = next((one for one, at in self._posts.items() if at <= now), None)
        if send_id is not None:
            del self._posts[send_id]
            await self._bring_up_to_date(send_id, may_edit=False)
            return 0.0
        blocked = self._budget.wait()
        send_id = next((one for one, at in self._edits.items() if at <= now), None)
        if send_id is not None and not blocked:
            del self._edits[send_id]
            await self._bring_up_to_date(send_id, may_edit=True)
            return 0.0
        return self._until_next(now, blocked)

    def _until_next(self, now: float, blocked: float) -> float | None:
        moments = list(self._posts.values())
        if self._edits:
            moments.append(max(now + blocked, min(self._edits.values())))
        return max(0.001, min(moments) - now) if moments else None

    async def _bring_up_to_date(self, send_id: int, *, may_edit: bool) -> None:
        try:
            send = await self._sends.by_id(send_id)
            if send is None or send.report_state is send.state or send.state is State.SENDING:
                return
            if not send.report_ts:
                await self._post_in_turn(send)
            elif may_edit:
                await self._edit(send)
            else:
                self._edits[send_id] = self._edit_gaps.free_at(send_id)
        except StoreUnavailable as down:
            self._log.warning("report_waits", reason=down.message)
            self._posts[send_id] = self._clock.monotonic() + TROUBLE_SECONDS

    async def _post_in_turn(self, send: Send) -> None:
        free_at = self._post_gaps.free_at(send.member)
        if free_at > self._clock.monotonic():
            self._posts[send.id] = free_at
        else:
            await self._post(send)

    async def _edit(self, send: Send) -> None:
        self._budget.take()
        self._edit_gaps.take(send.id)
        try:
            place = Posted(send.report_channel, send.report_ts)
            await self._slack.update_message(place, self._card(send))
        except SlackError as refused:
            await self._not_shown(send, refused, self._edits)
        else:
            await self._marks.shows(send.id, send.state)

    async def _post(self, send: Send) -> None:
        now = self._clock.time()
        if not await self._marks.set_out(send.id, self._boot, now, now - TAKEOVER_SECONDS):
            return  # another replica is at it, or has just done it
        self._post_gaps.take(send.member)
        try:
            place = await self._found(send) if send.report_boot else None
            if place is None:
                place = await self._slack.post_message(
                    send.member, self._card(send), metadata=_metadata(send)
                )
                shown = send.state
            else:
                shown = State.SENDING  # whatever it shows, it is to be edited
        except SlackError as refused:
            await self._not_posted(send, refused)
            return
        await self._marks.stands(send.id, place.channel, place.ts)
        self._edit_gaps.take(send.id)
        await self._marks.shows(send.id, shown)
        self._tell(send.id, place)
        self._edits[send.id] = self._edit_gaps.free_at(send.id)  # it may have moved on meanwhile

    def _tell(self, send_id: int, place: Posted | None) -> None:
        for asking in self._asking.pop(send_id, ()):
            if not asking.done():
                asking.set_result(place)

    async def _found(self, send: Send) -> Posted | None:
        """The report, where an earlier try did post it. Raises ``SlackError``."""
        channel = await self._slack.direct_messages(send.member)
        cursor = ""
        for _ in range(SEARCHED_PAGES):
            messages, cursor = await self._slack.history(
                channel, oldest=send.started_at - SEARCHED_BEFORE, cursor=cursor
            )
            for message in messages:
                if message.get("metadata") == _metadata(send):
                    return Posted(channel, str(message.get("ts", "")))
            if not cursor:
                return None
        raise SlackError("conversations.history", "too_many_messages")

    async def _not_posted(self, send: Send, refused: SlackError) -> None:
        posting = refused.method == "chat.postMessage"
        if posting and not _doubtful(refused):
            await self._marks.not_posted(send.id)
        await self._not_shown(send, refused, self._posts)

    async def _not_shown(self, send: Send, refused: SlackError, queue: dict[int, float]) -> None:
        """Slack is asked again where that can help, later; else this state is not shown."""
        self._log.warning(
            "report_not_shown", send=send.id, method=refused.method, code=refused.code
        )
        if not (refused.repeat_helps or _doubtful(refused)):
            await self._marks.give_up(send.id, send.state)
            return
        wait = TROUBLE_SECONDS if refused.retry_after is None else refused.retry_after
        queue[send.id] = self._clock.monotonic() + wait
        if queue is self._edits:
            self._budget.pause(wait)


def _metadata(send: Send) -> dict[str, object]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": send.key}}


def _doubtful(refused: SlackError) -> bool:
    """Whether Slack may have done it all the same."""
    lost = refused.code in SLACK_PASSING or refused.code.startswith("http_5")
    return (lost and refused.code != "ratelimited") or refused.code == "unreadable"
