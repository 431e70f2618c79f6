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
from bot.slack.client.files import describe_file_hosts
from bot.web.server import serve
from tests.clock import ManualClock
from tests.conftest import OpenSandbox
from tests.request_client import reserve_port
from tests.shared_world import shared_world

NEW_DATABASE_URL = SecretStr(f"sqlite:///{gettempdir()}/the-database-of-no-bot.db")
"""It is not there, and the doctor does not make it."""
SENDER, SENDER_GROUP = "U0JOHN", "S0SALES"


def build_test_settings(
    world: Sandbox, *, socket_mode: bool = False, senders: Any = (), **other: Any
) -> Settings:
    """The settings of the world, some of them otherwise."""
    right = build_settings(
        world.slack, world.chakra, senders=tuple(senders), socket_mode=socket_mode
    )
    return right.model_copy(update={"database_url": NEW_DATABASE_URL, **other})


async def run_all_checks(settings: Settings, clock: ManualClock) -> list[CheckResult]:
    """All of them; pauses before a second try pass quickly."""

    async def collect() -> list[CheckResult]:
        return [finding async for finding in run_checks(settings, clock)]

    task = asyncio.create_task(collect())
    while not task.done():
        await asyncio.sleep(0.001)
        await clock.advance(0.02)
    return task.result()


async def list_failed_checks(settings: Settings, clock: ManualClock) -> dict[str, str]:
    """Subject -> the whole line, of everything that is wrong."""
    found = await run_all_checks(settings, clock)
    return {finding.subject: str(finding) for finding in found if not finding.is_ok}


# --- well ----------------------------------------------------------------------------------------


@shared_world
async def test_all_checks_pass(acme: Sandbox, clock: ManualClock) -> None:
    found = await run_all_checks(build_test_settings(acme, senders=(SENDER, SENDER_GROUP)), clock)
    assert all(finding.is_ok and str(finding).startswith("ok    ") for finding in found)
    assert [finding.subject for finding in found] == [
        "Settings",
        "Slack token",
        "Slack scopes",
        "Slack files",
        "Clock",
        "Slack mode",
        "SENDERS",
        "SENDERS",
        "Chakra",
        "Chakra token",
        "Database",
    ]
    assert "Acme" in str(found[1])


@shared_world
async def test_socket_mode_tries_a_connection(acme: Sandbox, clock: ManualClock) -> None:
    found = await run_all_checks(build_test_settings(acme, socket_mode=True), clock)
    assert "ok    Socket Mode: a connection can be opened." in map(str, found)


@shared_world
async def test_output_contains_no_secret(acme: Sandbox, clock: ManualClock) -> None:
    bad = build_test_settings(
        acme,
        slack_bot_token=SecretStr("xoxb-wrong-token"),
        chakra_access_token=SecretStr("wrong-chakra-token"),
    )
    for settings in (build_test_settings(acme, socket_mode=True), bad):
        failures = " ".join(map(str, await run_all_checks(settings, clock)))
        for secret in settings.list_secrets():
            assert secret not in failures


SLACK_HOSTS = "slack.com and slack-gov.com, with their subdomains"


@pytest.mark.parametrize(
    ("api_url", "own"),
    [
        ("https://slack.com/api/", ""),
        ("https://slack-gov.com/api/", ""),
        ("https://acme.slack.com/api/", ""),
        ("https://proxy.acme.example/slack/", "proxy.acme.example"),
        ("http://127.0.0.1:8400/api/", "127.0.0.1:8400"),
        ("https://notslack.com/api/", "notslack.com"),
    ],
)
def test_hosts_of_files_are_listed(api_url: str, own: str) -> None:
    other = f", and {own} (SLACK_API_URL)" if own else ""
    assert describe_file_hosts(api_url) == SLACK_HOSTS + other


# --- Slack ---------------------------------------------------------------------------------------


@shared_world
async def test_wrong_bot_token_is_named_and_chakra_is_still_checked(
    acme: Sandbox, clock: ManualClock
) -> None:
    found = await run_all_checks(
        build_test_settings(acme, slack_bot_token=SecretStr("xoxb-wrong")), clock
    )
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


