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
from bot.messages.report_message import render_report
from bot.messages.reporter import POLL_INTERVAL_SECONDS, Reporter, build_report_key
from bot.messages.repository import Sends
from bot.messages.send import Failure, Send
from bot.messages.status import SendStatus
from bot.outbox.outbox import Outbox
from bot.slack.client.web_api import MessageRef
from tests.db.builders import start_send
from tests.outbox import harness as outboxes
from tests.outbox.harness import JOHN, MEI, cancel_tasks


@dataclass
class ReporterHarness:
    """``outbox`` delivers, and one process reports."""

    world: outboxes.OutboxHarness
    outbox: Outbox
    running: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sends = Sends(self.world.database)
        self.marks = DirtySends(self.world.database)

    def open_reporter(self, marks: DirtySends | None = None, *, run: bool = True) -> Reporter:
        reporter = Reporter(marks or self.marks, self.outbox, self.world.clock)
        if run:
            self.running.append(asyncio.create_task(reporter.run()))
        return reporter

    async def create_send(
        self,
        number: int = 1,
        state: SendStatus = SendStatus.ACCEPTED,
        member: str = JOHN,
        **other: Any,
    ) -> Send:
        now = self.world.clock.time()
        send = await start_send(self.sends, f"view-{number}", now, member=member, **other)
        return await self.sends.record_outcome(send.id, state, now)

    async def change_status(self, send: Send, state: SendStatus, **other: Any) -> Send:
        return await self.sends.record_outcome(send.id, state, self.world.clock.time(), **other)

    async def wait_for_reports(self, *words: str, member: str = JOHN) -> None:
        def as_wanted() -> bool:
            texts = self.world.list_direct_message_texts(member)
            return len(texts) == len(words) and all(map(str.__contains__, texts, words))

        await self.world.advance_until(as_wanted)

    def count_calls(self, method: str) -> int:
        return len(self.world.list_calls(method))


@pytest.fixture
async def harness(sqlite: Database) -> AsyncIterator[ReporterHarness]:
    async with outboxes.open_harness(sqlite) as world:
        harness = ReporterHarness(world, world.start_outbox())
        yield harness
        await cancel_tasks(*harness.running)
        assert world.slack.slack.rejections == []


async def test_report_is_posted_to_the_member_and_edited_to_completion(
    harness: ReporterHarness,
) -> None:
    reports = harness.open_reporter()
    send = await harness.create_send()
    reports.notify()
    await harness.wait_for_reports(
        "*Sending* to +91 •••••• 3210 (WhatsApp has it; not delivered yet)\n*order_update*"
    )
    for state, words in (
        (SendStatus.SENT, "*Sent* to +91 •••••• 3210 (not delivered yet)"),
        (SendStatus.DELIVERED, "*Delivered* to +91 •••••• 3210"),
        (SendStatus.READ, "*Read* by +91 •••••• 3210"),
    ):
        await harness.change_status(send, state)
        reports.notify()
        await harness.wait_for_reports(f"{words}\n*order_update*")
    assert (harness.count_calls("chat.postMessage"), harness.count_calls("chat.update")) == (1, 3)


async def test_fast_status_changes_are_coalesced(
    harness: ReporterHarness,
) -> None:
    reports = harness.open_reporter()
    send = await harness.create_send()
    reports.notify()
    await harness.wait_for_reports("WhatsApp has it")
    for state in (SendStatus.SENT, SendStatus.DELIVERED, SendStatus.READ):
        await harness.change_status(send, state)
        reports.notify()
        await harness.world.clock.advance(0.9)
    await harness.wait_for_reports("Read")
    assert harness.count_calls("chat.update") == 1


@pytest.mark.parametrize(("ids", "words"), [("", "Not sent"), ("wamid.1", "Not delivered")])
async def test_failed_report_gives_a_reason_and_a_remedy(
    harness: ReporterHarness, ids: str, words: str
) -> None:
    failure = Failure("recipient_rejected", 131026, "Undeliverable", "")
    send = await harness.create_send()
    await harness.change_status(send, SendStatus.FAILED, failure=failure, wamid=ids)
    harness.open_reporter().notify()
    await harness.wait_for_reports(f"*{words}* to +91 •••••• 3210")
    assert len(harness.world.list_direct_message_texts()[0].splitlines()) > 2


async def test_failure_without_a_reason_is_not_called_a_refusal(harness: ReporterHarness) -> None:
    send = await harness.create_send()
    await harness.change_status(
        send, SendStatus.FAILED, failure=Failure("rejected", None, "", ""), wamid="wamid.1"
    )
    harness.open_reporter().notify()
    await harness.wait_for_reports("couldn't deliver this message and gave no reason")


async def test_unknown_outcome_report_says_how_to_check(harness: ReporterHarness) -> None:
    await harness.create_send(state=SendStatus.UNKNOWN)
    harness.open_reporter().notify()
    await harness.wait_for_reports("Check the chat in Chakra")


async def test_untrackable_send_says_so(harness: ReporterHarness) -> None:
    await harness.create_send(followable=False)
    harness.open_reporter().notify()
    await harness.wait_for_reports("may not report delivery")


