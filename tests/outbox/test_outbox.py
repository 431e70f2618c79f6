"""What is put into the outbox reaches Slack: once, in order, and with its newest content."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from bot.errors import DatabaseUnavailable
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import PURGE_INTERVAL_SECONDS, RETENTION_SECONDS, open_outbox
from bot.slack.client.web_api import MessageRef
from tests.outbox.harness import JOHN, LEADS, MEI, SALES, SUPPORT, OutboxHarness, build_sample


def measure_shortest_gap(harness: OutboxHarness, method: str, channel: str) -> float:
    at = [call.at for call in harness.list_calls(method) if call.args["channel"] == channel]
    return min(later - sooner for sooner, later in itertools.pairwise(at))


async def test_message_is_posted_and_edited(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("1 of 3"), member=JOHN))
    await harness.settle()
    assert harness.list_message_texts() == ["1 of 3"]
    for text in ("2 of 3", "3 of 3"):
        await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample(text), member=JOHN))
        await harness.advance(3)
        assert harness.list_message_texts() == [text]
    assert harness.outcomes == {"posted": 1, "edited": 2}
    [message] = harness.list_messages()
    assert message.metadata == {"event_type": "chakra_post", "event_payload": {"key": "job:1"}}


async def test_unchanged_content_is_not_edited(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    for _ in range(3):
        await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("1 of 3"), member=JOHN))
        await harness.advance(4)
    assert harness.outcomes == {"posted": 1}


async def test_message_can_be_sent_to_one_member(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("hello", JOHN, build_sample("Only you"), member=JOHN))
    await harness.settle()
    assert harness.list_direct_message_texts() == ["Only you"]
    assert await outbox.get_status("hello") == await outbox.get_status("hello")
    assert (await outbox.wait_posted("hello", 0)) == MessageRef(
        "D0JOHN", harness.list_messages("D0JOHN")[0].ts
    )


async def test_posts_to_a_channel_are_ordered_and_one_second_apart(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    several = [
        OutboxMessage(f"{channel}:{number}", channel, build_sample(f"{number}"), JOHN)
        for number in range(10)
        for channel in (SALES, SUPPORT, LEADS)
    ]
    for message in several:
        await outbox.enqueue(message)
    await harness.advance(10)
    for channel in (SALES, SUPPORT, LEADS):
        assert harness.list_message_texts(channel) == [str(number) for number in range(10)]
        assert measure_shortest_gap(harness, "chat.postMessage", channel) >= 1


async def test_enqueueing_several_is_atomic(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue()
    both = [
        OutboxMessage(f"m:{number}", SALES, build_sample(f"{number}"), JOHN) for number in range(2)
    ]
    await outbox.enqueue(*both)
    await harness.advance(1)
    assert sorted(harness.list_message_texts()) == ["0", "1"]


async def test_hung_call_blocks_only_its_channel(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    harness.slack.slack.hang("chat.postMessage", times=1)
    await outbox.enqueue(OutboxMessage("sales", SALES, build_sample("hung"), member=JOHN))
    await harness.settle()
    await outbox.enqueue(OutboxMessage("sales:2", SALES, build_sample("behind it"), member=JOHN))
    await outbox.enqueue(OutboxMessage("support", SUPPORT, build_sample("passes"), member=JOHN))
    await outbox.enqueue(OutboxMessage("direct", MEI, build_sample("passes too"), member=MEI))
    await harness.advance(3)
    assert (harness.list_message_texts(SUPPORT), harness.list_direct_message_texts(MEI)) == (
        ["passes"],
        ["passes too"],
    )
    assert harness.list_message_texts(SALES) == []
    harness.slack.slack.release()
    await harness.advance(2)
    assert harness.list_message_texts(SALES) == ["hung", "behind it"]


# --- replies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("broadcast", [False, True])
async def test_reply_is_in_the_thread_of_its_parent(
    harness: OutboxHarness, broadcast: bool
) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("3 of 3"), member=JOHN))
    await outbox.enqueue(
        OutboxMessage(
            "job:1:outcome",
            SALES,
            build_sample("Done"),
            member=JOHN,
            thread_key="job:1",
            broadcast=broadcast,
        )
    )
    await harness.advance(1)
    parent, reply = harness.list_messages()
    assert (reply.text, reply.thread_ts) == ("Done", parent.ts)
    history = await harness.slack.web.conversations_history(channel=SALES, limit=1)
    assert (history["messages"][0]["text"] == "Done") is broadcast


async def test_reply_to_a_member_is_in_their_direct_messages(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", JOHN, build_sample("3 of 3"), member=JOHN))
    await outbox.enqueue(
        OutboxMessage("job:1:outcome", JOHN, build_sample("Done"), member=JOHN, thread_key="job:1")
    )
    await harness.advance(1)
    parent, reply = harness.list_messages("D0JOHN")
    assert (reply.text, reply.thread_ts) == ("Done", parent.ts)


async def test_a_reply_waits_for_its_parent(harness: OutboxHarness) -> None:
    """The parent is refused for now; the reply waits."""
    harness.slack.slack.fail("chat.postMessage", error="ratelimited", retry_after=20)
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("3 of 3"), member=JOHN))
    await outbox.enqueue(
        OutboxMessage("job:1:outcome", SALES, build_sample("Done"), member=JOHN, thread_key="job:1")
    )
    await harness.advance(19)
    assert harness.list_message_texts() == []
    assert await outbox.count_pending() == (2, 0)
    await harness.advance(3)
    parent, reply = harness.list_messages()
    assert (parent.text, reply.text, reply.thread_ts) == ("3 of 3", "Done", parent.ts)


async def test_reply_enqueued_before_its_parent_waits(harness: OutboxHarness) -> None:
    """In another channel's lane it may come first."""
    harness.slack.slack.hang("chat.postMessage")
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", JOHN, build_sample("3 of 3"), member=JOHN))
    await harness.settle()
    await outbox.enqueue(
        OutboxMessage("job:1:outcome", SALES, build_sample("Done"), member=JOHN, thread_key="job:1")
    )
    await harness.advance(3)
    harness.slack.slack.release()
    await harness.advance(3)
    parent, reply = harness.list_messages("D0JOHN")
    assert (reply.text, reply.thread_ts) == ("Done", parent.ts)