@pytest.mark.parametrize("declined", [(), ("usergroups:read",)])
async def test_missing_scopes_are_named(
    open_sandbox: OpenSandbox, clock: ManualClock, declined: tuple[str, ...]
) -> None:
    given_less = manifest.load()
    given_less["oauth_config"]["scopes"]["bot"].remove("users:read")
    async with open_sandbox(app_manifest=given_less, declined_scopes=declined) as world:
        failures = await list_failed_checks(build_test_settings(world), clock)
    assert f"missing: {', '.join(('users:read', *declined))}." in failures["Slack scopes"]
    assert "Reinstall" in failures["Slack scopes"]
    assert list(failures) == ["Slack scopes"]


async def test_declined_scopes_are_no_failure(
    open_sandbox: OpenSandbox, clock: ManualClock
) -> None:
    declined = ("users:read.email", "files:read")
    async with open_sandbox(declined_scopes=declined) as world:
        found = await run_all_checks(build_test_settings(world), clock)
    [line] = [str(result) for result in found if result.subject == "Slack scopes"]
    assert line.startswith("ok    Slack scopes: granted, except for optional ones. Off: ")
    assert all(scope in line for scope in declined)
    assert "files chosen in forms" in line


async def test_sender_that_cannot_be_checked_without_a_scope(
    open_sandbox: OpenSandbox, clock: ManualClock
) -> None:
    async with open_sandbox(declined_scopes=("usergroups:read",)) as world:
        failures = await list_failed_checks(
            build_test_settings(world, senders=(SENDER_GROUP,)), clock
        )
    assert "Grant the missing scope" in failures["SENDERS"]


@shared_world
@pytest.mark.parametrize("sender", ["U0STRANGER", "S0UNKNOWN"])
async def test_unknown_sender_is_named(acme: Sandbox, clock: ManualClock, sender: str) -> None:
    failures = await list_failed_checks(build_test_settings(acme, senders=(SENDER, sender)), clock)
    assert sender in failures["SENDERS"]
    assert "remove it from SENDERS" in failures["SENDERS"]


@shared_world
@pytest.mark.parametrize("token", ["xapp-wrong", "the bot's own"])
async def test_a_wrong_app_token_is_named(acme: Sandbox, clock: ManualClock, token: str) -> None:
    presented = acme.slack.bot_token if token == "the bot's own" else token
    settings = build_test_settings(acme, socket_mode=True, slack_app_token=SecretStr(presented))
    failures = await list_failed_checks(settings, clock)
    assert "Slack rejected SLACK_APP_TOKEN" in failures["Socket Mode"]
    assert "connections:write" in failures["Socket Mode"]


@shared_world
async def test_unreachable_slack(acme: Sandbox, clock: ManualClock) -> None:
    with reserve_port() as port:
        failures = await list_failed_checks(
            build_test_settings(acme, slack_api_url=f"http://127.0.0.1:{port}/api/"), clock
        )
    assert "could not be reached. Check the network and SLACK_API_URL." in failures["Slack token"]


@shared_world
async def test_slack_url_of_another_service(acme: Sandbox, clock: ManualClock) -> None:
    async with serve(respond_with(HTMLResponse("<html>Welcome</html>"))) as url:
        failures = await list_failed_checks(
            build_test_settings(acme, slack_api_url=f"{url}/api/"), clock
        )
    assert "SLACK_API_URL is not the address of Slack's API" in failures["Slack token"]


@shared_world
@pytest.mark.parametrize("code", ["fatal_error", "service_unavailable", "ratelimited"])
async def test_a_slack_that_fails_is_not_blamed_on_the_token(
    acme: Sandbox, clock: ManualClock, code: str
) -> None:
    acme.slack.fail("auth.test", error=code, retry_after=99)
    failures = await list_failed_checks(build_test_settings(acme), clock)
    assert f"Slack is failing right now ({code})" in failures["Slack token"]


