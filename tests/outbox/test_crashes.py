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
from tests.outbox.stage import HISTORY, JOHN, LEADS, SALES, Stage, sample, staged

EARLIER = {"event_type": "chakra_send", "event_payload": {"key": "V17"}}
"""As release 0.1 marked the report of a send."""


async def set_out(stage: Stage, key: str, channel: str = SALES, **more: Any) -> None:
    """A process claims the post, and dies before it can note how the call came out."""
    message = OutboxMessage(key, channel, sample("once"), JOHN, **more)
    await stage.posts.enqueue([message], stage.clock.time())
    post = await stage.posts.find_by_key(key)
    assert post is not None
    assert await stage.posts.claim(post.id, "dead", stage.clock.time(), 0)


def marked(key: str) -> dict[str, Any]:
    return {"event_type": "chakra_post", "event_payload": {"key": key}}


@pytest.mark.parametrize("channel", [SALES, LEADS, JOHN])
@pytest.mark.parametrize("came_through", [True, False])
async def test_a_process_killed_while_it_posted_leaves_one_message(
    stage: Stage, channel: str, came_through: bool
) -> None:
    await set_out(stage, "job:1", channel)
    if came_through:
        await stage.client.post_message(channel, sample("once"), metadata=marked("job:1"))
    outbox = stage.outbox("boot-2")
    await outbox.enqueue(OutboxMessage("job:1", channel, sample("newest"), member=JOHN))
    await stage.later(4)
    assert stage.shown("D0JOHN" if channel == JOHN else channel) == ["newest"]
    assert stage.outcomes["reconciled"] == came_through
    assert stage.outcomes["posted"] == (not came_through)


async def test_a_report_that_an_earlier_release_posted_is_found(stage: Stage) -> None:
    await set_out(stage, "send:V17", JOHN)
    await stage.client.post_message(JOHN, sample("Accepted"), metadata=EARLIER)
    stage.outbox()
    await stage.later(4)
    assert stage.direct() == ["once"]
    assert stage.outcomes == {"reconciled": 1, "edited": 1}


async def test_message_of_another_author_is_not_ours(stage: Stage) -> None:
    await set_out(stage, "job:1")
    for metadata in (marked("job:2"), {**EARLIER, "event_payload": {"key": "job:1"}}):
        await stage.client.post_message(SALES, sample("other"), metadata=metadata)
    await stage.client.post_message(SALES, sample("bare"))
    stage.outbox()
    await stage.later(3)
    assert stage.shown()[-1] == "once"


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_post_without_a_response_is_looked_for_before_it_is_repeated(
    stage: Stage, reset: Any
) -> None:
    stage.slack.slack.fail("chat.postMessage", reset=reset)
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
    await stage.later(4)
    assert stage.calls("conversations.history") == []
    await stage.later(5)
    assert stage.shown() == ["once"]
    assert len(stage.calls("conversations.history")) == 1
    assert len(stage.calls("chat.postMessage")) == (2 if reset == "before" else 1)


@pytest.mark.parametrize(("error", "status"), [("internal_error", None), (None, 503)])
async def test_server_error_may_have_posted(
    stage: Stage, error: str | None, status: int | None
) -> None:
    stage.slack.slack.fail("chat.postMessage", error=error, status=status)
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
    await stage.later(6)
    assert stage.shown() == ["once"]
    assert len(stage.calls("conversations.history")) == 1


async def test_post_that_never_left_is_not_looked_for(stage: Stage) -> None:
    """Slack cannot be reached at first."""
    working, stage.client = (
        stage.client,
        SlackClient(token="xoxb-1", base_url="http://127.0.0.1:1/api/", clock=stage.clock),
    )
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
    await outbox.enqueue(
        OutboxMessage("job:1:reply", SALES, sample("twice"), member=JOHN, thread_key="job:1")
    )
    await stage.until(lambda: not outbox._posts_in_flight and outbox._paused_until == {})
    for _ in range(8):
        await stage.clock.advance(0.25)
        await asyncio.sleep(0.01)
    await stage.client.aclose()
    stage.client = outbox._delivery._slack = working
    await stage.later(8)
    assert stage.shown() == ["once", "twice"]
    assert stage.calls("conversations.history") == []


async def test_each_doubt_is_settled_before_the_next_try(stage: Stage) -> None:
    """Lost, not there, lost once more, and there: the second try did come through."""
    stage.slack.slack.fail("chat.postMessage", reset="before")
    stage.slack.slack.fail("chat.postMessage", reset="after")
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
    await stage.later(15)
    assert stage.shown() == ["once"]
    assert len(stage.calls("chat.postMessage")) == 2


async def test_a_search_that_fails_for_now_is_repeated(stage: Stage) -> None:
    stage.slack.slack.fail("chat.postMessage", reset="after")
    stage.slack.slack.fail("conversations.history", error="ratelimited", retry_after=30)
    stage.slack.slack.fail("conversations.history", status=500)
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
    await stage.later(60)
    assert stage.shown() == ["once"]
    assert len(stage.calls("chat.postMessage")) == 1


async def test_a_message_is_found_among_many(stage: Stage) -> None:
    stage.slack.slack.fail("chat.postMessage", reset="after")
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
    await stage.quiet()
    for number in range(450):
        stage.slack.slack.workspace.post_as_person(JOHN, SALES, f"{number}")
    await stage.later(6)
    assert stage.shown() == ["once"]
    assert len(stage.calls("conversations.history")) == 3


# --- where it cannot be looked for ----------------------------------------------------------------


