"""The page's API: state and events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.sandbox.slack import Hint
from tests.sandbox.slack_stage import Json, Stage, field_block, modal, plain_text, staged

HINT = Hint("/chakra user ", "user <name>", "One user")


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(hints=(HINT,)) as made:
        yield made


async def state(stage: Stage, person: str = "U0JOHN") -> Json:
    url = f"{stage.slack.base_url}/sandbox/state"
    async with stage.session.get(url, params={"as": person}) as answer:
        assert answer.status == 200
        told: Json = await answer.json()
        return told


async def act(stage: Stage, what: str, **body: object) -> Json:
    url = f"{stage.slack.base_url}/sandbox/{what}"
    async with stage.session.post(url, json={"as": "U0JOHN", **body}) as answer:
        told: Json = await answer.json()
        return told


async def event(stream: aiohttp.ClientResponse, kind: str) -> Json:
    """Return the next event of this kind."""
    while True:
        line = (await stream.content.readline()).decode().strip()
        if line == f"event: {kind}":
            data: Json = json.loads((await stream.content.readline())[6:])
            return data


async def test_a_person_sees_their_channels_people_commands_and_hints(stage: Stage) -> None:
    told = await state(stage, "U0GITA")
    assert told["me"]["name"] == "gita"
    assert told["team"] == {"id": "T0ACME", "name": "Acme", "domain": "acme"}
    names = [channel["name"] for channel in told["channels"]]
    assert names == ["sales", "support", "globex-partners", "Chakra"]
    assert len(told["people"]) == 8
    assert told["commands"] == [
        {"command": "/chakra", "hint": "help", "description": "Work with Chakra"}
    ]
    assert told["hints"] == [
        {"text": "/chakra user ", "usage": "user <name>", "summary": "One user"}
    ]
    assert told["messages"]["C0SALES"][0]["author"]["initials"] == "PS"
    assert told["views"] == []


async def test_nobody_is_nobody(stage: Stage) -> None:
    url = f"{stage.slack.base_url}/sandbox/state?as=U0NOBODY"
    async with stage.session.get(url) as answer:
        assert answer.status == 404


async def test_typing_is_told_to_those_who_may_see_it(stage: Stage) -> None:
    stage.app.says({"text": "Only for John"})
    url = f"{stage.slack.base_url}/sandbox/events"
    async with (
        stage.session.get(url, params={"as": "U0JOHN"}) as john,
        stage.session.get(url, params={"as": "U0MEI"}) as mei,
    ):
        assert await act(stage, "type", channel="C0SALES", text="/chakra hi") == {"ok": True}
        await act(stage, "type", channel="C0SALES", text="Hello all")
        payload = await event(john, "payload")
        assert (payload["kind"], payload["status"]) == ("command", 200)
        line = await event(john, "message")
        assert (line["text"], line["ephemeral"]) == ("Only for John", True)
        assert line["author"]["app"] is True
        assert (await event(mei, "message"))["text"] == "Hello all"


async def test_edits_deletions_and_notices_are_told(stage: Stage) -> None:
    url = f"{stage.slack.base_url}/sandbox/events"
    posted = await stage.web.chat_postMessage(channel="C0SALES", text="One")
    where = {"channel": "C0SALES", "ts": posted["ts"]}
    async with stage.session.get(url, params={"as": "U0JOHN"}) as john:
        await stage.web.chat_update(**where, text="Two")
        edited = await event(john, "message")
        assert (edited["text"], edited["edited"]) == ("Two", True)
        await stage.web.chat_delete(**where)
        assert await event(john, "delete") == {"channel": "C0SALES", "id": edited["id"]}
        await act(stage, "type", channel="C0SALES", text="/nope")
        assert "not a valid command" in (await event(john, "notice"))["text"]


async def test_a_form_is_opened_filled_refused_and_sent(stage: Stage) -> None:
    external = {"type": "external_select", "min_query_length": 0}
    view = await stage.form(modal(field_block("name"), field_block("template", external)))
    options = [{"text": plain_text("Hello"), "value": "hello"}]
    stage.app.says({"options": options})
    place = {"source": {"view": view["id"]}, "block_id": "template", "action_id": "value"}
    values = {"name": {"value": "Asha"}}
    told = await act(stage, "suggest", **place, query="", values=values)
    assert told == {"ok": True, "options": options}
    assert stage.app.last["view"]["state"]["values"]["name"]["value"]["value"] == "Asha"
    stage.app.says({"response_action": "errors", "errors": {"name": "No."}})
    filled = {**values, "template": {"value": "hello"}}
    sending = {"view": view["id"], "do": "submit", "values": filled}
    assert await act(stage, "view", **sending) == {"ok": True, "errors": {"name": "No."}}
    stage.app.answer = None
    assert await act(stage, "view", **sending) == {"ok": True}
    chosen = stage.app.last["view"]["state"]["values"]["template"]["value"]
    assert chosen["selected_option"]["value"] == "hello"
    assert (await state(stage))["views"] == []


async def test_a_button_is_pressed_and_a_form_closed(stage: Stage) -> None:
    await stage.button(value="7")
    message = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    place = {"source": {"message": message.id}, "block_id": "row", "action_id": "go"}
    assert await act(stage, "press", **place, value=None) == {"ok": True}
    assert stage.app.last["actions"][0]["value"] == "7"
    view = await stage.form(modal())
    assert await act(stage, "view", view=view["id"], do="close") == {"ok": True}
    gone = await act(stage, "view", view=view["id"], do="close")
    assert gone == {"ok": False, "error": "This form is no longer open."}


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("type", {"channel": "C0NONE", "text": "hi"}),
        ("type", {"channel": "C0SALES"}),
        ("press", {"source": {"message": "M9"}, "block_id": "a", "action_id": "b"}),
        ("press", {"source": 7, "block_id": "a", "action_id": "b"}),
        ("view", {"view": "V9", "do": "submit", "values": {}}),
    ],
)
async def test_acts_that_cannot_be_done_say_why(stage: Stage, what: str, body: Json) -> None:
    told = await act(stage, what, **body)
    assert told["ok"] is False
    assert told["error"]


async def test_other_sites_forms_cannot_act(stage: Stage) -> None:
    url = f"{stage.slack.base_url}/sandbox/type"
    data = json.dumps({"as": "U0JOHN", "channel": "C0SALES", "text": "hi"})
    async with stage.session.post(url, data=data, headers={"Content-Type": "text/plain"}) as answer:
        assert answer.status == 415


async def test_payloads_are_read_from_where_one_left_off(stage: Stage) -> None:
    for word in ("one", "two"):
        await act(stage, "type", channel="C0SALES", text=f"/chakra {word}")
    url = f"{stage.slack.base_url}/sandbox/payloads"
    async with stage.session.get(url, params={"after": "1"}) as answer:
        payloads = (await answer.json())["payloads"]
    assert [payload["summary"] for payload in payloads] == ["/chakra two"]
    assert payloads[0]["request"]["text"] == "two"


async def test_streams_end_when_slack_does() -> None:
    async with staged() as stage, aiohttp.ClientSession() as session:
        stream = await session.get(f"{stage.slack.base_url}/sandbox/events?as=U0JOHN")
        await stream.content.readline()
        await stage.slack.aclose()
        async with asyncio.timeout(5):
            assert await stream.content.read() in (b"", b"\n")
