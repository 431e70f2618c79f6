"""Requests that come twice: replays are refused, Slack's own repeats are not."""

from __future__ import annotations

import pytest

from bot.slack.http.endpoint import ACCEPTED
from tests.slack.http.door import COMMAND, FORM, JSON, LIMITS, Door, interaction

PRESS = interaction(user={"id": "U1"}, actions=[{"action_id": "x"}])
FORM_VALUES = {"user": {"id": "U1"}, "view": {"id": "V1"}}
SUBMISSION = interaction("view_submission", **FORM_VALUES)
MENU = interaction("block_suggestion", user={"id": "U1"}, action_id="x")


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.mark.parametrize("body", [COMMAND, PRESS, SUBMISSION])
async def test_a_command_or_interaction_passes_once(door: Door, body: bytes) -> None:
    headers = door.signed(body)
    assert [(await door.ask(headers, [body])).status for _ in range(3)] == [200, 409, 409]
    assert door.observed == [ACCEPTED, "replayed", "replayed"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b'{"type": "event_callback"}', JSON), (MENU, FORM)],
)
async def test_events_and_option_requests_may_repeat(
    door: Door, body: bytes, content_type: str
) -> None:
    headers = door.signed(body, content_type)
    assert [(await door.ask(headers, [body])).status for _ in range(2)] == [200, 200]


async def test_typing_block_suggestion_makes_nothing_repeatable(door: Door) -> None:
    body = interaction("view_submission", **FORM_VALUES, text='"type": "block_suggestion"')
    headers = door.signed(body)
    assert [(await door.ask(headers, [body])).status for _ in range(2)] == [200, 409]


async def test_a_captured_command_does_not_pass_as_json(door: Door) -> None:
    await door.post(COMMAND)
    assert (await door.ask(door.signed(COMMAND, JSON), [COMMAND])).status == 400


async def test_a_signature_is_remembered_for_as_long_as_its_timestamp_is_good(door: Door) -> None:
    headers = door.signed(COMMAND, age=-300)
    assert (await door.ask(headers, [COMMAND])).status == 200
    await door.clock.advance(599)
    assert (await door.ask(headers, [COMMAND])).status == 409
    await door.clock.advance(2)
    assert (await door.ask(headers, [COMMAND])).status == 401


async def test_a_refused_request_is_not_remembered(door: Door) -> None:
    body = b"payload=%7B"
    assert (await door.post(body)).status == 400
    assert (await door.post(body)).status == 400


async def test_the_memory_is_bounded(door: Door) -> None:
    bodies = [COMMAND + b"&n=%d" % number for number in range(LIMITS.max_cached_signatures + 1)]
    statuses = [(await door.post(body)).status for body in (*bodies, bodies[-1], bodies[0])]
    assert statuses == [200, 200, 200, 200, 409, 200]
