"""App Home in the embedded Slack: publishing it, opening its tabs, and pressing in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.slack.errors import ActionNotPossible
from tests.sandbox.slack_harness import (
    SCOPES,
    Json,
    SlackHarness,
    build_actions_block,
    build_field_block,
    build_manifest,
    build_modal,
    build_plain_text,
    build_section_block,
    open_harness,
)

JOHN, MEI, SAM, SALES = "U0JOHN", "U0MEI", "U0SAM", "C0SALES"


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    manifest = build_manifest(
        scopes=(*SCOPES, "im:history"), events=("app_home_opened", "message.im")
    )
    manifest["features"]["app_home"] = {"home_tab_enabled": True, "messages_tab_enabled": True}
    async with open_harness(manifest) as harness:
        yield harness


def build_home(*blocks: Json, **more: object) -> Json:
    return {"type": "home", "blocks": list(blocks) or [build_section_block("Hello")], **more}


async def publish(harness: SlackHarness, view: Json, person: str = JOHN, **more: str) -> Json:
    answer = await harness.web.views_publish(user_id=person, view=view, **more)
    published: Json = answer["view"]
    return published


async def test_published_home_is_one_persons(harness: SlackHarness) -> None:
    view = await publish(harness, build_home(private_metadata="m"))
    assert (view["type"], view["private_metadata"], view["root_view_id"]) == (
        "home",
        "m",
        view["id"],
    )
    assert harness.slack.find_home(JOHN) == view
    assert harness.slack.find_home(MEI) is None
    assert harness.slack.find_view(JOHN) is None


async def test_opened_tabs_are_events_and_home_comes_with_its_view(harness: SlackHarness) -> None:
    await harness.slack.open_home(JOHN)
    first = harness.app.last_payload["event"]
    assert (first["type"], first["user"], first["tab"]) == ("app_home_opened", JOHN, "home")
    assert first["channel"] == "D0JOHN"
    assert "view" not in first
    view = await publish(harness, build_home())
    await harness.slack.open_home(JOHN)
    assert harness.app.last_payload["event"]["view"]["id"] == view["id"]
    await harness.slack.open_home(JOHN, "messages")
    last = harness.app.last_payload["event"]
    assert (last["tab"], "view" in last) == ("messages", False)


async def test_outdated_hash_is_refused(harness: SlackHarness) -> None:
    old = await publish(harness, build_home())
    new = await publish(harness, build_home(build_section_block("New")), hash=old["hash"])
    assert new["id"] == old["id"]
    answer = await harness.call_rejected(
        "views.publish", user_id=JOHN, view=build_home(), hash=old["hash"]
    )
    assert answer["error"] == "hash_conflict"
    assert harness.slack.find_home(JOHN) == new


async def test_external_id_is_unique_among_all_views(harness: SlackHarness) -> None:
    await publish(harness, build_home(external_id="one"))
    await publish(harness, build_home(external_id="one"))
    answer = await harness.call_rejected(
        "views.publish", user_id=MEI, view=build_home(external_id="one")
    )
    assert answer["error"] == "duplicate_external_id"


@pytest.mark.parametrize(
    ("person", "view"),
    [
        (JOHN, build_modal()),
        (JOHN, build_home(title=build_plain_text("Home"))),
        (JOHN, build_home(build_field_block("file", {"type": "file_input"}))),
        (JOHN, build_home(*[build_section_block("x")] * 101)),
        (SAM, build_home()),
        ("U0UNKNOWN", build_home()),
    ],
)
async def test_invalid_home_is_refused(harness: SlackHarness, person: str, view: Json) -> None:
    answer = await harness.call_rejected("views.publish", user_id=person, view=view)
    assert answer["error"] == "invalid_arguments"


async def test_button_in_home_has_a_trigger_but_neither_message_nor_response_url(
    harness: SlackHarness,
) -> None:
    await publish(harness, build_home(build_actions_block()))
    await harness.slack.open_home(JOHN)
    await harness.slack.press(JOHN, "go")
    payload = harness.app.last_payload
    assert (payload["type"], payload["view"]["type"]) == ("block_actions", "home")
    assert payload["container"] == {"type": "view", "view_id": payload["view"]["id"]}
    assert not {"message", "response_url", "channel"} & set(payload)
    await harness.web.views_open(trigger_id=payload["trigger_id"], view=build_modal())
    assert harness.slack.find_view(JOHN)


async def test_people_press_in_home_only_while_it_is_open(harness: SlackHarness) -> None:
    await publish(harness, build_home(build_actions_block()))
    with pytest.raises(ActionNotPossible):
        await harness.slack.press(JOHN, "go")
    await harness.post_button(text=build_plain_text("In the channel"))
    await harness.slack.open_home(JOHN)
    await harness.slack.press(JOHN, "go")
    assert "view" in harness.app.last_payload
    await harness.slack.type(JOHN, SALES, "Back in the channel")
    await harness.slack.press(JOHN, "go")
    assert "message" in harness.app.last_payload


async def test_entries_in_home_are_preserved(harness: SlackHarness) -> None:
    menu = {"type": "static_select", "options": [{"text": build_plain_text("A"), "value": "a"}]}
    row = {
        "type": "section",
        "block_id": "row",
        "text": build_plain_text("x"),
        "accessory": {"action_id": "menu", **menu},
    }
    await publish(harness, build_home(row))
    await harness.slack.open_home(JOHN)
    await harness.slack.press(JOHN, "menu", value="a")
    view = await publish(harness, build_home(row, build_section_block("New")))
    assert view["state"]["values"]["row"]["menu"]["selected_option"]["value"] == "a"


async def test_people_of_other_workspaces_have_no_home(harness: SlackHarness) -> None:
    with pytest.raises(ActionNotPossible):
        await harness.slack.open_home(SAM)


async def test_tab_that_the_manifest_turns_off_is_not_shown() -> None:
    async with open_harness(build_manifest(events=("app_home_opened",))) as harness:
        with pytest.raises(ActionNotPossible):
            await harness.slack.open_home(JOHN)
        await harness.slack.open_home(JOHN, "messages")
        assert harness.app.last_payload["event"]["tab"] == "messages"
