"""Shortcuts from Slack's menus, global and on messages, and their list for the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from starlette.responses import Response

from bot.sandbox.slack import ActionNotPossible, EmbeddedSlack, Sample, Tip, collect_text
from bot.web.server import serve
from tests.clock import ManualClock
from tests.sandbox.slack_harness import (
    Json,
    SlackHarness,
    build_manifest,
    build_modal,
    open_harness,
)

GLOBAL_SHORTCUT = {
    "name": "Send a WhatsApp",
    "type": "global",
    "callback_id": "send",
    "description": "Now",
}
MESSAGE_SHORTCUT = {
    "name": "WhatsApp this",
    "type": "message",
    "callback_id": "send.message",
    "description": "To the number in it",
}


def build_manifest_with_shortcuts(*, interactive: bool = True) -> Json:
    app_manifest = build_manifest(interactive=interactive)
    app_manifest["features"]["shortcuts"] = [GLOBAL_SHORTCUT, MESSAGE_SHORTCUT]
    return app_manifest


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness(build_manifest_with_shortcuts()) as harness:
        yield harness


async def test_global_shortcut_has_no_channel(harness: SlackHarness) -> None:
    delivered = await harness.slack.use_shortcut("U0JOHN", "send")
    assert delivered.status == 200
    sent = harness.app.last_payload
    assert set(sent) == {
        "type",
        "token",
        "action_ts",
        "team",
        "user",
        "callback_id",
        "trigger_id",
        "enterprise",
        "is_enterprise_install",
    }
    assert (sent["type"], sent["callback_id"]) == ("shortcut", "send")
    assert sent["user"] == {"id": "U0JOHN", "username": "john", "team_id": "T0ACME"}
    assert sent["team"] == {"id": "T0ACME", "domain": "acme"}


async def test_shortcut_trigger_opens_one_form_within_three_seconds(harness: SlackHarness) -> None:
    await harness.slack.use_shortcut("U0JOHN", "send")
    trigger = harness.app.last_payload["trigger_id"]
    assert (await harness.web.views_open(trigger_id=trigger, view=build_modal()))["ok"]
    assert harness.slack.find_view("U0JOHN") is not None
    again = await harness.call_rejected("views.open", trigger_id=trigger, view=build_modal())
    assert again["error"] == "exchanged_trigger_id"
    await harness.slack.use_shortcut("U0JOHN", "send")
    await harness.clock.advance(3)
    trigger = harness.app.last_payload["trigger_id"]
    late = await harness.call_rejected("views.open", trigger_id=trigger, view=build_modal())
    assert late["error"] == "expired_trigger_id"


async def test_message_shortcut_includes_the_message_and_a_response_url(
    harness: SlackHarness,
) -> None:
    await harness.slack.type("U0MEI", "C0SALES", "Ask asha@example.com or +91 98765 43210")
    message = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    delivered = await harness.slack.use_message_shortcut("U0JOHN", "send.message", message)
    assert delivered.status == 200
    sent = harness.app.last_payload
    assert (sent["type"], sent["callback_id"]) == ("message_action", "send.message")
    assert sent["user"] == {"id": "U0JOHN", "name": "john", "team_id": "T0ACME"}
    assert sent["channel"] == {"id": "C0SALES", "name": "sales"}
    assert sent["message_ts"] == sent["message"]["ts"] == message.ts
    assert sent["message"]["user"] == "U0MEI"
    assert sent["message"]["text"] == (
        "Ask <mailto:asha@example.com|asha@example.com> or <tel:+919876543210|+91 98765 43210>"
    )
    assert sent["message"]["client_msg_id"]
    [block] = sent["message"]["blocks"]
    assert block["elements"] == [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "Ask "},
                {"type": "link", "url": "mailto:asha@example.com", "text": "asha@example.com"},
                {"type": "text", "text": " or "},
                {"type": "link", "url": "tel:+919876543210", "text": "+91 98765 43210"},
            ],
        }
    ]
    assert "api_app_id" not in sent
    assert await harness.post_response(sent["response_url"], {"text": "Found two"}) == (200, "ok")
    posted = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    assert (collect_text(posted), posted.ephemeral) == ("Found two", True)
    assert collect_text(harness.slack.list_messages("U0MEI", "C0SALES")[-1]) != "Found two"


async def test_the_url_of_a_message_shortcut_cannot_replace_the_message(
    harness: SlackHarness,
) -> None:
    await harness.slack.type("U0MEI", "C0SALES", "Mine")
    message = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    await harness.slack.use_message_shortcut("U0JOHN", "send.message", message.id)
    await harness.post_response(
        harness.app.last_payload["response_url"], {"text": "x", "replace_original": True}
    )
    assert "Mine" in [
        collect_text(each) for each in harness.slack.list_messages("U0MEI", "C0SALES")
    ]


async def test_a_message_of_the_app_is_sent_with_its_blocks(harness: SlackHarness) -> None:
    await harness.post_button()
    message = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    await harness.slack.use_message_shortcut("U0JOHN", "send.message", message)
    sent = harness.app.last_payload["message"]
    assert sent["bot_id"] == "B0CHAKRA"
    assert sent["blocks"][0]["elements"][0]["action_id"] == "go"


async def test_typed_message_includes_rich_text(harness: SlackHarness) -> None:
    await harness.slack.type(
        "U0MEI", "C0SALES", "@john, see #sales & https://acme.com/?a=1 <!here>"
    )
    message = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    await harness.slack.use_message_shortcut("U0JOHN", "send.message", message)
    [section] = harness.app.last_payload["message"]["blocks"][0]["elements"]
    assert section["elements"] == [
        {"type": "user", "user_id": "U0JOHN"},
        {"type": "text", "text": ", see "},
        {"type": "channel", "channel_id": "C0SALES"},
        {"type": "text", "text": " & "},
        {"type": "link", "url": "https://acme.com/?a=1"},
        {"type": "text", "text": " "},
        {"type": "broadcast", "range": "here"},
    ]


async def test_private_channels_have_no_name(harness: SlackHarness) -> None:
    await harness.slack.type("U0OMAR", "C0LEADS", "Hello")
    message = harness.slack.list_messages("U0OMAR", "C0LEADS")[-1]
    await harness.slack.use_message_shortcut("U0OMAR", "send.message", message)
    assert harness.app.last_payload["channel"] == {"id": "C0LEADS", "name": "privategroup"}


async def test_unregistered_shortcut_cannot_be_used(harness: SlackHarness) -> None:
    message = harness.slack.list_messages("U0JOHN", "C0SALES")[0]
    with pytest.raises(ActionNotPossible, match=r"no global shortcut 'send\.message'"):
        await harness.slack.use_shortcut("U0JOHN", "send.message")
    with pytest.raises(ActionNotPossible, match="no message shortcut 'send'"):
        await harness.slack.use_message_shortcut("U0JOHN", "send", message)
    with pytest.raises(ActionNotPossible, match="no longer exists"):
        await harness.slack.use_message_shortcut("U0SAM", "send.message", message)
    with pytest.raises(ActionNotPossible, match="no longer exists"):
        await harness.slack.use_message_shortcut("U0JOHN", "send.message", "M9999999")
    await harness.post_button(only_for="U0JOHN")
    ephemeral = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    with pytest.raises(ActionNotPossible, match="Ephemeral messages"):
        await harness.slack.use_message_shortcut("U0JOHN", "send.message", ephemeral)
    with pytest.raises(ActionNotPossible, match="Unknown person"):
        await harness.slack.use_shortcut("U0STRANGER", "send")
    assert harness.app.received == []


async def test_app_failure_is_shown_to_the_member(harness: SlackHarness) -> None:
    harness.app.respond = lambda _: Response(status_code=500)
    assert (await harness.slack.use_shortcut("U0JOHN", "send")).status == 500
    assert "trouble connecting" in harness.slack.notices[-1].text


async def test_socket_mode_sends_shortcuts_as_interactive_envelopes(harness: SlackHarness) -> None:
    message = harness.slack.list_messages("U0JOHN", "C0SALES")[0]
    connection = await harness.web.apps_connections_open(app_token=harness.slack.app_token)
    async with harness.session.ws_connect(str(connection["url"])) as socket:
        await socket.receive_json()
        for use, kind in (
            (harness.slack.use_shortcut("U0JOHN", "send"), "shortcut"),
            (
                harness.slack.use_message_shortcut("U0JOHN", "send.message", message),
                "message_action",
            ),
        ):
            using = asyncio.ensure_future(use)
            envelope = await socket.receive_json()
            assert (envelope["type"], envelope["accepts_response_payload"]) == (
                "interactive",
                False,
            )
            assert envelope["payload"]["type"] == kind
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
            assert (await using).status == 200


async def test_disabled_interactivity_sends_no_shortcuts() -> None:
    async with open_harness(build_manifest_with_shortcuts(interactive=False)) as harness:
        assert (await harness.slack.use_shortcut("U0JOHN", "send")).status == 0
        assert harness.app.received == []
        assert "interactive responses" in harness.slack.notices[-1].text


async def test_page_supports_shortcuts(harness: SlackHarness) -> None:
    message = harness.slack.list_messages("U0JOHN", "C0SALES")[0]
    url = f"{harness.slack.base_url}/sandbox/shortcut"
    body = {"as": "U0JOHN", "callback_id": "send"}
    async with harness.session.post(url, json=body) as answer:
        assert await answer.json() == {"ok": True}
    assert harness.app.last_payload["type"] == "shortcut"
    body = {"as": "U0JOHN", "callback_id": "send.message", "message": message.id}
    async with harness.session.post(url, json=body) as answer:
        assert await answer.json() == {"ok": True}
    assert harness.app.last_payload["type"] == "message_action"
    async with harness.session.post(url, json={"as": "U0JOHN", "callback_id": "no"}) as answer:
        assert (await answer.json())["ok"] is False


async def test_page_state_includes_shortcuts_and_suggestions() -> None:
    leads = Sample("leads 1.csv", b"a,b\n1,2\n", "text/csv", "A table")
    tips = [
        Tip("Numbers", (("+91 98765 40001", "Is never delivered"),), "/chakra send {}"),
        Tip("Tables", samples=(leads,)),
    ]
    slack = EmbeddedSlack(build_manifest_with_shortcuts(), ManualClock(), tips=tips)
    async with (
        serve(slack.app, grace_seconds=0.2) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/sandbox/extras") as answer,
        session.get(f"{url}/sandbox/samples/leads%201.csv") as sample,
        session.get(f"{url}/sandbox/samples/leads.csv") as none,
    ):
        body = await answer.json()
        assert (sample.content_type, await sample.read()) == ("text/csv", leads.content)
        disposition = sample.headers["content-disposition"]
        assert disposition == "attachment; filename*=UTF-8''leads%201.csv"
        assert none.status == 404
    await slack.aclose()
    row = {"text": "+91 98765 40001", "note": "Is never delivered"}
    numbers, tables = body["tips"]
    assert numbers == {
        "title": "Numbers",
        "line": "/chakra send {}",
        "in_forms": True,
        "rows": [row],
        "samples": [],
    }
    assert tables["samples"] == [
        {
            "name": "leads 1.csv",
            "type": "text/csv",
            "note": "A table",
            "size": 8,
            "url": "/sandbox/samples/leads%201.csv",
        }
    ]
    assert body["shortcuts"][0] == {
        "callback_id": "send",
        "name": "Send a WhatsApp",
        "description": "Now",
        "kind": "global",
    }
    assert [each["kind"] for each in body["shortcuts"]] == ["global", "message"]
