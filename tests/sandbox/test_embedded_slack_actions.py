"""Buttons and menus: the payload for messages, ephemerals and views."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.slack import ActionNotPossible
from tests.sandbox.slack_harness import (
    Json,
    SlackHarness,
    build_actions_block,
    build_field_block,
    build_manifest,
    build_modal,
    build_plain_text,
    open_harness,
)

COLOURS = [{"text": build_plain_text(name), "value": name} for name in ("red", "blue")]


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness() as harness:
        yield harness


async def test_a_button_on_a_message_has_the_shape_of_slack(harness: SlackHarness) -> None:
    await harness.post_button(value="42", style="primary")
    delivered = await harness.slack.press("U0JOHN", "go")
    sent = harness.app.last_payload
    message = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    assert delivered.status == 200
    assert sent["type"] == "block_actions"
    assert sent["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": "C0SALES",
        "is_ephemeral": False,
    }
    assert sent["channel"] == {"id": "C0SALES", "name": "sales"}
    assert sent["message"]["ts"] == message.ts
    assert sent["message"]["bot_id"] == "B0CHAKRA"
    assert sent["response_url"].startswith(harness.slack.base_url)
    assert sent["trigger_id"]
    action = sent["actions"][0]
    assert (action["action_id"], action["block_id"], action["value"]) == ("go", "row", "42")
    assert (action["type"], action["style"]) == ("button", "primary")
    assert action["action_ts"]


async def test_ephemeral_message_is_referenced_but_not_included(harness: SlackHarness) -> None:
    await harness.post_button(only_for="U0JOHN")
    await harness.slack.press("U0JOHN", "go")
    sent = harness.app.last_payload
    assert sent["container"]["is_ephemeral"] is True
    assert "message" not in sent
    with pytest.raises(ActionNotPossible):
        await harness.slack.press("U0MEI", "go")


async def test_link_button_is_dispatched(harness: SlackHarness) -> None:
    await harness.post_button(url="https://example.com")
    await harness.slack.press("U0JOHN", "go")
    assert harness.app.last_payload["actions"][0]["url"] == "https://example.com"


async def test_value_distinguishes_buttons_with_the_same_action(harness: SlackHarness) -> None:
    rows = [{**build_actions_block(value=str(n)), "block_id": f"row{n}"} for n in range(3)]
    await harness.web.chat_postMessage(channel="C0SALES", text="Which?", blocks=rows)
    await harness.slack.press("U0JOHN", "go", value="1")
    assert harness.app.last_payload["actions"][0]["block_id"] == "row1"
    await harness.slack.press("U0JOHN", "go", block_id="row2")
    assert harness.app.last_payload["actions"][0]["value"] == "2"


async def test_newest_message_is_the_default(harness: SlackHarness) -> None:
    await harness.post_button(value="old")
    old = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    await harness.post_button(value="new")
    await harness.slack.press("U0JOHN", "go")
    assert harness.app.last_payload["actions"][0]["value"] == "new"
    await harness.slack.press("U0JOHN", "go", message=old)
    assert harness.app.last_payload["actions"][0]["value"] == "old"


async def test_top_view_takes_precedence_over_messages(harness: SlackHarness) -> None:
    await harness.post_button(value="message")
    await harness.open_form(build_modal(build_actions_block(value="view")))
    await harness.slack.press("U0JOHN", "go")
    sent = harness.app.last_payload
    assert sent["actions"][0]["value"] == "view"
    assert sent["container"] == {"type": "view", "view_id": sent["view"]["id"]}
    assert "channel" not in sent
    assert "response_url" not in sent


async def test_a_choice_on_a_message_is_in_its_state(harness: SlackHarness) -> None:
    menu = {"type": "static_select", "action_id": "colour", "options": COLOURS}
    row = {"type": "actions", "block_id": "menus", "elements": [menu]}
    await harness.web.chat_postMessage(
        channel="C0SALES", text="Pick", blocks=[row, build_actions_block()]
    )
    await harness.slack.press("U0JOHN", "colour", value="blue")
    assert harness.app.last_payload["actions"][0]["selected_option"]["value"] == "blue"
    await harness.slack.press("U0JOHN", "go")
    state = harness.app.last_payload["state"]["values"]["menus"]["colour"]
    assert state["selected_option"]["value"] == "blue"
    with pytest.raises(ActionNotPossible):
        await harness.slack.press("U0JOHN", "colour", value="green")


async def test_form_field_dispatches_only_when_configured(harness: SlackHarness) -> None:
    select = {"type": "static_select", "options": COLOURS}
    quiet = build_field_block("quiet", {**select, "action_id": "quiet"})
    loud = build_field_block("loud", {**select, "action_id": "loud"}, dispatch_action=True)
    await harness.open_form(build_modal(quiet, loud))
    before = len(harness.app.received)
    await harness.slack.press("U0JOHN", "quiet", value="red")
    assert len(harness.app.received) == before
    await harness.slack.press("U0JOHN", "loud", value="blue")
    values = harness.app.last_payload["view"]["state"]["values"]
    assert values["quiet"]["quiet"]["selected_option"]["value"] == "red"
    assert values["loud"]["loud"]["selected_option"]["value"] == "blue"


async def test_unacked_press_shows_an_error(harness: SlackHarness) -> None:
    await harness.post_button()
    harness.app.respond_with("broken", 500)
    delivered = await harness.slack.press("U0JOHN", "go")
    assert delivered.status == 500
    assert harness.slack.notices[-1].person == "U0JOHN"


async def test_disabled_interactivity_shows_an_error_on_press() -> None:
    async with open_harness(build_manifest(interactive=False)) as harness:
        await harness.post_button()
        delivered = await harness.slack.press("U0JOHN", "go")
        assert delivered.status == 0
        assert harness.app.received == []
        assert "not configured to handle interactive responses" in harness.slack.notices[-1].text


async def test_slack_generates_missing_ids(harness: SlackHarness) -> None:
    button: Json = {"type": "button", "text": build_plain_text("Go")}
    row = {"type": "actions", "elements": [button]}
    await harness.web.chat_postMessage(channel="C0SALES", text="Press", blocks=[row])
    stored = harness.slack.list_messages("U0JOHN", "C0SALES")[-1].blocks
    assert stored
    assert stored[0]["block_id"]
    assert stored[0]["elements"][0]["action_id"]
    assert stored[0]["elements"][0]["text"]["emoji"] is True
    assert "action.id.missing" in {warning.rule for warning in harness.slack.warnings}