@shared_world
async def test_later_slack_failure_is_reported_with_its_step(
    acme: Sandbox, clock: ManualClock
) -> None:
    acme.slack.fail("apps.connections.open", error="fatal_error")
    acme.slack.fail("users.info", status=500)
    failures = await list_failed_checks(
        build_test_settings(acme, socket_mode=True, senders=(SENDER,)), clock
    )
    assert "is failing right now" in failures["Socket Mode"]
    assert "is failing right now" in failures["SENDERS"]


# --- the clock -----------------------------------------------------------------------------------


@shared_world
@pytest.mark.parametrize(
    ("date", "expected"),
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
async def test_clock_skew_against_slack_is_checked(
    acme: Sandbox, date: int | str | None, expected: str
) -> None:
    clock = StoppedClock()
    date_header = formatdate(clock.time() + date, usegmt=True) if isinstance(date, int) else date
    async with serve(replace_date_header(acme.slack.app, date_header)) as url:
        found = await run_all_checks(build_test_settings(acme, slack_api_url=f"{url}/api/"), clock)
    assert any(str(finding).startswith(expected) for finding in found)


class StoppedClock(ManualClock):
    """Its timers run, its date does not."""

    def time(self) -> float:
        return 1_700_000_000.0


def replace_date_header(app: ASGIApp, date: str | None) -> ASGIApp:
    async def run_app(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start" and date is not None:
                message["headers"] = [*message["headers"], (b"date", date.encode())]
            await send(message)

        await app(scope, receive, send_dated)

    return run_app


# --- Chakra --------------------------------------------------------------------------------------


@shared_world
async def test_unreachable_chakra(acme: Sandbox, clock: ManualClock) -> None:
    with reserve_port() as port:
        failures = await list_failed_checks(
            build_test_settings(acme, chakra_api_url=f"http://127.0.0.1:{port}"), clock
        )
    assert "could not be reached. Check the network and CHAKRA_API_URL." in failures["Chakra"]


@shared_world
async def test_a_wrong_access_token_is_named(acme: Sandbox, clock: ManualClock) -> None:
    failures = await list_failed_checks(
        build_test_settings(acme, chakra_access_token=SecretStr("wrong")), clock
    )
    assert "Chakra rejected CHAKRA_ACCESS_TOKEN" in failures["Chakra token"]
    assert "Access Tokens" in failures["Chakra token"]


@shared_world
async def test_key_with_insufficient_role(acme: Sandbox, clock: ManualClock) -> None:
    acme.chakra.fail("GET /v1/ext/config", StatusResponse(403))
    failures = await list_failed_checks(build_test_settings(acme), clock)
    assert list(failures) == ["Chakra token"]
    assert "role with more permissions" in failures["Chakra token"]


@shared_world
async def test_dashboard_url_is_rejected_as_the_api_url(acme: Sandbox, clock: ManualClock) -> None:
    async with serve(respond_with(HTMLResponse("<html>Sign in</html>"))) as url:
        failures = await list_failed_checks(build_test_settings(acme, chakra_api_url=url), clock)
    assert "not the dashboard's" in failures["Chakra"]
    assert "not the dashboard's" in failures["Chakra token"]


@shared_world
@pytest.mark.parametrize(
    "fault", [InvalidJsonBody(), HtmlErrorPage(200), ErrorsWithStatus200(), StatusResponse(404)]
)
async def test_undocumented_api_response(acme: Sandbox, clock: ManualClock, fault: Any) -> None:
    acme.chakra.fail("GET /v1/ext/config", fault)
    failures = await list_failed_checks(build_test_settings(acme), clock)
    assert list(failures) == ["Chakra token"]
    assert "CHAKRA_API_URL" in failures["Chakra token"]


@shared_world
@pytest.mark.parametrize("fault", [StatusResponse(503), TooManyRequests(retry_after_seconds=600)])
async def test_a_chakra_that_fails_is_not_blamed_on_the_settings(
    acme: Sandbox, clock: ManualClock, fault: Any
) -> None:
    acme.chakra.fail("*", fault)
    failures = await list_failed_checks(build_test_settings(acme), clock)
    assert "is failing right now (HTTP " in failures["Chakra"]


def respond_with(response: Response) -> Starlette:
    async def answer(_: object) -> Response:
        return response

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
