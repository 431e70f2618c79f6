"""What the doctor finds: each trouble by its name, with its remedy, and no secret."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from tempfile import gettempdir
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import manifest
from bot.cli.doctor import CheckResult, run_checks
from bot.sandbox.chakra.faults import (
    ErrorsWithStatus200,
    HtmlErrorPage,
    InvalidJsonBody,
    StatusResponse,
    TooManyRequests,
)
from bot.sandbox.world import Sandbox, build_settings
from bot.settings.settings import Settings
from bot.web.server import serve
from tests.clock import ManualClock
from tests.conftest import OpenWorld
from tests.posting import nobody_listens

NEW = SecretStr(f"sqlite:///{gettempdir()}/the-database-of-no-bot.db")
"""It is not there, and the doctor does not make it."""
PERSON, GROUP = "U0JOHN", "S0SALES"


def given(made: Sandbox, *, socket_mode: bool = False, senders: Any = (), **other: Any) -> Settings:
    """The settings of the world, some of them otherwise."""
    right = build_settings(made.slack, made.chakra, senders=tuple(senders), socket_mode=socket_mode)
    return right.model_copy(update={"database_url": NEW, **other})


async def findings(settings: Settings, clock: ManualClock) -> list[CheckResult]:
    """All of them; pauses before a second try pass quickly."""

    async def all_of_them() -> list[CheckResult]:
        return [finding async for finding in run_checks(settings, clock)]

    task = asyncio.create_task(all_of_them())
    while not task.done():
        await asyncio.sleep(0.001)
        await clock.advance(0.02)
    return task.result()


async def wrong(settings: Settings, clock: ManualClock) -> dict[str, str]:
    """Subject -> the whole line, of everything that is wrong."""
    found = await findings(settings, clock)
    return {finding.subject: str(finding) for finding in found if not finding.is_ok}


# --- well ----------------------------------------------------------------------------------------


async def test_when_all_is_well_every_line_says_so(acme: Sandbox, clock: ManualClock) -> None:
    found = await findings(given(acme, senders=(PERSON, GROUP)), clock)
    assert all(finding.is_ok and str(finding).startswith("ok    ") for finding in found)
    assert [finding.subject for finding in found] == [
        "Settings",
        "Slack token",
        "Slack scopes",
        "Clock",
        "Slack mode",
        "SENDERS",
        "SENDERS",
        "Chakra",
        "Chakra token",
        "Database",
    ]
    assert "Acme" in str(found[1])


async def test_in_socket_mode_a_connection_is_tried(acme: Sandbox, clock: ManualClock) -> None:
    found = await findings(given(acme, socket_mode=True), clock)
    assert "ok    Socket Mode: a connection can be opened." in map(str, found)


async def test_no_line_holds_a_secret(acme: Sandbox, clock: ManualClock) -> None:
    bad = given(
        acme,
        slack_bot_token=SecretStr("xoxb-wrong-token"),
        chakra_access_token=SecretStr("wrong-chakra-token"),
    )
    for settings in (given(acme, socket_mode=True), bad):
        told = " ".join(map(str, await findings(settings, clock)))
        for secret in settings.secrets():
            assert secret not in told


# --- Slack ---------------------------------------------------------------------------------------


async def test_a_wrong_bot_token_is_named_and_chakra_is_still_examined(
    acme: Sandbox, clock: ManualClock
) -> None:
    found = await findings(given(acme, slack_bot_token=SecretStr("xoxb-wrong")), clock)
    assert [finding.subject for finding in found] == [
        "Settings",
        "Slack token",
        "Chakra",
        "Chakra token",
        "Database",
    ]
    line = str(found[1])
    assert line.startswith("WRONG Slack token: Slack rejected SLACK_BOT_TOKEN (invalid_auth). Copy")
    assert "OAuth & Permissions" in line


@pytest.mark.parametrize(
    "lacking", [("users:read",), ("users:read", "usergroups:read"), ("users:read.email",)]
)
async def test_missing_scopes_are_named(
    open_world: OpenWorld, clock: ManualClock, lacking: tuple[str, ...]
) -> None:
    given_less = manifest.load()
    scopes = given_less["oauth_config"]["scopes"]["bot"]
    scopes[:] = [scope for scope in scopes if scope not in lacking]
    async with open_world(app_manifest=given_less) as made:
        told = await wrong(given(made), clock)
    assert f"missing: {', '.join(lacking)}." in told["Slack scopes"]
    assert "Reinstall" in told["Slack scopes"]
    assert list(told) == ["Slack scopes"]


async def test_a_sender_that_cannot_be_asked_about_for_want_of_a_scope(
    open_world: OpenWorld, clock: ManualClock
) -> None:
    given_less = manifest.load()
    given_less["oauth_config"]["scopes"]["bot"].remove("usergroups:read")
    async with open_world(app_manifest=given_less) as made:
        told = await wrong(given(made, senders=(GROUP,)), clock)
    assert "Grant the missing scope" in told["SENDERS"]


@pytest.mark.parametrize("sender", ["U0NOBODY", "S0NOBODY"])
async def test_a_sender_that_slack_does_not_know_is_named(
    acme: Sandbox, clock: ManualClock, sender: str
) -> None:
    told = await wrong(given(acme, senders=(PERSON, sender)), clock)
    assert sender in told["SENDERS"]
    assert "remove it from SENDERS" in told["SENDERS"]


@pytest.mark.parametrize("token", ["xapp-wrong", "the bot's own"])
async def test_a_wrong_app_token_is_named(acme: Sandbox, clock: ManualClock, token: str) -> None:
    shown = acme.slack.bot_token if token == "the bot's own" else token
    settings = given(acme, socket_mode=True, slack_app_token=SecretStr(shown))
    told = await wrong(settings, clock)
    assert "Slack rejected SLACK_APP_TOKEN" in told["Socket Mode"]
    assert "connections:write" in told["Socket Mode"]


async def test_a_slack_that_is_not_there(acme: Sandbox, clock: ManualClock) -> None:
    with nobody_listens() as port:
        told = await wrong(given(acme, slack_api_url=f"http://127.0.0.1:{port}/api/"), clock)
    assert "could not be reached. Check the network and SLACK_API_URL." in told["Slack token"]


async def test_an_address_where_something_else_answers(acme: Sandbox, clock: ManualClock) -> None:
    async with serve(answering(HTMLResponse("<html>Welcome</html>"))) as url:
        told = await wrong(given(acme, slack_api_url=f"{url}/api/"), clock)
    assert "SLACK_API_URL is not the address of Slack's API" in told["Slack token"]


@pytest.mark.parametrize("code", ["fatal_error", "service_unavailable", "ratelimited"])
async def test_a_slack_that_fails_is_not_blamed_on_the_token(
    acme: Sandbox, clock: ManualClock, code: str
) -> None:
    acme.slack.fail("auth.test", error=code, retry_after=99)
    told = await wrong(given(acme), clock)
    assert f"Slack is failing right now ({code})" in told["Slack token"]


async def test_slack_that_fails_later_on_is_told_where_it_does(
    acme: Sandbox, clock: ManualClock
) -> None:
    acme.slack.fail("apps.connections.open", error="fatal_error")
    acme.slack.fail("users.info", status=500)
    told = await wrong(given(acme, socket_mode=True, senders=(PERSON,)), clock)
    assert "is failing right now" in told["Socket Mode"]
    assert "is failing right now" in told["SENDERS"]


# --- the clock -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "said"),
    [
        (0, "ok    Clock: agrees"),
        (59, "ok    Clock: agrees"),
        (-59, "ok    Clock: agrees"),
        (-400, "WRONG Clock: 400 seconds ahead of Slack's."),
        (400, "WRONG Clock: 400 seconds behind Slack's."),
        (None, "ok    Clock: not checked"),
        ("yesterday", "ok    Clock: not checked"),
    ],
)
async def test_the_clock_is_compared_with_slacks(
    acme: Sandbox, date: int | str | None, said: str
) -> None:
    clock = StoppedClock()
    shown = formatdate(clock.time() + date, usegmt=True) if isinstance(date, int) else date
    async with serve(dated(acme.slack.app, shown)) as url:
        found = await findings(given(acme, slack_api_url=f"{url}/api/"), clock)
    assert any(str(finding).startswith(said) for finding in found)


class StoppedClock(ManualClock):
    """Its timers run, its date does not."""

    def time(self) -> float:
        return 1_700_000_000.0


def dated(app: ASGIApp, date: str | None) -> ASGIApp:
    async def dating(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and date is not None:
                message["headers"] = [*message["headers"], (b"date", date.encode())]
            await send(message)

        await app(scope, receive, sending)

    return dating


# --- Chakra --------------------------------------------------------------------------------------


async def test_a_chakra_that_is_not_there(acme: Sandbox, clock: ManualClock) -> None:
    with nobody_listens() as port:
        told = await wrong(given(acme, chakra_api_url=f"http://127.0.0.1:{port}"), clock)
    assert "could not be reached. Check the network and CHAKRA_API_URL." in told["Chakra"]


async def test_a_wrong_access_token_is_named(acme: Sandbox, clock: ManualClock) -> None:
    told = await wrong(given(acme, chakra_access_token=SecretStr("wrong")), clock)
    assert "Chakra rejected CHAKRA_ACCESS_TOKEN" in told["Chakra token"]
    assert "Access Tokens" in told["Chakra token"]


async def test_a_key_whose_role_is_too_small(acme: Sandbox, clock: ManualClock) -> None:
    acme.chakra.fail("GET /v1/ext/config", StatusResponse(403))
    told = await wrong(given(acme), clock)
    assert list(told) == ["Chakra token"]
    assert "role with more permissions" in told["Chakra token"]


async def test_the_dashboards_address_is_not_the_apis(acme: Sandbox, clock: ManualClock) -> None:
    async with serve(answering(HTMLResponse("<html>Sign in</html>"))) as url:
        told = await wrong(given(acme, chakra_api_url=url), clock)
    assert "not the dashboard's" in told["Chakra"]
    assert "not the dashboard's" in told["Chakra token"]


@pytest.mark.parametrize(
    "fault", [InvalidJsonBody(), HtmlErrorPage(200), ErrorsWithStatus200(), StatusResponse(404)]
)
async def test_an_api_that_answers_otherwise_than_documented(
    acme: Sandbox, clock: ManualClock, fault: Any
) -> None:
    acme.chakra.fail("GET /v1/ext/config", fault)
    told = await wrong(given(acme), clock)
    assert list(told) == ["Chakra token"]
    assert "CHAKRA_API_URL" in told["Chakra token"]


@pytest.mark.parametrize("fault", [StatusResponse(503), TooManyRequests(retry_after_seconds=600)])
async def test_a_chakra_that_fails_is_not_blamed_on_the_settings(
    acme: Sandbox, clock: ManualClock, fault: Any
) -> None:
    acme.chakra.fail("*", fault)
    told = await wrong(given(acme), clock)
    assert "is failing right now (HTTP " in told["Chakra"]


def answering(response: Response) -> Starlette:
    async def answer(_: object) -> Response:
        return response

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
