"""The routes that operators ask: alive, ready, figures; and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot.sandbox.chakra.faults import Hang, StatusResponse
from bot.web.routes import WebApp
from bot.web.server import serve
from tests.clock import ManualClock
from tests.conftest import OpenSandbox
from tests.request_client import EVENTS_PATH, RequestClient, open_request_client
from tests.shared_world import shared_world
from tests.world import World

MEI, SALES = "U0MEI", "C0SALES"


@pytest.fixture
async def client(acme: World) -> AsyncIterator[RequestClient]:
    async with open_request_client(acme) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def shared_client(acme: World) -> AsyncIterator[RequestClient]:
    """For stories that are marked ``shared_world``."""
    async with open_request_client(acme) as client:
        yield client


async def test_healthz_reports_liveness(client: RequestClient) -> None:
    answer = await client.request("/healthz")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


async def test_readyz_is_ok_when_both_services_respond(client: RequestClient) -> None:
    answer = await client.request("/readyz")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


async def test_readyz_is_degraded_with_the_reason_while_chakra_is_down(
    client: RequestClient,
) -> None:
    client.world.chakra.fail("*", StatusResponse(503))
    reading = asyncio.create_task(client.request("/readyz"))
    answer = await advance_until_done(client, reading)
    assert answer.status == 200
    assert answer.json["status"] == "degraded"
    assert answer.json["reason"].startswith("Chakra: ")


async def test_readyz_does_not_wait_for_a_hung_chakra(
    client: RequestClient, clock: ManualClock
) -> None:
    client.world.chakra.fail("*", Hang())
    reading = asyncio.create_task(client.request("/readyz"))
    await client.world.chakra.wait_for_requests(1)
    await clock.advance(3)
    answer = await reading
    assert answer.json == {"status": "degraded", "reason": "Chakra: timeout"}


async def test_readyz_is_degraded_while_slack_is_down(client: RequestClient) -> None:
    client.world.slack.fail("auth.test", error="fatal_error", times=2)
    answer = await client.request("/readyz")
    assert answer.status == 200
    assert answer.json == {"status": "degraded", "reason": "Slack: fatal_error"}


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "account_inactive"])
async def test_readyz_fails_when_slack_refuses_the_token(client: RequestClient, code: str) -> None:
    client.world.slack.fail("auth.test", error=code)
    answer = await client.request("/readyz")
    assert answer.status == 503
    assert answer.json == {"status": "failing", "reason": f"Slack: {code}"}


async def test_readyz_checks_services_once_for_many_probes(client: RequestClient) -> None:
    before = sum(call.method == "auth.test" for call in client.world.slack.calls)
    await asyncio.gather(*(client.request("/readyz") for _ in range(20)))
    assert sum(call.method == "auth.test" for call in client.world.slack.calls) == before + 1


async def test_readyz_recovers_once_the_cached_check_expires(
    client: RequestClient, clock: ManualClock
) -> None:
    client.world.slack.fail("auth.test", error="fatal_error")
    assert (await client.request("/readyz")).json["status"] == "degraded"
    await clock.advance(11)
    assert (await client.request("/readyz")).json == {"status": "ok"}


async def test_readyz_is_503_during_shutdown(client: RequestClient) -> None:
    async with client.world.bot.accepting_requests():
        assert (await client.request("/readyz")).status == 200
    answer = await client.request("/readyz")
    assert (answer.status, answer.json) == (503, {"status": "stopping"})
    assert (await client.request("/healthz")).status == 200


async def test_metrics_contain_documented_series_and_nothing_personal(
    client: RequestClient,
) -> None:
    slack = client.world.slack
    for line in ("user john@acme.com", "user +91 99999 99999", "user @johndoe", "nonsense=1"):
        await slack.type(MEI, SALES, f"/chakra {line}")
        await client.world.settle()
    answer = await client.request("/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    for series in (
        'chakra_bot_commands_total{command="user",outcome="ok"} ',
        'chakra_bot_commands_total{command="unknown",outcome="ok"} 1.0',
        'chakra_bot_commands_total{command="users",outcome="ok"} 0.0',
        "chakra_bot_ack_seconds_count ",
        'chakra_bot_upstream_requests_total{endpoint="',
        'chakra_bot_upstream_seconds_bucket{endpoint="',
        'chakra_bot_cache_requests_total{kind="users",result="',
        "chakra_bot_cache_items ",
        "chakra_bot_cache_bytes ",
    ):
        assert series in answer.text
    for personal in ("acme.com", "99999", "john", "nonsense", MEI, SALES, "xoxb"):
        assert personal not in answer.text


@shared_world
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_head_request_returns_only_headers(shared_client: RequestClient, path: str) -> None:
    answer = await shared_client.request(path, "HEAD")
    assert (answer.status, answer.text) == (200, "")


@shared_world
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_the_operators_routes_are_read_only(
    shared_client: RequestClient, path: str, method: str
) -> None:
    answer = await shared_client.request(path, method)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"


@shared_world
@pytest.mark.parametrize(
    "path", ["/", "/slack", "/slack/events/", "/chakra", "/.env", "/healthz/x", "//"]
)
async def test_unknown_paths_are_404(shared_client: RequestClient, path: str) -> None:
    for method in ("GET", "POST"):
        assert (await shared_client.request(path, method, data=b"x")).status == 404


async def test_socket_mode_has_no_slack_route(open_sandbox: OpenSandbox) -> None:
    async with open_sandbox(socket_mode=True) as world, open_request_client(world) as post:
        assert (await post.request(EVENTS_PATH, "POST", data=b"command=%2Fchakra")).status == 404
        assert (await post.request("/healthz")).status == 200
        assert (await post.request("/readyz")).json == {"status": "ok"}


async def advance_until_done(client: RequestClient, reading: asyncio.Task[Any]) -> Any:
    """The answer, however many pauses the bot makes before it tries again."""
    clock = client.world.bot.clock
    assert isinstance(clock, ManualClock)
    while not reading.done():
        await clock.advance(0.1)
        await asyncio.sleep(0.001)
    return reading.result()


async def test_internal_error_is_logged_with_a_reference(acme: World) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    health, metrics = acme.bot.context.health, acme.bot.metrics
    app = WebApp(slack=broken, events=broken, health=health, metrics=metrics)
    with capture_logs() as lines:
        async with serve(app) as url, open_request_client(replace(acme, bot_url=url)) as post:
            answer = await post.request(EVENTS_PATH, "POST", data=b"x")
    assert answer.status == 500
    assert "secret" not in answer.text
    entry = next(line for line in lines if line["event"] == "request_failed")
    assert (entry["path"], entry["kind"]) == (EVENTS_PATH, "RuntimeError")
