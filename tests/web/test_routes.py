"""The routes that operators ask: alive, ready, figures; and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.sandbox.chakra.faults import Hang, StatusResponse
from bot.web.routes import WebApp
from bot.web.server import serve
from tests.clock import ManualClock
from tests.conftest import OpenWorld
from tests.posting import EVENTS, Post, posting
from tests.world import World

MEI, SALES = "U0MEI", "C0SALES"


@pytest.fixture
async def post(acme: World) -> AsyncIterator[Post]:
    async with posting(acme) as made:
        yield made


async def test_healthz_says_that_the_process_lives(post: Post) -> None:
    answer = await post.ask("/healthz")
    assert (answer.status, answer.body) == (200, {"status": "ok"})


async def test_readyz_is_well_when_both_services_answer(post: Post) -> None:
    answer = await post.ask("/readyz")
    assert (answer.status, answer.body) == (200, {"status": "ok"})


async def test_readyz_is_degraded_with_the_reason_while_chakra_is_down(post: Post) -> None:
    post.world.chakra.fail("*", StatusResponse(503))
    reading = asyncio.create_task(post.ask("/readyz"))
    answer = await by_and_by(post, reading)
    assert answer.status == 200
    assert answer.body["status"] == "degraded"
    assert answer.body["reason"].startswith("Chakra: ")


async def test_readyz_does_not_wait_for_a_hung_chakra(post: Post, clock: ManualClock) -> None:
    post.world.chakra.fail("*", Hang())
    reading = asyncio.create_task(post.ask("/readyz"))
    await post.world.chakra.wait_for_requests(1)
    await clock.advance(3)
    answer = await reading
    assert answer.body == {"status": "degraded", "reason": "Chakra: timeout"}


async def test_readyz_is_degraded_while_slack_is_down(post: Post) -> None:
    post.world.slack.fail("auth.test", error="fatal_error", times=2)
    answer = await post.ask("/readyz")
    assert answer.status == 200
    assert answer.body == {"status": "degraded", "reason": "Slack: fatal_error"}


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "account_inactive"])
async def test_readyz_fails_when_slack_refuses_the_token(post: Post, code: str) -> None:
    post.world.slack.fail("auth.test", error=code)
    answer = await post.ask("/readyz")
    assert answer.status == 503
    assert answer.body == {"status": "failing", "reason": f"Slack: {code}"}


async def test_readyz_asks_the_services_once_for_many_probes(post: Post) -> None:
    before = sum(call.method == "auth.test" for call in post.world.slack.calls)
    await asyncio.gather(*(post.ask("/readyz") for _ in range(20)))
    assert sum(call.method == "auth.test" for call in post.world.slack.calls) == before + 1


async def test_readyz_recovers_once_the_reading_is_old(post: Post, clock: ManualClock) -> None:
    post.world.slack.fail("auth.test", error="fatal_error")
    assert (await post.ask("/readyz")).body["status"] == "degraded"
    await clock.advance(11)
    assert (await post.ask("/readyz")).body == {"status": "ok"}


async def test_readyz_says_503_once_the_bot_stops(post: Post) -> None:
    async with post.world.bot.accepting_requests():
        assert (await post.ask("/readyz")).status == 200
    answer = await post.ask("/readyz")
    assert (answer.status, answer.body) == (503, {"status": "stopping"})
    assert (await post.ask("/healthz")).status == 200


async def test_metrics_hold_what_is_promised_and_nothing_personal(post: Post) -> None:
    slack = post.world.slack
    for line in ("user john@acme.com", "user +91 99999 99999", "user @johndoe", "nonsense"):
        await slack.type(MEI, SALES, f"/chakra {line}")
        await post.world.settle()
    answer = await post.ask("/metrics")
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


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_a_head_request_gets_the_head_alone(post: Post, path: str) -> None:
    answer = await post.ask(path, "HEAD")
    assert (answer.status, answer.text) == (200, "")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_the_operators_routes_are_read_only(post: Post, path: str, method: str) -> None:
    answer = await post.ask(path, method)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path", ["/", "/slack", "/slack/events/", "/chakra", "/.env", "/healthz/x", "//"]
)
async def test_there_is_nothing_else(post: Post, path: str) -> None:
    for method in ("GET", "POST"):
        assert (await post.ask(path, method, data=b"x")).status == 404


async def test_in_socket_mode_there_is_no_door_for_slack(open_world: OpenWorld) -> None:
    async with open_world(socket_mode=True) as made, posting(made) as post:
        assert (await post.ask(EVENTS, "POST", data=b"command=%2Fchakra")).status == 404
        assert (await post.ask("/healthz")).status == 200
        assert (await post.ask("/readyz")).body == {"status": "ok"}


async def by_and_by(post: Post, reading: asyncio.Task[Any]) -> Any:
    """The answer, however many pauses the bot makes before it tries again."""
    clock = post.world.bot.clock
    assert isinstance(clock, ManualClock)
    while not reading.done():
        await clock.advance(0.1)
        await asyncio.sleep(0.001)
    return reading.result()


async def test_a_fault_of_ours_is_logged_with_a_reference(acme: World) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    health, metrics = acme.bot.context.health, acme.bot.metrics
    app = WebApp(slack=broken, events=broken, health=health, metrics=metrics)
    with capture_logs() as lines:
        async with serve(app) as url, posting(replace(acme, bot_url=url)) as post:
            answer = await post.ask(EVENTS, "POST", data=b"x")
    assert answer.status == 500
    assert "secret" not in answer.text
    told = next(line for line in lines if line["event"] == "request_failed")
    assert (told["path"], told["kind"]) == (EVENTS, "RuntimeError")