@pytest.mark.parametrize("state", list(SendStatus))
async def test_every_status_has_a_text(sqlite: Database, state: SendStatus) -> None:
    send = await start_send(Sends(sqlite))
    message = render_report(await Sends(sqlite).record_outcome(send.id, state, 1001))
    assert "order_update" in message.text
    assert message.blocks


async def test_each_member_gets_their_own_reports(harness: ReporterHarness) -> None:
    reports = harness.open_reporter()
    await harness.create_send(1)
    reports.notify()
    await harness.create_send(2, member=MEI)
    reports.notify()
    await harness.wait_for_reports("WhatsApp has it")
    await harness.wait_for_reports("WhatsApp has it", member=MEI)


async def test_wait_posted_returns_the_location(harness: ReporterHarness) -> None:
    reports = harness.open_reporter()
    send = await harness.create_send()
    reports.notify()
    place = await reports.wait_posted(send, 5)
    [message] = harness.world.list_messages("D0JOHN")
    assert place == await reports.wait_posted(send, 0) == MessageRef("D0JOHN", message.ts)


async def test_send_in_flight_has_no_report(harness: ReporterHarness) -> None:
    reports = harness.open_reporter(run=False)
    send = await start_send(harness.sends, "view-1")
    assert await reports.run_once() == 0
    assert await reports.wait_posted(send, 0) is None


async def test_final_status_is_shown_before_others(harness: ReporterHarness) -> None:
    reports = harness.open_reporter()
    sends = [await harness.create_send(number) for number in range(3)]
    reports.notify()
    await harness.wait_for_reports("WhatsApp has it", "WhatsApp has it", "WhatsApp has it")
    harness.outbox._rate_limits.pause_edits(5)
    for send, state in zip(sends, (SendStatus.SENT, SendStatus.SENT, SendStatus.READ), strict=True):
        await harness.change_status(send, state)
        reports.notify()
    await harness.wait_for_reports("Sent", "Sent", "Read")
    first = harness.world.list_calls("chat.update")[0]
    assert str(first.args["text"]).startswith("Read by ")


async def test_change_of_another_process_is_reported_within_seconds(
    harness: ReporterHarness,
) -> None:
    harness.open_reporter()
    await harness.world.clock.wait_for_sleep(POLL_INTERVAL_SECONDS)
    await harness.create_send(state=SendStatus.UNKNOWN)  # and no one is notified
    await harness.world.clock.advance(POLL_INTERVAL_SECONDS)
    await harness.wait_for_reports("We don't know whether this was sent")


async def test_two_replicas_post_one_report(harness: ReporterHarness) -> None:
    both = [harness.open_reporter(run=False), harness.open_reporter(run=False)]
    send = await harness.create_send()
    await asyncio.gather(*(reporter.run_once() for reporter in both))
    await harness.change_status(send, SendStatus.READ)
    await asyncio.gather(*(reporter.run_once() for reporter in both))
    await harness.wait_for_reports("Read")
    assert harness.count_calls("chat.postMessage") == 1
    assert await harness.marks.fetch(10) == []


async def test_two_replicas_post_one_failure(harness: ReporterHarness) -> None:
    both = [harness.open_reporter(run=False), harness.open_reporter(run=False)]
    send = await harness.create_send()
    await asyncio.gather(*(reporter.run_once() for reporter in both))
    await harness.wait_for_reports("WhatsApp has it")
    await harness.change_status(send, SendStatus.FAILED, wamid="wamid.1")
    await asyncio.gather(*(reporter.run_once() for reporter in both))
    await harness.wait_for_reports("*Not delivered* to", "*Not delivered* to")
    await asyncio.gather(*(reporter.run_once() for reporter in both))
    await harness.world.advance(30)
    assert harness.count_calls("chat.postMessage") == 2


async def test_late_reporter_does_not_win(harness: ReporterHarness) -> None:
    """It read ``accepted``, and puts that in after another one has reported ``read``."""
    send = await harness.create_send()
    reports = harness.open_reporter(run=False)
    await harness.change_status(send, SendStatus.READ)
    await reports.run_once()
    await harness.outbox.enqueue(*await reports._report(send))
    await harness.marks.clear([send])
    assert [send.id for send in await harness.marks.fetch(10)] == [send.id]
    await reports.run_once()
    await harness.wait_for_reports("Read")


async def test_unavailable_database_is_waited_for(harness: ReporterHarness) -> None:
    class Failing(DirtySends):
        failures = 1

        async def fetch(self, limit: int) -> list[Send]:
            if self.failures:
                self.failures -= 1
                raise DatabaseUnavailable("gone")
            return await super().fetch(limit)

    harness.open_reporter(Failing(harness.world.database))
    await harness.world.clock.wait_for_sleep(RETRY_INITIAL_SECONDS)
    await harness.create_send()
    await harness.wait_for_reports("WhatsApp has it")


async def test_key_of_a_report_does_not_change_with_the_status(harness: ReporterHarness) -> None:
    send = await harness.create_send()
    assert (
        build_report_key(send)
        == build_report_key(await harness.change_status(send, SendStatus.READ))
        == "send:view-1"
    )
