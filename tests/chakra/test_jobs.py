"""Background jobs: what one says of itself, and its entries in pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chakra.job import Job, JobEntry
from bot.chakra.jobs import EntryPage, JobsApi, parse_cursor
from bot.errors import (
    AuthenticationError,
    ChakraError,
    InvalidResponse,
    Rejected,
    ResourceNotFound,
)
from tests.chakra.upstream import (
    Upstream,
    read_example,
    reply,
    reply_text,
)
from tests.clock import ManualClock

JOB = "19632427-908f-4bf3-a6f5-69b9a0bbfc63"
JOB_PATH = f"/v1/ext/background-job/{JOB}"
ENTRIES_PATH = f"{JOB_PATH}/entries"


def build_job(counts: object = None, **data: object) -> Job:
    return Job.model_validate({"id": JOB, "counts": counts, **data})


# --- the job -------------------------------------------------------------------------------------


async def test_the_documented_job_is_read(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("fetch-background-job.response"))])
    async with upstream.open_http(clock) as http:
        found = await JobsApi(http).fetch(JOB)
    assert (found.total, found.done, found.remaining) == (612, 492, 120)
    assert (found.succeeded, found.failed, found.invalid) == (389, 3, 100)
    assert found.unsuccessful == 103
    assert not found.finished
    assert (found.id, found.type, found.completion_status) == (JOB, "bulk_api_job", "")
    assert found.started_at == datetime(2021, 4, 9, 11, 8, 56, 210_000, tzinfo=UTC)
    assert found.completed_at is None
    assert [(request.method, request.url.path) for request in upstream.requests] == [
        ("GET", JOB_PATH)
    ]


@pytest.mark.parametrize(
    ("counts", "completed_at", "finished"),
    [
        ({"SUCCESS": 3, "NOT_STARTED": 1}, 0, False),
        ({"SUCCESS": 3, "NOT_STARTED": 0}, 0, True),
        ({"SUCCESS": 3}, 0, True),
        ({"SUCCESS": 3}, None, True),
        ({"SUCCESS": 0}, 0, False),
        ({}, 0, False),
        (None, None, False),
        ({"SUCCESS": 3, "NOT_STARTED": 1}, 1617966536211, True),
        ({}, 1617966536211, True),
        (None, "2021-09-16T18:34:58.108+05:30", True),
    ],
)
def test_is_finished_is_derived_from_the_state(
    counts: object, completed_at: object, finished: bool
) -> None:
    assert build_job(counts, completedAt=completed_at).finished is finished


@pytest.mark.parametrize(
    ("counts_field", "counts"),
    [
        ({"SUCCESS": 3, "QUEUED": 2}, {"SUCCESS": 3, "QUEUED": 2}),
        ({"success": 3, "SUCCESS": "4", " Error ": 1.0}, {"SUCCESS": 7, "ERROR": 1}),
        ({"A": -1, "B": None, "C": True, "D": 1.5, "E": [], "": 3, "\u200b": 4}, {}),
        ({"A": float("nan"), "B": float("inf"), "C": 10**30}, {}),
        ([["SUCCESS", 3]], {}),
        ("612", {}),
    ],
)
def test_counts_of_any_shape_are_parsed(counts_field: object, counts: dict[str, int]) -> None:
    assert dict(build_job(counts_field).counts) == counts


def test_excess_states_are_dropped_but_known_ones_are_not() -> None:
    counts_field = {"NOT_STARTED": 5, **{f"STATE_{number}": 1 for number in range(1000)}}
    assert len(build_job(counts_field).counts) == 50
    assert build_job(counts_field).remaining == 5


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(404, {"_errors": ["no such job"]}), ResourceNotFound),
        (reply(410), ResourceNotFound),
        (reply(200, {"_data": None}), ResourceNotFound),
        (reply(200, {"_data": {}}), ResourceNotFound),
        (reply(200, {"_data": {"type": "bulk_api_job"}}), InvalidResponse),
        (reply(200, {"_data": [1]}), InvalidResponse),
        (reply(200, {"_meta": {}}), InvalidResponse),
        (reply(403, {"_errors": ["no"]}), AuthenticationError),
        (reply(400, {"_errors": ["no UUID"]}), Rejected),
        (reply_text(200, "<html>", "text/html"), InvalidResponse),
    ],
)
async def test_job_fetch_errors(
    clock: ManualClock, answer: httpx.Response, error: type[ChakraError]
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        with pytest.raises(error):
            await JobsApi(http).fetch(JOB)


async def test_id_that_escapes_the_path_is_not_requested(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, {"_data": {"id": "x"}})])
    async with upstream.open_http(clock) as http:
        with pytest.raises(ResourceNotFound):
            await JobsApi(http).fetch("..")
        with pytest.raises(ResourceNotFound):
            [page async for page in JobsApi(http).iter_entry_pages("")]
    assert upstream.requests == []


# --- its entries ---------------------------------------------------------------------------------


async def fetch_pages(upstream: Upstream, clock: ManualClock, **given: Any) -> list[EntryPage]:
    async with upstream.open_http(clock) as http:
        return [page async for page in JobsApi(http).iter_entry_pages(JOB, **given)]


def list_entry_ids(found: list[EntryPage]) -> list[list[str]]:
    return [[entry.id for entry in page.entries] for page in found]


def reply_page(*names: object, **meta: object) -> httpx.Response:
    items = [{"id": name} if isinstance(name, str) else name for name in names]
    return reply(200, {"_data": items, "_meta": meta})


async def test_the_documented_entries_are_read(clock: ManualClock) -> None:
    upstream = Upstream(
        [reply(200, read_example("fetch-background-job-entries.response")), reply_page()]
    )
    (found,) = await fetch_pages(upstream, clock)
    assert found.total == 612
    assert [(entry.completion_status, entry.reason) for entry in found.entries] == [
        ("SUCCESS", ""),
        ("ERROR", "Attribute score is not valid"),
        ("INVALID", "Process not found"),
        ("NOT_STARTED", ""),
    ]
    assert [entry.unsuccessful for entry in found.entries] == [False, True, True, False]
    assert list(found.entries[1].other) == [
        *("createdAt", "updatedAt", "startedAt", "completedAt", "backgroundJob"),
    ]
    first, second = upstream.requests
    assert (first.url.path, first.url.query) == (ENTRIES_PATH, b"")
    assert (second.url.path, second.url.query) == (ENTRIES_PATH, b"skip=4&limit=4")


@pytest.mark.parametrize("name", ["next", "nextPage", "nextPath", "nextUrl", "nextPagePath"])
async def test_next_page_link_is_found_under_several_keys(clock: ManualClock, name: str) -> None:
    upstream = Upstream(
        [reply_page("a", **{name: f"{ENTRIES_PATH}?page=2"}), reply_page("b"), reply_page("c")]
    )
    assert list_entry_ids(await fetch_pages(upstream, clock)) == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("meta", "total"),
    [
        ({"total": 7, "count": 2}, 7),
        ({"total": None, "totalCount": 7}, 7),
        ({"totalEntries": 7}, 7),
        ({"count": 7}, 7),
        ({"total": "7", "count": 0}, 0),
        ({"total": True}, None),
        ({"total": -1}, None),
        ({}, None),
    ],
)
async def test_total_is_the_first_integer_found(
    clock: ManualClock, meta: dict[str, object], total: int | None
) -> None:
    (found,) = await fetch_pages(Upstream([reply_page("a", **meta)]), clock)
    assert found.total == total


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        (f"{ENTRIES_PATH}?skip=10&limit=10", f"{ENTRIES_PATH}?skip=10&limit=10"),
        (f"https://chakra.test{ENTRIES_PATH}?skip=10", f"{ENTRIES_PATH}?skip=10"),
        (f"http://chakra.test:8080{ENTRIES_PATH}?skip=10", f"{ENTRIES_PATH}?skip=10"),
        (f"/api{ENTRIES_PATH}?skip=10", f"{ENTRIES_PATH}?skip=10"),
        (f"{ENTRIES_PATH.upper()}?skip=10", f"{ENTRIES_PATH}?skip=10"),
        (f" {ENTRIES_PATH}?cursor=&x=a%2Fb ", f"{ENTRIES_PATH}?cursor=&x=a%2Fb"),
        ("?skip=10", f"{ENTRIES_PATH}?skip=10"),
        (f"{ENTRIES_PATH}/2", f"{ENTRIES_PATH}/2"),
        (f"{ENTRIES_PATH}/2%2F?limit=5", f"{ENTRIES_PATH}/2%2F?limit=5"),
    ],
)
async def test_next_link_to_the_same_jobs_entries_is_followed(
    clock: ManualClock, address: str, asked: str
) -> None:
    upstream = Upstream([reply_page("a", next=address), reply_page("b")])
    assert list_entry_ids(await fetch_pages(upstream, clock)) == [["a"], ["b"]]
    url = upstream.requests[1].url
    assert (url.host, url.raw_path.decode()) == ("chakra.test", asked)


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        7,
        {"path": f"{ENTRIES_PATH}?skip=10"},
        f"https://elsewhere.test{ENTRIES_PATH}?skip=10",
        f"//elsewhere.test{ENTRIES_PATH}?skip=10",
        f"https://chakra.test@elsewhere.test{ENTRIES_PATH}?skip=10",
        f"{JOB_PATH}?skip=10",
        f"{ENTRIES_PATH}-other?skip=10",
        f"{ENTRIES_PATH}/2/3?skip=10",
        f"{ENTRIES_PATH}/..?skip=10",
        f"{ENTRIES_PATH}/%2E%2E?skip=10",
        "/v1/ext/background-job/another/entries?skip=10",
        "https://[half?skip=10",
        f"{ENTRIES_PATH}?skip={'1' * 3000}",
        ENTRIES_PATH,
    ],
)
async def test_next_link_elsewhere_ends_the_listing(clock: ManualClock, address: object) -> None:
    upstream = Upstream([reply_page("a", next=address), reply_page("b")])
    assert list_entry_ids(await fetch_pages(upstream, clock)) == [["a"]]
    assert len(upstream.requests) == 1


async def test_first_non_empty_next_link_wins(clock: ManualClock) -> None:
    upstream = Upstream(
        [reply_page("a", next="", nextPage=f"{ENTRIES_PATH}?page=2"), reply_page("b")]
    )
    assert list_entry_ids(await fetch_pages(upstream, clock)) == [["a"], ["b"]]


async def test_repeated_page_ends_the_listing(clock: ManualClock) -> None:
    back = f"{ENTRIES_PATH}?page=2"
    upstream = Upstream([reply_page("a", next=back), reply_page("b", next=back), reply_page("c")])
    assert list_entry_ids(await fetch_pages(upstream, clock)) == [["a"], ["b"]]
    assert len(upstream.requests) == 2


async def test_server_that_ignores_the_query_cannot_cause_endless_paging(
    clock: ManualClock,
) -> None:
    upstream = Upstream(
        [reply_page("a", next=f"{ENTRIES_PATH}?page={number}") for number in range(9)]
    )
    assert list_entry_ids(await fetch_pages(upstream, clock)) == [["a"]]
    assert len(upstream.requests) == 2


async def test_pages_may_overlap(clock: ManualClock) -> None:
    upstream = Upstream([reply_page("a", "b", next="?page=2"), reply_page("b", "c")])
    assert list_entry_ids(await fetch_pages(upstream, clock)) == [["a", "b"], ["c"]]


async def test_entries_without_ids_are_not_deduplicated(clock: ManualClock) -> None:
    same = {"completionStatus": "NOT_STARTED"}
    upstream = Upstream(
        [reply_page(same, same, next="?page=2"), reply_page(same, next="?page=3"), reply_page()]
    )
    assert list_entry_ids(await fetch_pages(upstream, clock)) == [["", ""], [""]]


async def test_a_job_without_entries_has_one_empty_page(clock: ManualClock) -> None:
    upstream = Upstream([reply_page(next="?page=2", total=0)])
    assert await fetch_pages(upstream, clock) == [EntryPage((), 0)]
    assert len(upstream.requests) == 1


async def test_only_as_many_pages_as_needed_are_fetched(clock: ManualClock) -> None:
    upstream = Upstream(
        [reply_page("a", "b", next="?page=2"), reply_page("c", "d", next="?page=3")]
    )
    assert list_entry_ids(await fetch_pages(upstream, clock, max_entries=3)) == [["a", "b"], ["c"]]
    assert len(upstream.requests) == 2
    upstream = Upstream([reply_page("a", "b", next="?page=2")])
    assert list_entry_ids(await fetch_pages(upstream, clock, max_entries=2)) == [["a", "b"]]
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(404, {"_errors": ["gone"]}), ResourceNotFound),
        (reply(200, {"_data": {"entries": []}}), InvalidResponse),
        (reply(200, {"_data": None}), InvalidResponse),
        (reply_text(200, "oops"), InvalidResponse),
    ],
)
@pytest.mark.parametrize("before", [0, 1])
async def test_page_fetch_error_is_raised(
    clock: ManualClock, answer: httpx.Response, error: type[ChakraError], before: int
) -> None:
    upstream = Upstream([*[reply_page("a", next="?page=2")] * before, answer])
    with pytest.raises(error):
        await fetch_pages(upstream, clock)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"statusMessage": "No\u202e such\nlead"}, "No such lead"),
        ({"statusMessage": None, "errorMessage": "Bad"}, "Bad"),
        ({"statusMessage": " ", "reason": "Bad"}, "Bad"),
        ({"failureReason": "Bad"}, "Bad"),
        ({"message": "Bad"}, "Bad"),
        ({"_errors": ["Bad", "Worse"]}, "Bad; Worse"),
        ({"errors": [{"message": "Bad"}]}, "Bad"),
        ({"error": {"message": "Re-engagement", "code": 131047}}, "(#131047) Re-engagement"),
        ({"response": {"_errors": ["Bad"]}}, "Bad"),
        ({"result": {"error": {"error": "Bad"}}}, "Bad"),
        ({"statusMessage": "x" * 999}, "x" * 299 + "…"),
        ({"statusMessage": 7, "code": 3}, ""),
        ({}, ""),
    ],
)
def test_failure_reason_is_found_under_known_keys(item: dict[str, object], reason: str) -> None:
    assert JobEntry.from_item({"id": "e1", **item}).reason == reason


def test_unknown_fields_are_preserved_in_order() -> None:
    item = {"zeta": [1, {"a": None}], "id": 7, "error": {"message": "Bad"}, "alpha": "x"}
    entry = JobEntry.from_item({**item, "status": "error"})
    assert (entry.id, entry.completion_status, entry.reason) == ("7", "ERROR", "Bad")
    expected = {"zeta": [1, {"a": None}], "error": {"message": "Bad"}, "alpha": "x"}
    assert list(entry.other.items()) == list(expected.items())
    assert JobEntry.from_item("odd").other == {"entry": "odd"}
    assert JobEntry.from_item({"statusMessage": None, "error": None, "x": None}).other == {
        "x": None
    }


def test_unknown_state_keeps_its_raw_name() -> None:
    assert JobEntry.from_item({"completionStatus": "SKIPPED"}).completion_status == "SKIPPED"
    both = JobEntry.from_item({"completionStatus": "SUCCESS", "status": "OPEN"})
    assert (both.completion_status, both.other) == ("SUCCESS", {"status": "OPEN"})


ODD_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "completionStatus", "statusMessage", "error", "_errors", "x"])
            | st.sampled_from(["SUCCESS", "NOT_STARTED", "completedAt", "message", "code"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(ODD_JSON, ODD_JSON)
def test_any_json_parses_as_a_job_and_an_entry(one: object, two: object) -> None:
    found = build_job(one, type=two, completedAt=one, startedAt=two, completionStatus=two)
    assert found.total == found.done + found.remaining
    assert min(found.done, found.remaining, found.unsuccessful) >= 0
    assert Job.model_validate(found.model_dump(by_alias=True)) == found
    entry = JobEntry.from_item(one)
    assert len(entry.reason) <= 300
    entry.reason.encode()
    if isinstance(one, dict):
        assert all(entry.other[key] is one[key] for key in entry.other)


@given(st.text(max_size=60) | st.builds("{}{}".format, st.sampled_from([ENTRIES_PATH]), st.text()))
def test_any_text_parses_as_a_next_page_or_none(address: str) -> None:
    place = parse_cursor(address, ENTRIES_PATH, "chakra.test")
    assert place is None or "/" not in place.page or "%2F" in address.upper()
