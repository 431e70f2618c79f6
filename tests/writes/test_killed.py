"""kill -9 through the whole app: a process is killed after Save is pressed, another one starts on
the same database, and the form is submitted again. Nothing is written twice."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import collect_text
from tests.db.databases import KINDS
from tests.messages.kill_scenario import (
    JOHN,
    NEXT_PROCESS,
    SALES,
    SendScenario,
    kill_bot,
    open_scenario,
)
from tests.process import SERVE_ARGUMENTS

pytestmark = [pytest.mark.process, pytest.mark.killed]

PUT = "PUT /v1/ext/user/{id}"
NOTICE = "We don't know whether your change to a Chakra user went through."
UNKNOWN = "We don't know whether this went through"


async def open_form(bots: SendScenario) -> None:
    slack = bots.stand_ins.slack
    await slack.type(JOHN, SALES, "/chakra user john@acme.com")
    await slack.wait_until(lambda: "John Doe" in bots.read_last_message_text())
    await slack.press(JOHN, "user.edit", message=slack.list_messages(JOHN, SALES)[-1])
    await slack.wait_until(lambda: slack.find_view(JOHN) is not None)


async def save(bots: SendScenario) -> None:
    await bots.stand_ins.slack.submit(JOHN, {"first_name": "John", "last_name": "Newman"})


def read_saved_name(bots: SendScenario) -> str:
    people = bots.stand_ins.chakra.users
    return next(person.last_name for person in people if person.username == "johndoe")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answered", [False, True], ids=["chakra hangs", "the answer is lost"])
async def test_killed_before_the_answer_it_is_unknown_and_not_written_again(
    kind: str, answered: bool, tmp_path: Path
) -> None:
    async with open_scenario(kind, tmp_path) as bots:
        chakra = bots.stand_ins.chakra
        async with bots.start_bot(*SERVE_ARGUMENTS) as bot:
            await open_form(bots)
            if answered:
                bots.proxy.drop("answers")
            else:
                chakra.fail(PUT, Hang())
            await save(bots)
            if answered:
                await bots.proxy.dropped.wait()
            else:
                await chakra.wait_for_requests(1, PUT)
            await kill_bot(bot)
        bots.proxy.drop(None)
        chakra.clear_faults()
        assert read_saved_name(bots) == ("Newman" if answered else "Doe")
        written = chakra.count(PUT)
        async with bots.start_bot(*NEXT_PROCESS[kind]) as bot:
            await bots.wait_for_messages(bots.list_report_texts, [NOTICE])
            status, body = await bots.redeliver("view_submission")
            slack = bots.stand_ins.slack
            await slack.wait_until(
                lambda: UNKNOWN in body + collect_text(slack.find_view(JOHN) or {})
            )
            assert status == 200
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert chakra.count(PUT) == written
        assert len(bots.list_report_texts()) == 1
        assert _read_states(bots) == ["unknown"]


@pytest.mark.parametrize("kind", KINDS)
async def test_saved_before_it_was_killed_it_is_not_saved_again(kind: str, tmp_path: Path) -> None:
    async with open_scenario(kind, tmp_path) as bots:
        slack, chakra = bots.stand_ins.slack, bots.stand_ins.chakra
        async with bots.start_bot(*SERVE_ARGUMENTS) as bot:
            await open_form(bots)
            await save(bots)
            await slack.wait_until(lambda: "John Newman" in bots.read_last_message_text())
            await kill_bot(bot)
        async with bots.start_bot(*NEXT_PROCESS[kind]) as bot:
            assert (await bots.redeliver("view_submission"))[0] == 200
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert chakra.count(PUT) == 1
        assert bots.list_report_texts() == []
        assert _read_states(bots) == ["done"]


async def test_a_form_that_was_open_when_it_was_killed_is_saved_by_the_next_process(
    tmp_path: Path,
) -> None:
    async with open_scenario("sqlite", tmp_path) as bots:
        slack = bots.stand_ins.slack
        async with bots.start_bot(*SERVE_ARGUMENTS) as bot:
            await open_form(bots)
            await kill_bot(bot)
        async with bots.start_bot(*SERVE_ARGUMENTS):
            await save(bots)
            await slack.wait_until(lambda: "John Newman" in bots.read_last_message_text())
        assert _read_states(bots) == ["done"]


def _read_states(bots: SendScenario) -> list[str]:
    return bots.read_column("SELECT state FROM writes")
