"""Replies: which messages accept them, where they appear, and who may read them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.slack_stage import SCOPES, Stage, manifest, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(manifest(scopes=(*SCOPES, "im:history"))) as made:
        yield made


async def post(stage: Stage, channel: str = "C0SALES", **more: Any) -> str:
    """Post a message and return its ts."""
    posted = await stage.web.chat_postMessage(channel=channel, text="hi", **more)
    return str(posted["ts"])


async def refused(stage: Stage, **more: Any) -> str:
    answer = await stage.refusal("chat.postMessage", channel="C0SALES", text="hi", **more)
    return str(answer["error"])


async def test_a_reply_needs_a_parent_that_is_there_and_no_reply(stage: Stage) -> None:
    first = await post(stage)
    reply = await post(stage, thread_ts=first)
    assert await refused(stage, thread_ts=reply) == "cannot_reply_to_message"
    for unknown in ("1700000000.999999", "yesterday"):
        assert await refused(stage, thread_ts=unknown) == "thread_not_found"
    await stage.web.chat_delete(channel="C0SALES", ts=first)
    assert await refused(stage, thread_ts=first) == "thread_not_found"


async def test_only_a_reply_can_be_broadcast(stage: Stage) -> None:
    first = await post(stage, reply_broadcast=True)
    reply = await post(stage, thread_ts=first, reply_broadcast=True)
    history = await stage.web.conversations_history(channel="C0SALES", limit=2)
    assert [one["ts"] for one in history["messages"]] == [reply, first]
    assert [one.get("subtype") for one in history["messages"]] == ["thread_broadcast", None]


async def test_an_app_reads_the_threads_of_direct_messages(stage: Stage) -> None:
    first = await post(stage, "D0JOHN")
    await post(stage, "D0JOHN")
    metadata = {"event_type": "report", "event_payload": {"key": "k"}}
    reply = await post(stage, "D0JOHN", thread_ts=first, metadata=metadata)
    thread: dict[str, Any] = {"channel": "D0JOHN", "ts": first}
    found = await stage.web.conversations_replies(**thread, include_all_metadata=True)
    assert [one["ts"] for one in found["messages"]] == [first, reply]
    assert found["messages"][1]["thread_ts"] == first
    assert found["messages"][1]["metadata"] == metadata
    later = await stage.web.conversations_replies(**thread, oldest="9999999999")
    assert [one["ts"] for one in later["messages"]] == [first]
    answer = await stage.refusal("conversations.replies", channel="D0JOHN", ts="1.2")
    assert answer["error"] == "thread_not_found"


async def test_an_app_may_not_read_the_threads_of_channels(stage: Stage) -> None:
    answer = await stage.refusal("conversations.replies", channel="C0SALES", ts=await post(stage))
    assert answer["error"] == "not_allowed_token_type"


async def test_a_message_in_an_archived_channel_stays_as_it_is(stage: Stage) -> None:
    where: dict[str, Any] = {"channel": "C0SALES", "ts": await post(stage), "text": "ho"}
    stage.slack.workspace.archive("C0SALES")
    assert (await stage.refusal("chat.update", **where))["error"] == "is_inactive"
    stage.slack.workspace.unarchive("C0SALES")
    assert (await stage.web.chat_update(**where))["ok"]
