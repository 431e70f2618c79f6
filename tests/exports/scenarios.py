"""What the stories of exports share: files, rows, messages, and a list that changes in between."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.chakra.exchange import Exchange
from bot.sandbox.slack import VisibleMessage, collect_text
from tests.clock import ManualClock
from tests.commands.watch_scenarios import wait_for_due_runs
from tests.people import JOHN
from tests.world import World

JOHNS = "D0JOHN"
LIST = "POST /v1/ext/procedure/{procedureShortId}/process/list"
STEP_SECONDS = 4.0
"""Longer than the interval between two edits of a message."""
TIMEOUT_SECONDS = 100.0
COMPLETE = "files.completeUploadExternal"
Row = dict[str, str]


@dataclass(frozen=True)
class AnswerThen:
    """The normal response, after which something happens in Chakra."""

    happen: Callable[[], object]

    async def apply(self, exchange: Exchange) -> None:
        response = await exchange.run_app()
        self.happen()
        await exchange.reply(response)


async def advance_until(
    acme: World, clock: ManualClock, condition: Callable[[], bool], *, step: float = STEP_SECONDS
) -> None:
    """Let time pass, a step at a time, until it is so and all edits are made."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await wait_for_due_runs(acme)
        while not condition():
            await clock.jump(step)
            await wait_for_due_runs(acme)
    await clock.jump(STEP_SECONDS)
    await acme.wait_until_idle()


def list_file_messages(acme: World) -> list[VisibleMessage]:
    return [message for message in acme.slack.list_messages(JOHN, JOHNS) if message.files]


def parse_rows(data: bytes) -> list[Row]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def read_rows(message: VisibleMessage) -> list[Row]:
    """Return the rows of a message's file."""
    [file] = message.files
    return parse_rows(file.data)


def read_dm_text(acme: World) -> str:
    """Return all that John reads in his direct messages with the app."""
    return "\n".join(map(collect_text, acme.slack.list_messages(JOHN, JOHNS)))


async def wait_for_text(acme: World, clock: ManualClock, text: str) -> None:
    """Wait until John reads what the pattern says."""
    pattern = re.compile(text, re.DOTALL)
    await advance_until(acme, clock, lambda: bool(pattern.search(read_dm_text(acme))))


async def wait_for_file(acme: World, clock: ManualClock, number: int = 1) -> list[Row]:
    """Return the rows of the file that comes as the ``number``th, and see that no other does."""
    await advance_until(acme, clock, lambda: len(list_file_messages(acme)) >= number)
    assert len(list_file_messages(acme)) == number
    return read_rows(list_file_messages(acme)[-1])


async def export(acme: World, clock: ManualClock, line: str) -> list[Row]:
    """Type a line; return the rows of the file that comes."""
    number = len(list_file_messages(acme)) + 1
    await acme.type(line)
    return await wait_for_file(acme, clock, number)
