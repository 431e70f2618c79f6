"""Typing: commands as Slack sends them, and the effect of each kind of ack."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator

import pytest
from starlette.responses import Response

from bot.sandbox.slack import ActionNotPossible, collect_text
from tests.sandbox.slack_harness import Json, SlackHarness, build_section_block, open_harness


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness() as harness:
        yield harness


async def test_a_command_arrives_with_exactly_the_fields_of_slack(harness: SlackHarness) -> None:
    delivered = await harness.slack.type("U0JOHN", "C0SALES", "/chakra user mei@acme.com")
    sent = harness.app.last_payload
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
    assert sent["text"] == "user <mailto:mei@acme.com|mei@acme.com>"
    assert (sent["channel_id"], sent["channel_name"]) == ("C0SALES", "sales")
    assert sent["is_enterprise_install"] == "false"
    assert sent["response_url"].startswith(f"{harness.slack.base_url}/response/commands/")


async def test_a_request_is_signed_over_its_raw_body(harness: SlackHarness) -> None:
    await harness.slack.type("U0JOHN", "C0SALES", "/chakra help")
    request = harness.app.received[-1]
    moment = request.headers["x-slack-request-timestamp"]
    base = f"v0:{moment}:".encode() + request.body
    digest = hmac.new(harness.slack.signing_secret.encode(), base, hashlib.sha256).hexdigest()
    assert request.headers["x-slack-signature"] == f"v0={digest}"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (
        harness.slack.sign_request(request.body, int(moment))["X-Slack-Signature"] == f"v0={digest}"
    )


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("user @john", "user <@U0JOHN>"),
        ("watch 7 #sales, now", "watch 7 <#C0SALES|sales>, now"),
        ("user @john.", "user <@U0JOHN>."),
        ("user @stranger", "user @stranger"),
        ("notify #leads-emea", "notify <#C0LEADS|>"),
        ("user john@acme.com", "user <mailto:john@acme.com|john@acme.com>"),
        (
            "1=Booking.com, 2=a.b.co.in/x?y=1",
            "1=<http://Booking.com|Booking.com>, 2=<http://a.b.co.in/x?y=1|a.b.co.in/x?y=1>",
        ),
        ('"https://x.com/?a=1&b=2."', '"<https://x.com/?a=1&amp;b=2>."'),
        (
            "https://shop.example/orders/2026/11/12345",
            "<https://shop.example/orders/2026/11/12345|https://shop.example/orders/20…>",
        ),
        ("john.doe readme.txt 10.30", "john.doe readme.txt 10.30"),
        (
            "🎉 👋🏼 ❤️ 🤷🏿‍♀️ ©",
            ":tada: :wave::skin-tone-3: :heart: :woman-shrugging::skin-tone-6: ©",
        ),
        ("user R&D <3 >", "user R&amp;D &lt;3 &gt;"),
        ("user <@U0MEI|mei>", "user <@U0MEI|mei>"),
        ("user <mailto:a@b.c|a@b.c>", "user <mailto:a@b.c|a@b.c>"),
        ("user “Asha Rao”", "user “Asha Rao”"),
        ("", ""),
    ],
)
async def test_names_become_ids_and_the_rest_is_escaped(
    harness: SlackHarness, typed: str, sent: str
) -> None:
    await harness.slack.type("U0JOHN", "C0SALES", f"/chakra {typed}")
    assert harness.app.last_payload["text"] == sent


async def test_private_channel_is_hidden_from_non_members(harness: SlackHarness) -> None:
    await harness.slack.type("U0MEI", "C0SALES", "/chakra notify #leads-emea")
    assert harness.app.last_payload["text"] == "notify #leads-emea"


@pytest.mark.parametrize(
    ("channel", "name"), [("D0JOHN", "directmessage"), ("C0LEADS", "privategroup")]
)
async def test_private_channel_names_are_omitted(
    harness: SlackHarness, channel: str, name: str
) -> None:
    await harness.slack.type("U0JOHN", channel, "/chakra help")
    assert harness.app.last_payload["channel_name"] == name


async def test_ack_response_is_ephemeral(harness: SlackHarness) -> None:
    harness.app.respond_with({"text": "Hello", "blocks": [build_section_block("*Hello* there")]})
    await harness.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    line = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    assert line.ephemeral
    assert line.author == "U0CHAKRA"
    assert collect_text(line) == "*Hello* there"
    assert line not in harness.slack.list_messages("U0PRIYA", "C0SALES")


async def test_an_ack_may_be_plain_text(harness: SlackHarness) -> None:
    harness.app.respond_with("Just a moment")
    delivered = await harness.slack.type("U0JOHN", "C0GENERAL", "/chakra hi")
    assert harness.slack.list_messages("U0JOHN", "C0GENERAL")[-1].text == "Just a moment"
    assert delivered.body == {"text": "Just a moment"}


async def test_an_empty_ack_shows_nothing(harness: SlackHarness) -> None:
    before = harness.slack.list_messages("U0JOHN", "C0SALES")
    await harness.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    assert harness.slack.list_messages("U0JOHN", "C0SALES") == before


async def test_an_in_channel_ack_publishes_what_was_typed(harness: SlackHarness) -> None:
    harness.app.respond_with({"response_type": "in_channel", "text": "John Doe"})
    await harness.slack.type("U0JOHN", "C0SALES", "/chakra user +1 555 010 9999")
    typed, answer = harness.slack.list_messages("U0MEI", "C0SALES")[-2:]
    assert (typed.author, typed.text) == ("U0JOHN", "/chakra user +1 555 010 9999")
    assert (answer.author, answer.text, answer.ephemeral) == ("U0CHAKRA", "John Doe", False)


async def test_ack_over_a_limit_is_rejected_and_recorded(harness: SlackHarness) -> None:
    harness.app.respond_with({"text": "Long", "blocks": [build_section_block("x" * 3001)]})
    await harness.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    line = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    assert line.author == "USLACKBOT"
    assert "invalid_command_response" in line.text
    refusal = harness.slack.rejections[0]
    assert (refusal.source, refusal.error) == ("command ack", "invalid_blocks")
    assert "/blocks/0/text/text" in refusal.messages[0]


async def test_no_ack_within_three_seconds_is_a_timeout(harness: SlackHarness) -> None:
    release = asyncio.Event()

    async def slow(_: Json) -> Response:
        await release.wait()
        return Response()

    harness.app.respond = slow
    typing = asyncio.ensure_future(harness.slack.type("U0JOHN", "C0SALES", "/chakra hi"))
    await harness.app.arrived.wait()
    await harness.clock.advance(2.9)
    assert not typing.done()
    await harness.clock.advance(0.1)
    delivered = await typing
    release.set()
    assert (delivered.status, delivered.seconds) == (0, 3.0)
    line = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    assert line.ephemeral
    assert line.text == '/chakra failed with the error "operation_timeout"'
    assert harness.slack.notices[-1].text == line.text


@pytest.mark.parametrize("status", [404, 500])
async def test_non_200_ack_is_a_failed_dispatch(harness: SlackHarness, status: int) -> None:
    harness.app.respond_with("broken", status)
    delivered = await harness.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    assert delivered.status == status
    line = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    assert line.text == '/chakra failed with the error "dispatch_failed"'


async def test_unreachable_app_is_a_failed_dispatch(harness: SlackHarness) -> None:
    harness.slack.set_request_url("http://127.0.0.1:1/slack/events")
    delivered = await harness.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    assert delivered.status == 0
    assert "dispatch_failed" in harness.slack.list_messages("U0JOHN", "C0SALES")[-1].text


async def test_unknown_command_is_answered_by_slackbot(harness: SlackHarness) -> None:
    delivered = await harness.slack.type("U0JOHN", "C0SALES", "/chacra help")
    line = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    assert line.text.startswith("/chacra is not a valid command.")
    assert line.ephemeral
    assert delivered.status == 0
    assert harness.app.received == []


async def test_text_without_a_slash_is_a_message(harness: SlackHarness) -> None:
    await harness.slack.type("U0JOHN", "C0SALES", "Ask @mei & #support")
    line = harness.slack.list_messages("U0PRIYA", "C0SALES")[-1]
    assert line.text == "Ask <@U0MEI> &amp; <#C0SUPPORT>"
    assert not line.ephemeral


@pytest.mark.parametrize(
    ("person", "channel"), [("U0SAM", "C0SALES"), ("U0STRANGER", "C0SALES"), ("U0JOHN", "C0NONE")]
)
async def test_non_member_cannot_type_in_a_channel(
    harness: SlackHarness, person: str, channel: str
) -> None:
    with pytest.raises(ActionNotPossible):
        await harness.slack.type(person, channel, "/chakra help")


async def test_two_hundred_members_type_concurrently(harness: SlackHarness) -> None:
    harness.app.respond_with({"text": "ok"})
    lines = [f"/chakra user {n}" for n in range(200)]
    sent = await asyncio.gather(*(harness.slack.type("U0JOHN", "D0JOHN", line) for line in lines))
    assert {delivered.status for delivered in sent} == {200}
    assert len({request.payload["trigger_id"] for request in harness.app.received}) == 200
    assert len(harness.slack.list_messages("U0JOHN", "D0JOHN")) == 200


async def test_settle_waits_for_the_app_and_for_its_calls(harness: SlackHarness) -> None:
    release = asyncio.Event()

    async def slow(_: Json) -> Response:
        await release.wait()
        return Response()

    harness.app.respond = slow
    typing = asyncio.ensure_future(harness.slack.type("U0JOHN", "C0SALES", "/chakra hi"))
    await harness.app.arrived.wait()
    settled = asyncio.ensure_future(harness.slack.settle())
    await asyncio.sleep(0)
    assert not settled.done()
    release.set()
    await settled
    assert (await typing).status == 200


async def test_until_waits_for_later_app_calls(harness: SlackHarness) -> None:
    await harness.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    url = harness.app.last_payload["response_url"]
    posted = asyncio.ensure_future(
        harness.slack.wait_until(
            lambda: harness.slack.list_messages("U0JOHN", "C0SALES")[-1].text == "late"
        )
    )
    await harness.post_response(url, {"text": "late"})
    await posted
