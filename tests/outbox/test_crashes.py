"""Whatever happens between setting out to post and noting it: one message, or a word why not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from bot.db.engine import Database
from bot.errors import DatabaseUnavailable
from bot.outbox.message import OutboxMessage
from bot.outbox.repository import Posts
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.reply import Message
from tests.outbox.harness import (
    HISTORY_SCOPES,
    JOHN,
    LEADS,
    SALES,
    OutboxHarness,
    build_sample,
    open_harness,
)

OLD_METADATA = {"event_type": "chakra_send", "event_payload": {"key": "V17"}}
"""As release 0.1 marked the report of a send."""


async def claim_and_die(
    harness: OutboxHarness, key: str, channel: str = SALES, **more: Any
) -> None:
    """A process claims the post, and dies before it can note how the call came out."""
    message = OutboxMessage(key, channel, build_sample("once"), JOHN, **more)
    await harness.posts.enqueue([message], harness.clock.time())
    post = await harness.posts.find_by_key(key)
    assert post is not None
    assert await harness.posts.claim(post.id, "dead", harness.clock.time(), 0)


def post_metadata(key: str) -> dict[str, Any]:
    return {"event_type": "chakra_post", "event_payload": {"key": key}}


@pytest.mark.parametrize("channel", [SALES, LEADS, JOHN])
@pytest.mark.parametrize("came_through", [True, False])
async def test_kill_during_a_post_leaves_one_message(
    harness: OutboxHarness, channel: str, came_through: bool
) -> None:
    await claim_and_die(harness, "job:1", channel)
    if came_through:
        await harness.client.post_message(
            channel, build_sample("once"), metadata=post_metadata("job:1")
        )
    outbox = harness.start_outbox("boot-2")
    await outbox.enqueue(OutboxMessage("job:1", channel, build_sample("newest"), member=JOHN))
    await harness.advance(4)
    assert harness.list_message_texts("D0JOHN" if channel == JOHN else channel) == ["newest"]
    assert harness.outcomes["reconciled"] == came_through
    assert harness.outcomes["posted"] == (not came_through)


async def test_report_of_an_earlier_release_is_found(harness: OutboxHarness) -> None:
    await claim_and_die(harness, "send:V17", JOHN)
    await harness.client.post_message(JOHN, build_sample("Accepted"), metadata=OLD_METADATA)
    harness.start_outbox()
    await harness.advance(4)
    assert harness.list_direct_message_texts() == ["once"]
    assert harness.outcomes == {"reconciled": 1, "edited": 1}


async def test_message_of_another_author_is_not_ours(harness: OutboxHarness) -> None:
    await claim_and_die(harness, "job:1")
    for metadata in (post_metadata("job:2"), {**OLD_METADATA, "event_payload": {"key": "job:1"}}):
        await harness.client.post_message(SALES, build_sample("other"), metadata=metadata)
    await harness.client.post_message(SALES, build_sample("bare"))
    harness.start_outbox()
    await harness.advance(3)
    assert harness.list_message_texts()[-1] == "once"


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_post_without_a_response_is_looked_for_before_it_is_repeated(
    harness: OutboxHarness, reset: Any
) -> None:
    harness.slack.slack.fail("chat.postMessage", reset=reset)
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
    await harness.advance(4)
    assert harness.list_calls("conversations.history") == []
    await harness.advance(5)
    assert harness.list_message_texts() == ["once"]
    assert len(harness.list_calls("conversations.history")) == 1
    assert len(harness.list_calls("chat.postMessage")) == (2 if reset == "before" else 1)


@pytest.mark.parametrize(("error", "status"), [("internal_error", None), (None, 503)])
async def test_server_error_may_have_posted(
    harness: OutboxHarness, error: str | None, status: int | None
) -> None:
    harness.slack.slack.fail("chat.postMessage", error=error, status=status)
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
    await harness.advance(6)
    assert harness.list_message_texts() == ["once"]
    assert len(harness.list_calls("conversations.history")) == 1


async def test_post_that_never_left_is_not_looked_for(harness: OutboxHarness) -> None:
    """Slack cannot be reached at first."""
    working, harness.client = (
        harness.client,
        SlackClient(token="xoxb-1", base_url="http://127.0.0.1:1/api/", clock=harness.clock),
    )
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
    await outbox.enqueue(
        OutboxMessage("job:1:reply", SALES, build_sample("twice"), member=JOHN, thread_key="job:1")
    )
    await harness.advance_until(lambda: not outbox._posts_in_flight and outbox._paused_until == {})
    for _ in range(8):
        await harness.clock.advance(0.25)
        await asyncio.sleep(0.01)
    await harness.client.aclose()
    harness.client = outbox._delivery._slack = working
    await harness.advance(8)
    assert harness.list_message_texts() == ["once", "twice"]
    assert harness.list_calls("conversations.history") == []


async def test_each_uncertain_attempt_is_resolved_before_the_next(harness: OutboxHarness) -> None:
    """Lost, not there, lost once more, and there: the second try did come through."""
    harness.slack.slack.fail("chat.postMessage", reset="before")
    harness.slack.slack.fail("chat.postMessage", reset="after")
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
    await harness.advance(15)
    assert harness.list_message_texts() == ["once"]
    assert len(harness.list_calls("chat.postMessage")) == 2


async def test_transient_search_failure_is_retried(harness: OutboxHarness) -> None:
    harness.slack.slack.fail("chat.postMessage", reset="after")
    harness.slack.slack.fail("conversations.history", error="ratelimited", retry_after=30)
    harness.slack.slack.fail("conversations.history", status=500)
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
    await harness.advance(60)
    assert harness.list_message_texts() == ["once"]
    assert len(harness.list_calls("chat.postMessage")) == 1


async def test_a_message_is_found_among_many(harness: OutboxHarness) -> None:
    harness.slack.slack.fail("chat.postMessage", reset="after")
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
    await harness.settle()
    for number in range(450):
        harness.slack.slack.workspace.post_as_person(JOHN, SALES, f"{number}")
    await harness.advance(6)
    assert harness.list_message_texts() == ["once"]
    assert len(harness.list_calls("conversations.history")) == 3


# --- where it cannot be looked for ----------------------------------------------------------------


async def test_uncertain_reply_in_a_channel_notifies_the_member(
    harness: OutboxHarness,
) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("3 of 3"), member=JOHN))
    await harness.advance(1)
    harness.slack.slack.fail("chat.postMessage", reset="after")
    await outbox.enqueue(
        OutboxMessage("job:1:done", SALES, build_sample("Done"), member=JOHN, thread_key="job:1")
    )
    await harness.advance(10)
    assert harness.list_message_texts() == ["3 of 3", "Done"]
    [notice] = harness.list_direct_message_texts()
    assert "We couldn't confirm whether Slack posted this in <#C0SALES>" in notice
    assert "we won't post it again" in notice
    assert "Done" in notice
    assert harness.outcomes["uncertain"] == 1
    assert (await outbox.get_status("job:1:done")).error_code == "uncertain"


@pytest.mark.parametrize(("channel", "broadcast"), [(SALES, True), (JOHN, False), (JOHN, True)])
async def test_reply_in_direct_messages_can_be_searched(
    harness: OutboxHarness, channel: str, broadcast: bool
) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", channel, build_sample("3 of 3"), member=JOHN))
    await harness.advance(1)
    harness.slack.slack.fail("chat.postMessage", reset="after")
    await outbox.enqueue(
        OutboxMessage(
            "job:1:done",
            channel,
            build_sample("Done"),
            member=JOHN,
            thread_key="job:1",
            broadcast=broadcast,
        )
    )
    await harness.advance(10)
    assert harness.list_message_texts("D0JOHN" if channel == JOHN else channel) == [
        "3 of 3",
        "Done",
    ]
    assert harness.outcomes["reconciled"] == 1


async def test_missing_history_scope_never_double_posts(sqlite: Database) -> None:
    scopes = tuple(scope for scope in HISTORY_SCOPES if scope != "channels:history")
    async with open_harness(sqlite, scopes=scopes) as harness:
        harness.slack.slack.fail("chat.postMessage", reset="after")
        outbox = harness.start_outbox()
        await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
        await outbox.enqueue(OutboxMessage("job:2", SALES, build_sample("the next"), member=JOHN))
        await harness.advance(10)
        assert harness.list_message_texts() == ["once", "the next"]
        [notice] = harness.list_direct_message_texts()
        assert "we won't post it again" in notice


async def test_post_in_a_busy_channel_cannot_be_found(harness: OutboxHarness) -> None:
    """A thousand messages in the two minutes around the try."""
    harness.slack.slack.fail("chat.postMessage", reset="before")
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
    await harness.settle()
    for number in range(1_001):
        harness.slack.slack.workspace.post_as_person(JOHN, SALES, f"{number}")
    await harness.advance(10)
    assert harness.list_message_texts() == []
    assert (await outbox.get_status("job:1")).error_code == "uncertain"
    assert len(harness.list_direct_message_texts()) == 1


# --- where the database fails ---------------------------------------------------------------------


class FailingPosts(Posts):
    """Fails so often, before or after the work of one method."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.failures = {"claim": 0, "shows": 0, "heads": 0, "refuse": 0}

    async def _fail_or_run(self, name: str, work: Callable[[], Any]) -> Any:
        if self.failures[name]:
            self.failures[name] -= 1
            raise DatabaseUnavailable("gone")
        return await work()

    async def claim(self, *arguments: Any) -> Any:
        return await self._fail_or_run("claim", lambda: super(FailingPosts, self).claim(*arguments))

    async def mark_delivered(self, *arguments: Any, **more: Any) -> None:
        await self._fail_or_run(
            "shows", lambda: super(FailingPosts, self).mark_delivered(*arguments, **more)
        )

    async def find_next_per_channel(self) -> Any:
        return await self._fail_or_run("heads", super().find_next_per_channel)

    async def mark_failed(self, *arguments: Any) -> None:
        await self._fail_or_run("refuse", lambda: super(FailingPosts, self).mark_failed(*arguments))


