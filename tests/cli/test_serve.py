"""``chakra-bot serve`` as a process: it starts with a sentence or a service, and stops in order."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.aio.clock import Clock, SystemClock
from bot.cli.serve import StartupError, run
from bot.db.engine import open_database
from bot.sandbox.chakra.faults import DelayedResponse, Hang
from bot.sandbox.slack import collect_text
from bot.sandbox.world import build_settings
from bot.settings.settings import Settings
from commands import COMMANDS
from tests.clock import ManualClock
from tests.process import (
    SERVE_ARGUMENTS,
    EmbeddedServices,
    Process,
    build_events_url,
    start_embedded_services,
    start_python,
)
from tests.process import run_python as run_to_its_end
from tests.request_client import reserve_port

MEI, SALES = "U0MEI", "C0SALES"
FETCH = "GET /v2/ext/user/{id}"
QUICK_STOP = """
import asyncio, sys
from bot import logs
from bot.settings import settings
from bot.aio.clock import Clock, SystemClock
from bot.cli.serve import run
from commands import COMMANDS

loaded = settings.load()
logs.configure("info", "json", sys.stderr, secrets=loaded.list_secrets())
asyncio.run(run(loaded, COMMANDS, SystemClock(), drain_seconds=0.4))
"""
"""``serve``, but for the seconds that it waits at its end."""
PRINT_IMPORTS = """
import asyncio, os, signal, sys
from bot.settings import settings
from bot.aio.clock import Clock, SystemClock
from bot.cli.serve import run
import bot.__main__
from commands import COMMANDS

def started(url):
    print(*sys.modules, sep="\\n")
    print("that is all")
    os.kill(os.getpid(), signal.SIGTERM)

