"""The sheet that the demo offers: rows that are fine, some that are told at once, and some that
only Chakra refuses."""

from __future__ import annotations

from pathlib import Path

from bot import sandbox
from bot.sheets.check import check
from bot.sheets.columns import Purpose, Target, match
from bot.sheets.problems import grouped
from bot.sheets.read import read_sheet

SAMPLE = Path(sandbox.__file__).with_name("samples") / "leads.csv"
LEAD = (
    *(Target(one, one.title(), "text") for one in ("lead_id", "name", "city")),
    Target("firstname", "First Name", "text"),
    Target("lastname", "Last Name", "text"),
    Target("phone_number", "Phone Number", "phone_number"),
    Target("email", "Email", "email"),
    Target("score", "Score", "number"),
)
"""As the embedded Chakra has it."""


async def test_the_sample_shows_what_a_check_can_find_and_what_it_cannot() -> None:
    found = await read_sheet(SAMPLE.read_bytes())
    matching = match(found.columns, LEAD, Purpose.CREATE, primary_key="lead_id")
    assert [one.header for one in matching.unmatched] == ["Source"]
    checked = check(found, matching, region="IN")
    assert (checked.total, checked.good, checked.bad) == (60, 53, 7)
    assert [group.told.partition(".")[0] for group in grouped(checked.problems)] == [
        "2 rows: Lead Id is in more than one row",
        "Row 8: Phone Number is a phone number that nobody can have",
        "Row 15: Phone Number was shortened by Excel, as 9",
        "Row 21: Email is no e-mail address",
        "Row 26: Score is no number",
        "Row 37: The row has more cells than there are columns",
    ]
    sent = dict(zip(checked.rows, checked.items, strict=True))
    assert sent[12]["lead_id"] == "LEAD-004039"  # there is one already
    assert sent[24]["state"] == "CONTACTED"  # no state of a lead
    assert sent[35]["assignedTo"] == "rahul"  # nobody's username
    assert "lead_id" not in sent[49]  # and it has no name either
