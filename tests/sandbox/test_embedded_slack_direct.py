"""Direct messages between the app and one person, and typing that the app receives."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.slack import ActionNotPossible
from tests.sandbox.slack_stage import SCOPES, Json, Stage, field_block, manifest, modal, staged

METADATA = {"event_type": "chakra_send", "event_payload": {"key": "V1"}}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(manifest(scopes=(*SCOPES, "im:history"))) as made:
        yield made


def with_home(**home: bool) -> Json:
    made = manifest()
    made["features"]["app_home"] = home
    return made


def typing_form(**config: object) -> Json:
    element = {"type": "plain_text_input", **config}
    return modal(field_block("number", element, dispatch_action=True), field_block("quiet"))


EVERY_CHARACTER = {"dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}


async def test_a_post_to_a_person_opens_their_direct_messages(stage: Stage) -> None:
    posted = await stage.web.chat_postMessage(channel="U0JOHN", text="Sent", metadata=METADATA)
    assert posted["channel"] == "D0JOHN"
    shown = stage.slack.messages("U0JOHN", "D0JOHN")[-1]
    assert (shown.text, shown.metadata) == ("Sent", METADATA)
    assert stage.slack.messages("U0MEI", "D0JOHN") == []
    await stage.web.chat_update(channel="D0JOHN", ts=posted["ts"], text="Delivered")
    kept = stage.slack.messages("U0JOHN", "D0JOHN")[-1]
    assert (kept.text, kept.metadata) == ("Delivered", METADATA)


async def test_the_history_shows_metadata_to_who_asks(stage: Stage) -> None:
    await stage.web.chat_postMessage(channel="U0JOHN", text="Sent", metadata=METADATA)
    history = await stage.web.conversations_history(channel="D0JOHN")
    assert "metadata" not in history["messages"][0]
    history = await stage.web.conversations_history(channel="D0JOHN", include_all_metadata=True)
    assert history["messages"][0]["metadata"] == METADATA


async def test_there_is_nobody_to_write_to_behind_a_stranger_or_the_app(stage: Stage) -> None:
    for person in ("U0SAM", "U0CHAKRA", "U0NOBODY"):
        answer = await stage.refusal("chat.postMessage", channel=person, text="Hi")
        assert answer["error"] == "channel_not_found"


async def test_the_history_of_direct_messages_needs_its_scope() -> None:
    async with staged() as stage:
        answer = await stage.refusal("conversations.history", channel="D0JOHN")
        assert (answer["error"], answer["needed"]) == ("missing_scope", "im:history")


async def test_without_the_messages_tab_nobody_writes_directly() -> None:
    async with staged(with_home(messages_tab_enabled=False)) as stage:
        answer = await stage.refusal("chat.postMessage", channel="U0JOHN", text="Hi")
        assert answer["error"] == "messages_tab_disabled"
        with pytest.raises(ActionNotPossible, match="turned off"):
            await stage.slack.type("U0JOHN", "D0JOHN", "Hi")


async def test_a_read_only_messages_tab_lets_only_the_app_write() -> None:
    async with staged(with_home(messages_tab_read_only_enabled=True)) as stage:
        assert (await stage.web.chat_postMessage(channel="U0JOHN", text="Hi"))["ok"]
        with pytest.raises(ActionNotPossible, match="turned off"):
            await stage.slack.type("U0JOHN", "D0JOHN", "/chakra help")
        await stage.slack.type("U0JOHN", "C0SALES", "/chakra help")


async def test_typing_is_told_where_the_field_asks_for_every_character(stage: Stage) -> None:
    view = await stage.form(typing_form(**EVERY_CHARACTER))
    delivered = await stage.slack.enter_text("U0JOHN", "number", "+91 98")
    assert delivered.status == 200
    sent = stage.app.last
    assert (sent["type"], sent["container"]["view_id"]) == ("block_actions", view["id"])
    action = sent["actions"][0]
    assert (action["type"], action["value"]) == ("plain_text_input", "+91 98")
    assert sent["view"]["state"]["values"]["number"]["value"]["value"] == "+91 98"


async def test_typing_is_not_told_where_only_enter_is(stage: Stage) -> None:
    await stage.form(typing_form())
    before = len(stage.app.received)
    assert (await stage.slack.enter_text("U0JOHN", "number", "+91")).status == 0
    assert (await stage.slack.enter_text("U0JOHN", "quiet", "Hello")).status == 0
    assert len(stage.app.received) == before
    await stage.slack.submit("U0JOHN")
    values = stage.app.last["view"]["state"]["values"]
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
async def test_addresses_in_a_message_are_linked(stage: Stage, typed: str, read: str) -> None:
    await stage.slack.type("U0JOHN", "C0SALES", typed)
    assert stage.slack.messages("U0JOHN", "C0SALES")[-1].text == read
