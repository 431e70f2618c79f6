"""What was checked is what Chakra takes, in the form that it takes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from bot.sheets.check import check
from bot.sheets.chunks import iter_batches
from tests.clock import ManualClock
from tests.sandbox.chakra_client import ApiClient, open_client, serve_chakra
from tests.sandbox.chakra_jobs import fetch_entries
from tests.sheets.builders import UUID, match_for_update, parse_csv

PROCESSES = "/v1/ext/procedure/lead/process"


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[ApiClient]:
    async with serve_chakra(clock) as chakra, open_client(chakra) as client:
        yield client


async def test_update_with_every_value_type_is_accepted(
    chakra: ApiClient, clock: ManualClock
) -> None:
    sheet = await parse_csv(
        "id,lead_id,phone_number,email,score,city,status,state,next_action_at,assigned to",
        f"{UUID},,+91 98765 43219,ted@example.com,7.5,Pune,open,IN_PROGRESS,2031-05-06,priya",
        ",LEAD-004039,,,,Köln,completed,,,",
    )
    checked = check(sheet, match_for_update(sheet.columns))
    assert checked.problems == ()
    [chunk] = iter_batches(checked.items, checked.row_numbers)
    body = {"processes": json.loads(chunk.body)}
    response = await chakra.request("PATCH", PROCESSES, json=body)
    await clock.advance(3600)
    entries = await fetch_entries(chakra, response.json["_data"]["id"])
    assert [entry["completionStatus"] for entry in entries] == ["SUCCESS", "SUCCESS"]

    changed = (await chakra.get(f"{PROCESSES}/{UUID}")).json["_data"]
    assert changed["nextActionAt"] == 1935792000000
    values = {**changed["record"]["data"], **changed["data"]}
    assert (values["phone_number"], values["score"]) == ("919876543219", 7.5)
