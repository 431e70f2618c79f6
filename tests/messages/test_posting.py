"""What reports ask of the Slack client: to post once, to edit, and to look what is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.errors import SlackError
from bot.sandbox.slack import collect_text
from bot.slack.client.web_api import MessageRef, SlackClient
from bot.slack.commands.reply import Message
from tests.sandbox import slack_harness as slack_stage

JOHN = "U0JOHN"
METADATA = {"event_type": "chakra_send", "event_payload": {"key": "view-1"}}


@pytest.fixture
async def harness() -> AsyncIterator[slack_stage.SlackHarness]:
    scopes = (*slack_stage.SCOPES, "im:history")
    async with slack_stage.open_harness(slack_stage.build_manifest(scopes=scopes)) as harness:
        yield harness


@pytest.fixture
async def client(harness: slack_stage.SlackHarness) -> AsyncIterator[SlackClient]:
    client = SlackClient(
        token=harness.slack.bot_token, base_url=harness.slack.api_url, clock=harness.clock
    )
    yield client
    await client.aclose()


def count_calls(harness: slack_stage.SlackHarness, method: str) -> int:
    return sum(call.method == method for call in harness.slack.calls)


async def test_direct_message_is_posted_edited_and_found(
    harness: slack_stage.SlackHarness, client: SlackClient
) -> None:
    place = await client.post_message(JOHN, Message("one"), metadata=METADATA)
    assert place.channel == await client.open_direct_messages(JOHN)
    await client.update_message(place, Message("two"))
    [message] = harness.slack.list_messages(JOHN, place.channel)
    assert collect_text(message) == "two"
    [found], cursor = await client.fetch_history(place.channel, oldest=harness.clock.time() - 60)
    assert (found["ts"], found["metadata"], cursor) == (place.ts, METADATA, "")


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_post_without_a_response_is_not_repeated(
    harness: slack_stage.SlackHarness, client: SlackClient, reset: Any
) -> None:
    harness.slack.fail("chat.postMessage", reset=reset)
    with pytest.raises(SlackError, match="unreachable"):
        await client.post_message(JOHN, Message("once"))
    assert count_calls(harness, "chat.postMessage") == 1


async def test_missing_message_cannot_be_edited(client: SlackClient) -> None:
    channel = await client.open_direct_messages(JOHN)
    with pytest.raises(SlackError, match="message_not_found"):
        await client.update_message(MessageRef(channel, "1700000000.000100"), Message("two"))


async def test_unknown_member_has_no_direct_messages(client: SlackClient) -> None:
    with pytest.raises(SlackError):
        await client.open_direct_messages("U0STRANGER")
