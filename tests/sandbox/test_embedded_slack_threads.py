"""Replies: which messages accept them, where they appear, and who may read them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.slack.errors import ActionNotPossible
from tests.sandbox.slack_harness import SCOPES, SlackHarness, build_manifest, open_harness


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness(build_manifest(scopes=(*SCOPES, "im:history"))) as harness:
        yield harness


async def post_message(harness: SlackHarness, channel: str = "C0SALES", **more: Any) -> str:
    """Post a message and return its ts."""
    posted = await harness.web.chat_postMessage(channel=channel, text="hi", **more)
    return str(posted["ts"])


async def call_rejected(harness: SlackHarness, **more: Any) -> str:
    answer = await harness.call_rejected("chat.postMessage", channel="C0SALES", text="hi", **more)
    return str(answer["error"])


async def test_reply_needs_an_existing_top_level_parent(harness: SlackHarness) -> None:
    first = await post_message(harness)
    reply = await post_message(harness, thread_ts=first)
    assert await call_rejected(harness, thread_ts=reply) == "cannot_reply_to_message"
    for unknown in ("1700000000.999999", "yesterday"):
        assert await call_rejected(harness, thread_ts=unknown) == "thread_not_found"
    await harness.web.chat_delete(channel="C0SALES", ts=first)
    assert await call_rejected(harness, thread_ts=first) == "thread_not_found"


async def test_only_a_reply_can_be_broadcast(harness: SlackHarness) -> None:
    first = await post_message(harness, reply_broadcast=True)
    reply = await post_message(harness, thread_ts=first, reply_broadcast=True)
    history = await harness.web.conversations_history(channel="C0SALES", limit=2)
    assert [message["ts"] for message in history["messages"]] == [reply, first]
    assert [message.get("subtype") for message in history["messages"]] == ["thread_broadcast", None]


async def test_an_app_reads_the_threads_of_direct_messages(harness: SlackHarness) -> None:
    first = await post_message(harness, "D0JOHN")
    await post_message(harness, "D0JOHN")
    metadata = {"event_type": "report", "event_payload": {"key": "k"}}
    reply = await post_message(harness, "D0JOHN", thread_ts=first, metadata=metadata)
    thread: dict[str, Any] = {"channel": "D0JOHN", "ts": first}
    found = await harness.web.conversations_replies(**thread, include_all_metadata=True)
    assert [message["ts"] for message in found["messages"]] == [first, reply]
    assert found["messages"][1]["thread_ts"] == first
    assert found["messages"][1]["metadata"] == metadata
    later = await harness.web.conversations_replies(**thread, oldest="9999999999")
    assert [message["ts"] for message in later["messages"]] == [first]
    answer = await harness.call_rejected("conversations.replies", channel="D0JOHN", ts="1.2")
    assert answer["error"] == "thread_not_found"


async def test_an_app_may_not_read_the_threads_of_channels(harness: SlackHarness) -> None:
    answer = await harness.call_rejected(
        "conversations.replies", channel="C0SALES", ts=await post_message(harness)
    )
    assert answer["error"] == "not_allowed_token_type"


async def test_reply_of_a_person_is_an_event_with_its_thread() -> None:
    manifest = build_manifest(scopes=(*SCOPES, "im:history"), events=("message.im",))
    async with open_harness(manifest) as harness:
        first = await post_message(harness, "D0JOHN")
        await harness.slack.type("U0JOHN", "D0JOHN", "Thanks", thread_ts=first)
        event = harness.app.last_payload["event"]
        assert (event["text"], event["thread_ts"]) == ("Thanks", first)
        assert event["parent_user_id"] == "U0CHAKRA"


async def test_people_reply_only_to_public_top_level_messages(harness: SlackHarness) -> None:
    first = await post_message(harness)
    await harness.slack.type("U0JOHN", "C0SALES", "Thanks", thread_ts=first)
    reply = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    private = await harness.web.chat_postEphemeral(channel="C0SALES", user="U0JOHN", text="hi")
    for ts in (reply.ts, private["message_ts"], "1700000000.999999"):
        with pytest.raises(ActionNotPossible):
            await harness.slack.type("U0JOHN", "C0SALES", "Thanks", thread_ts=ts)
    with pytest.raises(ActionNotPossible):
        await harness.slack.type("U0JOHN", "C0SALES", "/chakra help", thread_ts=first)


async def test_message_in_an_archived_channel_cannot_be_edited(harness: SlackHarness) -> None:
    where: dict[str, Any] = {"channel": "C0SALES", "ts": await post_message(harness), "text": "ho"}
    harness.slack.workspace.archive("C0SALES")
    assert (await harness.call_rejected("chat.update", **where))["error"] == "is_inactive"
    harness.slack.workspace.unarchive("C0SALES")
    assert (await harness.web.chat_update(**where))["ok"]
