"""In Socket Mode as over HTTP, junk is refused, and what arrives twice runs once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from structlog.testing import capture_logs

from bot.sandbox.slack import collect_text
from bot.slack.commands.command import Payload
from bot.slack.http.envelopes import EnvelopeChecker, parse_envelope
from bot.slack.http.verification import RequestRejected
from bot.slack.surfaces import EMPTY_ACK, Ack
from tests.clock import ManualClock
from tests.conftest import OpenSandbox
from tests.people import JOHN, SALES
from tests.slack.http.test_both_ways import REQUESTS, TYPED
from tests.slack.router_commands import ROUTER_COMMANDS
from tests.world import World

REPEATED = sorted(
    name
    for name, payload in REQUESTS.items()
    if payload.get("type")
    not in ("block_suggestion", "event_callback", "url_verification", "app_rate_limited")
    and "ssl_check" not in payload
)
HALF_A_PAIR = "\ud83d"
TEN_MINUTES = 600.0


class Dispatch:
    def __init__(self) -> None:
        self.payloads: list[Payload] = []

    async def __call__(self, payload: Payload) -> Ack | None:
        self.payloads.append(payload)
        return EMPTY_ACK


def build_checker(clock: ManualClock, dispatch: Dispatch, rejected: list[str]) -> EnvelopeChecker:
    return EnvelopeChecker(dispatch, clock, on_rejected=rejected.append)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "not_json"),
        ("text", "not_json"),
        (7, "not_json"),
        ([], "not_json"),
        ([TYPED], "not_json"),
        ({**TYPED, "text": None}, "not_a_payload"),
        ({**TYPED, "text": ["say"]}, "not_a_payload"),
        ({**TYPED, "command": 7}, "not_a_payload"),
        ({**TYPED, "user_id": {"id": JOHN}}, "not_a_payload"),
        ({**TYPED, "text": f"say {HALF_A_PAIR}"}, "not_json"),
        ({**TYPED, "text": "x" * 1_100_000}, "too_large"),
        ({"type": 7}, "not_a_payload"),
        ({"type": "block_actions"}, "not_a_payload"),
        ({"type": "block_actions", "user": {"id": JOHN}, "actions": []}, "not_a_payload"),
        ({"type": "block_actions", "user": JOHN, "actions": [{}]}, "not_a_payload"),
        ({"type": "view_submission", "user": {"id": JOHN}}, "not_a_payload"),
        ({"type": "view_submission", "user": {"id": JOHN}, "view": []}, "not_a_payload"),
        ({"type": "event_callback", "event": "message"}, "not_a_payload"),
        ({"type": "shortcut", "user": {"id": JOHN}}, "not_a_payload"),
    ],
)
async def test_an_unreadable_payload_is_refused(
    clock: ManualClock, payload: object, reason: str
) -> None:
    dispatch, rejected = Dispatch(), list[str]()
    with pytest.raises(RequestRejected, match=reason):
        await build_checker(clock, dispatch, rejected).dispatch(payload)
    assert (dispatch.payloads, rejected) == ([], [reason])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(TYPED)), inner),
    )
)
def test_any_payload_is_parsed_or_refused(payload: object) -> None:
    try:
        request = parse_envelope(payload)
    except RequestRejected:
        return
    assert isinstance(request.payload, dict)


@pytest.mark.parametrize("name", REPEATED)
async def test_commands_and_interactions_are_accepted_once(clock: ManualClock, name: str) -> None:
    dispatch, rejected = Dispatch(), list[str]()
    checker = build_checker(clock, dispatch, rejected)
    again = json.loads(json.dumps(REQUESTS[name]))
    await checker.dispatch(REQUESTS[name])
    with pytest.raises(RequestRejected, match="replayed"):
        await checker.dispatch(again)
    await checker.dispatch({**again, "trigger_id": "another"})
    assert len(dispatch.payloads) == 2
    assert rejected == ["replayed"]
    await clock.jump(TEN_MINUTES + 1)
    await checker.dispatch(again)


@pytest.mark.parametrize("name", ["options", "message event", "verification of the URL"])
async def test_what_slack_may_repeat_is_passed_on(clock: ManualClock, name: str) -> None:
    dispatch, rejected = Dispatch(), list[str]()
    checker = build_checker(clock, dispatch, rejected)
    await checker.dispatch(REQUESTS[name])
    await checker.dispatch(REQUESTS[name])
    assert (len(dispatch.payloads), rejected) == (2, [])


# --- through Bolt --------------------------------------------------------------------------------


@pytest.fixture
async def world(open_sandbox: OpenSandbox) -> AsyncIterator[World]:
    async with open_sandbox(ROUTER_COMMANDS, socket_mode=True) as world:
        yield world


async def deliver(bolt: AsyncApp, payload: Any) -> int:
    request = AsyncBoltRequest(mode="socket_mode", body=payload)
    return int((await bolt.async_dispatch(request)).status)


async def test_a_command_that_arrives_twice_runs_once_and_the_log_says_so(world: World) -> None:
    bolt = world.bot.build_bolt_app()
    with capture_logs() as lines:
        assert await deliver(bolt, {**TYPED, "text": "say hello"}) == 200
        assert await deliver(bolt, {**TYPED, "text": "say hello"}) == 409
        assert await deliver(bolt, {**TYPED, "text": 7}) == 400
    reasons = [line["reason"] for line in lines if line["event"] == "request_rejected"]
    assert reasons == ["replayed", "not_a_payload"]


async def test_over_a_real_socket_the_same_line_may_be_typed_again(world: World) -> None:
    for _ in range(2):
        await world.slack.type(JOHN, SALES, "/chakra say hello")
    said = [collect_text(message) for message in world.slack.list_messages(JOHN, SALES)]
    assert said[-2:] == ["hello", "hello"]
