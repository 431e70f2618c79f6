"""The report of a send goes to the outbox whenever the status changes, in any process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.aio.periodic import RETRY_INITIAL_SECONDS
from bot.db.engine import Database
from bot.errors import DatabaseUnavailable
from bot.messages.dirty_sends import DirtySends
from bot.messages.report_message import report_message
from bot.messages.reporter import POLL_INTERVAL_SECONDS, Reporter, report_key
from bot.messages.repository import Sends
from bot.messages.send import Failure, Send
from bot.messages.status import SendStatus
from bot.outbox.outbox import Outbox
from bot.slack.client.web_api import MessageRef
from tests.db.rows import begun
from tests.outbox import stage as outboxes
from tests.outbox.stage import JOHN, MEI, ended


@dataclass
class Stage:
    """``outbox`` delivers, and one process reports."""

    world: outboxes.Stage
    outbox: Outbox
    running: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sends = Sends(self.world.database)
        self.marks = DirtySends(self.world.database)

    def reports(self, marks: DirtySends | None = None, *, run: bool = True) -> Reporter:
        made = Reporter(marks or self.marks, self.outbox, self.world.clock, render=report_message)
        if run:
            self.running.append(asyncio.create_task(made.run()))
        return made

    async def send(
        self,
        number: int = 1,
        state: SendStatus = SendStatus.ACCEPTED,
        member: str = JOHN,
        **other: Any,
    ) -> Send:
        now = self.world.clock.time()
        send = await begun(self.sends, f"view-{number}", now, member=member, **other)
        return await self.sends.record_outcome(send.id, state, now)

    async def moved(self, send: Send, state: SendStatus, **other: Any) -> Send:
        return await self.sends.record_outcome(send.id, state, self.world.clock.time(), **other)

    async def shows(self, *words: str, member: str = JOHN) -> None:
        def as_wanted() -> bool:
            shown = self.world.direct(member)
            return len(shown) == len(words) and all(map(str.__contains__, shown, words))

        await self.world.until(as_wanted)

    def calls(self, method: str) -> int:
        return len(self.world.calls(method))


@pytest.fixture
async def stage(sqlite: Database) -> AsyncIterator[Stage]:
    async with outboxes.staged(sqlite) as world:
        made = Stage(world, world.outbox())
        yield made
        await ended(*made.running)
        assert world.slack.slack.rejections == []


async def test_it_is_posted_to_the_person_and_edited_to_the_end(stage: Stage) -> None:
    reports = stage.reports()
    send = await stage.send()
    reports.notify()
    await stage.shows(
        "Sending (WhatsApp has it; not delivered yet): *order_update* to +91 •••••• 3210"
    )
    for state, words in (
        (SendStatus.SENT, "Sent"),
        (SendStatus.DELIVERED, "Delivered"),
        (SendStatus.READ, "Read"),
    ):
        await stage.moved(send, state)
        reports.notify()
        await stage.shows(f"{words}: *order_update*")
    assert (stage.calls("chat.postMessage"), stage.calls("chat.update")) == (1, 3)


async def test_states_that_come_faster_than_a_message_may_change_are_passed_over(
    stage: Stage,
) -> None:
    reports = stage.reports()
    send = await stage.send()
    reports.notify()
    await stage.shows("WhatsApp has it")
    for state in (SendStatus.SENT, SendStatus.DELIVERED, SendStatus.READ):
        await stage.moved(send, state)
        reports.notify()
        await stage.world.clock.advance(0.9)
    await stage.shows("Read")
    assert stage.calls("chat.update") == 1


@pytest.mark.parametrize(("ids", "words"), [("", "Not sent"), ("wamid.1", "Not delivered")])
async def test_a_failure_says_why_and_what_to_do(stage: Stage, ids: str, words: str) -> None:
    failure = Failure("recipient_rejected", 131026, "Undeliverable", "")
    send = await stage.send()
    await stage.moved(send, SendStatus.FAILED, failure=failure, wamid=ids)
    stage.reports().notify()
    await stage.shows(f"{words}: *order_update*")
    assert len(stage.world.direct()[0].splitlines()) > 2


async def test_an_unknown_outcome_says_how_to_look(stage: Stage) -> None:
    await stage.send(state=SendStatus.UNKNOWN)
    stage.reports().notify()
    await stage.shows("Check the chat in Chakra")


async def test_what_cannot_be_followed_says_so(stage: Stage) -> None:
    await stage.send(followable=False)
    stage.reports().notify()
    await stage.shows("may not report delivery")


@pytest.mark.parametrize("state", list(SendStatus))
async def test_every_state_has_its_words(sqlite: Database, state: SendStatus) -> None:
    send = await begun(Sends(sqlite))
    message = report_message(await Sends(sqlite).record_outcome(send.id, state, 1001))
    assert "order_update" in message.text
    assert message.blocks


async def test_each_person_reads_their_own(stage: Stage) -> None:
    reports = stage.reports()
    await stage.send(1)
    reports.notify()
    await stage.send(2, member=MEI)
    reports.notify()
    await stage.shows("WhatsApp has it")
    await stage.shows("WhatsApp has it", member=MEI)


async def test_its_place_can_be_waited_for(stage: Stage) -> None:
    reports = stage.reports()
    send = await stage.send()
    reports.notify()
    place = await reports.wait_posted(send, 5)
    [message] = stage.world.messages("D0JOHN")
    assert place == await reports.wait_posted(send, 0) == MessageRef("D0JOHN", message.ts)


async def test_a_send_on_its_way_has_no_report(stage: Stage) -> None:
    reports = stage.reports(run=False)
    send = await begun(stage.sends, "view-1")
    assert await reports.run_once() == 0
    assert await reports.wait_posted(send, 0) is None


async def test_final_status_is_shown_before_others(stage: Stage) -> None:
    reports = stage.reports()
    sends = [await stage.send(number) for number in range(3)]
    reports.notify()
    await stage.shows("WhatsApp has it", "WhatsApp has it", "WhatsApp has it")
    stage.outbox._rate_limits.pause_edits(5)
    for send, state in zip(sends, (SendStatus.SENT, SendStatus.SENT, SendStatus.READ), strict=True):
        await stage.moved(send, state)
        reports.notify()
    await stage.shows("Sent", "Sent", "Read")
    first = stage.world.calls("chat.update")[0]
    assert str(first.args["text"]).startswith("Read: ")


async def test_change_of_another_process_is_reported_within_seconds(stage: Stage) -> None:
    stage.reports()
    await stage.world.clock.until_sleeping(POLL_INTERVAL_SECONDS)
    await stage.send(state=SendStatus.UNKNOWN)  # and nobody wakes
    await stage.world.clock.advance(POLL_INTERVAL_SECONDS)
    await stage.shows("We don't know whether this was sent")


async def test_two_replicas_that_report_the_same_make_one_message(stage: Stage) -> None:
    both = [stage.reports(run=False), stage.reports(run=False)]
    send = await stage.send()
    await asyncio.gather(*(one.run_once() for one in both))
    await stage.moved(send, SendStatus.READ)
    await asyncio.gather(*(one.run_once() for one in both))
    await stage.shows("Read")
    assert stage.calls("chat.postMessage") == 1
    assert await stage.marks.fetch(10) == []


async def test_late_reporter_does_not_win(stage: Stage) -> None:
    """It read ``accepted``, and puts that in after another one has reported ``read``."""
    send = await stage.send()
    reports = stage.reports(run=False)
    await stage.moved(send, SendStatus.READ)
    await reports.run_once()
    await stage.outbox.enqueue(reports._build_message(send))
    await stage.marks.clear([send])
    assert [one.id for one in await stage.marks.fetch(10)] == [send.id]
    await reports.run_once()
    await stage.shows("Read")


async def test_a_database_that_goes_away_is_waited_for(stage: Stage) -> None:
    class Failing(DirtySends):
        failures = 1

        async def fetch(self, limit: int) -> list[Send]:
            if self.failures:
                self.failures -= 1
                raise DatabaseUnavailable("gone")
            return await super().fetch(limit)

    stage.reports(Failing(stage.world.database))
    await stage.world.clock.until_sleeping(RETRY_INITIAL_SECONDS)
    await stage.send()
    await stage.shows("WhatsApp has it")


async def test_key_of_a_report_does_not_change_with_the_status(stage: Stage) -> None:
    send = await stage.send()
    assert report_key(send) == report_key(await stage.moved(send, SendStatus.READ)) == "send:view-1"