@pytest.mark.parametrize("name", ["heads", "claim", "shows"])
async def test_unavailable_database_is_waited_for(harness: OutboxHarness, name: str) -> None:
    posts = FailingPosts(harness.database)
    posts.failures[name] = 2
    outbox = harness.start_outbox()
    outbox._posts = outbox._delivery._posts = posts
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
    await harness.advance_until(
        lambda: harness.outcomes["posted"] == 1 and not outbox._posts_in_flight
    )
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("again"), member=JOHN))
    await harness.advance(5)
    assert harness.list_message_texts() == ["again"]
    assert len(harness.list_calls("chat.postMessage")) == 1
    assert harness.list_calls("conversations.history") == []


async def test_rejection_is_recorded_once_the_database_is_back(harness: OutboxHarness) -> None:
    posts = FailingPosts(harness.database)
    posts.failures["refuse"] = 2
    outbox = harness.start_outbox()
    outbox._posts = outbox._delivery._posts = posts
    harness.slack.slack.workspace.archive(SALES)
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
    await harness.advance_until(lambda: len(harness.list_direct_message_texts()) == 1)
    assert len(harness.list_calls("chat.postMessage")) == 2


async def test_internal_error_does_not_stop_delivery(harness: OutboxHarness) -> None:
    class Odd(Posts):
        faults = 1

        async def find_next_per_channel(self) -> Any:
            if self.faults:
                self.faults -= 1
                raise ZeroDivisionError
            return await super().find_next_per_channel()

    outbox = harness.start_outbox()
    outbox._posts = Odd(harness.database)
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
    await harness.advance_until(lambda: harness.list_message_texts() == ["once"])


async def test_failing_message_does_not_block_other_channels(
    harness: OutboxHarness, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = harness.start_outbox()
    odd = OutboxMessage("odd", SALES, build_sample("mended"), JOHN)
    await harness.posts.enqueue([odd], harness.clock.time())
    async with harness.database.begin() as connection:
        await connection.execute(text("UPDATE posts SET content = 'not JSON', digest = ''"))
    await outbox.enqueue(OutboxMessage("direct", JOHN, Message("well"), member=JOHN))
    await harness.advance(2)
    assert harness.list_direct_message_texts() == ["well"]
    await harness.posts.enqueue([odd], 0)
    await harness.advance(10)
    assert harness.list_message_texts() == ["mended"]
