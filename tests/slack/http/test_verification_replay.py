"""Requests that come twice: replays are refused, Slack's own repeats are not."""

from __future__ import annotations

import pytest

from bot.slack.http.endpoint import ACCEPTED
from tests.slack.http.verifier_harness import (
    COMMAND,
    FORM,
    JSON,
    LIMITS,
    VerifierHarness,
    build_interaction_body,
)

PRESS = build_interaction_body(user={"id": "U1"}, actions=[{"action_id": "x"}])
FORM_VALUES = {"user": {"id": "U1"}, "view": {"id": "V1"}}
SUBMISSION = build_interaction_body("view_submission", **FORM_VALUES)
MENU = build_interaction_body("block_suggestion", user={"id": "U1"}, action_id="x")


@pytest.fixture
def harness() -> VerifierHarness:
    return VerifierHarness()


@pytest.mark.parametrize("body", [COMMAND, PRESS, SUBMISSION])
async def test_command_or_interaction_is_accepted_once(
    harness: VerifierHarness, body: bytes
) -> None:
    headers = harness.sign_headers(body)
    assert [(await harness.request(headers, [body])).status for _ in range(3)] == [200, 409, 409]
    assert harness.outcomes == [ACCEPTED, "replayed", "replayed"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b'{"type": "event_callback"}', JSON), (MENU, FORM)],
)
async def test_events_and_option_requests_may_repeat(
    harness: VerifierHarness, body: bytes, content_type: str
) -> None:
    headers = harness.sign_headers(body, content_type)
    assert [(await harness.request(headers, [body])).status for _ in range(2)] == [200, 200]


async def test_block_suggestion_in_text_does_not_allow_replays(harness: VerifierHarness) -> None:
    body = build_interaction_body(
        "view_submission", **FORM_VALUES, text='"type": "block_suggestion"'
    )
    headers = harness.sign_headers(body)
    assert [(await harness.request(headers, [body])).status for _ in range(2)] == [200, 409]


async def test_captured_command_is_rejected_as_json(harness: VerifierHarness) -> None:
    await harness.post(COMMAND)
    assert (await harness.request(harness.sign_headers(COMMAND, JSON), [COMMAND])).status == 400


async def test_signature_is_remembered_while_its_timestamp_is_valid(
    harness: VerifierHarness,
) -> None:
    headers = harness.sign_headers(COMMAND, age=-300)
    assert (await harness.request(headers, [COMMAND])).status == 200
    await harness.clock.advance(599)
    assert (await harness.request(headers, [COMMAND])).status == 409
    await harness.clock.advance(2)
    assert (await harness.request(headers, [COMMAND])).status == 401


async def test_rejected_request_is_not_remembered(harness: VerifierHarness) -> None:
    body = b"payload=%7B"
    assert (await harness.post(body)).status == 400
    assert (await harness.post(body)).status == 400


async def test_replay_cache_is_bounded(harness: VerifierHarness) -> None:
    bodies = [COMMAND + b"&n=%d" % number for number in range(LIMITS.max_cached_signatures + 1)]
    statuses = [(await harness.post(body)).status for body in (*bodies, bodies[-1], bodies[0])]
    assert statuses == [200, 200, 200, 200, 409, 200]
