"""Direct messages between the app and one person, and typing that the app receives."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.slack import ActionNotPossible
from tests.sandbox.slack_harness import (
    SCOPES,
    Json,
    SlackHarness,
    build_field_block,
    build_manifest,
    build_modal,
    open_harness,
)

METADATA = {"event_type": "chakra_send", "event_payload": {"key": "V1"}}


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness(build_manifest(scopes=(*SCOPES, "im:history"))) as harness:
        yield harness


def build_manifest_with_home(**home: bool) -> Json:
    app_manifest = build_manifest()
    app_manifest["features"]["app_home"] = home
    return app_manifest


def build_typing_form(**config: object) -> Json:
    element = {"type": "plain_text_input", **config}
    return build_modal(
        build_field_block("number", element, dispatch_action=True), build_field_block("quiet")
    )


EVERY_CHARACTER = {"dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}


async def test_a_post_to_a_person_opens_their_direct_messages(harness: SlackHarness) -> None:
    posted = await harness.web.chat_postMessage(channel="U0JOHN", text="Sent", metadata=METADATA)
    assert posted["channel"] == "D0JOHN"
    reply = harness.slack.list_messages("U0JOHN", "D0JOHN")[-1]
    assert (reply.text, reply.metadata) == ("Sent", METADATA)
    assert harness.slack.list_messages("U0MEI", "D0JOHN") == []
    await harness.web.chat_update(channel="D0JOHN", ts=posted["ts"], text="Delivered")
    message = harness.slack.list_messages("U0JOHN", "D0JOHN")[-1]
    assert (message.text, message.metadata) == ("Delivered", METADATA)


async def test_history_returns_metadata_on_request(harness: SlackHarness) -> None:
    await harness.web.chat_postMessage(channel="U0JOHN", text="Sent", metadata=METADATA)
    history = await harness.web.conversations_history(channel="D0JOHN")
    assert "metadata" not in history["messages"][0]
    history = await harness.web.conversations_history(channel="D0JOHN", include_all_metadata=True)
    assert history["messages"][0]["metadata"] == METADATA


async def test_outsiders_and_the_app_have_no_direct_messages(harness: SlackHarness) -> None:
    for person in ("U0SAM", "U0CHAKRA", "U0STRANGER"):
        answer = await harness.call_rejected("chat.postMessage", channel=person, text="Hi")
        assert answer["error"] == "channel_not_found"


async def test_the_history_of_direct_messages_needs_its_scope() -> None:
    async with open_harness() as harness:
        answer = await harness.call_rejected("conversations.history", channel="D0JOHN")
        assert (answer["error"], answer["needed"]) == ("missing_scope", "im:history")


async def test_disabled_messages_tab_blocks_direct_messages() -> None:
    async with open_harness(build_manifest_with_home(messages_tab_enabled=False)) as harness:
        answer = await harness.call_rejected("chat.postMessage", channel="U0JOHN", text="Hi")
        assert answer["error"] == "messages_tab_disabled"
        with pytest.raises(ActionNotPossible, match="turned off"):
            await harness.slack.type("U0JOHN", "D0JOHN", "Hi")


async def test_read_only_messages_tab_allows_only_the_app() -> None:
    async with open_harness(
        build_manifest_with_home(messages_tab_read_only_enabled=True)
    ) as harness:
        assert (await harness.web.chat_postMessage(channel="U0JOHN", text="Hi"))["ok"]
        with pytest.raises(ActionNotPossible, match="turned off"):
            await harness.slack.type("U0JOHN", "D0JOHN", "/chakra help")
        await harness.slack.type("U0JOHN", "C0SALES", "/chakra help")


async def test_typing_dispatches_when_configured_per_character(harness: SlackHarness) -> None:
    view = await harness.open_form(build_typing_form(**EVERY_CHARACTER))
    delivered = await harness.slack.enter_text("U0JOHN", "number", "+91 98")
    assert delivered.status == 200
    sent = harness.app.last_payload
    assert (sent["type"], sent["container"]["view_id"]) == ("block_actions", view["id"])
    action = sent["actions"][0]
    assert (action["type"], action["value"]) == ("plain_text_input", "+91 98")
    assert sent["view"]["state"]["values"]["number"]["value"]["value"] == "+91 98"


async def test_typing_does_not_dispatch_when_only_enter_does(harness: SlackHarness) -> None:
    await harness.open_form(build_typing_form())
    before = len(harness.app.received)
    assert (await harness.slack.enter_text("U0JOHN", "number", "+91")).status == 0
    assert (await harness.slack.enter_text("U0JOHN", "quiet", "Hello")).status == 0
    assert len(harness.app.received) == before
    await harness.slack.submit("U0JOHN")
    values = harness.app.last_payload["view"]["state"]["values"]
    assert values["number"]["value"]["value"] == "+91"
    assert values["quiet"]["value"]["value"] == "Hello"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Call (415) 555-0100.", "Call <tel:4155550100|(415) 555-0100>."),
        ("It is 2026-11-23, lot 12345678901", "It is 2026-11-23, lot 12345678901"),
        ("See https://a.example/x?y=1&z=2.", "See <https://a.example/x?y=1&amp;z=2>."),
        ("<mailto:a@b.example|a@b.example>", "<mailto:a@b.example|a@b.example>"),
    ],
)
async def test_addresses_in_a_message_are_linked(
    harness: SlackHarness, typed: str, read: str
) -> None:
    await harness.slack.type("U0JOHN", "C0SALES", typed)
    assert harness.slack.list_messages("U0JOHN", "C0SALES")[-1].text == read
