"""Answers by response URL: as signed, whatever the host, never twice, and never with a token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.sandbox.slack import collect_text
from bot.slack import blocks
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.reply import Message, build_response_body
from bot.web.server import serve
from tests.clock import ManualClock
from tests.request_client import reserve_port
from tests.sandbox.slack_harness import SlackHarness, open_harness
from tests.slack.stub_server import TOKEN, StubServer, catch_slack_error, count_calls, open_client

JOHN, SALES = "U0JOHN", "C0SALES"


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness() as harness:
        yield harness


@pytest.fixture
async def slack(harness: SlackHarness) -> AsyncIterator[SlackClient]:
    async with open_client(
        harness.slack.api_url, harness.clock, token=harness.slack.bot_token
    ) as client:
        yield client


async def read_response_url(harness: SlackHarness) -> str:
    await harness.slack.type(JOHN, SALES, "/chakra hi")
    return str(harness.app.last_payload["response_url"])


async def test_response_is_visible_to_the_requester(
    harness: SlackHarness, slack: SlackClient
) -> None:
    await slack.post_response_url(
        await read_response_url(harness), Message("hello", (blocks.section("hello"),))
    )
    message = harness.slack.list_messages(JOHN, SALES)[-1]
    assert (collect_text(message), message.ephemeral) == ("hello", True)


def test_response_sets_visibility_and_replacement() -> None:
    assert build_response_body(Message("a")) == {
        "response_type": "ephemeral",
        "text": "a",
        "replace_original": False,
    }
    assert build_response_body(Message("a", to_channel=True))["response_type"] == "in_channel"
    assert build_response_body(Message("a", replace_original=True))["replace_original"] is True
    assert build_response_body(Message("a", ({"type": "divider"},)))["blocks"] == [
        {"type": "divider"}
    ]


async def test_response_url_allows_five_uses_in_thirty_minutes(
    harness: SlackHarness, slack: SlackClient
) -> None:
    url = await read_response_url(harness)
    for number in range(5):
        await slack.post_response_url(url, Message(f"{number}"))
    error = await catch_slack_error(slack.post_response_url(url, Message("6")))
    assert (error.method, error.code) == ("response_url", "used_url")
    fresh = await read_response_url(harness)
    await harness.clock.advance(1_801)
    assert (
        await catch_slack_error(slack.post_response_url(fresh, Message("late")))
    ).code == "expired_url"


async def test_rejected_message_is_raised(harness: SlackHarness, slack: SlackClient) -> None:
    url = await read_response_url(harness)
    too_much = Message("x", tuple(blocks.divider() for _ in range(51)))
    assert (
        await catch_slack_error(slack.post_response_url(url, too_much))
    ).code == "invalid_blocks"


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_response_that_may_have_arrived_is_not_retried(
    harness: SlackHarness, slack: SlackClient, reset: Any
) -> None:
    url = await read_response_url(harness)
    harness.slack.fail("response_url", reset=reset)
    assert (
        await catch_slack_error(slack.post_response_url(url, Message("once")))
    ).code == "unreachable"
    assert count_calls(harness, "response_url") == 1
    count = [collect_text(message) for message in harness.slack.list_messages(JOHN, SALES)].count(
        "once"
    )
    assert count == (reset == "after")


async def test_rate_limited_response_url_is_retried_once(
    harness: SlackHarness, slack: SlackClient
) -> None:
    url = await read_response_url(harness)
    harness.slack.fail("response_url", error="ratelimited", retry_after=2)
    answering = asyncio.create_task(slack.post_response_url(url, Message("hello")))
    await harness.clock.wait_for_sleep(2)
    await harness.clock.advance(2)
    await answering
    assert collect_text(harness.slack.list_messages(JOHN, SALES)[-1]) == "hello"
    harness.slack.fail("response_url", error="ratelimited", retry_after=99)
    error = await catch_slack_error(slack.post_response_url(url, Message("hello")))
    assert (error.code, error.retry_after) == ("ratelimited", 99)


async def test_unconnected_response_is_retried_once(
    clock: ManualClock,
) -> None:
    wire = StubServer(lambda: PlainTextResponse("ok"))
    with reserve_port() as port:
        url = f"http://127.0.0.1:{port}/r"
        async with open_client("http://127.0.0.1:9/api/", clock) as slack:
            answering = asyncio.create_task(slack.post_response_url(url, Message("hello")))
            await clock.wait_for_sleep(0.2)
            async with serve(wire.app, port):
                await clock.advance(0.2)
                await answering
            assert len(wire.requests) == 1


async def test_refused_response_url_is_unreachable(clock: ManualClock) -> None:
    with reserve_port() as port:
        url = f"http://127.0.0.1:{port}/r"
        async with open_client("http://127.0.0.1:9/api/", clock) as slack:
            answering = asyncio.create_task(slack.post_response_url(url, Message("hello")))
            await clock.wait_for_sleep(0.2)
            await clock.advance(0.2)
            assert (await catch_slack_error(answering)).code == "unreachable"


async def test_no_token_is_sent_to_a_response_url(clock: ManualClock) -> None:
    wire = StubServer(lambda: JSONResponse({"ok": True}))
    async with wire.serve() as url, open_client(f"{url}/api/", clock) as slack:
        await slack.call("auth.test")
        await slack.post_response_url(f"{url}/response/1", Message("hello"))
    sent = wire.requests[-1]
    assert sent.path == "/response/1"
    assert not {"authorization", "cookie"} & set(sent.headers)
    assert TOKEN not in str(sent)


async def test_response_url_redirect_is_not_followed(clock: ManualClock) -> None:
    elsewhere = StubServer()
    async with elsewhere.serve() as other:
        moved = StubServer(lambda: Response(status_code=307, headers={"location": f"{other}/x"}))
        async with moved.serve() as url, open_client(f"{url}/api/", clock) as slack:
            error = await catch_slack_error(slack.post_response_url(f"{url}/r", Message("hello")))
    assert error.code == "http_307"
    assert elsewhere.requests == []


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
async def test_slack_error_is_found_in_any_response(
    clock: ManualClock, answer: Response, code: str
) -> None:
    async with (
        StubServer(lambda: answer).serve() as url,
        open_client(f"{url}/api/", clock) as slack,
    ):
        assert (
            await catch_slack_error(slack.post_response_url(f"{url}/r", Message("hello")))
        ).code == code


@pytest.mark.parametrize("url", ["", "x", "ftp://x", "http://", "http://[", "//x"])
async def test_malformed_response_url_is_unreachable(clock: ManualClock, url: str) -> None:
    async with open_client("http://127.0.0.1:9/api/", clock) as slack:
        assert (
            await catch_slack_error(slack.post_response_url(url, Message("hello")))
        ).code == "unreachable"


async def test_hung_response_url_times_out(harness: SlackHarness) -> None:
    url = await read_response_url(harness)
    harness.slack.hang("response_url")
    async with open_client(harness.slack.api_url, harness.clock, patience=0.1) as slack:
        assert (
            await catch_slack_error(slack.post_response_url(url, Message("hello")))
        ).code == "unreachable"
    harness.slack.release()
