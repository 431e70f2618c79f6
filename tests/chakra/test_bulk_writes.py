"""Background jobs that are started by creating or changing many processes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest

from bot.chakra.job import Job
from bot.chakra.processes import ProcessChange, ProcessesApi
from bot.errors import (
    ChakraError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    ResourceNotFound,
    Unavailable,
)
from tests.chakra.upstream import (
    CONNECTION_REFUSED,
    CONNECTION_RESET,
    Hang,
    Reply,
    Upstream,
    await_within,
    read_example,
    reply,
    reply_text,
)
from tests.clock import ManualClock

JOB = "19632427-908f-4bf3-a6f5-69b9a0bbfc63"


ITEMS = read_example("bulk-create-process.request")
CHANGES = [
    ProcessChange("EXT-TEST-143", {"data": {"score": "105"}}, key_attribute="lead_id"),
    ProcessChange(
        "1e50dd73-9ce6-405b-932a-9c4c5e7b5599", {"data": {"city": "Goa"}, "state": "IN_PROGRESS"}
    ),
]

BulkWrite = Callable[[ProcessesApi], Awaitable[Job]]
WRITES: dict[str, tuple[BulkWrite, str, str]] = {
    "bulk-create-process": (
        lambda processes: processes.create_many("lead", ITEMS),
        "POST",
        "/v1/ext/procedure/lead/process/bulk-create",
    ),
    "bulk-update-process": (
        lambda processes: processes.update_many("lead", CHANGES),
        "PATCH",
        "/v1/ext/procedure/lead/process",
    ),
}
each_write = pytest.mark.parametrize("name", WRITES)


async def run_write(upstream: Upstream, clock: ManualClock, name: str) -> Job:
    async with upstream.open_http(clock) as http:
        return await await_within(clock, 40, WRITES[name][0](ProcessesApi(http)))


@each_write
@pytest.mark.parametrize("status", [200, 201, 202])
async def test_bulk_write_request_and_response_match_the_documentation(
    clock: ManualClock, name: str, status: int
) -> None:
    upstream = Upstream([reply(status, read_example(f"{name}.response"))])
    started = await run_write(upstream, clock, name)
    assert (started.id, started.completion_status) == (JOB, "IN_PROGRESS")
    assert (started.total, started.finished) == (0, False)
    (request,) = upstream.requests
    assert (request.method, request.url.path) == WRITES[name][1:]
    assert json.loads(request.content) == read_example(f"{name}.request")


@each_write
@pytest.mark.parametrize(
    ("answer", "error", "asked"),
    [
        (reply(404, {"_errors": ["no such procedure"]}), ResourceNotFound, 1),
        (reply(400, {"_errors": ["no"]}), Rejected, 1),
        (reply(200, {"_data": {"id": JOB}, "_errors": ["no"]}), Rejected, 1),
        (reply(500), OutcomeUnknown, 1),
        (CONNECTION_RESET, OutcomeUnknown, 1),
        (Hang, OutcomeUnknown, 1),
        (reply(202, {"_data": {}}), OutcomeUnknown, 1),
        (reply(202, {"_data": None}), OutcomeUnknown, 1),
        (reply(204), OutcomeUnknown, 1),
        (reply_text(200, "OK"), OutcomeUnknown, 1),
        (CONNECTION_REFUSED, Unavailable, 4),
    ],
)
async def test_bulk_write_is_never_submitted_twice(
    clock: ManualClock, name: str, answer: Reply, error: type[ChakraError], asked: int
) -> None:
    upstream = Upstream([answer])
    with pytest.raises(error):
        await run_write(upstream, clock, name)
    assert len(upstream.requests) == asked


@each_write
async def test_bulk_write_waits_out_a_rate_limit(clock: ManualClock, name: str) -> None:
    busy = reply(429, read_example("error.chakra-rate-limit"))
    upstream = Upstream([busy, reply(202, read_example(f"{name}.response"))])
    assert (await run_write(upstream, clock, name)).id == JOB
    with pytest.raises(RateLimited):
        await run_write(Upstream([reply(429, {}, retry_after="900")]), clock, name)


async def test_empty_bulk_write_is_not_sent(clock: ManualClock) -> None:
    upstream = Upstream([reply(200)])
    async with upstream.open_http(clock) as http:
        with pytest.raises(ValueError, match="nothing to write"):
            await ProcessesApi(http).create_many("lead", [])
        with pytest.raises(ValueError, match="nothing to write"):
            await ProcessesApi(http).update_many("lead", [])
    assert upstream.requests == []


@pytest.mark.parametrize(("key", "attribute"), [("", "id"), ("x", ""), ("x", "update")])
def test_change_identifies_its_process(key: str, attribute: str) -> None:
    with pytest.raises(ValueError, match="which process"):
        ProcessChange(key, {"state": "NEW"}, attribute)
