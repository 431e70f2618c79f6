"""What the stories of exports share: files, rows, messages, and a list that changes in between."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.chakra.exchange import Exchange
from bot.sandbox.slack import VisibleMessage, visible_text
from tests.clock import ManualClock
from tests.commands.watch_scenarios import advance_until
from tests.people import JOHN
from tests.world import World

JOHNS = "D0JOHN"
LIST = "POST /v1/ext/procedure/{procedureShortId}/process/list"
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


def file_messages(acme: World) -> list[VisibleMessage]:
    return [message for message in acme.slack.messages(JOHN, JOHNS) if message.files]


def parse_rows(data: bytes) -> list[Row]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def read_rows(acme: World) -> list[Row]:
    """Return the rows of the one file that was posted."""
    [message] = file_messages(acme)
    [file] = message.files
    return parse_rows(file.data)


def dm_text(acme: World) -> str:
    """Return all that John reads in his direct messages with the app."""
    return "\n".join(map(visible_text, acme.slack.messages(JOHN, JOHNS)))


async def wait_for_text(acme: World, clock: ManualClock, text: str) -> None:
    await advance_until(acme, clock, lambda: text in dm_text(acme))


async def wait_for_file(acme: World, clock: ManualClock) -> list[Row]:
    await advance_until(acme, clock, lambda: bool(file_messages(acme)))
    return read_rows(acme)


async def export(acme: World, clock: ManualClock, line: str) -> list[Row]:
    """Type a line; return the rows of the file that comes."""
    await acme.type(line)
    return await wait_for_file(acme, clock)
