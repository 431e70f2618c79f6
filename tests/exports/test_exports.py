"""Stories of lists as CSV files: asked for, read page by page, sent once."""

from __future__ import annotations

import csv
import io

from bot.sandbox.slack import VisibleMessage, visible_text
from tests.clock import ManualClock
from tests.commands.watch_scenarios import advance_until
from tests.people import JOHN
from tests.world import World

JOHNS = "D0JOHN"
LIST = "POST /v1/ext/procedure/{procedureShortId}/process/list"
Row = dict[str, str]


def file_messages(acme: World) -> list[VisibleMessage]:
    return [message for message in acme.slack.messages(JOHN, JOHNS) if message.files]


async def export(acme: World, clock: ManualClock, line: str) -> list[Row]:
    """Type a line; return the rows of the file that comes."""
    await acme.type(line)
    await advance_until(acme, clock, lambda: bool(file_messages(acme)))
    return read_rows(acme)


def read_rows(acme: World) -> list[Row]:
    [message] = file_messages(acme)
    [file] = message.files
    return list(csv.DictReader(io.StringIO(file.data.decode("utf-8-sig"), newline="")))


def progress_text(acme: World) -> str:
    return visible_text(acme.slack.messages(JOHN, JOHNS)[0])


async def test_typed_query_comes_as_a_file(acme: World, clock: ManualClock) -> None:
    rows = await export(acme, clock, "/chakra process list lead state:NEW assigned:me csv")
    assert {row["State"] for row in rows} == {"NEW"}
    [aarav] = [row for row in rows if row["Lead Id"] == "LEAD-004038"]
    assert aarav["Assigned to"] == "johndoe"
    assert aarav["Phone Number"] == "919876543210"
    assert aarav["Created"] == "2023-09-11T10:56:40+05:30"
    assert "5 leads read. The file is below." in progress_text(acme)
