"""Every kind of request gets the same answer over HTTP and, through Bolt, in Socket Mode."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from slack_bolt.async_app import AsyncBoltRequest

from bot.sandbox.world import Sandbox
from tests.clock import ManualClock
from tests.conftest import open_world
from tests.request_client import JSON_TYPE, RequestClient, open_request_client
from tests.shared_world import SharedWorld, shared_world
from tests.slack.router_commands import ROUTER_COMMANDS

FORM = "application/x-www-form-urlencoded"
JOHN = {"id": "U0JOHN", "team_id": "T0ACME"}
TYPED = {
    "command": "/chakra",
    "user_id": "U0JOHN",
    "user_name": "john",
    "team_id": "T0ACME",
    "channel_id": "C0SALES",
    "channel_name": "sales",
    "trigger_id": "1.2.x",
    "response_url": "https://hooks.example/1",
}
VIEW = {"id": "V1", "callback_id": "stage.submit", "hash": "1.a", "blocks": [], "type": "modal"}


def build_state(name: str) -> dict[str, Any]:
    """Return the state of a form in which ``name`` was typed."""
    return {"values": {"name": {"stage.name": {"type": "plain_text_input", "value": name}}}}


IN_FORM = {**VIEW, "private_metadata": '{"state":{"saved":"yes"},"url":"","channel":""}'}
PRESS = {"user": JOHN, "trigger_id": "1.2.x"}
IN_MESSAGE = {"channel_id": "C0SALES", "message_ts": "1700000000.000100", "type": "message"}
MENU = {"user": JOHN, "trigger_id": "1.2.x"}


def build_event(kind: str, **more: Any) -> dict[str, Any]:
    """Return an envelope of the Events API."""
    return {
        "type": "event_callback",
        "team_id": "T0ACME",
        "event_id": f"Ev{kind}",
        "event_time": 1_700_000_000,
        "authorizations": [{"team_id": "T0ACME", "user_id": "U0CHAKRA", "is_bot": True}],
        "event": {"type": kind, **more},
    }


REQUESTS: dict[str, dict[str, Any]] = {
    "command": {**TYPED, "text": "say hello"},
    "command help": {**TYPED, "text": "help"},
    "command unknown": {**TYPED, "text": "xyzzy"},
    "command without an answer": {**TYPED, "text": "nothing"},
    "command with the word payload": {**TYPED, "text": "say payload=1"},
    "button in a message": {
        "type": "block_actions",
        **PRESS,
        "container": IN_MESSAGE,
        "actions": [{"action_id": "stage.form", "type": "button", "value": "7"}],
    },
    "button in a modal": {
        "type": "block_actions",
        "user": JOHN,
        "view": IN_FORM,
        "actions": [{"action_id": "stage.fill", "type": "button"}],
    },
    "link button": {
        "type": "block_actions",
        **PRESS,
        "actions": [{"action_id": "x", "type": "button", "url": "https://acme.example"}],
    },
    "submission with an error": {
        "type": "view_submission",
        "user": JOHN,
        "view": {**IN_FORM, "state": build_state("bad")},
    },
    "submission": {
        "type": "view_submission",
        "user": JOHN,
        "view": {**IN_FORM, "id": "V2", "state": build_state("next")},
    },
    "closed form": {"type": "view_closed", "user": JOHN, "view": IN_FORM, "is_cleared": False},
    "options": {
        "type": "block_suggestion",
        "user": JOHN,
        "action_id": "stage.who",
        "block_id": "who",
        "value": "ma",
    },
    "unknown options": {"type": "block_suggestion", "user": JOHN, "action_id": "no.such"},
    "shortcut": {"type": "shortcut", **MENU, "callback_id": "no.such"},
    "message shortcut": {
        "type": "message_action",
        **MENU,
        "callback_id": "no.such",
        "message": {"type": "message", "text": "hello", "ts": "1700000000.000100"},
    },
    "message event": build_event("message", channel_type="im", subtype="message_deleted"),
    "reaction event": build_event("reaction_added", user="U0JOHN", reaction="eyes"),
    "event of an unknown type": build_event("something_new"),
    "rate limited": {"type": "app_rate_limited", "team_id": "T0ACME"},
    "verification of the URL": {"type": "url_verification", "challenge": "a challenge"},
    "check of the certificate": {"ssl_check": "1", "token": "x"},
    "dialog": {"type": "dialog_submission", "callback_id": "x"},
    "legacy button": {"type": "interactive_message", "callback_id": "x"},
    "workflow step": {"type": "workflow_step_edit", "callback_id": "x"},
}
FORM_KINDS = ("command", "ssl_check")
EVENT_TYPES = ("event_callback", "url_verification", "app_rate_limited")
REFUSED = ("dialog", "legacy button", "workflow step")


@asynccontextmanager
async def open_shared() -> AsyncIterator[SharedWorld]:
    async with open_world(ManualClock(), ROUTER_COMMANDS) as world:
        shared = SharedWorld(world)
        await shared.open()
        yield shared


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared() -> AsyncIterator[tuple[SharedWorld, SharedWorld]]:
    async with open_shared() as first, open_shared() as second:
        yield first, second


@pytest_asyncio.fixture(loop_scope="module")
async def direct(shared: tuple[SharedWorld, SharedWorld]) -> AsyncIterator[RequestClient]:
    await shared[0].begin()
    async with open_request_client(shared[0].world) as post:
        yield post
    assert await shared[0].find_changes() == []


@pytest_asyncio.fixture(loop_scope="module")
async def through_bolt(shared: tuple[SharedWorld, SharedWorld]) -> AsyncIterator[Sandbox]:
    await shared[1].begin()
    yield shared[1].world
    assert await shared[1].find_changes() == []


async def post_over_http(post: RequestClient, payload: dict[str, Any]) -> tuple[int, Any]:
    if payload.get("type") in EVENT_TYPES:
        answer = await post.post_signed(json.dumps(payload).encode(), JSON_TYPE)
    elif any(name in payload for name in FORM_KINDS):
        answer = await post.post_signed(urlencode(payload).encode(), FORM)
    else:
        answer = await post.post_signed(urlencode({"payload": json.dumps(payload)}).encode(), FORM)
    return answer.status, json.loads(answer.text) if answer.status == 200 and answer.text else None


async def send_in_socket_mode(world: Sandbox, payload: dict[str, Any]) -> tuple[int, Any]:
    request = AsyncBoltRequest(mode="socket_mode", body=payload)
    response = await world.bot.build_bolt_app().async_dispatch(request)
    body = response.body if response.status == 200 else ""
    return response.status, json.loads(body) if body else None


@shared_world
@pytest.mark.world
@pytest.mark.parametrize("name", REQUESTS)
async def test_both_ways_give_the_same_answer(
    direct: RequestClient, through_bolt: Sandbox, name: str
) -> None:
    payload = REQUESTS[name]
    answers = [
        await post_over_http(direct, payload),
        await send_in_socket_mode(through_bolt, payload),
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == (404 if name in REFUSED else 200)
    await direct.world.settle()
    await through_bolt.settle()
    calls = [
        [call.method for call in world.slack.calls if call.method != "auth.test"]
        for world in (direct.world, through_bolt)
    ]
    assert calls[0] == calls[1]