async def test_uncertain_reply_in_a_channel_notifies_the_member(
    stage: Stage,
) -> None:
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("3 of 3"), member=JOHN))
    await stage.later(1)
    stage.slack.slack.fail("chat.postMessage", reset="after")
    await outbox.enqueue(
        OutboxMessage("job:1:done", SALES, sample("Done"), member=JOHN, thread_key="job:1")
    )
    await stage.later(10)
    assert stage.shown() == ["3 of 3", "Done"]
    [notice] = stage.direct()
    assert "We couldn't confirm whether Slack posted this in <#C0SALES>" in notice
    assert "we won't post it again" in notice
    assert "Done" in notice
    assert stage.outcomes["uncertain"] == 1
    assert (await outbox.get_status("job:1:done")).error_code == "uncertain"


@pytest.mark.parametrize(("channel", "broadcast"), [(SALES, True), (JOHN, False), (JOHN, True)])
async def test_other_replies_can_be_looked_for(stage: Stage, channel: str, broadcast: bool) -> None:
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", channel, sample("3 of 3"), member=JOHN))
    await stage.later(1)
    stage.slack.slack.fail("chat.postMessage", reset="after")
    await outbox.enqueue(
        OutboxMessage(
            "job:1:done",
            channel,
            sample("Done"),
            member=JOHN,
            thread_key="job:1",
            broadcast=broadcast,
        )
    )
    await stage.later(10)
    assert stage.shown("D0JOHN" if channel == JOHN else channel) == ["3 of 3", "Done"]
    assert stage.outcomes["reconciled"] == 1


async def test_without_the_right_to_look_nothing_is_posted_twice(sqlite: Database) -> None:
    scopes = tuple(scope for scope in HISTORY if scope != "channels:history")
    async with staged(sqlite, scopes=scopes) as stage:
        stage.slack.slack.fail("chat.postMessage", reset="after")
        outbox = stage.outbox()
        await outbox.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
        await outbox.enqueue(OutboxMessage("job:2", SALES, sample("the next"), member=JOHN))
        await stage.later(10)
        assert stage.shown() == ["once", "the next"]
        [notice] = stage.direct()
        assert "we won't post it again" in notice


async def test_post_in_a_busy_channel_cannot_be_found(stage: Stage) -> None:
    """A thousand messages in the two minutes around the try."""
    stage.slack.slack.fail("chat.postMessage", reset="before")
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
    await stage.quiet()
    for number in range(1_001):
        stage.slack.slack.workspace.post_as_person(JOHN, SALES, f"{number}")
    await stage.later(10)
    assert stage.shown() == []
    assert (await outbox.get_status("job:1")).error_code == "uncertain"
    assert len(stage.direct()) == 1


# --- where the database fails ---------------------------------------------------------------------


class Failing(Posts):
    """Fails so often, before or after the work of one method."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.failures = {"claim": 0, "shows": 0, "heads": 0, "refuse": 0}

    async def _or_fail(self, name: str, work: Callable[[], Any]) -> Any:
        if self.failures[name]:
            self.failures[name] -= 1
            raise DatabaseUnavailable("gone")
        return await work()

    async def claim(self, *arguments: Any) -> Any:
        return await self._or_fail("claim", lambda: super(Failing, self).claim(*arguments))

    async def shows(self, *arguments: Any, **more: Any) -> None:
        await self._or_fail(
            "shows", lambda: super(Failing, self).mark_delivered(*arguments, **more)
        )

    async def next_per_channel(self) -> Any:
        return await self._or_fail("heads", super().next_per_channel)

    async def refuse(self, *arguments: Any) -> None:
        await self._or_fail("refuse", lambda: super(Failing, self).mark_failed(*arguments))


@pytest.mark.parametrize("name", ["heads", "claim", "shows"])
async def test_a_database_that_goes_away_is_waited_for(stage: Stage, name: str) -> None:
    posts = Failing(stage.database)
    posts.failures[name] = 2
    outbox = stage.outbox()
    outbox._posts = outbox._delivery._posts = posts
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
    await stage.until(lambda: stage.outcomes["posted"] == 1 and not outbox._posts_in_flight)
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("again"), member=JOHN))
    await stage.later(5)
    assert stage.shown() == ["again"]
    assert len(stage.calls("chat.postMessage")) == 1
    assert stage.calls("conversations.history") == []


async def test_a_refusal_is_noted_once_the_database_is_back(stage: Stage) -> None:
    posts = Failing(stage.database)
    posts.failures["refuse"] = 2
    outbox = stage.outbox()
    outbox._posts = outbox._delivery._posts = posts
    stage.slack.slack.workspace.archive(SALES)
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
    await stage.until(lambda: len(stage.direct()) == 1)
    assert len(stage.calls("chat.postMessage")) == 2


async def test_a_fault_of_ours_does_not_end_all_delivering(stage: Stage) -> None:
    class Odd(Posts):
        faults = 1

        async def next_per_channel(self) -> Any:
            if self.faults:
                self.faults -= 1
                raise ZeroDivisionError
            return await super().next_per_channel()

    outbox = stage.outbox()
    outbox._posts = Odd(stage.database)
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
    await stage.until(lambda: stage.shown() == ["once"])


async def test_one_message_that_trips_us_stops_no_other_channel(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = stage.outbox()
    odd = OutboxMessage("odd", SALES, sample("mended"), JOHN)
    await stage.posts.enqueue([odd], stage.clock.time())
    async with stage.database.begin() as connection:
        await connection.execute(text("UPDATE posts SET content = 'not JSON', digest = ''"))
    await outbox.enqueue(OutboxMessage("direct", JOHN, Message("well"), member=JOHN))
    await stage.later(2)
    assert stage.direct() == ["well"]
    await stage.posts.enqueue([odd], 0)
    await stage.later(10)
    assert stage.shown() == ["mended"]
