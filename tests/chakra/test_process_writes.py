"""Creating, changing and deleting one process: requests as documented, answers read leniently."""

from __future__ import annotations

import json

import httpx
import pytest

from bot.chakra.processes import ProcessesApi
from bot.errors import OutcomeUnknown, Rejected, ResourceNotFound
from tests.chakra.upstream import (
    CONNECTION_RESET,
    Upstream,
    await_within,
    read_example,
    reply,
    reply_text,
)
from tests.clock import ManualClock

UUID = "1bc10281-5882-43aa-b48d-28c527335e7a"
ROOT = "/v1/ext/procedure/lead/process"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.mark.parametrize("name", ["create-process", "create-lead"])
async def test_create_request_matches_the_documentation(clock: ManualClock, name: str) -> None:
    wanted = read_example(f"{name}.request")
    upstream = Upstream([reply(200, read_example(f"{name}.response"))])
    async with upstream.open_http(clock) as http:
        created = await ProcessesApi(http).create("lead", wanted)
    assert created is not None
    (request,) = upstream.requests
    assert (request.method, request.url.path) == ("POST", ROOT)
    assert json.loads(request.content) == wanted


async def test_update_request_matches_the_documentation(clock: ManualClock) -> None:
    wanted = read_example("update-process.request")
    upstream = Upstream([reply(200, read_example("update-process.response"))])
    async with upstream.open_http(clock) as http:
        assert await ProcessesApi(http).update("lead", UUID, wanted)
    (request,) = upstream.requests
    assert (request.method, request.url.path) == ("PUT", f"{ROOT}/{UUID}")
    assert json.loads(request.content) == wanted


async def test_delete_request_matches_the_documentation(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("delete-process.response"))])
    async with upstream.open_http(clock) as http:
        await ProcessesApi(http).delete("lead", UUID)
    (request,) = upstream.requests
    assert (request.method, request.url.path, request.content) == ("DELETE", f"{ROOT}/{UUID}", b"")


@pytest.mark.parametrize(
    ("key", "encoded"),
    [
        ("LEAD-004038", "LEAD-004038"),
        ("a/b", "a%2Fb"),
        ("a b", "a%20b"),
        ("100%", "100%25"),
        ("a.b", "a.b"),
        ("?x=1#y", "%3Fx%3D1%23y"),
        ("क", "%E0%A4%95"),
    ],
)
async def test_primary_key_is_one_segment_of_the_path(
    clock: ManualClock, key: str, encoded: str
) -> None:
    upstream = Upstream([reply(200, {}), reply(200, {})])
    async with upstream.open_http(clock) as http:
        api = ProcessesApi(http)
        await api.update("lead", key, {"state": "NEW"}, key_attribute="lead_id")
        await api.delete("lead", key, key_attribute="lead_id")
    paths = [request.url.raw_path.decode() for request in upstream.requests]
    assert paths == [f"{ROOT}/lead_id/{encoded}"] * 2


@pytest.mark.parametrize("key", ["", ".", ".."])
async def test_key_that_is_another_path_is_never_sent(clock: ManualClock, key: str) -> None:
    upstream = Upstream([])
    async with upstream.open_http(clock) as http:
        with pytest.raises(ResourceNotFound):
            await ProcessesApi(http).delete("lead", key, key_attribute="lead_id")
    assert upstream.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, {}),  # the documented example
        reply(200, {"_data": {}}),
        reply(200, {"_data": None}),
        reply(204),
    ],
)
async def test_answer_without_a_process_is_a_success(
    clock: ManualClock, answer: httpx.Response
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        assert await ProcessesApi(http).create("lead", {"data": {"name": "A"}}) is None


@pytest.mark.parametrize("trouble", [CONNECTION_RESET, reply_text(200, "<html>", "text/html")])
async def test_write_that_may_have_arrived_is_not_repeated(
    clock: ManualClock, trouble: object
) -> None:
    upstream = Upstream([trouble])  # type: ignore[list-item]
    async with upstream.open_http(clock) as http:
        with pytest.raises(OutcomeUnknown):
            await await_within(clock, 60, ProcessesApi(http).update("lead", UUID, {"state": "X"}))
    assert len(upstream.requests) == 1


async def test_refusal_in_a_success_is_a_refusal(clock: ManualClock) -> None:
    async with Upstream([reply(200, {"_errors": ["State X not found"]})]).open_http(clock) as http:
        with pytest.raises(Rejected, match="State X not found"):
            await ProcessesApi(http).update("lead", UUID, {"state": "X"})
