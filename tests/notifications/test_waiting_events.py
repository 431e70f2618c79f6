"""Rules that look at what Chakra has: no event is lost while Chakra doesn't answer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.db.engine import Database
from bot.errors import NotConfigured, Unavailable
from bot.notifications.rule import EventGroup, Filters
from tests.notifications.notifier_harness import NotifierHarness, open_notifier_harness
from tests.outbox.harness import SALES, SUPPORT

MESSAGE, FAILED, ALL = EventGroup.MESSAGE, EventGroup.FAILED, EventGroup.ALL
PUNE = Filters(records=("lead.city=pune",))
OUTAGE = Unavailable("Chakra is down.")


@pytest.fixture
async def harness(sqlite: Database) -> AsyncIterator[NotifierHarness]:
    async with open_notifier_harness(sqlite) as harness:
        harness.chakra.records["1"] = frozenset({"lead", "lead.city=pune"})
        yield harness


@pytest.mark.parametrize("error", [OUTAGE, TimeoutError()])
async def test_message_waits_for_the_customers_record(
    harness: NotifierHarness, error: BaseException
) -> None:
    await harness.add_rule(MESSAGE, filters=PUNE)
    await harness.add_rule(ALL, channel=SUPPORT)
    harness.chakra.error = error
    harness.start()
    await harness.record(harness.build_message("one"), harness.build_account())
    await harness.record(harness.build_message("two"), harness.build_message("other", 2))
    await harness.advance(20)
    assert harness.list_texts() == []
    assert len(harness.list_texts(SUPPORT)) == 1, "what doesn't depend on a record is posted"
    harness.chakra.error = None
    await harness.advance(40)
    assert harness.list_texts() == ["Customer 1", "one", "two"]
    assert [text for text in harness.list_texts(SUPPORT) if text in {"one", "two", "other"}] == [
        "one", "two", "other"
    ]  # fmt: skip


async def test_rule_above_decides_without_the_record(harness: NotifierHarness) -> None:
    await harness.add_rule(MESSAGE, filters=Filters(words=("refund",)))
    await harness.add_rule(MESSAGE, filters=PUNE)
    harness.chakra.error = OUTAGE
    harness.start()
    await harness.record(harness.build_message("refund, please"))
    await harness.record(harness.build_message("waits"), harness.build_message("refund me"))
    await harness.advance(10)
    assert harness.list_texts() == ["Customer 1", "refund, please"]
    harness.chakra.error = None
    await harness.advance(40)
    assert harness.list_texts()[1:] == ["refund, please", "waits", "refund me"], "in order"


async def test_outage_that_lasts_ends_the_wait(harness: NotifierHarness) -> None:
    await harness.add_rule(MESSAGE, filters=PUNE)
    await harness.add_rule(MESSAGE, is_catch_all=True, channel=SALES)
    harness.chakra.error = OUTAGE
    harness.start()
    await harness.record(harness.build_message("hello"))
    await harness.advance(30)
    assert harness.chakra.calls <= 3, "Chakra is asked now and then"
    await harness.clock.jump(3_600)
    await harness.advance(30)
    assert harness.list_texts() == ["Customer 1", "hello"]


async def test_refusal_is_an_answer(harness: NotifierHarness) -> None:
    await harness.add_rule(MESSAGE, filters=PUNE)
    await harness.add_rule(MESSAGE)
    harness.chakra.error = NotConfigured("X", "There are no leads.")
    harness.start()
    await harness.record(harness.build_message("hello"))
    await harness.advance(5)
    assert harness.list_texts() == ["Customer 1", "hello"]


async def test_maker_reads_once_that_events_may_be_missing_after_an_outage(
    harness: NotifierHarness,
) -> None:
    await harness.add_rule(MESSAGE, filters=PUNE)
    await harness.add_rule(MESSAGE, channel=SUPPORT)
    harness.chakra.error = OUTAGE
    harness.start()
    await harness.record(harness.build_message("hello"), harness.build_message("other", 2))
    await harness.clock.jump(3_600)
    await harness.advance(30)
    assert harness.list_texts() == []
    [text] = harness.list_direct_message_texts()
    assert "Chakra didn't answer for an hour, so events may be missing in <#C0SALES>." in text