# --- edits ----------------------------------------------------------------------------------------


async def test_edits_are_throttled_to_the_newest_every_three_seconds(
    harness: OutboxHarness,
) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("0"), member=JOHN))
    for number in range(1, 41):
        await harness.advance(0.25)
        await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample(f"{number}"), member=JOHN))
    await harness.advance(3)
    assert harness.list_message_texts() == ["40"]
    assert measure_shortest_gap(harness, "chat.update", SALES) >= 3
    at = [call.at for call in harness.list_calls("chat.update")]
    assert 3 <= len(at) <= 4
    assert at[0] - harness.list_calls("chat.postMessage")[0].at >= 3


async def test_edits_share_a_budget_and_never_hit_slacks_limit(harness: OutboxHarness) -> None:
    """Sixty messages that each change every second: at most 45 edits in any minute, each message
    in its turn, and the last word of each in the end."""
    outbox = harness.start_outbox()
    where = [SALES, SUPPORT, LEADS]
    keys = [f"job:{number}" for number in range(60)]

    async def put(text: str) -> None:
        await outbox.enqueue(
            *[
                OutboxMessage(key, where[number % 3], build_sample(f"{key} {text}"), JOHN)
                for number, key in enumerate(keys)
            ]
        )

    await put("begins")
    await harness.advance(20)
    for second in range(80):
        await put(f"{second}")
        await harness.advance(1)
    counts = [
        sum(f"job:{number} " in call.args["text"] for call in harness.list_calls("chat.update"))
        for number in range(60)
    ]
    assert max(counts) - min(counts) <= 1
    await harness.advance(90)
    edits = harness.list_calls("chat.update")
    assert all(call.response["ok"] for call in edits if isinstance(call.response, dict))
    assert max(sum(0 <= other.at - edit.at < 60 for other in edits) for edit in edits) <= 45
    texts = [text for channel in where for text in harness.list_message_texts(channel)]
    assert sorted(texts) == sorted(f"{key} 79" for key in keys)


