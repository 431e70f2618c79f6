"""The report of a send: posted once, edited in place, within Slack's limits, across restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.sandbox.slack import plain
from bot.sending.card import report
from bot.sending.report import Reports
from bot.slack.client import SlackClient
from bot.store.engine import Database
from bot.store.reports import ReportMarks
from bot.store.sends import Failure, Send, Sends
from bot.store.states import State
from tests.clock import ManualClock
from tests.sandbox import slack_stage
from tests.sending.upstream import until
from tests.store.rows import begun

JOHN, MARY = "U0JOHN", "U0MARY"
HISTORY = (*slack_stage.SCOPES, "im:history")


@dataclass
class Stage:
    slack: slack_stage.Stage
    client: SlackClient
    database: Database
    running: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sends = Sends(self.database)
        self.marks = ReportMarks(self.database)

    @property
    def clock(self) -> ManualClock:
        return self.slack.clock

    def reports(self, boot: str = "boot-1", *, run: bool = True) -> Reports:
        made = Reports(self.sends, self.marks, self.client, self.clock, card=report, boot=boot)
        if run:
            self.running.append(asyncio.create_task(made.run()))
        return made

    async def stop(self) -> None:
        for one in self.running:
            one.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        self.running.clear()

    async def send(
        self, number: int = 1, state: State = State.ACCEPTED, member: str = JOHN, **other: Any
    ) -> Send:
        now = self.clock.time()
        send = await begun(self.sends, f"view-{number}", now, member=member, **other)
        return await self.sends.note(send.id, state, now)

    async def moved(self, send: Send, state: State, **other: Any) -> Send:
        return await self.sends.note(send.id, state, self.clock.time(), **other)

    def shown(self, member: str = JOHN) -> list[str]:
        [channel] = [
            one.id
            for one in self.slack.slack.workspace.channels.values()
            if one.kind == "im" and member in one.members
        ]
        return [plain(one) for one in self.slack.slack.messages(member, channel)]

    def calls(self, method: str) -> int:
        return sum(call.method == method for call in self.slack.slack.calls)

    async def shows(self, *starts: str, member: str = JOHN) -> None:
        def as_wanted() -> bool:
            shown = self.shown(member)
            return len(shown) == len(starts) and all(
                start in one for one, start in zip(shown, starts, strict=True)
            )

        await until(as_wanted)

    async def shows_in_time(self, start: str, seconds: int = 60) -> None:
        """The one message there is, within so many seconds of the clock."""
        for _ in range(seconds):
            if len(self.shown()) == 1 and start in self.shown()[0]:
                return
            await self.clock.advance(1)
            await asyncio.sleep(0.01)
        raise AssertionError(self.shown())

    async def due(self) -> int:
        return len(await self.marks.due(self.clock.time(), 1_000))

    async def up_to_date(self) -> None:
        for _ in range(2_000):
            if not await self.due():
                return
            await asyncio.sleep(0.002)
        raise AssertionError(f"{await self.due()} reports stay due")


@pytest.fixture
async def stage(sqlite: Database) -> AsyncIterator[Stage]:
    async with slack_stage.staged(slack_stage.manifest(scopes=HISTORY)) as slack:
        client = SlackClient(
            token=slack.slack.bot_token, base_url=slack.slack.api_url, clock=slack.clock
        )
        made = Stage(slack, client, sqlite)
        try:
            yield made
        finally:
            await made.stop()
            await client.aclose()
            assert slack.slack.refusals == []


# --- one message ----------------------------------------------------------------------------------


async def test_it_is_posted_to_the_person_and_edited_to_the_end(stage: Stage) -> None:
    reports = stage.reports()
    send = await stage.send()
    reports.wake(send)
    await stage.shows("Accepted: *order_update* to +91 •••••• 3210")
    await stage.up_to_date()
    for state, words in (
        (State.SENT, "Sent"),
        (State.DELIVERED, "Delivered"),
        (State.READ, "Read"),
    ):
        reports.wake(await stage.moved(send, state))
        await stage.clock.advance(3)
        await stage.shows(f"{words}: *order_update*")
        await stage.up_to_date()
    assert (stage.calls("chat.postMessage"), stage.calls("chat.update")) == (1, 3)


async def test_one_message_is_edited_every_three_seconds_at_most_the_newest_state_only(
    stage: Stage,
) -> None:
    reports = stage.reports()
    send = await stage.send()
    reports.wake(send)
    await stage.shows("Accepted")
    await stage.up_to_date()
    for state in (State.SENT, State.DELIVERED, State.READ):
        reports.wake(await stage.moved(send, state))
        await stage.clock.advance(0.9)
    assert stage.calls("chat.update") == 0
    await stage.clock.advance(0.3)
    await stage.shows("Read")
    assert stage.calls("chat.update") == 1


@pytest.mark.parametrize(("ids", "words"), [("", "Not sent"), ("wamid.1", "Not delivered")])
async def test_a_failure_says_why_and_what_to_do(stage: Stage, ids: str, words: str) -> None:
    failure = Failure("recipient_rejected", 131026, "Undeliverable", "")
    send = await stage.send()
    failed = await stage.moved(send, State.FAILED, failure=failure, wamid=ids)
    stage.reports().wake(failed)
    await stage.shows(f"{words}: *order_update*")
    assert len(stage.shown()[0].splitlines()) > 2


async def test_an_unknown_outcome_says_how_to_look(stage: Stage) -> None:
    stage.reports().wake(await stage.send(state=State.UNKNOWN))
    await stage.shows("Look at the chat with this recipient in Chakra")


async def test_what_cannot_be_followed_says_so(stage: Stage) -> None:
    stage.reports().wake(await stage.send(followable=False))
    await stage.shows("may not tell whether this one is delivered")


@pytest.mark.parametrize("state", list(State))
async def test_every_state_has_its_words(sqlite: Database, state: State) -> None:
    send = await begun(Sends(sqlite))
    message = report(await Sends(sqlite).note(send.id, state, 1001))
    assert "order_update" in message.text
    assert message.blocks


async def test_its_place_can_be_waited_for(stage: Stage) -> None:
    reports = stage.reports()
    send = await stage.send()
    place = await reports.place(send, 5)
    assert place is not None
    assert place.channel.startswith("D")
    await stage.up_to_date()
    standing = await stage.sends.by_id(send.id)
    assert standing is not None
    assert await reports.place(standing, 5) == place


async def test_nobody_waits_for_a_place_for_ever(stage: Stage) -> None:
    stage.slack.slack.hang("chat.postMessage")
    reports = stage.reports()
    asking = asyncio.create_task(reports.place(await stage.send(), 2))
    await stage.clock.until_sleeping(2)
    await stage.clock.advance(2)
    assert await asking is None
    stage.slack.slack.release()


# --- many -----------------------------------------------------------------------------------------


async def test_all_edits_share_a_budget_and_slack_never_has_to_say_so(stage: Stage) -> None:
    """Sixty sends are posted, then all move three times: at most 45 edits in any minute."""
    reports = stage.reports()
    members = [one.id for one in stage.slack.slack.workspace.members.values() if one.is_person]
    sends = [await stage.send(number, member=members[number % 4]) for number in range(60)]
    for send in sends:
        reports.wake(send)
    while stage.calls("chat.postMessage") < 60:
        await stage.clock.advance(0.25)
        await asyncio.sleep(0.002)
    await stage.up_to_date()
    for state in (State.SENT, State.DELIVERED, State.READ):
        for send in sends:
            reports.wake(await stage.moved(send, state))
        await stage.clock.advance(1)
    for _ in range(600):
        if not await stage.due():
            break
        await stage.clock.advance(1)
        await asyncio.sleep(0.005)
    edits = [call for call in stage.slack.slack.calls if call.method == "chat.update"]
    assert all(call.answer["ok"] for call in edits)
    assert max(sum(0 <= other.at - one.at < 60 for other in edits) for one in edits) <= 45
    assert 60 <= len(edits) < 180  # not each state of each send: the newest
    members_shown = [one for member in members[:4] for one in stage.shown(member)]
    assert len(members_shown) == 60
    assert all("Read: " in one for one in members_shown)


async def test_posts_to_one_person_keep_a_second_apart(stage: Stage) -> None:
    reports = stage.reports()
    for number in range(3):
        reports.wake(await stage.send(number))
    await until(lambda: stage.calls("chat.postMessage") == 1)
    await stage.clock.advance(1)
    await until(lambda: stage.calls("chat.postMessage") == 2)
    await stage.clock.advance(1)
    await stage.shows("Accepted", "Accepted", "Accepted")


# --- trouble with Slack ---------------------------------------------------------------------------


async def test_a_429_is_waited_out(stage: Stage) -> None:
    reports = stage.reports()
    send = await stage.send()
    reports.wake(send)
    await stage.shows("Accepted")
    await stage.up_to_date()
    stage.slack.slack.fail("chat.update", error="ratelimited", retry_after=40)
    reports.wake(await stage.moved(send, State.READ))
    await stage.clock.advance(3)
    await until(lambda: stage.calls("chat.update") == 1)
    await stage.clock.until_sleeping(40)
    await stage.clock.advance(39)
    assert stage.calls("chat.update") == 1
    await stage.clock.advance(1)
    await stage.shows("Read")


async def test_a_post_that_slack_refuses_for_now_is_posted_later_and_once(stage: Stage) -> None:
    stage.slack.slack.fail("chat.postMessage", error="ratelimited", retry_after=30)
    stage.reports().wake(await stage.send())
    await stage.clock.until_sleeping(30)
    await stage.clock.advance(30)
    await stage.shows("Accepted")
    assert stage.calls("conversations.history") == 0


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_a_post_whose_answer_got_lost_is_looked_for_before_it_is_repeated(
    stage: Stage, reset: Any
) -> None:
    stage.slack.slack.fail("chat.postMessage", reset=reset)
    reports = stage.reports()
    send = await stage.send()
    reports.wake(send)
    await stage.clock.until_sleeping(5)
    await stage.clock.advance(5)
    for _ in range(20):
        await stage.clock.advance(1)
        await asyncio.sleep(0.005)
    await stage.shows("Accepted")
    await stage.up_to_date()
    assert stage.calls("conversations.history") == 1
    assert stage.calls("chat.postMessage") == (2 if reset == "before" else 1)


async def test_where_slack_will_not_let_it_look_nothing_is_posted_twice(sqlite: Database) -> None:
    async with slack_stage.staged() as slack:  # without im:history
        client = SlackClient(
            token=slack.slack.bot_token, base_url=slack.slack.api_url, clock=slack.clock
        )
        stage = Stage(slack, client, sqlite)
        slack.slack.fail("chat.postMessage", reset="after")
        reports = stage.reports()
        reports.wake(await stage.send())
        await stage.clock.until_sleeping(5)
        await stage.clock.advance(5)
        await stage.up_to_date()
        assert stage.calls("chat.postMessage") == 1
        await stage.stop()
        await client.aclose()


async def test_a_message_that_was_deleted_is_left_alone(stage: Stage) -> None:
    reports = stage.reports()
    send = await stage.send()
    reports.wake(send)
    await stage.shows("Accepted")
    await stage.up_to_date()
    stage.slack.slack.fail("chat.update", error="message_not_found")
    reports.wake(await stage.moved(send, State.READ))
    await stage.clock.advance(3)
    await stage.up_to_date()
    assert (stage.calls("chat.postMessage"), stage.calls("chat.update")) == (1, 1)


async def test_a_person_who_left_is_not_tried_for_ever(stage: Stage) -> None:
    stage.reports().wake(await stage.send(member="U0NOBODY"))
    await stage.up_to_date()
    assert stage.calls("chat.postMessage") == 1


# --- killed, and started again --------------------------------------------------------------------


async def test_what_moved_while_nobody_lived_is_edited_in_place_at_the_next_start(
    stage: Stage,
) -> None:
    send = await stage.send()
    stage.reports().wake(send)
    await stage.shows("Accepted")
    await stage.up_to_date()
    await stage.stop()
    await stage.moved(send, State.READ)
    await stage.reports("boot-2").pick_up(0)
    await stage.shows("Read")
    assert stage.calls("chat.postMessage") == 1


async def test_what_was_never_posted_is_posted_at_the_next_start(stage: Stage) -> None:
    await stage.send(state=State.UNKNOWN)
    await stage.reports("boot-2").pick_up(0)
    await stage.shows("It is not known whether this went out")


@pytest.mark.parametrize("came_through", [True, False])
async def test_a_process_killed_while_it_posted_leaves_one_message(
    stage: Stage, came_through: bool
) -> None:
    """The first set out, and posted or did not; it did not live to note it."""
    send = await stage.send()
    now = stage.clock.time()
    assert await stage.marks.set_out(send.id, "boot-1", now, now - 30)
    if came_through:
        key = {"event_type": "chakra_send", "event_payload": {"key": send.key}}
        await stage.client.post_message(JOHN, report(send), metadata=key)
    reports = stage.reports("boot-2")
    await reports.pick_up(0)
    for _ in range(10):
        await asyncio.sleep(0.005)
    assert len(stage.shown()) == (1 if came_through else 0)  # the other may still live
    await stage.clock.advance(30)
    await reports.pick_up(0)
    await stage.shows_in_time("Accepted")
    await stage.moved(send, State.READ)
    await reports.pick_up(0)
    await stage.shows_in_time("Read")


async def test_of_two_replicas_one_posts(stage: Stage) -> None:
    both = [stage.reports("boot-1"), stage.reports("boot-2")]
    send = await stage.send()
    for one in both:
        one.wake(send)
    await stage.up_to_date()
    await stage.shows("Accepted")
    assert stage.calls("chat.postMessage") == 1
