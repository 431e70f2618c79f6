"""The sheet that the demo offers: valid rows, rows that the check rejects, and rows that
only Chakra rejects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import sandbox
from bot.sheets.check import check
from bot.sheets.columns import Purpose, Target, match_columns
from bot.sheets.problems import group_problems
from bot.sheets.read import read_sheet
from bot.text.phones import PhoneParser
from tests.clock import ManualClock
from tests.sandbox.chakra_client import ApiClient, open_client, serve_chakra
from tests.sandbox.chakra_jobs import fetch_entries

SAMPLE = Path(sandbox.__file__).with_name("samples") / "leads.csv"


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[ApiClient]:
    async with serve_chakra(clock) as chakra, open_client(chakra) as client:
        yield client


async def fetch_lead(chakra: ApiClient) -> list[Target]:
    """What the embedded Chakra says that a lead may hold."""
    config = (await chakra.get("/v1/ext/config")).json["_data"]
    types = {kind["id"]: kind["shortId"] for kind in config["attributeTypes"]}
    return [
        Target(attribute["shortId"], attribute["name"], types[attribute["attributeType"]])
        for attribute in config["attributes"]
    ]


async def test_sample_covers_detectable_and_undetectable_problems(
    chakra: ApiClient, clock: ManualClock
) -> None:
    found = await read_sheet(SAMPLE.read_bytes())
    matching = match_columns(
        found.columns, await fetch_lead(chakra), Purpose.CREATE, primary_key="lead_id"
    )
    assert [column.header for column in matching.unmatched] == ["Source"]

    checked = check(found, matching, phones=PhoneParser("IN"))
    assert (checked.total, checked.valid_count, checked.invalid_count) == (60, 53, 7)
    assert [group.summary.partition(".")[0] for group in group_problems(checked.problems)] == [
        "2 rows · Lead Id is in more than one row",
        "Row 8 of the sheet · Phone Number: not a possible phone number",
        "Row 15 of the sheet · Phone Number was shortened by Excel, as 9",
        "Row 21 of the sheet · Email: not a valid address",
        "Row 26 of the sheet · Score: not a number",
        "Row 37 of the sheet · The row has more cells than there are columns",
    ]

    path = "/v1/ext/procedure/lead/process/bulk-create"
    response = await chakra.request("POST", path, json=list(checked.items))
    await clock.advance(3600)
    entries = [
        (entry["completionStatus"], entry["statusMessage"])
        for entry in await fetch_entries(chakra, response.json["_data"]["id"])
    ]
    assert sorted(entry for entry in entries if entry[0] != "SUCCESS") == [
        ("ERROR", "Process with lead_id LEAD-004039 already exists"),
        ("ERROR", "State CONTACTED not found"),
        ("ERROR", "User rahul not found"),
        ("INVALID", "name is required"),
    ]
    assert len(entries) == 53
