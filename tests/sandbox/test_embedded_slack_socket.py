"""Socket Mode, as Slack's own Python client speaks it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from tests.sandbox.slack_harness import (
    Json,
    SlackHarness,
    build_field_block,
    build_modal,
    open_harness,
)


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness() as harness:
        yield harness


@contextlib.asynccontextmanager
async def connect_app(
    harness: SlackHarness, answer: Callable[[Json], Json | None]
) -> AsyncIterator[list[SocketModeRequest]]:
    requests: list[SocketModeRequest] = []

    async def answer_envelope(
        client: AsyncBaseSocketModeClient, request: SocketModeRequest
    ) -> None:
        requests.append(request)
        response = SocketModeResponse(request.envelope_id, answer(request.payload))
        await client.send_socket_mode_response(response)

    client = SocketModeClient(harness.slack.app_token, web_client=harness.web)
    client.socket_mode_request_listeners.append(answer_envelope)
    await client.connect()  # type: ignore[no-untyped-call]
    try:
        yield requests
    finally:
        await client.close()  # type: ignore[no-untyped-call]
        await client.aiohttp_client_session.close()


@contextlib.asynccontextmanager
async def open_connection(harness: SlackHarness) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Connect a raw WebSocket, without a client's behavior."""
    async with harness.session.ws_connect(await get_ticket(harness)) as socket:
        yield socket


async def get_ticket(harness: SlackHarness) -> str:
    answer = await harness.web.apps_connections_open(app_token=harness.slack.app_token)
    return str(answer["url"])


async def test_commands_come_as_envelopes_and_acks_carry_the_answer(harness: SlackHarness) -> None:
    async with connect_app(harness, lambda _: {"text": "Over the socket"}) as requests:
        delivered = await harness.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    assert (delivered.status, delivered.body) == (200, {"text": "Over the socket"})
    assert requests[0].type == "slash_commands"
    assert requests[0].accepts_response_payload is True
    assert requests[0].payload["command"] == "/chakra"
    assert harness.slack.list_messages("U0JOHN", "C0SALES")[-1].text == "Over the socket"
    assert harness.app.received == []


async def test_interactions_come_as_interactive_envelopes(harness: SlackHarness) -> None:
    errors = {"response_action": "errors", "errors": {"name": "No."}}

    def answer(payload: Json) -> Json | None:
        return errors if payload.get("type") == "view_submission" else None

    async with connect_app(harness, answer) as requests:
        await harness.post_button()
        await harness.slack.press("U0JOHN", "go")
        trigger = requests[-1].payload["trigger_id"]
        await harness.web.views_open(
            trigger_id=trigger, view=build_modal(build_field_block("name"))
        )
        delivered = await harness.slack.submit("U0JOHN", {"name": "Asha"})
    assert [request.type for request in requests] == ["interactive", "interactive"]
    assert requests[0].accepts_response_payload is False
    assert delivered.errors == {"name": "No."}


async def test_hello_is_sent_first_and_a_ticket_works_once(harness: SlackHarness) -> None:
    url = await get_ticket(harness)
    async with harness.session.ws_connect(url) as socket:
        hello = json.loads(await socket.receive_str())
        assert hello["type"] == "hello"
        assert (hello["num_connections"], hello["connection_info"]["app_id"]) == (1, "A0CHAKRA")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await harness.session.ws_connect(url)


async def test_connection_lost_before_the_ack_is_a_failed_dispatch(harness: SlackHarness) -> None:
    async with open_connection(harness) as socket:
        await socket.receive_str()
        typing = asyncio.ensure_future(harness.slack.type("U0JOHN", "C0SALES", "/chakra hi"))
        await socket.receive_str()
    assert (await typing).status == 0
    assert "dispatch_failed" in harness.slack.list_messages("U0JOHN", "C0SALES")[-1].text
    await harness.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    assert len(harness.app.received) == 1


async def test_an_envelope_that_is_not_acked_times_out(harness: SlackHarness) -> None:
    async with open_connection(harness) as socket:
        await socket.receive_str()
        typing = asyncio.ensure_future(harness.slack.type("U0JOHN", "C0SALES", "/chakra hi"))
        await socket.receive_str()
        await socket.send_str("junk")
        await socket.send_str(json.dumps({"envelope_id": "another"}))
        await harness.clock.advance(3)
        delivered = await typing
    assert (delivered.status, delivered.seconds) == (0, 3.0)


async def test_envelopes_are_shared_among_the_connections(harness: SlackHarness) -> None:
    async with (
        connect_app(harness, lambda _: None) as first,
        connect_app(harness, lambda _: None) as second,
    ):
        for _ in range(4):
            await harness.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    assert (len(first), len(second)) == (2, 2)


async def test_a_new_ticket_after_a_refresh(harness: SlackHarness) -> None:
    async with open_connection(harness) as socket:
        await socket.receive_str()
        await harness.slack.sockets.request_reconnect()
        message = json.loads(await socket.receive_str())
    assert (message["type"], message["reason"]) == ("disconnect", "refresh_requested")
