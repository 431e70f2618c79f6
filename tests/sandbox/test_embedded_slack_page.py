"""The page's API: state and events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

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


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness() as harness:
        yield harness


@pytest.fixture
async def harness_with_home() -> AsyncIterator[SlackHarness]:
    manifest = build_manifest()
    manifest["features"]["app_home"] = {"home_tab_enabled": True}
    async with open_harness(manifest) as harness:
        yield harness


async def fetch_state(harness: SlackHarness, person: str = "U0JOHN", page: str = "") -> Json:
    url = f"{harness.slack.base_url}/sandbox/state"
    async with harness.session.get(url, params={"as": person, "page": page}) as answer:
        assert answer.status == 200
        body: Json = await answer.json()
        return body


async def post_action(harness: SlackHarness, what: str, **body: object) -> Json:
    url = f"{harness.slack.base_url}/sandbox/{what}"
    async with harness.session.post(url, json={"as": "U0JOHN", **body}) as answer:
        result: Json = await answer.json()
        return result


async def read_event(stream: aiohttp.ClientResponse, kind: str) -> Json:
    """Return the next event of this kind."""
    while True:
        line = (await stream.content.readline()).decode().strip()
        if line == f"event: {kind}":
            data: Json = json.loads((await stream.content.readline())[6:])
            return data


async def test_a_person_sees_their_channels_people_and_commands(harness: SlackHarness) -> None:
    state = await fetch_state(harness, "U0GITA")
    assert state["me"]["name"] == "gita"
    assert state["team"] == {"id": "T0ACME", "name": "Acme", "domain": "acme"}
    names = [channel["name"] for channel in state["channels"]]
    assert names == ["support", "globex-partners", "Chakra"]
    assert len(state["people"]) == 8
    assert state["commands"] == [
        {"command": "/chakra", "hint": "help", "description": "Work with Chakra"}
    ]
    assert state["messages"]["C0SUPPORT"][0]["author"]["initials"] == "MT"
    assert state["views"] == {"stack": [], "home": None}


async def test_unknown_member_is_404(harness: SlackHarness) -> None:
    url = f"{harness.slack.base_url}/sandbox/state?as=U0STRANGER"
    async with harness.session.get(url) as answer:
        assert answer.status == 404


async def test_message_events_reach_only_permitted_members(harness: SlackHarness) -> None:
    harness.app.respond_with({"text": "Only for John"})
    url = f"{harness.slack.base_url}/sandbox/events"
    async with (
        harness.session.get(url, params={"as": "U0JOHN"}) as john,
        harness.session.get(url, params={"as": "U0MEI"}) as mei,
    ):
        assert await post_action(harness, "type", channel="C0SALES", text="/chakra hi") == {
            "ok": True
        }
        await post_action(harness, "type", channel="C0SALES", text="Hello all")
        payload = await read_event(john, "payload")
        assert (payload["kind"], payload["status"]) == ("command", 200)
        line = await read_event(john, "message")
        assert (line["text"], line["ephemeral"]) == ("Only for John", True)
        assert line["author"]["app"] is True
        assert (await read_event(mei, "message"))["text"] == "Hello all"


async def test_edits_deletions_and_notices_are_streamed(harness: SlackHarness) -> None:
    url = f"{harness.slack.base_url}/sandbox/events"
    posted = await harness.web.chat_postMessage(channel="C0SALES", text="One")
    where = {"channel": "C0SALES", "ts": posted["ts"]}
    async with harness.session.get(url, params={"as": "U0JOHN"}) as john:
        await harness.web.chat_update(**where, text="Two")
        edited = await read_event(john, "message")
        assert (edited["text"], edited["edited"]) == ("Two", True)
        await harness.web.chat_delete(**where)
        assert await read_event(john, "delete") == {"channel": "C0SALES", "id": edited["id"]}
        await post_action(harness, "type", channel="C0SALES", text="/nope")
        assert "not a valid command" in (await read_event(john, "notice"))["text"]


async def test_a_form_is_opened_filled_refused_and_sent(harness: SlackHarness) -> None:
    external = {"type": "external_select", "min_query_length": 0}
    view = await harness.open_form(
        build_modal(build_field_block("name"), build_field_block("template", external))
    )
    options = [{"text": build_plain_text("Hello"), "value": "hello"}]
    harness.app.respond_with({"options": options})
    place = {"source": {"view": view["id"]}, "block_id": "template", "action_id": "value"}
    values = {"name": {"value": "Asha"}}
    result = await post_action(harness, "suggest", **place, query="", values=values)
    assert result == {"ok": True, "options": options}
    assert harness.app.last_payload["view"]["state"]["values"]["name"]["value"]["value"] == "Asha"
    harness.app.respond_with({"response_action": "errors", "errors": {"name": "No."}})
    filled = {**values, "template": {"value": "hello"}}
    sending = {"view": view["id"], "do": "submit", "values": filled}
    assert await post_action(harness, "view", **sending) == {"ok": True, "errors": {"name": "No."}}
    harness.app.respond = None
    assert await post_action(harness, "view", **sending) == {"ok": True}
    chosen = harness.app.last_payload["view"]["state"]["values"]["template"]["value"]
    assert chosen["selected_option"]["value"] == "hello"
    assert (await fetch_state(harness))["views"]["stack"] == []


async def test_a_button_is_pressed_and_a_form_closed(harness: SlackHarness) -> None:
    await harness.post_button(value="7")
    message = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    place = {"source": {"message": message.id}, "block_id": "row", "action_id": "go"}
    assert await post_action(harness, "press", **place, value=None) == {"ok": True}
    assert harness.app.last_payload["actions"][0]["value"] == "7"
    view = await harness.open_form(build_modal())
    assert await post_action(harness, "view", view=view["id"], do="close") == {"ok": True}
    gone = await post_action(harness, "view", view=view["id"], do="close")
    assert gone == {"ok": False, "error": "This form is no longer open."}


async def test_a_form_shows_only_in_the_page_that_opened_it(harness: SlackHarness) -> None:
    await post_action(harness, "type", channel="C0SALES", text="/chakra form", page="first")
    trigger = harness.app.last_payload["trigger_id"]
    await harness.web.views_open(trigger_id=trigger, view=build_modal())
    for page, shown in (("first", 1), ("second", 0), ("", 0)):
        state = await fetch_state(harness, page=page)
        assert len(state["views"]["stack"]) == shown, page


async def test_home_is_opened_and_its_buttons_pressed(harness_with_home: SlackHarness) -> None:
    harness = harness_with_home
    home = {"type": "home", "blocks": [build_actions_block()]}
    assert await post_action(harness, "home", tab="home") == {"ok": True}
    await harness.web.views_publish(user_id="U0JOHN", view=home)
    view = (await fetch_state(harness))["views"]["home"]
    place = {"source": {"view": view["id"]}, "block_id": "row", "action_id": "go"}
    assert await post_action(harness, "press", **place, value=None) == {"ok": True}
    assert harness.app.last_payload["view"]["type"] == "home"


async def test_a_reply_is_posted_in_its_thread(harness: SlackHarness) -> None:
    first = harness.slack.list_messages("U0JOHN", "C0SALES")[0]
    await post_action(harness, "type", channel="C0SALES", text="Me", thread_ts=first.ts)
    assert harness.slack.list_messages("U0MEI", "C0SALES")[-1].thread_ts == first.ts
    command = await post_action(
        harness, "type", channel="C0SALES", text="/chakra help", thread_ts=first.ts
    )
    assert command["ok"] is False


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("home", {"tab": "home"}),
        ("home", {"tab": "about"}),
        ("type", {"channel": "C0NONE", "text": "hi"}),
        ("type", {"channel": "C0SALES"}),
        ("press", {"source": {"message": "M9"}, "block_id": "a", "action_id": "b"}),
        ("press", {"source": 7, "block_id": "a", "action_id": "b"}),
        ("view", {"view": "V9", "do": "submit", "values": {}}),
    ],
)
async def test_impossible_actions_explain_why(harness: SlackHarness, what: str, body: Json) -> None:
    result = await post_action(harness, what, **body)
    assert result["ok"] is False
    assert result["error"]


async def test_other_sites_forms_cannot_act(harness: SlackHarness) -> None:
    url = f"{harness.slack.base_url}/sandbox/type"
    data = json.dumps({"as": "U0JOHN", "channel": "C0SALES", "text": "hi"})
    async with harness.session.post(
        url, data=data, headers={"Content-Type": "text/plain"}
    ) as answer:
        assert answer.status == 415


async def test_payload_stream_resumes_from_a_position(harness: SlackHarness) -> None:
    for word in ("one", "two"):
        await post_action(harness, "type", channel="C0SALES", text=f"/chakra {word}")
    url = f"{harness.slack.base_url}/sandbox/payloads"
    async with harness.session.get(url, params={"after": "1"}) as answer:
        payloads = (await answer.json())["payloads"]
    assert [payload["summary"] for payload in payloads] == ["/chakra two"]
    assert payloads[0]["request"]["text"] == "two"


async def test_streams_end_when_slack_does() -> None:
    async with open_harness() as harness, aiohttp.ClientSession() as session:
        stream = await session.get(f"{harness.slack.base_url}/sandbox/events?as=U0JOHN")
        await stream.content.readline()
        await harness.slack.aclose()
        async with asyncio.timeout(30):
            assert await stream.content.read() in (b"", b"\n")


async def test_the_page_knows_all_names_of_emoji(harness: SlackHarness) -> None:
    async with harness.session.get(f"{harness.slack.base_url}/sandbox/emoji") as answer:
        emoji: Json = await answer.json()
    assert (emoji["tada"], emoji["thumbsup"], emoji["wave::skin-tone-3"]) == ("🎉", "👍", "👋🏼")
