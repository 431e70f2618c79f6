"""What was checked is what Chakra takes, in the form that it takes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from bot.sheets.check import check
from bot.sheets.chunks import iter_batches
from tests.clock import ManualClock
from tests.sandbox.chakra_asked import Client, client_of, served
from tests.sandbox.chakra_jobs import entries
from tests.sheets.making import UUID, sheet, to_update

PROCESSES = "/v1/ext/procedure/lead/process"


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[Client]:
    async with served(clock) as one, client_of(one) as client:
        yield client


async def test_an_update_of_values_of_every_sort(chakra: Client, clock: ManualClock) -> None:
    made = await sheet(
        "id,lead_id,phone_number,email,score,city,status,state,next_action_at,assigned to",
        f"{UUID},,+91 98765 43219,ted@example.com,7.5,Pune,open,IN_PROGRESS,2031-05-06,priya",
        ",LEAD-004039,,,,Köln,completed,,,",
    )
    checked = check(made, to_update(made.columns))
    assert checked.problems == ()
    [chunk] = iter_batches(checked.items, checked.row_numbers)
    body = {"processes": json.loads(chunk.body)}
    begun = await chakra.ask("PATCH", PROCESSES, json=body)
    await clock.advance(3600)
    told = await entries(chakra, begun.json["_data"]["id"])
    assert [one["completionStatus"] for one in told] == ["SUCCESS", "SUCCESS"]

    changed = (await chakra.get(f"{PROCESSES}/{UUID}")).json["_data"]
    assert changed["nextActionAt"] == 1935792000000
    values = {**changed["record"]["data"], **changed["data"]}
    assert (values["phone_number"], values["score"]) == ("919876543219", 7.5)
