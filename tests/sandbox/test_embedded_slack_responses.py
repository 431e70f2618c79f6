"""Response URLs: five uses, thirty minutes, and which messages can be replaced."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from tests.sandbox.slack_harness import (
    SlackHarness,
    build_actions_block,
    build_section_block,
    open_harness,
)


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness() as harness:
        yield harness


async def read_command_response_url(harness: SlackHarness, channel: str = "C0SALES") -> str:
    await harness.slack.type("U0JOHN", channel, "/chakra hi")
    return str(harness.app.last_payload["response_url"])


async def press_response_url(harness: SlackHarness, *, only_for: str | None = None) -> str:
    await harness.post_button(only_for=only_for)
    await harness.slack.press("U0JOHN", "go")
    return str(harness.app.last_payload["response_url"])


async def test_response_is_ephemeral_by_default(harness: SlackHarness) -> None:
    url = await read_command_response_url(harness)
    assert await harness.post_response(url, {"text": "one"}) == (200, "ok")
    assert await harness.post_response(url, {"text": "two", "response_type": "in_channel"}) == (
        200,
        "ok",
    )
    seen = [m.text for m in harness.slack.list_messages("U0MEI", "C0SALES")]
    assert "two" in seen
    assert "one" not in seen


async def test_response_url_works_without_membership(harness: SlackHarness) -> None:
    url = await read_command_response_url(harness, "C0GENERAL")
    await harness.post_response(url, {"text": "public", "response_type": "in_channel"})
    assert harness.slack.list_messages("U0MEI", "C0GENERAL")[-1].text == "public"


async def test_sixth_use_is_rejected(harness: SlackHarness) -> None:
    url = await read_command_response_url(harness)
    for number in range(5):
        assert (await harness.post_response(url, {"text": str(number)}))[0] == 200
    status, text = await harness.post_response(url, {"text": "6"})
    assert status == 404
    assert "used_url" in text


async def test_response_url_expires_after_thirty_minutes(harness: SlackHarness) -> None:
    url = await read_command_response_url(harness)
    await harness.clock.advance(30 * 60 - 1)
    assert (await harness.post_response(url, {"text": "in time"}))[0] == 200
    await harness.clock.advance(1)
    status, text = await harness.post_response(url, {"text": "too late"})
    assert status == 404
    assert "expired_url" in text


async def test_unknown_response_url_is_rejected(harness: SlackHarness) -> None:
    status, _ = await harness.post_response(
        f"{harness.slack.base_url}/response/commands/x", {"text": "hi"}
    )
    assert status == 404


async def test_body_over_a_limit_is_rejected_without_counting(harness: SlackHarness) -> None:
    url = await read_command_response_url(harness)
    for _ in range(6):
        status, text = await harness.post_response(
            url, {"text": "x", "blocks": [build_section_block("")]}
        )
        assert status == 400
        assert json.loads(text)["error"] == "invalid_blocks"
    assert (await harness.post_response(url, {"text": "fine"}))[0] == 200


async def test_the_line_of_a_command_is_never_replaced(harness: SlackHarness) -> None:
    harness.app.respond_with({"text": "Working on it"})
    await harness.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    url = harness.app.last_payload["response_url"]
    await harness.post_response(url, {"text": "Done", "replace_original": True})
    await harness.post_response(url, {"text": "Really", "replace_original": True})
    lines = [m.text for m in harness.slack.list_messages("U0JOHN", "C0SALES")[-3:]]
    assert lines == ["Working on it", "Done", "Really"]


@pytest.mark.parametrize("only_for", [None, "U0JOHN"])
async def test_a_message_whose_button_was_pressed_is_replaced(
    harness: SlackHarness, only_for: str | None
) -> None:
    url = await press_response_url(harness, only_for=only_for)
    before = harness.slack.list_messages("U0JOHN", "C0SALES")
    await harness.post_response(
        url, {"text": "Done", "replace_original": True, "blocks": [build_section_block("Ok")]}
    )
    after = harness.slack.list_messages("U0JOHN", "C0SALES")
    assert len(after) == len(before)
    assert (after[-1].id, after[-1].text) == (before[-1].id, "Done")
    assert after[-1].ephemeral is bool(only_for)


async def test_a_message_can_be_deleted_through_its_button(harness: SlackHarness) -> None:
    url = await press_response_url(harness, only_for="U0JOHN")
    before = harness.slack.list_messages("U0JOHN", "C0SALES")
    await harness.post_response(url, {"delete_original": True})
    assert harness.slack.list_messages("U0JOHN", "C0SALES") == before[:-1]


async def test_response_without_replace_posts_a_new_message(harness: SlackHarness) -> None:
    url = await press_response_url(harness)
    await harness.post_response(url, {"text": "For you", "blocks": [build_actions_block()]})
    line = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    assert (line.text, line.ephemeral) == ("For you", True)


async def test_a_body_may_come_as_a_form(harness: SlackHarness) -> None:
    url = await read_command_response_url(harness)
    data = {"payload": json.dumps({"text": "by form"})}
    async with harness.session.post(url, data=data) as answer:
        assert answer.status == 200
    assert harness.slack.list_messages("U0JOHN", "C0SALES")[-1].text == "by form"


async def test_response_posts_are_recorded_as_calls(harness: SlackHarness) -> None:
    url = await read_command_response_url(harness)
    await harness.post_response(url, {"text": "hi"})
    call = harness.slack.calls[-1]
    assert (call.method, call.args, call.response) == ("response_url", {"text": "hi"}, "ok")
