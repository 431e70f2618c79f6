"""``chakra-bot serve`` as a process: it starts with a sentence or a service, and stops in order."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.aio.clock import Clock, SystemClock
from bot.cli.serve import StartupError, run
from bot.db.engine import open_database
from bot.sandbox.chakra.faults import DelayedResponse, Hang
from bot.sandbox.slack import visible_text
from bot.sandbox.world import build_settings
from bot.settings.settings import Settings
from commands import COMMANDS
from tests.clock import ManualClock
from tests.posting import nobody_listens
from tests.process import SERVE, Process, StandIns, events_of, python, stand_ins
from tests.process import run as run_to_its_end

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
logs.configure("info", "json", sys.stderr, secrets=loaded.secrets())
asyncio.run(run(loaded, COMMANDS, SystemClock(), drain_seconds=0.4))
"""
"""``serve``, but for the seconds that it waits at its end."""
WHAT_IS_IMPORTED = """
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
async def stand_in() -> AsyncIterator[StandIns]:
    async with stand_ins() as made:
        yield made


async def serving(process: Process, stand_in: StandIns, *, socket_mode: bool) -> str:
    url = await process.ready()
    if not socket_mode:
        stand_in.slack.set_request_url(events_of(url))
    return url


# --- a service -----------------------------------------------------------------------------------


@pytest.mark.process
@pytest.mark.smoke
@pytest.mark.parametrize("socket_mode", [False, True])
async def test_it_serves_and_stops_with_0(
    stand_in: StandIns, tmp_path: Path, socket_mode: bool
) -> None:
    environ = stand_in.environ(socket_mode=socket_mode)
    async with python(*SERVE, environ=environ, folder=tmp_path) as bot:
        await serving(bot, stand_in, socket_mode=socket_mode)
        delivered = await stand_in.slack.type(MEI, SALES, "/chakra user john@acme.com")
        await stand_in.slack.settle()
        assert delivered.status == 200
        assert "John Doe" in visible_text(stand_in.slack.messages(MEI, SALES)[-1])
        assert await bot.ended(signal.SIGTERM) == 0
    logged = [json.loads(line) for line in bot.errors]
    assert [line["event"] for line in logged if line["logger"] == "serve"] == ["ready", "stopping"]
    assert {line["level"] for line in logged} == {"info"}
    for personal in (*environ.values(), "john@acme.com"):
        assert len(personal) < 9 or personal.startswith("http") or personal not in str(logged)


@pytest.mark.process
@pytest.mark.parametrize("socket_mode", [False, True])
async def test_a_stop_tells_the_person_whose_command_hangs(
    stand_in: StandIns, tmp_path: Path, socket_mode: bool
) -> None:
    stand_in.chakra.fail("*", Hang())
    environ = stand_in.environ(socket_mode=socket_mode)
    async with python("-c", QUICK_STOP, environ=environ, folder=tmp_path) as bot:
        await serving(bot, stand_in, socket_mode=socket_mode)
        delivered = await stand_in.slack.type(MEI, SALES, "/chakra user john@acme.com")
        assert (delivered.status, delivered.body) == (200, None)
        assert await bot.ended(signal.SIGTERM) == 0
    assert "stopped before the answer arrived" in visible_text(
        stand_in.slack.messages(MEI, SALES)[-1]
    )


@pytest.mark.process
@pytest.mark.parametrize("socket_mode", [False, True])
async def test_a_stop_lets_an_ack_that_is_due_carry_its_answer(
    stand_in: StandIns, tmp_path: Path, socket_mode: bool
) -> None:
    stand_in.chakra.fail(FETCH, DelayedResponse(0.15))
    environ = stand_in.environ(socket_mode=socket_mode)
    async with python("-c", QUICK_STOP, environ=environ, folder=tmp_path) as bot:
        await serving(bot, stand_in, socket_mode=socket_mode)
        typing = asyncio.create_task(
            stand_in.slack.type(MEI, SALES, "/chakra user a91b5073-e9d4-4959-9fd3-6edf79c2c5a4")
        )
        await stand_in.chakra.wait_for_requests(1, FETCH)
        assert await bot.ended(signal.SIGINT) == 0
        delivered = await typing
    assert delivered.status == 200
    assert "John Doe" in visible_text(stand_in.slack.messages(MEI, SALES)[-1])
    assert not [line for line in bot.errors if '"level":"error"' in line]


@pytest.mark.process
async def test_it_never_imports_the_stand_ins(stand_in: StandIns, tmp_path: Path) -> None:
    status, said, errors = await run_to_its_end(
        "-c", WHAT_IS_IMPORTED, environ=stand_in.environ(), folder=tmp_path
    )
    assert status == 0, errors
    assert "that is all" in said
    packages = {name.partition(".")[0] for name in said.split()}
    assert not packages & {"alembic", "python_calamine", "rapidfuzz", "slack_bolt"}
    assert "bot.sandbox" not in said


# --- a sentence ----------------------------------------------------------------------------------


@pytest.mark.process
async def test_without_settings_it_names_every_one_that_is_missing(tmp_path: Path) -> None:
    status, said, errors = await run_to_its_end(*SERVE, environ={}, folder=tmp_path)
    assert (status, said) == (2, "")
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "CHAKRA_ACCESS_TOKEN"):
        assert f"{name} is missing" in errors
    assert "Find it at" in errors
    assert "Traceback" not in errors


@pytest.mark.process
async def test_a_wrong_bot_token_is_a_sentence_and_1(stand_in: StandIns, tmp_path: Path) -> None:
    environ = stand_in.environ(SLACK_BOT_TOKEN="xoxb-1-2-wrong")
    status, said, errors = await run_to_its_end(*SERVE, environ=environ, folder=tmp_path)
    assert (status, said) == (1, "")
    assert errors == (
        "Slack rejected SLACK_BOT_TOKEN (invalid_auth). Run chakra-bot doctor to see what to "
        "change.\n"
    )


async def why(settings: Settings, clock: Clock | None = None) -> str:
    """The sentence with which it does not start."""
    with pytest.raises(StartupError) as raised:
        await run(settings, COMMANDS, clock or SystemClock(), drain_seconds=0.1)
    return str(raised.value)


def given(stand_in: StandIns, *, socket_mode: bool = False, **other: object) -> Settings:
    right = build_settings(stand_in.slack, stand_in.chakra, senders=(), socket_mode=socket_mode)
    return right.model_copy(update={"port": 0, **other})


@pytest.mark.parametrize("socket_mode", [False, True])
async def test_a_port_that_is_taken_is_named(stand_in: StandIns, socket_mode: bool) -> None:
    taken = int(stand_in.slack.base_url.rsplit(":", 1)[1])
    sentence = await why(given(stand_in, socket_mode=socket_mode, port=taken))
    assert f"cannot bind to 127.0.0.1:{taken} " in sentence
    assert "Set HOST and PORT" in sentence


async def test_a_host_that_is_not_here_is_named(stand_in: StandIns) -> None:
    assert "cannot bind to 192.0.2.1:0 " in await why(given(stand_in, host="192.0.2.1"))


async def test_a_wrong_app_token_is_named(stand_in: StandIns) -> None:
    settings = given(stand_in, socket_mode=True, slack_app_token=SecretStr("xapp-wrong"))
    assert "Slack rejected SLACK_APP_TOKEN (invalid_auth)" in await why(settings)


async def test_a_socket_that_cannot_be_opened_is_given_up_and_not_blamed_on_the_port(
    stand_in: StandIns, clock: ManualClock
) -> None:
    """Slack hands out an address where nobody listens."""
    settings = given(stand_in, socket_mode=True)
    with nobody_listens() as port:
        stand_in.slack.set_base_url(f"http://127.0.0.1:{port}")
        starting = asyncio.create_task(why(settings, clock))
        await clock.until_sleeping(10)
        await clock.advance(10)
        assert "Slack could not be reached" in await starting


async def test_a_start_that_waits_for_slack_can_be_stopped(
    stand_in: StandIns, clock: ManualClock
) -> None:
    stand_in.slack.fail("auth.test", error="ratelimited", retry_after=9)
    starting = asyncio.create_task(run(given(stand_in), COMMANDS, clock))
    await clock.until_sleeping(9)
    os.kill(os.getpid(), signal.SIGTERM)
    await starting


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("fatal_error", "Slack is failing right now (fatal_error)"),
        ("account_inactive", "Slack rejected SLACK_BOT_TOKEN (account_inactive)"),
    ],
)
async def test_slacks_word_decides_what_to_do(stand_in: StandIns, code: str, sentence: str) -> None:
    stand_in.slack.fail("auth.test", error=code)
    assert sentence in await why(given(stand_in))


async def test_a_busy_slack_is_waited_for_elsewhere(stand_in: StandIns) -> None:
    stand_in.slack.fail("auth.test", error="ratelimited", retry_after=60)
    assert "Slack is rate limiting this app" in await why(given(stand_in))


async def test_a_slack_that_is_not_there_is_unreachable(stand_in: StandIns) -> None:
    with nobody_listens() as port:
        settings = given(stand_in, slack_api_url=f"http://127.0.0.1:{port}/api/")
        assert "Slack could not be reached" in await why(settings)


async def test_what_is_not_slack_is_said_to_be_something_else(stand_in: StandIns) -> None:
    settings = given(stand_in, slack_api_url=f"{stand_in.slack.base_url}/page/")
    assert "SLACK_API_URL is not the address of Slack's API" in await why(settings)


async def test_a_database_that_cannot_be_used_is_named(stand_in: StandIns, tmp_path: Path) -> None:
    nowhere = SecretStr(f"sqlite:///{tmp_path}/nowhere/bot.db")
    assert "Check DATABASE_URL" in await why(given(stand_in, database_url=nowhere))


async def test_a_database_file_in_use_is_named(stand_in: StandIns, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    async with open_database(url):
        sentence = await why(given(stand_in, database_url=SecretStr(url)))
    assert "Another process is using the same database file" in sentence
