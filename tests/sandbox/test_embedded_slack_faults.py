"""Planned faults: what a client of the Web API gets when Slack fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.sandbox.slack_stage import Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


async def post(stage: Stage, text: str) -> int:
    """Call chat.postMessage without a client that retries."""
    headers = {"Authorization": f"Bearer {stage.slack.bot_token}"}
    body = {"channel": "C0SALES", "text": text}
    url = stage.slack.api_url + "chat.postMessage"
    async with stage.session.post(url, json=body, headers=headers) as answer:
        await answer.read()
        return answer.status


def said(stage: Stage, text: str) -> int:
    return [m.text for m in stage.slack.messages("U0JOHN", "C0SALES")].count(text)


async def test_an_error_on_order_comes_as_often_as_ordered(stage: Stage) -> None:
    stage.slack.fail("users.info", error="fatal_error", times=2)
    for _ in range(2):
        assert (await stage.refusal("users.info", user="U0JOHN"))["error"] == "fatal_error"
    assert (await stage.web.users_info(user="U0JOHN"))["ok"]


async def test_a_rate_limit_on_order(stage: Stage) -> None:
    stage.slack.fail("chat.postMessage", error="ratelimited", retry_after=2)
    assert await post(stage, "hi") == 429
    assert said(stage, "hi") == 0


async def test_a_server_error_on_order(stage: Stage) -> None:
    stage.slack.fail("chat.postMessage", status=503)
    assert await post(stage, "hi") == 503


@pytest.mark.parametrize(("reset", "times"), [("before", 0), ("after", 1)])
async def test_a_connection_breaks_before_or_after_the_post(
    stage: Stage, reset: str, times: int
) -> None:
    stage.slack.fail("chat.postMessage", reset=reset)  # type: ignore[arg-type]
    with pytest.raises(aiohttp.ClientError):
        await post(stage, "hi")
    await stage.slack.settle()
    assert said(stage, "hi") == times
    assert stage.slack.calls[-1].args["text"] == "hi"
    assert await post(stage, "again") == 200


async def test_a_hung_method_goes_on_when_it_is_released(stage: Stage) -> None:
    stage.slack.hang("chat.postMessage")
    posting = asyncio.ensure_future(post(stage, "hi"))
    assert (await stage.web.auth_test())["ok"]
    assert said(stage, "hi") == 0
    stage.slack.release("chat.postMessage")
    assert await posting == 200
    assert said(stage, "hi") == 1


async def test_what_still_hangs_does_not_keep_slack_from_closing() -> None:
    async with staged() as stage:
        stage.slack.hang("chat.postMessage")
        posting = asyncio.ensure_future(post(stage, "hi"))
        await stage.web.auth_test()
    assert await asyncio.gather(posting, return_exceptions=True)


async def test_response_urls_fail_on_order_too(stage: Stage) -> None:
    await stage.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    stage.slack.fail("response_url", status=500)
    url = stage.app.last["response_url"]
    assert (await stage.respond(url, {"text": "hi"}))[0] == 500
    assert (await stage.respond(url, {"text": "hi"}))[0] == 200
