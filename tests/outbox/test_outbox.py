"""What is put into the outbox reaches Slack: once, in order, and with its newest content."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from bot.errors import DatabaseUnavailable
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import PURGE_INTERVAL_SECONDS, RETENTION_SECONDS, open_outbox
from bot.slack.client.web_api import MessageRef
from tests.outbox.stage import JOHN, LEADS, MEI, SALES, SUPPORT, Stage, sample


def shortest_gap(stage: Stage, method: str, channel: str) -> float:
    at = [call.at for call in stage.calls(method) if call.args["channel"] == channel]
    return min(later - sooner for sooner, later in itertools.pairwise(at))


async def test_a_message_is_posted_and_kept_up_to_date(stage: Stage) -> None:
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("1 of 3"), member=JOHN))
    await stage.quiet()
    assert stage.shown() == ["1 of 3"]
    for text in ("2 of 3", "3 of 3"):
        await outbox.enqueue(OutboxMessage("job:1", SALES, sample(text), member=JOHN))
        await stage.later(3)
        assert stage.shown() == [text]
    assert stage.outcomes == {"posted": 1, "edited": 2}
    [message] = stage.messages()
    assert message.metadata == {"event_type": "chakra_post", "event_payload": {"key": "job:1"}}


async def test_the_same_content_again_is_nothing_new(stage: Stage) -> None:
    outbox = stage.outbox()
    for _ in range(3):
        await outbox.enqueue(OutboxMessage("job:1", SALES, sample("1 of 3"), member=JOHN))
        await stage.later(4)
    assert stage.outcomes == {"posted": 1}


async def test_a_message_may_go_to_one_member(stage: Stage) -> None:
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("hello", JOHN, sample("Only you"), member=JOHN))
    await stage.quiet()
    assert stage.direct() == ["Only you"]
    assert await outbox.get_status("hello") == await outbox.get_status("hello")
    assert (await outbox.wait_posted("hello", 0)) == MessageRef(
        "D0JOHN", stage.messages("D0JOHN")[0].ts
    )


async def test_posts_to_one_channel_come_in_order_and_a_second_apart(stage: Stage) -> None:
    outbox = stage.outbox()
    several = [
        OutboxMessage(f"{channel}:{number}", channel, sample(f"{number}"), JOHN)
        for number in range(10)
        for channel in (SALES, SUPPORT, LEADS)
    ]
    for one in several:
        await outbox.enqueue(one)
    await stage.later(10)
    for channel in (SALES, SUPPORT, LEADS):
        assert stage.shown(channel) == [str(number) for number in range(10)]
        assert shortest_gap(stage, "chat.postMessage", channel) >= 1


async def test_several_are_put_in_together_or_not_at_all(stage: Stage) -> None:
    outbox = stage.outbox()
    await outbox.enqueue()
    both = [OutboxMessage(f"m:{number}", SALES, sample(f"{number}"), JOHN) for number in range(2)]
    await outbox.enqueue(*both)
    await stage.later(1)
    assert sorted(stage.shown()) == ["0", "1"]


async def test_a_hung_call_holds_up_its_own_channel_only(stage: Stage) -> None:
    outbox = stage.outbox()
    stage.slack.slack.hang("chat.postMessage", times=1)
    await outbox.enqueue(OutboxMessage("sales", SALES, sample("hung"), member=JOHN))
    await stage.quiet()
    await outbox.enqueue(OutboxMessage("sales:2", SALES, sample("behind it"), member=JOHN))
    await outbox.enqueue(OutboxMessage("support", SUPPORT, sample("passes"), member=JOHN))
    await outbox.enqueue(OutboxMessage("direct", MEI, sample("passes too"), member=MEI))
    await stage.later(3)
    assert (stage.shown(SUPPORT), stage.direct(MEI)) == (["passes"], ["passes too"])
    assert stage.shown(SALES) == []
    stage.slack.slack.release()
    await stage.later(2)
    assert stage.shown(SALES) == ["hung", "behind it"]


# --- replies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("broadcast", [False, True])
async def test_reply_is_in_the_thread_of_its_parent(stage: Stage, broadcast: bool) -> None:
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("3 of 3"), member=JOHN))
    await outbox.enqueue(
        OutboxMessage(
            "job:1:outcome",
            SALES,
            sample("Done"),
            member=JOHN,
            thread_key="job:1",
            broadcast=broadcast,
        )
    )
    await stage.later(1)
    parent, reply = stage.messages()
    assert (reply.text, reply.thread_ts) == ("Done", parent.ts)
    history = await stage.slack.web.conversations_history(channel=SALES, limit=1)
    assert (history["messages"][0]["text"] == "Done") is broadcast


async def test_reply_to_a_member_is_in_their_direct_messages(stage: Stage) -> None:
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", JOHN, sample("3 of 3"), member=JOHN))
    await outbox.enqueue(
        OutboxMessage("job:1:outcome", JOHN, sample("Done"), member=JOHN, thread_key="job:1")
    )
    await stage.later(1)
    parent, reply = stage.messages("D0JOHN")
    assert (reply.text, reply.thread_ts) == ("Done", parent.ts)


async def test_a_reply_waits_for_its_parent(stage: Stage) -> None:
    """The parent is refused for now; the reply waits."""
    stage.slack.slack.fail("chat.postMessage", error="ratelimited", retry_after=20)
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("3 of 3"), member=JOHN))
    await outbox.enqueue(
        OutboxMessage("job:1:outcome", SALES, sample("Done"), member=JOHN, thread_key="job:1")
    )
    await stage.later(19)
    assert stage.shown() == []
    assert await outbox.count_pending() == (2, 0)
    await stage.later(3)
    parent, reply = stage.messages()
    assert (parent.text, reply.text, reply.thread_ts) == ("3 of 3", "Done", parent.ts)


async def test_a_reply_that_was_put_in_before_its_parent_waits_too(stage: Stage) -> None:
    """In another channel's lane it may come first."""
    stage.slack.slack.hang("chat.postMessage")
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", JOHN, sample("3 of 3"), member=JOHN))
    await stage.quiet()
    await outbox.enqueue(
        OutboxMessage("job:1:outcome", SALES, sample("Done"), member=JOHN, thread_key="job:1")
    )
    await stage.later(3)
    stage.slack.slack.release()
    await stage.later(3)
    parent, reply = stage.messages("D0JOHN")
    assert (reply.text, reply.thread_ts) == ("Done", parent.ts)


