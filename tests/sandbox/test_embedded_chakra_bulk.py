"""Bulk creation and update of processes in the embedded Chakra, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.bulk import MAX_ITEMS
from tests.clock import ManualClock
from tests.sandbox.chakra_client import (
    UNKNOWN_ID,
    ApiClient,
    ApiResponse,
    open_client,
    read_doc,
    serve_chakra,
)
from tests.sandbox.chakra_jobs import JOBS, fetch_counts, fetch_entries

LEADS = "/v1/ext/procedure/lead/process"
TED = "1bc10281-5882-43aa-b48d-28c527335e7a"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[EmbeddedChakra]:
    async with serve_chakra(clock) as chakra:
        yield chakra


@pytest.fixture
async def client(chakra: EmbeddedChakra) -> AsyncIterator[ApiClient]:
    async with open_client(chakra) as client:
        yield client


async def create_many(client: ApiClient, rows: Any, procedure: str = "lead") -> ApiResponse:
    path = f"/v1/ext/procedure/{procedure}/process/bulk-create"
    return await client.request("POST", path, json=rows)


async def update_many(client: ApiClient, body: Any) -> ApiResponse:
    return await client.request("PATCH", LEADS, json=body)


async def wait_for_outcomes(
    heard: ApiResponse, client: ApiClient, clock: ManualClock
) -> list[list[str]]:
    """Return the outcome of each entry, unordered."""
    assert heard.status == 202, heard.text
    await clock.advance(600)
    found = await fetch_entries(client, heard.json["_data"]["id"])
    return sorted([entry["completionStatus"], entry["statusMessage"] or ""] for entry in found)


async def fetch_lead(client: ApiClient, **where: Any) -> Any:
    heard = await client.request("POST", f"{LEADS}/list", json={"where": where})
    (found,) = heard.json["_data"]
    return found


@pytest.mark.parametrize("name", ["bulk-create-process", "bulk-update-process"])
async def test_documented_bulk_request_is_acknowledged(
    client: ApiClient, clock: ManualClock, name: str
) -> None:
    documented = read_doc(f"{name}.response")["_data"]
    given = read_doc(f"{name}.request")
    heard = await (create_many(client, given) if "create" in name else update_many(client, given))
    assert heard.status == 202
    data = heard.json["_data"]
    assert list(data) == list(documented)
    same = ("completionStatus", "statusMessage", "completedAt", "type")
    assert {key: data[key] for key in same} == {key: documented[key] for key in same}
    assert data["createdAt"] - data["startedAt"] == 1
    await clock.advance(1)
    assert set((await client.get(f"{JOBS}/{data['id']}")).json["_data"]) < set(data)


async def test_leads_are_created_as_the_job_progresses(
    client: ApiClient, clock: ManualClock
) -> None:
    heard = await create_many(client, read_doc("bulk-create-process.request"))
    await clock.advance(1.1)
    lead = await fetch_lead(client, lead_id="EXT-TEST-143")
    assert set(lead) == set(await fetch_lead(client, lead_id="LEAD-001"))
    assert (lead["data"], lead["state"]) == ({"lead_id": "EXT-TEST-143", "score": "105"}, "NEW")
    assert lead["createdAt"] == lead["updatedAt"] == round(1000 * clock.time())
    assert (await client.request("POST", f"{LEADS}/list", json={"where": {"city": "Goa"}})).json[
        "_data"
    ] == []
    assert await wait_for_outcomes(heard, client, clock) == [["SUCCESS", ""], ["SUCCESS", ""]]
    assert (await fetch_lead(client, city="Goa"))["state"] == "IN_PROGRESS"
    assert (await client.get(f"{LEADS}/{lead['id']}")).json["_data"] == lead


async def test_complete_lead_is_created_as_submitted(client: ApiClient, clock: ManualClock) -> None:
    given = {**read_doc("create-process.request"), "assignedTo": "john@acme.com"}
    assert await wait_for_outcomes(await create_many(client, [given]), client, clock) == [
        ["SUCCESS", ""]
    ]
    lead = await fetch_lead(client, state="CONVERTED", firstname="Ted")
    assert {key: lead[key] for key in given} == given


BAD_ROWS: list[tuple[dict[str, Any], str, str]] = [
    ({"data": {"city": "Goa"}}, "INVALID", "name is required"),
    ({}, "INVALID", "name is required"),
    ({"data": {"name": "A", "colour": "red"}}, "INVALID", "Attribute colour not found"),
    ({"data": {"name": "A"}, "colour": "red"}, "INVALID", "colour is not a field of a process"),
    (
        {"data": {"name": "A", "phone_number": "+91 98765 43210"}},
        "INVALID",
        "Attribute phone_number is not valid: +91 98765 43210",
    ),
    (
        {"data": {"name": "A"}, "record": {"data": {"email": "no address"}}},
        "INVALID",
        "Attribute email is not valid: no address",
    ),
    ({"data": {"name": None}}, "INVALID", "name is required"),
    ({"data": {"name": "A", "city": None}}, "INVALID", "Attribute city is not valid"),
    ({"data": {"name": "A", "city": ["Goa"]}}, "INVALID", "Attribute city is not valid"),
    ({"data": {"name": "A" * 5000}}, "INVALID", "Attribute name is not valid"),
    ({"data": [1]}, "INVALID", "name is required"),
    ({"lead_id": "L1", "data": [1]}, "INVALID", "data is not an object"),
    ({"lead_id": {"x": 1}}, "INVALID", "Attribute lead_id is not valid"),
    ({"lead_id": "L1", "record": {"city": "Goa"}}, "INVALID", "record is not valid"),
    ({"lead_id": "L1", "state": 7}, "INVALID", "state is not valid"),
    (
        {"lead_id": "L1", "status": "DONE"},
        "INVALID",
        "status is not one of CANCELLED, COMPLETED, OPEN",
    ),
    ({"lead_id": "L1", "nextActionAt": "soon"}, "INVALID", "nextActionAt is not valid"),
    ({"lead_id": "L1", "nextActionAt": True}, "INVALID", "nextActionAt is not valid"),
    ({"lead_id": "L1", "isDeleted": True}, "INVALID", "isDeleted is not a field of a process"),
    ({"lead_id": "L1", "data": {"score": "many"}}, "ERROR", "Attribute score is not valid"),
    ({"lead_id": "L1", "state": "ASLEEP"}, "ERROR", "State ASLEEP not found"),
    ({"lead_id": "L1", "assignedTo": "shane.warne"}, "ERROR", "User shane.warne not found"),
    ({"lead_id": "LEAD-001"}, "ERROR", "Process with lead_id LEAD-001 already exists"),
]


async def test_invalid_row_fails_alone(client: ApiClient, clock: ManualClock) -> None:
    good = {"lead_id": "GOOD", "nextActionAt": "1616253910842", "assignedTo": "priya"}
    rows = [row for row, _, _ in BAD_ROWS]
    outcomes = await wait_for_outcomes(await create_many(client, [*rows, good]), client, clock)
    assert outcomes == sorted([*(outcome for _, *outcome in BAD_ROWS), ["SUCCESS", ""]])
    assert (await fetch_lead(client, lead_id="GOOD"))["nextActionAt"] == 1616253910842


async def test_duplicate_key_is_created_once(client: ApiClient, clock: ManualClock) -> None:
    rows = [{"lead_id": "L1", "data": {"city": city}} for city in ("Goa", "Pune")]
    assert await wait_for_outcomes(await create_many(client, rows), client, clock) == [
        ["ERROR", "Process with lead_id L1 already exists"],
        ["SUCCESS", ""],
    ]
    assert (await fetch_lead(client, lead_id="L1"))["data"]["city"] == "Goa"


async def test_entries_are_not_in_row_order(client: ApiClient, clock: ManualClock) -> None:
    rows = [{"data": {"name": "A", f"colour{number}": "x"}} for number in range(30)]
    heard = await create_many(client, rows)
    await clock.advance(10)
    found = await fetch_entries(client, heard.json["_data"]["id"])
    reasons = [f"Attribute colour{number} not found" for number in range(30)]
    assert {entry["statusMessage"] for entry in found} == set(reasons)
    assert [entry["statusMessage"] for entry in found] != reasons
    assert found == sorted(found, key=lambda entry: str(entry["id"]))


async def test_leads_are_updated_by_id_or_primary_key(
    client: ApiClient, clock: ManualClock
) -> None:
    before = await fetch_lead(client, lead_id="LEAD-001")
    changes = [
        {"id": TED, "update": {"data": {"city": "Goa", "email": "ted@example.com"}}},
        {"lead_id": "LEAD-004038", "update": {"state": "CONVERTED", "status": "COMPLETED"}},
        {"lead_id": "LEAD-004039", "update": {"isDeleted": True, "nextActionAt": "0"}},
        {"lead_id": "LEAD-004040", "update": {"assignedTo": "mei", "nextActionAt": 5}},
    ]
    heard = await update_many(client, {"processes": changes})
    assert await wait_for_outcomes(heard, client, clock) == [["SUCCESS", ""]] * 4
    ted = await fetch_lead(client, lead_id="LEAD-001")
    assert ted["data"] == {**before["data"], "city": "Goa"}
    assert ted["record"]["data"] == {**before["record"]["data"], "email": "ted@example.com"}
    assert ted["updatedAt"] > before["updatedAt"]
    assert (await fetch_lead(client, lead_id="LEAD-004038"))["status"] == "COMPLETED"
    assert (await fetch_lead(client, lead_id="LEAD-004039"))["isDeleted"] is True
    assert (await fetch_lead(client, lead_id="LEAD-004040"))["assignedTo"] == "mei"
    again = await update_many(client, {"processes": [changes[2]]})
    assert await wait_for_outcomes(again, client, clock) == [["INVALID", "Process not found"]]


BAD_CHANGES: list[tuple[dict[str, Any], str, str]] = [
    ({"id": UNKNOWN_ID, "update": {"state": "NEW"}}, "INVALID", "Process not found"),
    ({"lead_id": "L1", "update": {"state": "NEW"}}, "INVALID", "Process not found"),
    ({"lead_id": [], "update": {"state": "NEW"}}, "INVALID", "Process not found"),
    ({"id": "LEAD-001", "update": {"state": "NEW"}}, "INVALID", "id is not a valid UUID"),
    ({"id": 7, "update": {"state": "NEW"}}, "INVALID", "id is not a valid UUID"),
    ({"id": TED, "update": {}}, "INVALID", "update is empty"),
    ({"id": TED, "update": []}, "INVALID", "update is empty"),
    ({"id": TED, "update": {"record": {}}}, "INVALID", "record is not a field of a process"),
    ({"id": TED, "update": {"isDeleted": "no"}}, "INVALID", "isDeleted is not valid"),
    ({"id": TED, "update": {"data": {"x": 1}}}, "INVALID", "Attribute x not found"),
    ({"id": TED, "update": {"data": {"score": ""}}}, "ERROR", "Attribute score is not valid"),
    ({"id": TED, "update": {"assignedTo": "tomasgone"}}, "ERROR", "User tomasgone not found"),
]


async def test_invalid_change_fails_alone(client: ApiClient, clock: ManualClock) -> None:
    good = {"lead_id": "LEAD-001", "update": {"data": {"score": 6}}}
    items = [item for item, _, _ in BAD_CHANGES]
    outcomes = await wait_for_outcomes(
        await update_many(client, {"processes": [*items, good]}), client, clock
    )
    assert outcomes == sorted([*(outcome for _, *outcome in BAD_CHANGES), ["SUCCESS", ""]])
    assert (await fetch_lead(client, lead_id="LEAD-001"))["data"]["score"] == 6


async def test_lead_created_by_one_job_can_be_updated_by_another(
    client: ApiClient, clock: ManualClock
) -> None:
    await create_many(client, [{"lead_id": "L1"}])
    await clock.advance(5)
    change = {"lead_id": "L1", "update": {"data": {"city": "Goa"}}}
    heard = await update_many(client, {"processes": [change]})
    assert await wait_for_outcomes(heard, client, clock) == [["SUCCESS", ""]]


async def test_deleted_lead_cannot_be_updated(client: ApiClient, clock: ManualClock) -> None:
    gone = {"id": TED, "update": {"isDeleted": True}}
    late = {"id": TED, "update": {"state": "NEW"}}
    heard = await update_many(client, {"processes": [gone, late]})
    assert await wait_for_outcomes(heard, client, clock) == [
        ["ERROR", "Process not found"],
        ["SUCCESS", ""],
    ]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({"processes": [{"lead_id": "L1"}]}, "the body is not an array"),
        ([], "the body is empty"),
        ([{"lead_id": "L1"}, "L2"], "the body[1] is not an object"),
        ([{}] * (MAX_ITEMS + 1), "the body has more than 5000 items"),
        ("L1", "the body is not an array"),
    ],
)
async def test_malformed_bulk_create_is_rejected(
    chakra: EmbeddedChakra, client: ApiClient, rows: Any, says: str
) -> None:
    before = len(chakra.jobs)
    heard = await create_many(client, rows)
    assert (heard.status, heard.json) == (400, {"_errors": [says]})
    assert len(chakra.jobs) == before


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ([{"id": TED, "update": {"state": "NEW"}}], "the body is not an object"),
        ({"items": []}, "processes is required, and nothing else"),
        ({"processes": [], "dryRun": True}, "processes is required, and nothing else"),
        ({"processes": {}}, "processes is not an array"),
        ({"processes": []}, "processes is empty"),
        ({"processes": ["x"]}, "processes[0] is not an object"),
        ({"processes": [{}]}, "processes[0].update is required"),
        ({"processes": [{"id": TED, "state": "NEW"}]}, "processes[0].update is required"),
        (
            {"processes": [{"update": {"state": "NEW"}}]},
            "processes[0] must have an id or a primary key, and nothing else",
        ),
        (
            {"processes": [{"id": TED, "lead_id": "LEAD-001", "update": {"state": "NEW"}}]},
            "processes[0] must have an id or a primary key, and nothing else",
        ),
        (
            {"processes": [{"email": "ted.mosby@yahoo.com", "update": {"state": "NEW"}}]},
            "email is not the primary key of lead",
        ),
    ],
)
async def test_malformed_bulk_update_is_rejected(client: ApiClient, body: Any, says: str) -> None:
    heard = await update_many(client, body)
    assert (heard.status, heard.json) == (400, {"_errors": [says]})


async def test_invalid_json_and_unknown_procedure(client: ApiClient) -> None:
    for method, path in (("POST", f"{LEADS}/bulk-create"), ("PATCH", LEADS)):
        assert (await client.request(method, path, data=b"{")).status == 400
        missing = await client.request(
            method, path.replace("lead", "ticket"), json=[{"lead_id": "1"}]
        )
        assert (missing.status, missing.json) == (404, {"_errors": ["Procedure ticket not found"]})
    by_id = await create_many(client, [{"lead_id": "L1"}], "D7783ADE-bbbe-4734-afcc-9bc869d8d8a3")
    assert by_id.status == 202


async def test_item_limit(client: ApiClient, clock: ManualClock) -> None:
    heard = await create_many(client, [{"lead_id": f"L{number}"} for number in range(MAX_ITEMS)])
    await clock.advance(501)
    job_id = heard.json["_data"]["id"]
    assert await fetch_counts(client, job_id) == {"SUCCESS": MAX_ITEMS}
    assert (await fetch_lead(client, lead_id="L4999"))["data"] == {"lead_id": "L4999"}
