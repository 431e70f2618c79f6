"""Channels that refuse messages or have outsiders: nothing is lost, nothing leaks, one notice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.db.engine import Database
from bot.notifications.rule import EventGroup
from tests.notifications.notifier_harness import (
    NotifierHarness,
    count_events,
    open_notifier_harness,
)
from tests.outbox.harness import MEI, SALES, SUPPORT

FAILED, MESSAGE, ALL = EventGroup.FAILED, EventGroup.MESSAGE, EventGroup.ALL


@pytest.fixture
async def harness(sqlite: Database) -> AsyncIterator[NotifierHarness]:
    async with open_notifier_harness(sqlite) as harness:
        yield harness


async def test_archived_channel_is_reported_once_and_resumed(harness: NotifierHarness) -> None:
    rule = await harness.add_rule(MESSAGE)
    await harness.add_rule(FAILED, channel=SUPPORT)
    harness.start()
    harness.slack.workspace.archive(SALES)
    for number in range(3):
        await harness.record(harness.build_message(f"{number}"), harness.build_failed())
        await harness.advance(5)
    assert (await harness.get_rule(rule.id)).problem == "is_archived"
    notices = harness.list_direct_message_texts()
    assert len(notices) == 1
    assert "is archived" in notices[0]
    assert len(harness.list_texts(SUPPORT)) == 3, "other channels are not concerned"
    harness.slack.workspace.unarchive(SALES)
    await harness.clock.jump(700)
    await harness.advance(12)
    assert harness.list_texts() == ["Customer 1", "0", "1", "2"]
    assert (await harness.get_rule(rule.id)).problem == ""
    assert len(harness.list_direct_message_texts()) == 1


async def test_counted_events_survive_a_channel_that_is_archived(harness: NotifierHarness) -> None:
    await harness.add_rule(FAILED)
    harness.start()
    await harness.record(*(harness.build_failed() for _ in range(8)))
    await harness.advance(3)
    harness.slack.workspace.archive(SALES)
    await harness.record(*(harness.build_failed() for _ in range(8)))
    await harness.advance(10)
    harness.slack.workspace.unarchive(SALES)
    await harness.clock.jump(700)
    await harness.advance(12)
    assert count_events(harness.list_texts(), "wasn't delivered") == 16


async def test_each_maker_is_notified_of_a_removed_app(harness: NotifierHarness) -> None:
    await harness.add_rule(FAILED)
    await harness.add_rule(MESSAGE, member=MEI)
    harness.start()
    harness.slack.workspace.remove_app(SALES)
    await harness.record(harness.build_failed())
    await harness.advance(5)
    for notices in (harness.list_direct_message_texts(), harness.list_direct_message_texts(MEI)):
        assert len(notices) == 1
        assert "/invite @Chakra" in notices[0]


async def test_invited_app_resumes_immediately(harness: NotifierHarness) -> None:
    await harness.add_rule(FAILED)
    notifier = harness.start()
    harness.slack.workspace.remove_app(SALES)
    await harness.record(harness.build_failed())
    await harness.advance(5)
    harness.slack.workspace.add_app(SALES)
    notifier.retry_channel(SALES)
    await harness.advance(5)
    assert len(harness.list_texts()) == 1


@pytest.mark.parametrize("code", ["restricted_action", "restricted_action_read_only_channel"])
async def test_restricted_channel_is_tried_again(harness: NotifierHarness, code: str) -> None:
    await harness.add_rule(FAILED)
    harness.start()
    harness.slack.fail("chat.postMessage", error=code)
    await harness.record(harness.build_failed())
    await harness.advance(5)
    assert "lets only some people post" in harness.list_direct_message_texts()[0]
    await harness.clock.jump(70)
    await harness.advance(5)
    assert len(harness.list_texts()) == 1


async def test_message_that_slack_refuses_does_not_stop_the_channel(
    harness: NotifierHarness,
) -> None:
    rule = await harness.add_rule(FAILED)
    harness.start()
    harness.slack.fail("chat.postMessage", error="invalid_blocks")
    await harness.record(harness.build_failed(), harness.build_failed())
    await harness.advance(10)
    assert len(harness.list_texts()) == 2
    assert (await harness.get_rule(rule.id)).problem == ""


# --- people from other companies ------------------------------------------------------------------


async def test_customers_words_wait_once_outsiders_read_the_channel(
    harness: NotifierHarness,
) -> None:
    rule = await harness.add_rule(ALL)
    harness.start()
    harness.slack.workspace.share_channel(SALES)
    await harness.record(harness.build_message("secret"), harness.build_failed())
    await harness.advance(10)
    assert [text.splitlines()[0] for text in harness.list_texts()] == [
        ":x: A message wasn't delivered to +91 •••••• 3210."
    ]
    [question] = harness.list_direct_message_texts()
    assert "People outside your company now read" in question
    assert "Keep posting" in question
    current = await harness.get_rule(rule.id)
    assert current.problem == "outsiders"
    agreed = current.spec.model_copy(update={"allows_outsiders": True})
    await harness.rules.change(rule.id, agreed, harness.clock.time())
    await harness.advance(40)
    assert harness.list_texts()[1:] == ["Customer 1", "secret"]
    assert len(harness.list_direct_message_texts()) == 1


async def test_channel_that_is_no_longer_shared_gets_what_waited(harness: NotifierHarness) -> None:
    await harness.add_rule(MESSAGE)
    harness.start()
    harness.slack.workspace.share_channel(SALES)
    await harness.record(harness.build_message("secret"))
    await harness.advance(5)
    harness.slack.workspace.unshare_channel(SALES)
    await harness.clock.jump(120)
    await harness.advance(5)
    assert harness.list_texts() == ["Customer 1", "secret"]


async def test_nothing_leaks_while_slack_cannot_be_asked(harness: NotifierHarness) -> None:
    await harness.add_rule(MESSAGE)
    harness.start()
    for _ in range(3):
        harness.slack.fail("conversations.info", error="internal_error", status=500)
    await harness.record(harness.build_message("secret"))
    await harness.advance(2)
    assert harness.list_texts() == []
    await harness.advance(100)
    assert harness.list_texts() == ["Customer 1", "secret"]


async def test_agreed_rule_posts_to_a_shared_channel(harness: NotifierHarness) -> None:
    await harness.add_rule(MESSAGE, allows_outsiders=True)
    harness.start()
    harness.slack.workspace.share_channel(SALES)
    await harness.record(harness.build_message("hello"))
    await harness.advance(4)
    assert harness.list_texts() == ["Customer 1", "hello"]
