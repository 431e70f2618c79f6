"""Answers by response URL: as signed, whatever the host, never twice, and never with a token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.sandbox.slack import visible_text
from bot.slack import blocks
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.reply import Message, response_body
from bot.web.server import serve
from tests.clock import ManualClock
from tests.posting import nobody_listens
from tests.sandbox.slack_stage import Stage, staged
from tests.slack.wire import TOKEN, Wire, client, count, refused

JOHN, SALES = "U0JOHN", "C0SALES"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


@pytest.fixture
async def slack(stage: Stage) -> AsyncIterator[SlackClient]:
    async with client(stage.slack.api_url, stage.clock, token=stage.slack.bot_token) as made:
        yield made


async def response_url(stage: Stage) -> str:
    await stage.slack.type(JOHN, SALES, "/chakra hi")
    return str(stage.app.last["response_url"])


async def test_an_answer_is_seen_by_the_asker(stage: Stage, slack: SlackClient) -> None:
    await slack.post_response_url(
        await response_url(stage), Message("hello", (blocks.section("hello"),))
    )
    shown = stage.slack.messages(JOHN, SALES)[-1]
    assert (visible_text(shown), shown.ephemeral) == ("hello", True)


def test_an_answer_says_who_shall_see_it_and_what_it_replaces() -> None:
    assert response_body(Message("a")) == {
        "response_type": "ephemeral",
        "text": "a",
        "replace_original": False,
    }
    assert response_body(Message("a", to_channel=True))["response_type"] == "in_channel"
    assert response_body(Message("a", replace_original=True))["replace_original"] is True
    assert response_body(Message("a", ({"type": "divider"},)))["blocks"] == [{"type": "divider"}]


async def test_a_url_serves_five_times_and_half_an_hour(stage: Stage, slack: SlackClient) -> None:
    url = await response_url(stage)
    for number in range(5):
        await slack.post_response_url(url, Message(f"{number}"))
    error = await refused(slack.post_response_url(url, Message("6")))
    assert (error.method, error.code) == ("response_url", "used_url")
    fresh = await response_url(stage)
    await stage.clock.advance(1_801)
    assert (await refused(slack.post_response_url(fresh, Message("late")))).code == "expired_url"


async def test_a_message_that_slack_refuses_is_said(stage: Stage, slack: SlackClient) -> None:
    url = await response_url(stage)
    too_much = Message("x", tuple(blocks.divider() for _ in range(51)))
    assert (await refused(slack.post_response_url(url, too_much))).code == "invalid_blocks"


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_an_answer_that_may_have_arrived_is_not_repeated(
    stage: Stage, slack: SlackClient, reset: Any
) -> None:
    url = await response_url(stage)
    stage.slack.fail("response_url", reset=reset)
    assert (await refused(slack.post_response_url(url, Message("once")))).code == "unreachable"
    assert count(stage, "response_url") == 1
    said = [visible_text(one) for one in stage.slack.messages(JOHN, SALES)].count("once")
    assert said == (reset == "after")


async def test_a_busy_response_url_is_waited_for_once(stage: Stage, slack: SlackClient) -> None:
    url = await response_url(stage)
    stage.slack.fail("response_url", error="ratelimited", retry_after=2)
    answering = asyncio.create_task(slack.post_response_url(url, Message("hello")))
    await stage.clock.until_sleeping(2)
    await stage.clock.advance(2)
    await answering
    assert visible_text(stage.slack.messages(JOHN, SALES)[-1]) == "hello"
    stage.slack.fail("response_url", error="ratelimited", retry_after=99)
    error = await refused(slack.post_response_url(url, Message("hello")))
    assert (error.code, error.retry_after) == ("ratelimited", 99)


async def test_an_answer_whose_connection_was_never_made_is_tried_once_more(
    clock: ManualClock,
) -> None:
    wire = Wire(lambda: PlainTextResponse("ok"))
    with nobody_listens() as port:
        url = f"http://127.0.0.1:{port}/r"
        async with client("http://127.0.0.1:9/api/", clock) as slack:
            answering = asyncio.create_task(slack.post_response_url(url, Message("hello")))
            await clock.until_sleeping(0.2)
            async with serve(wire.app, port):
                await clock.advance(0.2)
                await answering
            assert len(wire.asked) == 1


async def test_a_response_url_where_nobody_listens_is_unreachable(clock: ManualClock) -> None:
    with nobody_listens() as port:
        url = f"http://127.0.0.1:{port}/r"
        async with client("http://127.0.0.1:9/api/", clock) as slack:
            answering = asyncio.create_task(slack.post_response_url(url, Message("hello")))
            await clock.until_sleeping(0.2)
            await clock.advance(0.2)
            assert (await refused(answering)).code == "unreachable"


async def test_no_token_goes_to_a_response_url(clock: ManualClock) -> None:
    wire = Wire(lambda: JSONResponse({"ok": True}))
    async with wire.served() as url, client(f"{url}/api/", clock) as slack:
        await slack.call("auth.test")
        await slack.post_response_url(f"{url}/response/1", Message("hello"))
    sent = wire.asked[-1]
    assert sent.path == "/response/1"
    assert not {"authorization", "cookie"} & set(sent.headers)
    assert TOKEN not in str(sent)


async def test_a_response_url_that_leads_elsewhere_is_not_followed(clock: ManualClock) -> None:
    elsewhere = Wire()
    async with elsewhere.served() as other:
        moved = Wire(lambda: Response(status_code=307, headers={"location": f"{other}/x"}))
        async with moved.served() as url, client(f"{url}/api/", clock) as slack:
            error = await refused(slack.post_response_url(f"{url}/r", Message("hello")))
    assert error.code == "http_307"
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (JSONResponse({"ok": False, "error": "cant_update_message"}), "cant_update_message"),
        (PlainTextResponse("no_text", 500), "no_text"),
        (JSONResponse({"ok": False, "error": "msg_too_long"}, 400), "msg_too_long"),
        (PlainTextResponse("<html>no</html>", 404), "http_404"),
        (JSONResponse({"ok": False}, 200), "http_200"),
        (JSONResponse({"ok": False, "error": {"a": 1}}, 400), "http_400"),
        (Response(b"\xff\xfe", 502), "http_502"),
    ],
)
async def test_slacks_word_is_found_in_whatever_it_answers(
    clock: ManualClock, answer: Response, code: str
) -> None:
    async with Wire(lambda: answer).served() as url, client(f"{url}/api/", clock) as slack:
        assert (await refused(slack.post_response_url(f"{url}/r", Message("hello")))).code == code


@pytest.mark.parametrize("url", ["", "x", "ftp://x", "http://", "http://[", "//x"])
async def test_a_response_url_that_is_none_is_unreachable(clock: ManualClock, url: str) -> None:
    async with client("http://127.0.0.1:9/api/", clock) as slack:
        assert (await refused(slack.post_response_url(url, Message("hello")))).code == "unreachable"


async def test_a_hung_response_url_is_given_up(stage: Stage) -> None:
    url = await response_url(stage)
    stage.slack.hang("response_url")
    async with client(stage.slack.api_url, stage.clock, patience=0.1) as slack:
        assert (await refused(slack.post_response_url(url, Message("hello")))).code == "unreachable"
    stage.slack.release()