# --- edits ----------------------------------------------------------------------------------------


async def test_one_message_is_edited_every_three_seconds_with_the_newest_only(
    stage: Stage,
) -> None:
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, sample("0"), member=JOHN))
    for number in range(1, 41):
        await stage.later(0.25)
        await outbox.enqueue(OutboxMessage("job:1", SALES, sample(f"{number}"), member=JOHN))
    await stage.later(3)
    assert stage.shown() == ["40"]
    assert shortest_gap(stage, "chat.update", SALES) >= 3
    at = [call.at for call in stage.calls("chat.update")]
    assert 3 <= len(at) <= 4
    assert at[0] - stage.calls("chat.postMessage")[0].at >= 3


async def test_all_edits_share_a_budget_and_slack_never_has_to_say_so(stage: Stage) -> None:
    """Sixty messages that each change every second: at most 45 edits in any minute, each message
    in its turn, and the last word of each in the end."""
    outbox = stage.outbox()
    where = [SALES, SUPPORT, LEADS]
    keys = [f"job:{number}" for number in range(60)]

    async def put(text: str) -> None:
        await outbox.enqueue(
            *[
                OutboxMessage(key, where[number % 3], sample(f"{key} {text}"), JOHN)
                for number, key in enumerate(keys)
            ]
        )

    await put("begins")
    await stage.later(20)
    for second in range(80):
        await put(f"{second}")
        await stage.later(1)
    counts = [
        sum(f"job:{number} " in call.args["text"] for call in stage.calls("chat.update"))
        for number in range(60)
    ]
    assert max(counts) - min(counts) <= 1
    await stage.later(90)
    edits = stage.calls("chat.update")
    assert all(call.response["ok"] for call in edits if isinstance(call.response, dict))
    assert max(sum(0 <= other.at - one.at < 60 for other in edits) for one in edits) <= 45
    shown = [text for channel in where for text in stage.shown(channel)]
    assert sorted(shown) == sorted(f"{key} 79" for key in keys)


async def test_urgent_edit_goes_before_older_ones(stage: Stage) -> None:
    outbox = stage.outbox()
    keys = [f"job:{number}" for number in range(6)]
    await outbox.enqueue(*[OutboxMessage(key, SALES, sample(key), JOHN) for key in keys])
    await stage.later(10)
    outbox._rate_limits.pause_edits(5)
    for key in keys:
        await outbox.enqueue(OutboxMessage(key, SALES, sample(f"{key} goes on"), member=JOHN))
        await stage.later(0.25)
    await outbox.enqueue(
        OutboxMessage("job:3", SALES, sample("job:3 is done"), member=JOHN, urgent=True)
    )
    await stage.later(8)
    order = [call.args["text"] for call in stage.calls("chat.update")]
    assert order[0] == "job:3 is done"
    assert order[1:] == [f"{key} goes on" for key in keys if key != "job:3"]


async def test_withdrawn_message_is_neither_posted_nor_edited(stage: Stage) -> None:
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("stands", SALES, sample("before"), member=JOHN))
    await outbox.enqueue(OutboxMessage("waits", SALES, sample("never"), member=JOHN))
    await stage.quiet()
    for key in ("stands", "waits", "unknown"):
        await outbox.withdraw(key)
    for key in ("stands", "waits"):
        await outbox.enqueue(OutboxMessage(key, SALES, sample("after"), member=JOHN))
    await stage.later(5)
    assert stage.shown() == ["before"]
    standing = await outbox.get_status("stands")
    assert (standing.ref is not None, standing.error_code) == (True, "withdrawn")


# --- where it stands ------------------------------------------------------------------------------


