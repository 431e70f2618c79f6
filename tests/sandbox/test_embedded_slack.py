"""Typing: commands as Slack sends them, and the effect of each kind of ack."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator

import pytest
from starlette.responses import Response

from bot.sandbox.slack import ActionNotPossible, visible_text
from tests.sandbox.slack_stage import Json, Stage, section, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


async def test_a_command_arrives_with_exactly_the_fields_of_slack(stage: Stage) -> None:
    delivered = await stage.slack.type("U0JOHN", "C0SALES", "/chakra user mei@acme.com")
    sent = stage.app.last
    assert delivered.status == 200
    assert list(sent) == [
        "token",
        "team_id",
        "team_domain",
        "channel_id",
        "channel_name",
        "user_id",
        "user_name",
        "command",
        "text",
        "api_app_id",
        "is_enterprise_install",
        "response_url",
        "trigger_id",
    ]
    assert sent["command"] == "/chakra"
    assert sent["text"] == "user mei@acme.com"
    assert (sent["channel_id"], sent["channel_name"]) == ("C0SALES", "sales")
    assert sent["is_enterprise_install"] == "false"
    assert sent["response_url"].startswith(f"{stage.slack.base_url}/response/commands/")


async def test_a_request_is_signed_over_its_raw_body(stage: Stage) -> None:
    await stage.slack.type("U0JOHN", "C0SALES", "/chakra help")
    request = stage.app.received[-1]
    moment = request.headers["x-slack-request-timestamp"]
    base = f"v0:{moment}:".encode() + request.body
    digest = hmac.new(stage.slack.signing_secret.encode(), base, hashlib.sha256).hexdigest()
    assert request.headers["x-slack-signature"] == f"v0={digest}"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (
        stage.slack.sign_request(request.body, int(moment))["X-Slack-Signature"] == f"v0={digest}"
    )


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("user @john", "user <@U0JOHN|john>"),
        ("watch 7 #sales, now", "watch 7 <#C0SALES|sales>, now"),
        ("user @john.", "user <@U0JOHN|john>."),
        ("user @nobody", "user @nobody"),
        ("notify #leads-emea", "notify <#C0LEADS|leads-emea>"),
        ("user john@acme.com", "user john@acme.com"),
        ("user R&D <3 >", "user R&amp;D &lt;3 &gt;"),
        ("user <@U0MEI|mei>", "user <@U0MEI|mei>"),
        ("user <mailto:a@b.c|a@b.c>", "user <mailto:a@b.c|a@b.c>"),
        ("user “Asha Rao”", "user “Asha Rao”"),
        ("", ""),
    ],
)
async def test_names_become_ids_and_the_rest_is_escaped(
    stage: Stage, typed: str, sent: str
) -> None:
    await stage.slack.type("U0JOHN", "C0SALES", f"/chakra {typed}")
    assert stage.app.last["text"] == sent


async def test_a_private_channel_is_unknown_to_those_outside_it(stage: Stage) -> None:
    await stage.slack.type("U0MEI", "C0SALES", "/chakra notify #leads-emea")
    assert stage.app.last["text"] == "notify #leads-emea"


@pytest.mark.parametrize(
    ("channel", "name"), [("D0JOHN", "directmessage"), ("C0LEADS", "privategroup")]
)
async def test_private_places_are_not_named(stage: Stage, channel: str, name: str) -> None:
    await stage.slack.type("U0JOHN", channel, "/chakra help")
    assert stage.app.last["channel_name"] == name


async def test_the_answer_in_an_ack_is_seen_by_one_person(stage: Stage) -> None:
    stage.app.says({"text": "Hello", "blocks": [section("*Hello* there")]})
    await stage.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    line = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    assert line.ephemeral
    assert line.author == "U0CHAKRA"
    assert visible_text(line) == "*Hello* there"
    assert line not in stage.slack.messages("U0PRIYA", "C0SALES")


async def test_an_ack_may_be_plain_text(stage: Stage) -> None:
    stage.app.says("Just a moment")
    delivered = await stage.slack.type("U0JOHN", "C0GENERAL", "/chakra hi")
    assert stage.slack.messages("U0JOHN", "C0GENERAL")[-1].text == "Just a moment"
    assert delivered.body == {"text": "Just a moment"}


async def test_an_empty_ack_shows_nothing(stage: Stage) -> None:
    before = stage.slack.messages("U0JOHN", "C0SALES")
    await stage.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    assert stage.slack.messages("U0JOHN", "C0SALES") == before


async def test_an_in_channel_ack_publishes_what_was_typed(stage: Stage) -> None:
    stage.app.says({"response_type": "in_channel", "text": "John Doe"})
    await stage.slack.type("U0JOHN", "C0SALES", "/chakra user +1 555 010 9999")
    typed, answer = stage.slack.messages("U0MEI", "C0SALES")[-2:]
    assert (typed.author, typed.text) == ("U0JOHN", "/chakra user +1 555 010 9999")
    assert (answer.author, answer.text, answer.ephemeral) == ("U0CHAKRA", "John Doe", False)


async def test_an_ack_that_breaks_a_limit_is_refused_and_noted(stage: Stage) -> None:
    stage.app.says({"text": "Long", "blocks": [section("x" * 3001)]})
    await stage.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    line = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    assert line.author == "USLACKBOT"
    assert "invalid_command_response" in line.text
    refusal = stage.slack.rejections[0]
    assert (refusal.source, refusal.error) == ("command ack", "invalid_blocks")
    assert "/blocks/0/text/text" in refusal.messages[0]


async def test_no_ack_within_three_seconds_is_a_timeout(stage: Stage) -> None:
    release = asyncio.Event()

    async def slow(_: Json) -> Response:
        await release.wait()
        return Response()

    stage.app.answer = slow
    typing = asyncio.ensure_future(stage.slack.type("U0JOHN", "C0SALES", "/chakra hi"))
    await stage.app.arrived.wait()
    await stage.clock.advance(2.9)
    assert not typing.done()
    await stage.clock.advance(0.1)
    delivered = await typing
    release.set()
    assert (delivered.status, delivered.seconds) == (0, 3.0)
    line = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    assert line.ephemeral
    assert line.text == '/chakra failed with the error "operation_timeout"'
    assert stage.slack.notices[-1].text == line.text


@pytest.mark.parametrize("status", [404, 500])
async def test_an_ack_that_is_no_200_is_a_failed_dispatch(stage: Stage, status: int) -> None:
    stage.app.says("broken", status)
    delivered = await stage.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    assert delivered.status == status
    line = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    assert line.text == '/chakra failed with the error "dispatch_failed"'


async def test_an_app_that_is_not_there_is_a_failed_dispatch(stage: Stage) -> None:
    stage.slack.set_request_url("http://127.0.0.1:1/slack/events")
    delivered = await stage.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    assert delivered.status == 0
    assert "dispatch_failed" in stage.slack.messages("U0JOHN", "C0SALES")[-1].text


async def test_slackbot_knows_no_other_command(stage: Stage) -> None:
    delivered = await stage.slack.type("U0JOHN", "C0SALES", "/chacra help")
    line = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    assert line.text.startswith("/chacra is not a valid command.")
    assert line.ephemeral
    assert delivered.status == 0
    assert stage.app.received == []


async def test_what_has_no_slash_is_a_message_for_all(stage: Stage) -> None:
    await stage.slack.type("U0JOHN", "C0SALES", "Ask @mei & #support")
    line = stage.slack.messages("U0PRIYA", "C0SALES")[-1]
    assert line.text == "Ask <@U0MEI> &amp; <#C0SUPPORT>"
    assert not line.ephemeral


@pytest.mark.parametrize(
    ("person", "channel"), [("U0SAM", "C0SALES"), ("U0NOBODY", "C0SALES"), ("U0JOHN", "C0NONE")]
)
async def test_nobody_types_where_they_are_not(stage: Stage, person: str, channel: str) -> None:
    with pytest.raises(ActionNotPossible):
        await stage.slack.type(person, channel, "/chakra help")


async def test_two_hundred_people_type_at_once(stage: Stage) -> None:
    stage.app.says({"text": "ok"})
    lines = [f"/chakra user {n}" for n in range(200)]
    sent = await asyncio.gather(*(stage.slack.type("U0JOHN", "D0JOHN", line) for line in lines))
    assert {one.status for one in sent} == {200}
    assert len({one.payload["trigger_id"] for one in stage.app.received}) == 200
    assert len(stage.slack.messages("U0JOHN", "D0JOHN")) == 200


async def test_settle_waits_for_the_app_and_for_its_calls(stage: Stage) -> None:
    release = asyncio.Event()

    async def slow(_: Json) -> Response:
        await release.wait()
        return Response()

    stage.app.answer = slow
    typing = asyncio.ensure_future(stage.slack.type("U0JOHN", "C0SALES", "/chakra hi"))
    await stage.app.arrived.wait()
    settled = asyncio.ensure_future(stage.slack.settle())
    await asyncio.sleep(0)
    assert not settled.done()
    release.set()
    await settled
    assert (await typing).status == 200


async def test_until_waits_for_what_the_app_does_later(stage: Stage) -> None:
    await stage.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    url = stage.app.last["response_url"]
    said = asyncio.ensure_future(
        stage.slack.wait_until(lambda: stage.slack.messages("U0JOHN", "C0SALES")[-1].text == "late")
    )
    await stage.respond(url, {"text": "late"})
    await said
