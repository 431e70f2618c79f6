"""Buttons and menus: the payload for messages, ephemerals and views."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.slack import ActionNotPossible
from tests.sandbox.slack_stage import (
    Json,
    Stage,
    actions,
    field_block,
    manifest,
    modal,
    plain_text,
    staged,
)

COLOURS = [{"text": plain_text(name), "value": name} for name in ("red", "blue")]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


async def test_a_button_on_a_message_has_the_shape_of_slack(stage: Stage) -> None:
    await stage.button(value="42", style="primary")
    delivered = await stage.slack.press("U0JOHN", "go")
    sent = stage.app.last
    message = stage.slack.messages("U0JOHN", "C0SALES")[-1]
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
    assert sent["response_url"].startswith(stage.slack.base_url)
    assert sent["trigger_id"]
    action = sent["actions"][0]
    assert (action["action_id"], action["block_id"], action["value"]) == ("go", "row", "42")
    assert (action["type"], action["style"]) == ("button", "primary")
    assert action["action_ts"]


async def test_an_ephemeral_message_is_named_but_not_shown(stage: Stage) -> None:
    await stage.button(only_for="U0JOHN")
    await stage.slack.press("U0JOHN", "go")
    sent = stage.app.last
    assert sent["container"]["is_ephemeral"] is True
    assert "message" not in sent
    with pytest.raises(ActionNotPossible):
        await stage.slack.press("U0MEI", "go")


async def test_a_link_button_is_told_too(stage: Stage) -> None:
    await stage.button(url="https://example.com")
    await stage.slack.press("U0JOHN", "go")
    assert stage.app.last["actions"][0]["url"] == "https://example.com"


async def test_the_value_tells_buttons_with_one_action_apart(stage: Stage) -> None:
    rows = [{**actions(value=str(n)), "block_id": f"row{n}"} for n in range(3)]
    await stage.web.chat_postMessage(channel="C0SALES", text="Which?", blocks=rows)
    await stage.slack.press("U0JOHN", "go", value="1")
    assert stage.app.last["actions"][0]["block_id"] == "row1"
    await stage.slack.press("U0JOHN", "go", block_id="row2")
    assert stage.app.last["actions"][0]["value"] == "2"


async def test_the_newest_message_is_meant_unless_one_is_named(stage: Stage) -> None:
    await stage.button(value="old")
    old = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    await stage.button(value="new")
    await stage.slack.press("U0JOHN", "go")
    assert stage.app.last["actions"][0]["value"] == "new"
    await stage.slack.press("U0JOHN", "go", message=old)
    assert stage.app.last["actions"][0]["value"] == "old"


async def test_the_top_view_comes_before_messages(stage: Stage) -> None:
    await stage.button(value="message")
    await stage.form(modal(actions(value="view")))
    await stage.slack.press("U0JOHN", "go")
    sent = stage.app.last
    assert sent["actions"][0]["value"] == "view"
    assert sent["container"] == {"type": "view", "view_id": sent["view"]["id"]}
    assert "channel" not in sent
    assert "response_url" not in sent


async def test_a_choice_on_a_message_is_in_its_state(stage: Stage) -> None:
    menu = {"type": "static_select", "action_id": "colour", "options": COLOURS}
    row = {"type": "actions", "block_id": "menus", "elements": [menu]}
    await stage.web.chat_postMessage(channel="C0SALES", text="Pick", blocks=[row, actions()])
    await stage.slack.press("U0JOHN", "colour", value="blue")
    assert stage.app.last["actions"][0]["selected_option"]["value"] == "blue"
    await stage.slack.press("U0JOHN", "go")
    state = stage.app.last["state"]["values"]["menus"]["colour"]
    assert state["selected_option"]["value"] == "blue"
    with pytest.raises(ActionNotPossible):
        await stage.slack.press("U0JOHN", "colour", value="green")


async def test_a_form_field_is_told_only_where_it_dispatches(stage: Stage) -> None:
    select = {"type": "static_select", "options": COLOURS}
    quiet = field_block("quiet", {**select, "action_id": "quiet"})
    loud = field_block("loud", {**select, "action_id": "loud"}, dispatch_action=True)
    await stage.form(modal(quiet, loud))
    before = len(stage.app.received)
    await stage.slack.press("U0JOHN", "quiet", value="red")
    assert len(stage.app.received) == before
    await stage.slack.press("U0JOHN", "loud", value="blue")
    values = stage.app.last["view"]["state"]["values"]
    assert values["quiet"]["quiet"]["selected_option"]["value"] == "red"
    assert values["loud"]["loud"]["selected_option"]["value"] == "blue"


async def test_a_press_that_is_not_acked_is_told_to_the_person(stage: Stage) -> None:
    await stage.button()
    stage.app.says("broken", 500)
    delivered = await stage.slack.press("U0JOHN", "go")
    assert delivered.status == 500
    assert stage.slack.notices[-1].person == "U0JOHN"


async def test_without_interactivity_buttons_do_nothing_but_say_so() -> None:
    async with staged(manifest(interactive=False)) as stage:
        await stage.button()
        delivered = await stage.slack.press("U0JOHN", "go")
        assert delivered.status == 0
        assert stage.app.received == []
        assert "not configured to handle interactive responses" in stage.slack.notices[-1].text


async def test_slack_names_what_the_app_left_unnamed(stage: Stage) -> None:
    button: Json = {"type": "button", "text": plain_text("Go")}
    row = {"type": "actions", "elements": [button]}
    await stage.web.chat_postMessage(channel="C0SALES", text="Press", blocks=[row])
    stored = stage.slack.messages("U0JOHN", "C0SALES")[-1].blocks
    assert stored
    assert stored[0]["block_id"]
    assert stored[0]["elements"][0]["action_id"]
    assert stored[0]["elements"][0]["text"]["emoji"] is True
    assert "action.id.missing" in {warning.rule for warning in stage.slack.warnings}
