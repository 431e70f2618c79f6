"""Finding a process by what people call it, and who it is about."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.process import Process
from bot.chakra.processes import ProcessesApi, ProcessPage
from bot.errors import (
    AuthenticationError,
    ChakraError,
    InvalidResponse,
    Rejected,
    ResourceNotFound,
    Unavailable,
)
from tests.chakra.upstream import (
    CONNECTION_REFUSED,
    CONNECTION_RESET,
    Reply,
    Upstream,
    await_within,
    read_example,
    reply,
    reply_text,
)
from tests.clock import ManualClock

UUID = "1bc10281-5882-43aa-b48d-28c527335e7a"
PROCESS_PATH = f"/v1/ext/procedure/lead/process/{UUID}"
LIST_PATH = "/v1/ext/procedure/lead/process/list"
NOT_FOUND = reply(404, {"_errors": ["no such process"]})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def parse_process(record: object = None, **data: object) -> Process:
    return Process.model_validate({"id": "p1", "data": data, "record": record})


async def test_the_documented_process_is_read(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("fetch-process.response"))])
    async with upstream.open_http(clock) as http:
        ted = await ProcessesApi(http).fetch("lead", UUID)
    assert (ted.id, ted.state, ted.status) == (UUID, "NEW", "OPEN")
    assert (ted.name, ted.phone, ted.email) == ("Ted Mosby", "7701214822", "ted.mosby@yahoo.com")
    assert ted.assigned_to == "john@acme.com"
    assert ted.is_deleted is False
    assert ted.attributes["lead_id"] == "LEAD-001"
    assert [(request.method, request.url.path) for request in upstream.requests] == [
        ("GET", PROCESS_PATH)
    ]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (NOT_FOUND, ResourceNotFound),
        (reply(200, {"_data": None}), ResourceNotFound),
        (reply(200, {"_data": {}}), ResourceNotFound),  # the documented example of every process
        (reply(200, {"_data": {"state": "NEW"}}), InvalidResponse),
        (reply(403, {"_errors": ["no"]}), AuthenticationError),
        (reply_text(200, "<html>", "text/html"), InvalidResponse),
    ],
)
async def test_process_fetch_errors(
    clock: ManualClock, answer: httpx.Response, error: type[ChakraError]
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        with pytest.raises(error):
            await ProcessesApi(http).fetch("lead", UUID)


async def test_list_request_matches_the_documentation(clock: ManualClock) -> None:
    wanted = read_example("list-processes.request")
    upstream = Upstream([reply(200, read_example("list-processes.response"))])
    async with upstream.open_http(clock) as http:
        page = await ProcessesApi(http).list("lead", wanted["where"])
    assert [process.name for process in page.items] == ["Ted Mosby"]
    assert page.has_more
    (request,) = upstream.requests
    assert (request.method, request.url.path) == ("POST", LIST_PATH)
    assert json.loads(request.content) == wanted


async def test_no_page_is_larger_than_the_vendor_allows(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, {"_data": []})])
    async with upstream.open_http(clock) as http:
        assert await ProcessesApi(http).list("lead", {}, skip=10, limit=500) == ProcessPage(())
    assert json.loads(upstream.requests[0].content) == {"where": {}, "skip": 10, "limit": 100}


@pytest.mark.parametrize(
    "trouble", [reply(500), CONNECTION_RESET, CONNECTION_REFUSED, httpx.ReadTimeout("")]
)
async def test_list_is_retried_like_a_read(clock: ManualClock, trouble: Reply) -> None:
    upstream = Upstream([trouble, reply(200, read_example("list-processes.response"))])
    async with upstream.open_http(clock) as http:
        await await_within(clock, 2, ProcessesApi(http).list("lead", {}))
    assert len(upstream.requests) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(500), Unavailable),
        (reply(200, {"_data": {}}), InvalidResponse),
        (reply(200), InvalidResponse),
    ],
)
async def test_failed_list_never_raises_outcome_unknown(
    clock: ManualClock, answer: httpx.Response, error: type[ChakraError]
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        with pytest.raises(error):
            await await_within(clock, 20, ProcessesApi(http).list("lead", {}))


async def find_process(
    upstream: Upstream, clock: ManualClock, key: str, attribute: str = ""
) -> Process:
    async with upstream.open_http(clock) as http:
        return await ProcessesApi(http).find("lead", key, attribute=attribute)


async def test_primary_key_accepted_by_fetch_needs_no_list(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("fetch-process.response"))])
    assert (await find_process(upstream, clock, "LEAD-001")).id == UUID
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "refusal", [NOT_FOUND, reply(400, {"_errors": ["no UUID"]}), reply(200, {"_data": None})]
)
async def test_primary_key_rejected_by_fetch_is_searched_in_the_list(
    clock: ManualClock, refusal: httpx.Response
) -> None:
    upstream = Upstream([refusal, reply(200, read_example("list-processes.response"))])
    assert (await find_process(upstream, clock, "LEAD-001")).id == UUID
    assert json.loads(upstream.requests[1].content) == {
        "where": {"lead_id": "LEAD-001"},
        "skip": 0,
        "limit": 2,
    }


async def test_key_attribute_can_be_specified(clock: ManualClock) -> None:
    body = {"_data": [{"id": "p1", "data": {"number": 7}}]}
    upstream = Upstream([NOT_FOUND, reply(200, body)])
    assert (await find_process(upstream, clock, "7", "number")).id == "p1"


@pytest.mark.parametrize(
    "items",
    [
        [],
        [{"id": "p1", "data": {"lead_id": "LEAD-002"}}],
        [{"id": "p1"}],
        [{"id": "p1", "data": {"parent": "LEAD-001"}}],
        [
            {"id": "p1", "data": {"lead_id": "LEAD-001"}},
            {"id": "p2", "data": {"lead_id": "LEAD-001"}},
        ],
    ],
    ids=["none", "another", "bare", "elsewhere", "two"],
)
async def test_partial_match_is_not_accepted(clock: ManualClock, items: list[object]) -> None:
    """A server that ignores the query would give us anybody."""
    upstream = Upstream([NOT_FOUND, reply(200, {"_data": items})])
    with pytest.raises(ResourceNotFound):
        await find_process(upstream, clock, "LEAD-001")


async def test_unknown_uuid_is_not_searched_in_the_list(clock: ManualClock) -> None:
    upstream = Upstream([reply(400, {"_errors": ["no"]})])
    with pytest.raises(Rejected):
        await find_process(upstream, clock, UUID)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("data", "phone"),
    [
        ({"phone_number": "7701214822"}, "7701214822"),
        ({"phone_number": 919999999999}, "919999999999"),
        ({"phoneNumber": "+91 99999-99999"}, "919999999999"),
        ({"Phone Number": "919999999999"}, "919999999999"),
        ({"mobile": {"phone": "919999999999"}}, "919999999999"),
        ({"mobile": "919999999999", "phone_number": "917777777777"}, "917777777777"),
        ({"phone_number": "", "whatsapp": "919999999999"}, "919999999999"),
        ({"customer_phone": "919999999999"}, "919999999999"),
        ({"customer_phone": "919999999999", "agent_phone": "917777777777"}, ""),
        ({"customer_phone": "919999999999", "agent_phone": "919999999999"}, "919999999999"),
        ({"phone": "10281582-5882-43aa-b48d-28c527335e7a"}, ""),  # an id, not a number
        ({"phone_verified": 1617966536211, "contact": "919999999999"}, ""),
        ({"phone": "p:+919999999999"}, "919999999999"),
        ({"phone": "tel:+91-99999-99999"}, "919999999999"),
        ({"phone": "whatsapp:+919999999999"}, "919999999999"),
        ({"phone": "'+919999999999"}, "919999999999"),
        ({"phone": "\u202a+91 99999 99999\u202c"}, "919999999999"),
        ({"phone": "+٩١٩٩٩٩٩٩٩٩٩٩"}, "919999999999"),
        ({"phone": "91 99999 99999 ext 5"}, "919999999999"),
        ({"phone": "919999999999@s.whatsapp.net"}, "919999999999"),
        ({"phone": "n/a"}, ""),
        ({"phone": True}, ""),
        ({}, ""),
    ],
)
def test_phone_is_read_only_where_it_is_unambiguous(data: dict[str, object], phone: str) -> None:
    assert parse_process(**data).phone == phone
    assert parse_process({"data": data}).phone == phone


def test_plus_of_a_stored_number_is_not_lost() -> None:
    assert parse_process(phone="+65 8123 4567").international_phone == "+6581234567"
    assert parse_process(phone="6581234567").international_phone == "6581234567"


def test_process_fields_take_precedence_over_the_record() -> None:
    process = parse_process({"data": {"phone": "917777777777", "name": "A"}}, phone="919999999999")
    assert (process.phone, process.name) == ("919999999999", "A")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"name": "Ted Mosby"}, "Ted Mosby"),
        ({"name": "\u200b", "full_name": "Ted"}, "Ted"),
        ({"firstname": "Ted", "lastname": "Mosby"}, "Ted Mosby"),
        ({"firstName": "Ted", "lastName": None}, "Ted"),
        ({"last_name": "Mosby"}, "Mosby"),
        ({"name": {"x": 1}}, ""),
        ({}, ""),
    ],
)
def test_name_is_found_under_common_keys(data: dict[str, object], name: str) -> None:
    assert parse_process(**data).name == name


ODD_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "phone", "name", "first_name", "email", "Phone No"])
            | st.text(max_size=9),
            children,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(ODD_JSON, ODD_JSON, ODD_JSON)
def test_any_process_parses(data: object, record: object, other: object) -> None:
    process = Process.model_validate(
        {"id": "p1", "data": data, "record": record, "state": other, "assignedTo": other}
    )
    assert process.phone == "" or process.phone.isdigit()
    assert isinstance(process.name, str)
    assert isinstance(process.email, str)