async def test_its_place_can_be_waited_for(stage: Stage) -> None:
    outbox = stage.outbox()
    asking = asyncio.create_task(outbox.wait_posted("later", 5))
    await stage.quiet()
    await outbox.enqueue(OutboxMessage("later", SALES, sample("Here"), member=JOHN))
    place = await asking
    [message] = stage.messages()
    assert place == MessageRef(SALES, message.ts)
    assert (await outbox.get_status("later")).ref == place


async def test_wait_for_a_post_ends(stage: Stage) -> None:
    stage.slack.slack.hang("chat.postMessage")
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("hung", SALES, sample("Here"), member=JOHN))
    asking = asyncio.create_task(outbox.wait_posted("hung", 2))
    await stage.later(2)
    assert await asking is None
    assert (await outbox.get_status("nobody knows it")).ref is None
    stage.slack.slack.release()


async def test_waiter_is_woken_when_a_post_fails(stage: Stage) -> None:
    stage.slack.slack.workspace.archive(SALES)
    outbox = stage.outbox()
    asking = asyncio.create_task(outbox.wait_posted("gone", 60))
    await outbox.enqueue(OutboxMessage("gone", SALES, sample("Here"), member=JOHN))
    assert await asking is None
    assert (await outbox.get_status("gone")).error_code == "is_archived"


# --- the life of a process ------------------------------------------------------------------------


async def test_messages_of_an_earlier_process_are_delivered(stage: Stage) -> None:
    first = stage.outbox("boot-1")
    await first.enqueue(OutboxMessage("posted", SALES, sample("before"), member=JOHN))
    await stage.quiet()
    await stage.kill(first)
    await first.enqueue(OutboxMessage("posted", SALES, sample("after"), member=JOHN))
    await first.enqueue(OutboxMessage("waits", SALES, sample("waited"), member=JOHN))
    stage.outbox("boot-2")
    await stage.later(3)
    assert stage.shown() == ["after", "waited"]
    assert len(stage.calls("chat.postMessage")) == 2


async def test_new_process_assumes_a_used_budget(stage: Stage) -> None:
    """A minute's edits are made before a restart; after it they come one by one."""
    first = stage.outbox("boot-1")
    keys = [f"job:{number}" for number in range(30)]
    await first.enqueue(*[OutboxMessage(key, SALES, sample(key), JOHN) for key in keys])
    await stage.later(60)
    for _ in range(2):
        now = stage.clock.time()
        await first.enqueue(
            *[OutboxMessage(key, SALES, sample(f"{key} {now}"), JOHN) for key in keys]
        )
        await stage.later(3)
        await stage.kill(first)
        first = stage.outbox("boot-2")
        await stage.quiet()
    edits = [call.at for call in stage.calls("chat.update")]
    assert max(sum(0 <= other - one < 60 for other in edits) for one in edits) <= 45
    assert all(one.response["ok"] for one in stage.calls("chat.update"))


async def test_stop_waits_for_calls_in_flight(stage: Stage) -> None:
    async with open_outbox(
        stage.database, stage.client, stage.clock, process_id="boot-1"
    ) as outbox:
        stage.slack.slack.hang("chat.postMessage")
        await outbox.enqueue(OutboxMessage("hung", SALES, sample("Here"), member=JOHN))
        await stage.until(lambda: bool(outbox._posts_in_flight))
        asyncio.get_running_loop().call_later(0.05, stage.slack.slack.release)
    assert (await outbox.get_status("hung")).ref is not None
    stage.outbox("boot-2")
    await stage.later(5)
    assert stage.shown() == ["Here"]
    assert stage.calls("conversations.history") == []


async def test_a_stop_does_not_wait_for_ever(stage: Stage) -> None:
    async with open_outbox(
        stage.database, stage.client, stage.clock, process_id="boot-1"
    ) as outbox:
        stage.slack.slack.hang("chat.postMessage")
        await outbox.enqueue(OutboxMessage("hung", SALES, sample("Here"), member=JOHN))
        await stage.until(lambda: bool(outbox._posts_in_flight))
        closing = asyncio.create_task(stage.until(lambda: not outbox._posts_in_flight))
    await closing
    stage.slack.slack.release()


async def test_old_messages_are_forgotten_a_month_after_their_last_word(stage: Stage) -> None:
    outbox = stage.outbox()
    await outbox.enqueue(OutboxMessage("old", SALES, sample("old"), member=JOHN))
    await stage.quiet()
    await stage.clock.jump(RETENTION_SECONDS - 10)
    await stage.quiet()
    await outbox.enqueue(OutboxMessage("new", SALES, sample("new"), member=JOHN))
    await stage.clock.jump(PURGE_INTERVAL_SECONDS + 10)
    await stage.quiet()
    assert await stage.posts.find_by_key("old") is None
    assert await stage.posts.find_by_key("new") is not None


async def test_enqueue_raises_if_nothing_was_stored(stage: Stage) -> None:
    """If the database fails, the message is not promised."""
    outbox = stage.outbox()
    async with stage.database.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE posts")
    with pytest.raises(DatabaseUnavailable):
        await outbox.enqueue(OutboxMessage("lost", SALES, sample("lost"), member=JOHN))
    assert await outbox.wait_posted("lost", 1) is None
