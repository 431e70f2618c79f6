"""Links, their previews and panes in the embedded Slack: what an app gets, and what it may send."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.slack.errors import ActionNotPossible
from bot.sandbox.slack.link_previews import find_app_links
from tests.sandbox.slack_harness import SCOPES, Json, SlackHarness, build_manifest, open_harness

JOHN, MEI, SAM, SALES = "U0JOHN", "U0MEI", "U0SAM", "C0SALES"
LINK = "https://app.example.com/lead/1"
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "Lead 1"}}]
UNFURLS = {LINK: {"blocks": BLOCKS}}
EVENTS = ("link_shared", "entity_details_requested")
LINK_SCOPES = (*SCOPES, "links:read", "links:write")


def build_link_manifest(scopes: tuple[str, ...] = LINK_SCOPES) -> Json:
    built = build_manifest(scopes=scopes, events=EVENTS)
    built["features"]["unfurl_domains"] = ["app.example.com"]
    return built


@pytest.fixture
async def stage() -> AsyncIterator[SlackHarness]:
    async with open_harness(build_link_manifest()) as harness:
        yield harness


def build_entity(**changes: Any) -> Json:
    return {
        "app_unfurl_url": LINK,
        "url": LINK,
        "external_ref": {"id": "1", "type": "lead"},
        "entity_type": "slack#/entities/item",
        "entity_payload": {
            "attributes": {"title": {"text": "Lead 1"}},
            "custom_fields": [{"key": "a", "label": "A", "type": "string", "value": "x"}],
            "actions": {"primary_actions": [{"text": "Go", "action_id": "go", "value": "1"}]},
        },
        **changes,
    }


def build_details(**changes: Any) -> Json:
    given = build_entity(**changes)
    del given["app_unfurl_url"]
    return given


async def share(stage: SlackHarness, text: str = LINK, channel: str = SALES) -> Json:
    """Post a link; return the event that the app got."""
    await stage.slack.type(JOHN, channel, text)
    event: Json = stage.app.last_payload["event"]
    return event


async def unfurl(stage: SlackHarness, event: Json, **arguments: Any) -> None:
    where = {"channel": event["channel"], "ts": event["message_ts"]}
    await stage.web.api_call("chat.unfurl", json={**where, **arguments})


async def open_pane(stage: SlackHarness, person: str = JOHN) -> Json:
    """Let a person open the pane of a preview; return the event that the app got."""
    event = await share(stage)
    await unfurl(stage, event, metadata={"entities": [build_entity()]})
    message = stage.slack.list_messages(JOHN, SALES)[-1]
    await stage.slack.previews.open(person, message.id)
    requested: Json = stage.app.last_payload["event"]
    return requested


async def test_link_is_announced_with_what_slack_sends(stage: SlackHarness) -> None:
    event = await share(stage, f"see {LINK}?a=1&b=2 and https://other.com", "C0GENERAL")
    message = stage.slack.list_messages(JOHN, "C0GENERAL")[-1]
    assert event["links"] == [{"domain": "app.example.com", "url": f"{LINK}?a=1&amp;b=2"}]
    assert (event["channel"], event["message_ts"]) == ("C0GENERAL", message.ts)
    assert (event["user"], event["is_bot_user_member"]) == (JOHN, False)
    assert event["source"] == "conversations_history"
    assert event["unfurl_id"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("<https://app.example.com/1>", 1),
        ("<https://app.example.com:8443/1|label>", 1),
        ("<https://eu.app.example.com/1> <https://APP.example.com/2>", 2),
        ("<https://app.example.com/1> <https://app.example.com/1>", 1),
        ("app.example.com/1", 0),
        ("<https://example.com/1>", 0),
        ("<https://app.example.com.evil.com/1>", 0),
        ("<https://app.example.com@evil.com/1>", 0),
        ("<https://[::1/app.example.com>", 0),
    ],
)
def test_only_the_apps_domains_and_their_subdomains_count(text: str, count: int) -> None:
    assert len(find_app_links(text, ["app.example.com"])) == count


async def test_app_without_the_scope_gets_no_event() -> None:
    async with open_harness(build_link_manifest((*SCOPES, "links:write"))) as stage:
        await stage.slack.type(JOHN, SALES, LINK)
        assert stage.app.received == []


async def test_app_without_the_scope_attaches_nothing() -> None:
    async with open_harness(build_link_manifest((*SCOPES, "links:read"))) as stage:
        event = await share(stage)
        where = {"channel": event["channel"], "ts": event["message_ts"]}
        refused = await stage.call_rejected("chat.unfurl", **where, unfurls=UNFURLS)
        assert (refused["error"], refused["needed"]) == ("missing_scope", "links:write")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": None}, "missing_channel"),
        ({"ts": None}, "missing_ts"),
        ({"unfurls": None}, "missing_unfurls"),
        ({"unfurls": [1]}, "invalid_unfurls_format"),
        ({"unfurls": "{"}, "invalid_unfurls_format"),
        ({"unfurls": {LINK: "x"}}, "invalid_unfurls_format"),
        ({"unfurls": {LINK: {}}}, "cannot_parse_attachment"),
        ({"unfurls": {LINK: {"blocks": [{"type": "nonsense"}]}}}, "invalid_blocks"),
        ({"unfurls": {"https://other.com": {"blocks": BLOCKS}}}, "cannot_unfurl_message"),
        ({"channel": "C0NOWHERE"}, "cannot_find_channel"),
        ({"ts": "1.000001"}, "cannot_find_message"),
        ({"source": "composer"}, "missing_unfurl_id"),
        ({"unfurl_id": "x"}, "missing_source"),
        ({"unfurl_id": "x", "source": "mail"}, "invalid_source"),
        ({"unfurl_id": "x", "source": "composer"}, "invalid_unfurl_id"),
        ({"metadata": {"entities": {}}}, "invalid_metadata_format"),
        (
            {"metadata": {"entities": [build_entity(url="app.example.com")]}},
            "error_processing_metadata",
        ),
        ({"metadata": {"entities": [build_entity(external_ref={})]}}, "error_processing_metadata"),
        (
            {"metadata": {"entities": [build_entity(entity_type="lead")]}},
            "error_processing_metadata",
        ),
        ({"metadata": {"entities": [build_entity(color="red")]}}, "error_processing_metadata"),
        ({"metadata": {"entities": [build_entity()] * 12}}, "error_processing_metadata"),
    ],
)
async def test_unfurl_is_refused_with_slacks_code(
    stage: SlackHarness, arguments: Json, error: str
) -> None:
    event = await share(stage)
    given = {"channel": event["channel"], "ts": event["message_ts"], "unfurls": UNFURLS}
    sent = {key: value for key, value in {**given, **arguments}.items() if value is not None}
    assert (await stage.call_rejected("chat.unfurl", **sent))["error"] == error
    assert not stage.slack.list_messages(JOHN, SALES)[-1].attachments


def _remove_title(payload: Json) -> None:
    payload["attributes"] = {}


def _empty_value(payload: Json) -> None:
    payload["custom_fields"][0]["value"] = ""


def _change_type(payload: Json) -> None:
    payload["custom_fields"][0]["type"] = "integer"


def _repeat_key(payload: Json) -> None:
    payload["custom_fields"] *= 2


def _add_primary_actions(payload: Json) -> None:
    payload["actions"]["primary_actions"] *= 3


def _lengthen_value(payload: Json) -> None:
    payload["actions"]["primary_actions"][0]["value"] = "x" * 2_001


@pytest.mark.parametrize(
    "spoil",
    [
        _remove_title,
        _empty_value,
        _change_type,
        _repeat_key,
        _add_primary_actions,
        _lengthen_value,
    ],
)
async def test_malformed_entity_is_refused_in_message_and_pane(
    stage: SlackHarness, spoil: Any
) -> None:
    requested = await open_pane(stage)
    spoiled = copy.deepcopy(build_details())
    spoil(spoiled["entity_payload"])
    trigger = {"trigger_id": requested["trigger_id"]}
    refused = await stage.call_rejected("entity.presentDetails", **trigger, metadata=spoiled)
    assert refused["error"] == "invalid_metadata"
    event = await share(stage)
    where = {"channel": event["channel"], "ts": event["message_ts"]}
    metadata = {"entities": [{**spoiled, "app_unfurl_url": LINK}]}
    refused = await stage.call_rejected("chat.unfurl", **where, metadata=metadata)
    assert refused["error"] == "error_processing_metadata"


async def test_unfurling_again_changes_the_preview(stage: SlackHarness) -> None:
    event = await share(stage)
    await unfurl(stage, event, unfurls=UNFURLS)
    await unfurl(stage, event, unfurls=UNFURLS, metadata={"entities": [build_entity()]})
    [attachment] = stage.slack.list_messages(JOHN, SALES)[-1].attachments or []
    assert attachment["entity"]["url"] == LINK
    assert not stage.slack.list_messages(JOHN, SALES)[-1].edited


async def test_without_work_objects_the_metadata_is_ignored(stage: SlackHarness) -> None:
    stage.slack.previews.switch_work_objects(on=False)
    event = await share(stage)
    await unfurl(stage, event, metadata={"entities": [build_entity()]})
    assert not stage.slack.list_messages(JOHN, SALES)[-1].attachments


async def test_link_that_was_not_acknowledged_cannot_be_unfurled(stage: SlackHarness) -> None:
    stage.app.respond_with("busy", 500)
    event = await share(stage)
    where = {"channel": event["channel"], "ts": event["message_ts"]}
    refused = await stage.call_rejected("chat.unfurl", **where, unfurls=UNFURLS)
    assert refused["error"] == "cannot_unfurl_url"


async def test_draft_has_an_event_and_a_preview_of_its_own(stage: SlackHarness) -> None:
    await stage.slack.previews.compose(JOHN, SALES, LINK)
    event = stage.app.last_payload["event"]
    assert (event["channel"], event["source"]) == ("COMPOSER", "composer")
    arguments = {"unfurl_id": event["unfurl_id"], "source": "composer", "unfurls": UNFURLS}
    await stage.web.api_call("chat.unfurl", json=arguments)
    [draft] = stage.slack.previews.list_draft_previews(JOHN)
    assert draft["app_unfurl_url"] == LINK
    assert stage.slack.previews.list_draft_previews(MEI) == []


async def test_pane_is_requested_with_what_slack_sends(stage: SlackHarness) -> None:
    event = await open_pane(stage, MEI)
    assert event["type"] == "entity_details_requested"
    assert (event["user"], event["entity_url"]) == (MEI, LINK)
    assert event["external_ref"] == {"id": "1", "type": "lead"}
    assert event["link"] == {"url": LINK, "domain": "app.example.com"}
    assert event["channel"] == SALES
    assert stage.slack.previews.find_pane(MEI) == {
        "message": stage.slack.list_messages(MEI, SALES)[-1].id,
        "url": LINK,
        "entity": None,
        "error": None,
    }
    assert stage.slack.previews.find_pane(JOHN) is None


async def test_pane_is_filled_once_by_its_trigger_within_three_seconds(
    stage: SlackHarness,
) -> None:
    requested = await open_pane(stage)
    trigger = {"trigger_id": requested["trigger_id"]}
    await stage.web.api_call("entity.presentDetails", json={**trigger, "metadata": build_details()})
    pane = stage.slack.previews.find_pane(JOHN)
    assert pane
    assert pane["entity"] == build_details()
    again = await stage.call_rejected("entity.presentDetails", **trigger, metadata=build_details())
    assert again["error"] == "invalid_trigger_id"
    late = await open_pane(stage, MEI)
    await stage.clock.advance(3)
    refused = await stage.call_rejected(
        "entity.presentDetails", trigger_id=late["trigger_id"], metadata=build_details()
    )
    assert refused["error"] == "invalid_trigger_id"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            {"metadata": build_details(external_ref={"id": "2"})},
            "entity_metadata_does_not_match_trigger",
        ),
        ({"metadata": build_entity()}, "invalid_metadata"),
        ({"metadata": "x"}, "invalid_metadata_format"),
        ({"error": {"status": "forbidden"}}, "invalid_arguments"),
        ({}, "invalid_arguments"),
        ({"trigger_id": "1.2.3", "metadata": build_details()}, "invalid_trigger_id"),
    ],
)
async def test_details_are_refused_with_slacks_code(
    stage: SlackHarness, arguments: Json, error: str
) -> None:
    requested = await open_pane(stage)
    sent = {"trigger_id": requested["trigger_id"], **arguments}
    assert (await stage.call_rejected("entity.presentDetails", **sent))["error"] == error


async def test_pane_is_requested_again_after_ten_minutes_or_on_demand(stage: SlackHarness) -> None:
    requested = await open_pane(stage)
    trigger = {"trigger_id": requested["trigger_id"]}
    await stage.web.api_call("entity.presentDetails", json={**trigger, "metadata": build_details()})
    message = stage.slack.list_messages(JOHN, SALES)[-1]
    before = len(stage.app.received)
    await stage.slack.previews.open(JOHN, message.id)
    assert len(stage.app.received) == before
    await stage.slack.previews.open(JOHN, message.id, refresh=True)
    assert len(stage.app.received) == before + 1
    await stage.clock.advance(600)
    await stage.slack.previews.open(JOHN, message.id)
    assert len(stage.app.received) == before + 2


async def test_button_of_a_preview_comes_without_the_message(stage: SlackHarness) -> None:
    event = await share(stage)
    await unfurl(stage, event, metadata={"entities": [build_entity()]})
    message = stage.slack.list_messages(JOHN, SALES)[-1]
    await stage.slack.previews.press(MEI, "go", message.id)
    payload = stage.app.last_payload
    container = payload["container"]
    assert (container["type"], container["message_ts"]) == ("message_attachment", message.ts)
    assert (container["entity_url"], container["app_unfurl_url"]) == (LINK, LINK)
    assert payload["actions"][0]["value"] == "1"
    assert payload["app_unfurl"]["is_app_unfurl"]
    assert "message" not in payload
    await stage.post_response(payload["response_url"], {"text": "Hi", "replace_original": True})
    assert stage.slack.list_messages(MEI, SALES)[-1].text == "Hi"
    assert stage.slack.list_messages(JOHN, SALES)[-1].attachments


async def test_button_of_a_pane_has_neither_channel_nor_response_url(stage: SlackHarness) -> None:
    requested = await open_pane(stage)
    trigger = {"trigger_id": requested["trigger_id"]}
    await stage.web.api_call("entity.presentDetails", json={**trigger, "metadata": build_details()})
    await stage.slack.previews.press_in_pane(JOHN, "go")
    payload = stage.app.last_payload
    assert payload["container"]["type"] == "entity_detail"
    assert payload["container"]["external_ref"] == {"id": "1", "type": "lead"}
    assert not payload.keys() & {"channel", "response_url", "message", "view"}
    trigger = {"trigger_id": payload["trigger_id"]}
    await stage.web.api_call("entity.presentDetails", json={**trigger, "metadata": build_details()})


async def test_what_a_person_cannot_do(stage: SlackHarness) -> None:
    await share(stage)
    message = stage.slack.list_messages(JOHN, SALES)[-1]
    with pytest.raises(ActionNotPossible, match="no preview that opens"):
        await stage.slack.previews.open(JOHN, message.id)
    with pytest.raises(ActionNotPossible, match="no longer exists"):
        await stage.slack.previews.open(SAM, message.id)
    with pytest.raises(ActionNotPossible, match="sees no preview"):
        await stage.slack.previews.press(JOHN, "go", message.id)
    with pytest.raises(ActionNotPossible, match="no pane open"):
        await stage.slack.previews.press_in_pane(JOHN, "go")
