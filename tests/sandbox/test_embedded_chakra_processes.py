"""The embedded Chakra's leads and senders over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import phonenumbers
import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.processes import ProcessesResource, load_leads
from bot.sandbox.chakra.team import load_team
from tests.clock import ManualClock
from tests.sandbox.chakra_client import (
    UNKNOWN_ID,
    ApiClient,
    ApiResponse,
    open_client,
    read_doc,
    serve_chakra,
)

LEADS = "/v1/ext/procedure/lead/process"
NUMBERS = "/v1/ext/whatsapp-phone-number"
BUSINESSES = "/v1/ext/whatsapp-business-account"
TED = read_doc("fetch-process.response")["_data"]


@pytest.fixture
async def chakra() -> AsyncIterator[EmbeddedChakra]:
    async with serve_chakra(ManualClock()) as chakra:
        yield chakra


@pytest.fixture
async def client(chakra: EmbeddedChakra) -> AsyncIterator[ApiClient]:
    async with open_client(chakra) as client:
        yield client


async def query_processes(client: ApiClient, **body: Any) -> ApiResponse:
    return await client.request("POST", f"{LEADS}/list", json=body)


async def find_processes(client: ApiClient, **where: Any) -> set[str]:
    heard = await query_processes(client, where=where, limit=100)
    assert heard.status == 200, heard.text
    return {process["data"]["lead_id"].removeprefix("LEAD-") for process in heard.json["_data"]}


async def test_the_documented_lead_is_fetched_exactly(client: ApiClient) -> None:
    heard = await client.get(f"{LEADS}/{TED['id']}")
    assert (heard.status, heard.json) == (200, read_doc("fetch-process.response"))


async def test_fetch_accepts_only_ids(client: ApiClient) -> None:
    assert (await client.get(f"{LEADS}/LEAD-001")).status == 400
    assert (await client.get(f"{LEADS}/{UNKNOWN_ID}")).status == 404
    other = LEADS.replace("lead", "ticket")
    assert (await client.get(f"{other}/{TED['id']}")).status == 404


async def test_the_list_comes_in_pages_of_ten(client: ApiClient) -> None:
    first = (await query_processes(client)).json
    assert (len(first["_data"]), first["_meta"]) == (10, {"hasMore": True})
    assert first["_data"][0] == read_doc("list-processes.response")["_data"][0]
    rest = (await query_processes(client, skip=10)).json
    assert (len(rest["_data"]), rest["_meta"]) == (6, {"hasMore": False})
    assert (await query_processes(client, skip=99)).json == {
        "_data": [],
        "_meta": {"hasMore": False},
    }
    for wrong in ({"limit": 101}, {"limit": "10"}, {"skip": -1}, {"skip": True}):
        assert (await query_processes(client, **wrong)).status == 400


async def test_documented_query_is_supported(client: ApiClient) -> None:
    heard = await client.request("POST", f"{LEADS}/list", json=read_doc("list-processes.request"))
    assert (heard.status, heard.json) == (200, {"_data": [], "_meta": {"hasMore": False}})


async def test_queries_match_expected_leads(client: ApiClient) -> None:
    assert await find_processes(client, lead_id="LEAD-004038") == {"004038"}
    assert await find_processes(client, phone_number="7701214822") == {"001"}
    assert await find_processes(client, lead_id=["LEAD-001", "LEAD-004039", "LEAD-9"]) == {
        "001",
        "004039",
    }
    assert await find_processes(client, status="COMPLETED") == {"004046"}
    assert await find_processes(client, assignedTo={"=": "mei"}) == {"004041", "004046"}
    assert await find_processes(client, score={">": 64, "<=": 88}) == {"004038", "004040"}
    assert await find_processes(client, status={"!=": "OPEN"}) == {"004045", "004046", "004048"}
    assert await find_processes(client, createdAt={"<": "2021-04-10T00:00:00+05:30"}) == {"001"}
    assert await find_processes(client, createdAt="2023-09-11T05:26:40") == {"004038"}
    assert await find_processes(client, **{"or": [{"city": "Pune"}, {"city": "Lagos"}]}) == {
        "004038",
        "004040",
    }
    assert await find_processes(
        client, state="IN_PROGRESS", **{"and": [{"assignedTo": "priya"}, {"score": {"<": 50}}]}
    ) == {"004039"}
    assert await find_processes(client, city={">": 3}) == set()
    assert await find_processes(client, nothing="x") == set()
    assert len(await find_processes(client)) == 16


@pytest.mark.parametrize(
    "where",
    [
        [],
        "LEAD-001",
        {"score": {"~": 3}},
        {"or": {"city": "Pune"}},
        {"and": ["city"]},
        {"createdAt": "yesterday"},
        {"createdAt": {">": 5}},
        {"status": "NONE", "score": {"like": 3}},
    ],
)
async def test_invalid_queries(client: ApiClient, where: Any) -> None:
    heard = await query_processes(client, where=where)
    assert (heard.status, list(heard.json)) == (400, ["_errors"])


def test_every_lead_has_the_documented_shape() -> None:
    leads = load_leads(load_team())
    resource = ProcessesResource(leads)
    assert {frozenset(lead) for lead in leads} == {frozenset(TED)}
    phones = [phone for phone in map(resource.find_phone_number, leads) if phone]
    assert len(phones) == len(leads) - 1
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}")) for number in phones)


async def test_the_senders_are_listed_as_documented(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    listed = (await client.get(NUMBERS, params={"pluginId": chakra.plugin_id})).json["_data"]
    (documented,) = read_doc("list-whatsapp-phone-numbers.response")["_data"]
    # Its documented number is used by the documented sends, which Meta would refuse.
    assert listed[0] | {"displayPhoneNumber": documented["displayPhoneNumber"]} == documented
    assert listed[1]["healthStatus"]["entities"]
    assert tuple(item["id"] for item in listed) == chakra.sender_ids
    assert {item["waba"] for item in listed} == {chakra.waba_id}
    for sender in listed:
        assert phonenumbers.is_valid_number(phonenumbers.parse(sender["displayPhoneNumber"]))


async def test_business_account(chakra: EmbeddedChakra, client: ApiClient) -> None:
    (listed,) = (await client.get(BUSINESSES)).json["_data"]
    assert listed == {"id": chakra.waba_id, "name": "Acme", "chakraStatus": "CONNECTED"}
    for path in (NUMBERS, BUSINESSES):
        assert (await client.get(path, params={"pluginId": UNKNOWN_ID})).json == {"_data": []}