asyncio.run(run(settings.load(), COMMANDS, SystemClock(), on_ready=started))
"""


@pytest.fixture
async def services() -> AsyncIterator[EmbeddedServices]:
    async with start_embedded_services() as services:
        yield services


async def connect_slack(process: Process, services: EmbeddedServices, *, socket_mode: bool) -> str:
    url = await process.wait_until_ready()
    if not socket_mode:
        await services.slack.save_request_url(build_events_url(url))
    return url


# --- a service -----------------------------------------------------------------------------------


@pytest.mark.process
@pytest.mark.smoke
@pytest.mark.parametrize("socket_mode", [False, True])
async def test_serve_starts_and_exits_0(
    services: EmbeddedServices, tmp_path: Path, socket_mode: bool
) -> None:
    environ = services.build_environ(socket_mode=socket_mode)
    async with start_python(*SERVE_ARGUMENTS, environ=environ, folder=tmp_path) as bot:
        await connect_slack(bot, services, socket_mode=socket_mode)
        delivered = await services.slack.type(MEI, SALES, "/chakra user john@acme.com")
        assert delivered.status == 200
        await services.slack.wait_until(
            lambda: "John Doe" in collect_text(services.slack.list_messages(MEI, SALES)[-1])
        )
        assert await bot.wait_for_exit(signal.SIGTERM) == 0
    logged = [json.loads(line) for line in bot.errors]
    assert [line["event"] for line in logged if line["logger"] == "serve"] == ["ready", "stopping"]
    assert {line["level"] for line in logged} == {"info"}
    for personal in (*environ.values(), "john@acme.com"):
        assert len(personal) < 9 or personal.startswith("http") or personal not in str(logged)


@pytest.mark.process
@pytest.mark.parametrize("socket_mode", [False, True])
async def test_shutdown_notifies_the_member_whose_command_hangs(
    services: EmbeddedServices, tmp_path: Path, socket_mode: bool
) -> None:
    services.chakra.fail("*", Hang())
    environ = services.build_environ(socket_mode=socket_mode)
    async with start_python("-c", QUICK_STOP, environ=environ, folder=tmp_path) as bot:
        await connect_slack(bot, services, socket_mode=socket_mode)
        delivered = await services.slack.type(MEI, SALES, "/chakra user john@acme.com")
        assert (delivered.status, delivered.body) == (200, None)
        assert await bot.wait_for_exit(signal.SIGTERM) == 0
    assert "stopped before the answer arrived" in collect_text(
        services.slack.list_messages(MEI, SALES)[-1]
    )


@pytest.mark.process
@pytest.mark.parametrize("socket_mode", [False, True])
async def test_shutdown_lets_a_pending_ack_deliver_its_response(
    services: EmbeddedServices, tmp_path: Path, socket_mode: bool
) -> None:
    services.chakra.fail(FETCH, DelayedResponse(0.15))
    environ = services.build_environ(socket_mode=socket_mode)
    async with start_python("-c", QUICK_STOP, environ=environ, folder=tmp_path) as bot:
        await connect_slack(bot, services, socket_mode=socket_mode)
        typing = asyncio.create_task(
            services.slack.type(MEI, SALES, "/chakra user a91b5073-e9d4-4959-9fd3-6edf79c2c5a4")
        )
        await services.chakra.wait_for_requests(1, FETCH)
        assert await bot.wait_for_exit(signal.SIGINT) == 0
        delivered = await typing
    assert delivered.status == 200
    assert "John Doe" in collect_text(services.slack.list_messages(MEI, SALES)[-1])
    assert not [line for line in bot.errors if '"level":"error"' in line]


@pytest.mark.process
async def test_serve_never_imports_the_sandbox(services: EmbeddedServices, tmp_path: Path) -> None:
    status, output, errors = await run_to_its_end(
        "-c", PRINT_IMPORTS, environ=services.build_environ(), folder=tmp_path
    )
    assert status == 0, errors
    assert "that is all" in output
    packages = {name.partition(".")[0] for name in output.split()}
    unused = {"alembic", "python_calamine", "rapidfuzz", "slack_bolt", "slack_sdk", "websockets"}
    assert not packages & unused
    assert "bot.sandbox" not in output


# --- a sentence ----------------------------------------------------------------------------------


@pytest.mark.process
async def test_missing_settings_are_all_named(tmp_path: Path) -> None:
    status, output, errors = await run_to_its_end(*SERVE_ARGUMENTS, environ={}, folder=tmp_path)
    assert (status, output) == (2, "")
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "CHAKRA_ACCESS_TOKEN"):
        assert f"{name} is missing" in errors
    assert "Find it at" in errors
    assert "Traceback" not in errors


@pytest.mark.process
async def test_wrong_bot_token_is_explained_and_exits_1(
    services: EmbeddedServices, tmp_path: Path
) -> None:
    environ = services.build_environ(SLACK_BOT_TOKEN="xoxb-1-2-wrong")
    status, output, errors = await run_to_its_end(
        *SERVE_ARGUMENTS, environ=environ, folder=tmp_path
    )
    assert (status, output) == (1, "")
    assert errors == (
        "Slack rejected SLACK_BOT_TOKEN (invalid_auth). Run chakra-bot doctor to see what to "
        "change.\n"
    )


async def read_startup_error(settings: Settings, clock: Clock | None = None) -> str:
    """The sentence with which it does not start."""
    with pytest.raises(StartupError) as raised:
        await run(settings, COMMANDS, clock or SystemClock(), drain_seconds=0.1)
    return str(raised.value)


async def wait_for_startup_sleep(clock: ManualClock, seconds: float) -> None:
    """Return once the startup sleeps for ``seconds``.

    The loop looks idle while only the thread of the database that ``run`` opens is busy.
    """
    async with asyncio.timeout(30):
        while True:
            with suppress(AssertionError):
                return await clock.wait_for_sleep(seconds)


def build_test_settings(
    services: EmbeddedServices, *, socket_mode: bool = False, **other: object
) -> Settings:
    right = build_settings(services.slack, services.chakra, senders=(), socket_mode=socket_mode)
    return right.model_copy(update={"port": 0, **other})


@pytest.mark.parametrize("socket_mode", [False, True])
async def test_port_in_use_is_named(services: EmbeddedServices, socket_mode: bool) -> None:
    taken = int(services.slack.base_url.rsplit(":", 1)[1])
    sentence = await read_startup_error(
        build_test_settings(services, socket_mode=socket_mode, port=taken)
    )
    assert f"cannot bind to 127.0.0.1:{taken} " in sentence
    assert "Set HOST and PORT" in sentence


async def test_unavailable_host_is_named(services: EmbeddedServices) -> None:
    assert "cannot bind to 192.0.2.1:0 " in await read_startup_error(
        build_test_settings(services, host="192.0.2.1")
    )


async def test_a_wrong_app_token_is_named(services: EmbeddedServices) -> None:
    settings = build_test_settings(
        services, socket_mode=True, slack_app_token=SecretStr("xapp-wrong")
    )
    assert "Slack rejected SLACK_APP_TOKEN (invalid_auth)" in await read_startup_error(settings)


async def test_failed_socket_connection_is_not_blamed_on_the_port(
    services: EmbeddedServices, clock: ManualClock
) -> None:
    """Slack hands out an address where nothing listens."""
    settings = build_test_settings(services, socket_mode=True)
    with reserve_port() as port:
        services.slack.set_base_url(f"http://127.0.0.1:{port}")
        starting = asyncio.create_task(read_startup_error(settings, clock))
        await wait_for_startup_sleep(clock, 10)
        await clock.advance(10)
        assert "Slack could not be reached" in await starting


async def test_startup_waiting_for_slack_can_be_interrupted(
    services: EmbeddedServices, clock: ManualClock
) -> None:
    services.slack.fail("auth.test", error="ratelimited", retry_after=9)
    starting = asyncio.create_task(run(build_test_settings(services), COMMANDS, clock))
    await wait_for_startup_sleep(clock, 9)
    os.kill(os.getpid(), signal.SIGTERM)
    await starting


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("fatal_error", "Slack is failing right now (fatal_error)"),
        ("account_inactive", "Slack rejected SLACK_BOT_TOKEN (account_inactive)"),
    ],
)
async def test_slack_error_is_explained_at_startup(
    services: EmbeddedServices, code: str, sentence: str
) -> None:
    services.slack.fail("auth.test", error=code)
    assert sentence in await read_startup_error(build_test_settings(services))


async def test_rate_limited_slack_is_explained_at_startup(services: EmbeddedServices) -> None:
    services.slack.fail("auth.test", error="ratelimited", retry_after=60)
    assert "Slack is rate limiting this app" in await read_startup_error(
        build_test_settings(services)
    )


async def test_unreachable_slack_is_reported(services: EmbeddedServices) -> None:
    with reserve_port() as port:
        settings = build_test_settings(services, slack_api_url=f"http://127.0.0.1:{port}/api/")
        assert "Slack could not be reached" in await read_startup_error(settings)


async def test_non_slack_response_is_reported(services: EmbeddedServices) -> None:
    settings = build_test_settings(services, slack_api_url=f"{services.slack.base_url}/page/")
    assert "SLACK_API_URL is not the address of Slack's API" in await read_startup_error(settings)


async def test_unusable_database_is_named(services: EmbeddedServices, tmp_path: Path) -> None:
    nowhere = SecretStr(f"sqlite:///{tmp_path}/nowhere/bot.db")
    assert "Check DATABASE_URL" in await read_startup_error(
        build_test_settings(services, database_url=nowhere)
    )


async def test_locked_database_file_is_named(services: EmbeddedServices, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    async with open_database(url):
        sentence = await read_startup_error(
            build_test_settings(services, database_url=SecretStr(url))
        )
    assert "Another process is using the same database file" in sentence
