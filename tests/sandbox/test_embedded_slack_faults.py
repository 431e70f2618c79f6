"""Planned faults: what a client of the Web API gets when Slack fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.sandbox.slack_harness import SlackHarness, open_harness


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness() as harness:
        yield harness


async def post_message(harness: SlackHarness, text: str) -> int:
    """Call chat.postMessage without a client that retries."""
    headers = {"Authorization": f"Bearer {harness.slack.bot_token}"}
    body = {"channel": "C0SALES", "text": text}
    url = harness.slack.api_url + "chat.postMessage"
    async with harness.session.post(url, json=body, headers=headers) as answer:
        await answer.read()
        return answer.status


def is_posted(harness: SlackHarness, text: str) -> int:
    return [m.text for m in harness.slack.list_messages("U0JOHN", "C0SALES")].count(text)


async def test_injected_error_occurs_the_given_number_of_times(harness: SlackHarness) -> None:
    harness.slack.fail("users.info", error="fatal_error", times=2)
    for _ in range(2):
        assert (await harness.call_rejected("users.info", user="U0JOHN"))["error"] == "fatal_error"
    assert (await harness.web.users_info(user="U0JOHN"))["ok"]


async def test_injected_rate_limit(harness: SlackHarness) -> None:
    harness.slack.fail("chat.postMessage", error="ratelimited", retry_after=2)
    assert await post_message(harness, "hi") == 429
    assert is_posted(harness, "hi") == 0


async def test_injected_server_error(harness: SlackHarness) -> None:
    harness.slack.fail("chat.postMessage", status=503)
    assert await post_message(harness, "hi") == 503


@pytest.mark.parametrize(("reset", "times"), [("before", 0), ("after", 1)])
async def test_a_connection_breaks_before_or_after_the_post(
    harness: SlackHarness, reset: str, times: int
) -> None:
    harness.slack.fail("chat.postMessage", reset=reset)  # type: ignore[arg-type]
    with pytest.raises(aiohttp.ClientError):
        await post_message(harness, "hi")
    await harness.slack.settle()
    assert is_posted(harness, "hi") == times
    assert harness.slack.calls[-1].args["text"] == "hi"
    assert await post_message(harness, "again") == 200


async def test_hung_method_resumes_when_released(harness: SlackHarness) -> None:
    harness.slack.hang("chat.postMessage")
    posting = asyncio.ensure_future(post_message(harness, "hi"))
    assert (await harness.web.auth_test())["ok"]
    assert is_posted(harness, "hi") == 0
    harness.slack.release("chat.postMessage")
    assert await posting == 200
    assert is_posted(harness, "hi") == 1


async def test_hung_calls_do_not_block_closing() -> None:
    async with open_harness() as harness:
        harness.slack.hang("chat.postMessage")
        posting = asyncio.ensure_future(post_message(harness, "hi"))
        await harness.web.auth_test()
    assert await asyncio.gather(posting, return_exceptions=True)


async def test_response_urls_support_injected_faults(harness: SlackHarness) -> None:
    await harness.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    harness.slack.fail("response_url", status=500)
    url = harness.app.last_payload["response_url"]
    assert (await harness.post_response(url, {"text": "hi"}))[0] == 500
    assert (await harness.post_response(url, {"text": "hi"}))[0] == 200
