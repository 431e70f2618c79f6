"""A bot without a socket says so within seconds, and says when the socket is back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from bot.sandbox.slack import collect_text
from bot.slack.http.connection import LOST_AFTER_SECONDS, SocketConnection
from bot.slack.http.socket_mode import URL_SECONDS
from tests.clock import ManualClock
from tests.conftest import OpenSandbox
from tests.request_client import RequestClient, open_request_client
from tests.world import World

GAUGE = "chakra_bot_socket_connected"
MAX_STEPS = 200


async def advance_until(world: World, condition: Callable[[], bool]) -> float:
    """Let seconds pass until the condition holds; return how many. The client uses real time."""
    for seconds in range(MAX_STEPS):
        if condition():
            return float(seconds)
        await world.clock.advance(1)
        await asyncio.sleep(0.02)
    raise AssertionError("the condition never held")


async def read_connection(client: RequestClient) -> str:
    text = (await client.request("/metrics")).text
    return next(line.split()[1] for line in text.splitlines() if line.startswith(GAUGE))


async def test_a_lost_socket_shows_everywhere_and_so_does_its_return(
    open_sandbox: OpenSandbox,
) -> None:
    with capture_logs() as lines:
        async with (
            open_sandbox(socket_mode=True, ping_seconds=0.05) as world,
            open_request_client(world) as client,
        ):
            health = world.bot.context.health
            assert (await client.request("/readyz")).json == {"status": "ok"}
            assert await read_connection(client) == "1.0"

            await world.slack.sockets.go_down()
            lost_after = await advance_until(
                world, lambda: any(line["event"] == "socket_lost" for line in lines)
            )
            assert lost_after <= LOST_AFTER_SECONDS + 2
            answer = await client.request("/readyz")
            assert (answer.status, answer.json["reason"]) == (503, "Slack: no_socket")
            assert (await client.request("/healthz")).status == 200
            assert await read_connection(client) == "0.0"
            assert (await health.check_slack()).problem == "no_socket"

            world.slack.sockets.come_back()
            assert await advance_until(world, lambda: world.slack.sockets.is_connected) <= (
                URL_SECONDS + 5
            )
            await world.clock.advance(2)
            assert (await client.request("/readyz")).json == {"status": "ok"}
            assert await read_connection(client) == "1.0"
            assert "status" in collect_text(await world.type("/chakra help"))
    events = [line["event"] for line in lines if line["event"].startswith("socket_")]
    assert events == ["socket_connected", "socket_lost", "socket_connected"]


@pytest.mark.parametrize("error", ["internal_error", "not_allowed_token_type"])
async def test_a_socket_for_which_slack_gives_no_address_is_lost_until_it_does(
    open_sandbox: OpenSandbox, error: str
) -> None:
    async with open_sandbox(socket_mode=True, ping_seconds=0.05) as world:
        health = world.bot.context.health
        world.slack.fail("apps.connections.open", error=error, times=12)
        await world.slack.sockets.aclose()
        await advance_until(world, health._is_socket_lost)
        assert (await health.check_slack()).problem == "no_socket"
        await advance_until(world, lambda: not health._is_socket_lost())
        assert (await health.check_slack(refresh=True)).is_healthy


async def test_an_outage_of_minutes_fills_no_log(
    open_sandbox: OpenSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_sandbox(socket_mode=True, ping_seconds=0.01) as world:
        caplog.clear()
        await world.slack.sockets.go_down()
        lost = world.bot.context.health
        await advance_until(world, lost._is_socket_lost)
        caplog.clear()
        for _ in range(25):
            await world.clock.advance(1)
            await asyncio.sleep(0.01)
        assert [line for line in caplog.messages if line.startswith("Failed")] == []


async def test_a_refresh_that_slack_asks_for_is_no_loss(open_sandbox: OpenSandbox) -> None:
    with capture_logs() as lines:
        async with open_sandbox(socket_mode=True, ping_seconds=0.05) as world:
            for _ in range(3):
                await world.slack.sockets.request_reconnect()
                for _ in range(3):
                    await asyncio.sleep(0.02)
                    await world.clock.advance(1)
            assert (await world.bot.context.health.check_slack()).is_healthy
    assert [line for line in lines if line["event"] == "socket_lost"] == []


@pytest.mark.parametrize(
    ("looks", "events"),
    [
        ("+", ["socket_connected"]),
        ("+++", ["socket_connected"]),
        ("---", []),
        ("--+", ["socket_connected"]),
        ("+--+", ["socket_connected"]),
        ("+----", ["socket_connected", "socket_lost"]),
        ("+---------", ["socket_connected", "socket_lost"]),
        ("+----+", ["socket_connected", "socket_lost", "socket_connected"]),
        ("+-+-+-+-", ["socket_connected"]),
        ("+----+----", ["socket_connected", "socket_lost", "socket_connected", "socket_lost"]),
    ],
)
async def test_each_loss_and_each_return_is_logged_once(
    clock: ManualClock, looks: str, events: list[str]
) -> None:
    with capture_logs() as lines:
        connection = SocketConnection(clock)
        assert connection.is_lost
        for look in looks:
            connection.update(is_open=look == "+")
            await clock.advance(1)
    assert [line["event"] for line in lines] == events
    assert connection.is_lost == looks.endswith("---")
