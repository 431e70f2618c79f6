"""Shortcuts from Slack's menus, global and on messages, and their list for the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from starlette.responses import Response

from bot.sandbox.slack import ActionNotPossible, EmbeddedSlack, Sample, Tip, visible_text
from bot.web.server import serve
from tests.clock import ManualClock
from tests.sandbox.slack_stage import Json, Stage, manifest, modal, staged

SEND = {"name": "Send a WhatsApp", "type": "global", "callback_id": "send", "description": "Now"}
ANSWER = {
    "name": "WhatsApp this",
    "type": "message",
    "callback_id": "send.message",
    "description": "To the number in it",
}


def with_shortcuts(*, interactive: bool = True) -> Json:
    made = manifest(interactive=interactive)
    made["features"]["shortcuts"] = [SEND, ANSWER]
    return made


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(with_shortcuts()) as made:
        yield made


async def test_a_global_shortcut_says_nothing_of_where_the_person_stood(stage: Stage) -> None:
    delivered = await stage.slack.use_shortcut("U0JOHN", "send")
    assert delivered.status == 200
    sent = stage.app.last
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


async def test_its_trigger_opens_a_form_once_within_three_seconds(stage: Stage) -> None:
    await stage.slack.use_shortcut("U0JOHN", "send")
    trigger = stage.app.last["trigger_id"]
    assert (await stage.web.views_open(trigger_id=trigger, view=modal()))["ok"]
    assert stage.slack.view("U0JOHN") is not None
    again = await stage.refusal("views.open", trigger_id=trigger, view=modal())
    assert again["error"] == "exchanged_trigger_id"
    await stage.slack.use_shortcut("U0JOHN", "send")
    await stage.clock.advance(3)
    trigger = stage.app.last["trigger_id"]
    late = await stage.refusal("views.open", trigger_id=trigger, view=modal())
    assert late["error"] == "expired_trigger_id"


async def test_a_message_shortcut_carries_the_message_and_a_url_to_answer(stage: Stage) -> None:
    await stage.slack.type("U0MEI", "C0SALES", "Ask asha@example.com or +91 98765 43210")
    message = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    delivered = await stage.slack.use_message_shortcut("U0JOHN", "send.message", message)
    assert delivered.status == 200
    sent = stage.app.last
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
    assert await stage.respond(sent["response_url"], {"text": "Found two"}) == (200, "ok")
    shown = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    assert (visible_text(shown), shown.ephemeral) == ("Found two", True)
    assert visible_text(stage.slack.messages("U0MEI", "C0SALES")[-1]) != "Found two"


async def test_the_url_of_a_message_shortcut_cannot_replace_the_message(stage: Stage) -> None:
    await stage.slack.type("U0MEI", "C0SALES", "Mine")
    message = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    await stage.slack.use_message_shortcut("U0JOHN", "send.message", message.id)
    await stage.respond(stage.app.last["response_url"], {"text": "x", "replace_original": True})
    assert "Mine" in [visible_text(each) for each in stage.slack.messages("U0MEI", "C0SALES")]


async def test_a_message_of_the_app_is_sent_with_its_blocks(stage: Stage) -> None:
    await stage.button()
    message = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    await stage.slack.use_message_shortcut("U0JOHN", "send.message", message)
    sent = stage.app.last["message"]
    assert sent["bot_id"] == "B0CHAKRA"
    assert sent["blocks"][0]["elements"][0]["action_id"] == "go"


async def test_what_a_person_typed_comes_as_rich_text_too(stage: Stage) -> None:
    await stage.slack.type("U0MEI", "C0SALES", "@john, see #sales & https://acme.com/?a=1 <!here>")
    message = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    await stage.slack.use_message_shortcut("U0JOHN", "send.message", message)
    [section] = stage.app.last["message"]["blocks"][0]["elements"]
    assert section["elements"] == [
        {"type": "user", "user_id": "U0JOHN"},
        {"type": "text", "text": ", see "},
        {"type": "channel", "channel_id": "C0SALES"},
        {"type": "text", "text": " & "},
        {"type": "link", "url": "https://acme.com/?a=1"},
        {"type": "text", "text": " "},
        {"type": "broadcast", "range": "here"},
    ]


async def test_private_places_have_no_names(stage: Stage) -> None:
    await stage.slack.type("U0OMAR", "C0LEADS", "Hello")
    message = stage.slack.messages("U0OMAR", "C0LEADS")[-1]
    await stage.slack.use_message_shortcut("U0OMAR", "send.message", message)
    assert stage.app.last["channel"] == {"id": "C0LEADS", "name": "privategroup"}


async def test_what_slack_does_not_offer_cannot_be_used(stage: Stage) -> None:
    message = stage.slack.messages("U0JOHN", "C0SALES")[0]
    with pytest.raises(ActionNotPossible, match=r"no global shortcut 'send\.message'"):
        await stage.slack.use_shortcut("U0JOHN", "send.message")
    with pytest.raises(ActionNotPossible, match="no message shortcut 'send'"):
        await stage.slack.use_message_shortcut("U0JOHN", "send", message)
    with pytest.raises(ActionNotPossible, match="no longer exists"):
        await stage.slack.use_message_shortcut("U0SAM", "send.message", message)
    with pytest.raises(ActionNotPossible, match="no longer exists"):
        await stage.slack.use_message_shortcut("U0JOHN", "send.message", "M9999999")
    await stage.button(only_for="U0JOHN")
    ephemeral = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    with pytest.raises(ActionNotPossible, match="Ephemeral messages"):
        await stage.slack.use_message_shortcut("U0JOHN", "send.message", ephemeral)
    with pytest.raises(ActionNotPossible, match="Unknown person"):
        await stage.slack.use_shortcut("U0NOBODY", "send")
    assert stage.app.received == []


async def test_an_app_that_fails_is_told_to_the_person(stage: Stage) -> None:
    stage.app.answer = lambda _: Response(status_code=500)
    assert (await stage.slack.use_shortcut("U0JOHN", "send")).status == 500
    assert "trouble connecting" in stage.slack.notices[-1].text


async def test_over_a_socket_they_are_interactive_envelopes(stage: Stage) -> None:
    message = stage.slack.messages("U0JOHN", "C0SALES")[0]
    told = await stage.web.apps_connections_open(app_token=stage.slack.app_token)
    async with stage.session.ws_connect(str(told["url"])) as socket:
        await socket.receive_json()
        for use, kind in (
            (stage.slack.use_shortcut("U0JOHN", "send"), "shortcut"),
            (stage.slack.use_message_shortcut("U0JOHN", "send.message", message), "message_action"),
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


async def test_an_app_without_interactivity_hears_of_no_shortcut() -> None:
    async with staged(with_shortcuts(interactive=False)) as stage:
        assert (await stage.slack.use_shortcut("U0JOHN", "send")).status == 0
        assert stage.app.received == []
        assert "interactive responses" in stage.slack.notices[-1].text


async def test_the_page_uses_shortcuts_too(stage: Stage) -> None:
    message = stage.slack.messages("U0JOHN", "C0SALES")[0]
    url = f"{stage.slack.base_url}/sandbox/shortcut"
    body = {"as": "U0JOHN", "callback_id": "send"}
    async with stage.session.post(url, json=body) as answer:
        assert await answer.json() == {"ok": True}
    assert stage.app.last["type"] == "shortcut"
    body = {"as": "U0JOHN", "callback_id": "send.message", "message": message.id}
    async with stage.session.post(url, json=body) as answer:
        assert await answer.json() == {"ok": True}
    assert stage.app.last["type"] == "message_action"
    async with stage.session.post(url, json={"as": "U0JOHN", "callback_id": "no"}) as answer:
        assert (await answer.json())["ok"] is False


async def test_the_page_is_told_of_shortcuts_and_of_things_to_try() -> None:
    leads = Sample("leads 1.csv", b"a,b\n1,2\n", "text/csv", "A table")
    tips = [
        Tip("Numbers", (("+91 98765 40001", "Is never delivered"),), "/chakra send {}"),
        Tip("Tables", samples=(leads,)),
    ]
    slack = EmbeddedSlack(with_shortcuts(), ManualClock(), tips=tips)
    async with (
        serve(slack.app, grace_seconds=0.2) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/sandbox/extras") as answer,
        session.get(f"{url}/sandbox/samples/leads%201.csv") as sample,
        session.get(f"{url}/sandbox/samples/leads.csv") as none,
    ):
        told = await answer.json()
        assert (sample.content_type, await sample.read()) == ("text/csv", leads.content)
        disposition = sample.headers["content-disposition"]
        assert disposition == "attachment; filename*=UTF-8''leads%201.csv"
        assert none.status == 404
    await slack.aclose()
    row = {"text": "+91 98765 40001", "note": "Is never delivered"}
    numbers, tables = told["tips"]
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
    assert told["shortcuts"][0] == {
        "callback_id": "send",
        "name": "Send a WhatsApp",
        "description": "Now",
        "kind": "global",
    }
    assert [each["kind"] for each in told["shortcuts"]] == ["global", "message"]