async def test_urgent_edit_goes_before_older_ones(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    keys = [f"job:{number}" for number in range(6)]
    await outbox.enqueue(*[OutboxMessage(key, SALES, build_sample(key), JOHN) for key in keys])
    await harness.advance(10)
    outbox._rate_limits.pause_edits(5)
    for key in keys:
        await outbox.enqueue(
            OutboxMessage(key, SALES, build_sample(f"{key} continues"), member=JOHN)
        )
        await harness.advance(0.25)
    await outbox.enqueue(
        OutboxMessage("job:3", SALES, build_sample("job:3 is done"), member=JOHN, urgent=True)
    )
    await harness.advance(8)
    order = [call.args["text"] for call in harness.list_calls("chat.update")]
    assert order[0] == "job:3 is done"
    assert order[1:] == [f"{key} continues" for key in keys if key != "job:3"]


async def test_withdrawn_message_is_neither_posted_nor_edited(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("posted", SALES, build_sample("before"), member=JOHN))
    await outbox.enqueue(OutboxMessage("waits", SALES, build_sample("never"), member=JOHN))
    await harness.settle()
    for key in ("posted", "waits", "unknown"):
        await outbox.withdraw(key)
    for key in ("posted", "waits"):
        await outbox.enqueue(OutboxMessage(key, SALES, build_sample("after"), member=JOHN))
    await harness.advance(5)
    assert harness.list_message_texts() == ["before"]
    status = await outbox.get_status("posted")
    assert (status.ref is not None, status.error_code) == (True, "withdrawn")


# --- its location ---------------------------------------------------------------------------------


async def test_wait_posted_returns_the_location(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    asking = asyncio.create_task(outbox.wait_posted("later", 5))
    await harness.settle()
    await outbox.enqueue(OutboxMessage("later", SALES, build_sample("Here"), member=JOHN))
    place = await asking
    [message] = harness.list_messages()
    assert place == MessageRef(SALES, message.ts)
    assert (await outbox.get_status("later")).ref == place


async def test_wait_for_a_post_ends(harness: OutboxHarness) -> None:
    harness.slack.slack.hang("chat.postMessage")
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("hung", SALES, build_sample("Here"), member=JOHN))
    asking = asyncio.create_task(outbox.wait_posted("hung", 2))
    await harness.advance(2)
    assert await asking is None
    assert (await outbox.get_status("unknown key")).ref is None
    harness.slack.slack.release()


async def test_waiter_is_woken_when_a_post_fails(harness: OutboxHarness) -> None:
    harness.slack.slack.workspace.archive(SALES)
    outbox = harness.start_outbox()
    asking = asyncio.create_task(outbox.wait_posted("gone", 60))
    await outbox.enqueue(OutboxMessage("gone", SALES, build_sample("Here"), member=JOHN))
    assert await asking is None
    assert (await outbox.get_status("gone")).error_code == "is_archived"


# --- the life of a process ------------------------------------------------------------------------


async def test_messages_of_an_earlier_process_are_delivered(harness: OutboxHarness) -> None:
    first = harness.start_outbox("boot-1")
    await first.enqueue(OutboxMessage("posted", SALES, build_sample("before"), member=JOHN))
    await harness.settle()
    await harness.kill(first)
    await first.enqueue(OutboxMessage("posted", SALES, build_sample("after"), member=JOHN))
    await first.enqueue(OutboxMessage("waits", SALES, build_sample("waited"), member=JOHN))
    harness.start_outbox("boot-2")
    await harness.advance(3)
    assert harness.list_message_texts() == ["after", "waited"]
    assert len(harness.list_calls("chat.postMessage")) == 2


async def test_new_process_assumes_a_used_budget(harness: OutboxHarness) -> None:
    """A minute's edits are made before a restart; after it they come one by one."""
    first = harness.start_outbox("boot-1")
    keys = [f"job:{number}" for number in range(30)]
    await first.enqueue(*[OutboxMessage(key, SALES, build_sample(key), JOHN) for key in keys])
    await harness.advance(60)
    for _ in range(2):
        now = harness.clock.time()
        await first.enqueue(
            *[OutboxMessage(key, SALES, build_sample(f"{key} {now}"), JOHN) for key in keys]
        )
        await harness.advance(3)
        await harness.kill(first)
        first = harness.start_outbox("boot-2")
        await harness.settle()
    edits = [call.at for call in harness.list_calls("chat.update")]
    assert max(sum(0 <= other - edit < 60 for other in edits) for edit in edits) <= 45
    assert all(call.response["ok"] for call in harness.list_calls("chat.update"))


async def test_stop_waits_for_calls_in_flight(harness: OutboxHarness) -> None:
    async with open_outbox(
        harness.database, harness.client, harness.clock, process_id="boot-1"
    ) as outbox:
        harness.slack.slack.hang("chat.postMessage")
        await outbox.enqueue(OutboxMessage("hung", SALES, build_sample("Here"), member=JOHN))
        await harness.advance_until(lambda: bool(outbox._posts_in_flight))
        asyncio.get_running_loop().call_later(0.05, harness.slack.slack.release)
    assert (await outbox.get_status("hung")).ref is not None
    harness.start_outbox("boot-2")
    await harness.advance(5)
    assert harness.list_message_texts() == ["Here"]
    assert harness.list_calls("conversations.history") == []


async def test_stop_does_not_wait_forever(harness: OutboxHarness) -> None:
    async with open_outbox(
        harness.database, harness.client, harness.clock, process_id="boot-1"
    ) as outbox:
        harness.slack.slack.hang("chat.postMessage")
        await outbox.enqueue(OutboxMessage("hung", SALES, build_sample("Here"), member=JOHN))
        await harness.advance_until(lambda: bool(outbox._posts_in_flight))
        closing = asyncio.create_task(harness.advance_until(lambda: not outbox._posts_in_flight))
    await closing
    harness.slack.slack.release()


async def test_old_posts_are_purged_long_after_their_last_change(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("old", SALES, build_sample("old"), member=JOHN))
    await harness.settle()
    await harness.clock.jump(RETENTION_SECONDS - 10)
    await harness.settle()
    await outbox.enqueue(OutboxMessage("new", SALES, build_sample("new"), member=JOHN))
    await harness.clock.jump(PURGE_INTERVAL_SECONDS + 10)
    await harness.settle()
    assert await harness.posts.find_by_key("old") is None
    assert await harness.posts.find_by_key("new") is not None


async def test_enqueue_raises_if_nothing_was_stored(harness: OutboxHarness) -> None:
    """If the database fails, the message is not accepted."""
    outbox = harness.start_outbox()
    async with harness.database.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE posts")
    with pytest.raises(DatabaseUnavailable):
        await outbox.enqueue(OutboxMessage("lost", SALES, build_sample("lost"), member=JOHN))
    assert await outbox.wait_posted("lost", 1) is None
