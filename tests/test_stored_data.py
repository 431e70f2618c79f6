"""What is stored: no whole number or address once it isn't needed, and every table in README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.db.schema import METADATA
from bot.sandbox.slack import LocalFile
from tests.clock import ManualClock
from tests.commands.send_scenarios import open_form, read_report_text, submit_form
from tests.commands.watch_scenarios import advance_until, wait_until
from tests.people import JOHN, SALES
from tests.world import World

README = Path(__file__).parents[1] / "README.md"
FILE_NAME = "leads of ravi.k@acme.com +91 98765 43210.csv"
ROWS = "Lead Id,First Name,Phone Number\nEXPO-1,Asha,+91 98765 43210\nEXPO-2,Ravi,9123456780\n"


async def read_stored_text(acme: World) -> str:
    """Return everything that is in the database."""
    parts = []
    async with acme.bot.database.begin() as connection:
        for table in METADATA.sorted_tables:
            parts += [f"{table.name} {row!r}" for row in await connection.execute(select(table))]
    return "\n".join(parts)


def test_readme_says_what_every_table_holds() -> None:
    section = README.read_text().split("### What is stored")[1].split("\n\n**")[0]
    named = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert named == {table.name for table in METADATA.sorted_tables}


async def test_finished_upload_leaves_no_whole_number_or_address(
    acme: World, clock: ManualClock
) -> None:
    await acme.slack.type(JOHN, SALES, "/chakra bulk create lead")
    await acme.settle()
    await acme.slack.submit(JOHN, {"file": LocalFile(FILE_NAME, "text/csv", ROWS.encode())})
    await wait_until(acme, lambda: "Send 2 rows" in str(acme.slack.find_view(JOHN)))
    await acme.slack.submit(JOHN, {})
    await advance_until(acme, clock, lambda: "has finished" in read_report_text(acme))
    stored = await read_stored_text(acme)
    assert "uploads (" in stored
    assert "watches (" in stored
    for whole in ("98765", "9876543210", "9123456780", "ravi.k"):
        assert whole not in stored


@pytest.mark.parametrize("key", ["919876543210", "91-98765-43210", "LEAD_9876543210b"])
async def test_record_whose_key_is_a_number_is_stored_masked(
    acme: World, clock: ManualClock, key: str
) -> None:
    acme.chakra.change_lead_key("LEAD-004038", key)
    await open_form(acme)
    assert await submit_form(acme, phone=f"lead {key}") == {}
    await advance_until(acme, clock, lambda: f"lead {key}" in read_report_text(acme))
    stored = await read_stored_text(acme)
    assert "sends (" in stored
    assert not re.search(r"98765|43210", stored)
    assert f"lead {key}" in read_report_text(acme), "its only reader typed it"


async def test_other_keys_of_records_stay_readable(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone="lead LEAD-004038") == {}
    await advance_until(acme, clock, lambda: "lead LEAD-004038" in read_report_text(acme))
    assert "lead LEAD-004038" in await read_stored_text(acme)
