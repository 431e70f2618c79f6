"""Response URLs: five uses, thirty minutes, and which messages can be replaced."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from tests.sandbox.slack_stage import Stage, actions, section, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


async def url_of_a_command(stage: Stage, channel: str = "C0SALES") -> str:
    await stage.slack.type("U0JOHN", channel, "/chakra hi")
    return str(stage.app.last["response_url"])


async def url_of_a_press(stage: Stage, *, only_for: str | None = None) -> str:
    await stage.button(only_for=only_for)
    await stage.slack.press("U0JOHN", "go")
    return str(stage.app.last["response_url"])


async def test_an_answer_is_ephemeral_unless_it_says_otherwise(stage: Stage) -> None:
    url = await url_of_a_command(stage)
    assert await stage.respond(url, {"text": "one"}) == (200, "ok")
    assert await stage.respond(url, {"text": "two", "response_type": "in_channel"}) == (200, "ok")
    seen = [m.text for m in stage.slack.messages("U0MEI", "C0SALES")]
    assert "two" in seen
    assert "one" not in seen


async def test_it_works_where_the_app_is_no_member(stage: Stage) -> None:
    url = await url_of_a_command(stage, "C0GENERAL")
    await stage.respond(url, {"text": "public", "response_type": "in_channel"})
    assert stage.slack.messages("U0MEI", "C0GENERAL")[-1].text == "public"


async def test_a_sixth_use_is_refused(stage: Stage) -> None:
    url = await url_of_a_command(stage)
    for number in range(5):
        assert (await stage.respond(url, {"text": str(number)}))[0] == 200
    status, text = await stage.respond(url, {"text": "6"})
    assert status == 404
    assert "used_url" in text


async def test_after_thirty_minutes_it_is_refused(stage: Stage) -> None:
    url = await url_of_a_command(stage)
    await stage.clock.advance(30 * 60 - 1)
    assert (await stage.respond(url, {"text": "in time"}))[0] == 200
    await stage.clock.advance(1)
    status, text = await stage.respond(url, {"text": "too late"})
    assert status == 404
    assert "expired_url" in text


async def test_a_url_that_slack_never_gave_is_refused(stage: Stage) -> None:
    status, _ = await stage.respond(f"{stage.slack.base_url}/response/commands/x", {"text": "hi"})
    assert status == 404


async def test_a_body_that_breaks_a_limit_is_refused_and_costs_no_use(stage: Stage) -> None:
    url = await url_of_a_command(stage)
    for _ in range(6):
        status, text = await stage.respond(url, {"text": "x", "blocks": [section("")]})
        assert status == 400
        assert json.loads(text)["error"] == "invalid_blocks"
    assert (await stage.respond(url, {"text": "fine"}))[0] == 200


async def test_the_line_of_a_command_is_never_replaced(stage: Stage) -> None:
    stage.app.says({"text": "Working on it"})
    await stage.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    url = stage.app.last["response_url"]
    await stage.respond(url, {"text": "Done", "replace_original": True})
    await stage.respond(url, {"text": "Really", "replace_original": True})
    lines = [m.text for m in stage.slack.messages("U0JOHN", "C0SALES")[-3:]]
    assert lines == ["Working on it", "Done", "Really"]


@pytest.mark.parametrize("only_for", [None, "U0JOHN"])
async def test_a_message_whose_button_was_pressed_is_replaced(
    stage: Stage, only_for: str | None
) -> None:
    url = await url_of_a_press(stage, only_for=only_for)
    before = stage.slack.messages("U0JOHN", "C0SALES")
    await stage.respond(url, {"text": "Done", "replace_original": True, "blocks": [section("Ok")]})
    after = stage.slack.messages("U0JOHN", "C0SALES")
    assert len(after) == len(before)
    assert (after[-1].id, after[-1].text) == (before[-1].id, "Done")
    assert after[-1].ephemeral is bool(only_for)


async def test_a_message_can_be_deleted_through_its_button(stage: Stage) -> None:
    url = await url_of_a_press(stage, only_for="U0JOHN")
    before = stage.slack.messages("U0JOHN", "C0SALES")
    await stage.respond(url, {"delete_original": True})
    assert stage.slack.messages("U0JOHN", "C0SALES") == before[:-1]


async def test_without_replacing_a_new_line_appears_beside_the_message(stage: Stage) -> None:
    url = await url_of_a_press(stage)
    await stage.respond(url, {"text": "For you", "blocks": [actions()]})
    line = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    assert (line.text, line.ephemeral) == ("For you", True)


async def test_a_body_may_come_as_a_form(stage: Stage) -> None:
    url = await url_of_a_command(stage)
    data = {"payload": json.dumps({"text": "by form"})}
    async with stage.session.post(url, data=data) as answer:
        assert answer.status == 200
    assert stage.slack.messages("U0JOHN", "C0SALES")[-1].text == "by form"


async def test_posts_are_noted_among_the_calls(stage: Stage) -> None:
    url = await url_of_a_command(stage)
    await stage.respond(url, {"text": "hi"})
    call = stage.slack.calls[-1]
    assert (call.method, call.args, call.response) == ("response_url", {"text": "hi"}, "ok")
