"""Creating a task: the request as documented, and an answer of which nothing is known."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.tasks import TasksApi
from bot.errors import ChakraError, OutcomeUnknown, Rejected, ResourceNotFound
from tests.chakra.upstream import (
    CONNECTION_RESET,
    Upstream,
    await_within,
    read_example,
    reply,
    reply_text,
)
from tests.clock import ManualClock

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_request_matches_the_documentation(clock: ManualClock) -> None:
    wanted = read_example("create-task.request")
    upstream = Upstream([reply(200, read_example("create-task.response"))])
    async with upstream.open_http(clock) as http:
        created = await TasksApi(http).create("lead", "LEAD-004038", "call_back", wanted)
    (request,) = upstream.requests
    assert (request.method, request.url.path) == (
        "POST",
        "/v1/ext/p/lead/LEAD-004038/task/call_back",
    )
    assert json.loads(request.content) == wanted
    assert created.id == "c0089fef-52cf-4d33-ab5c-4403d69b40b4"


async def test_odd_keys_are_encoded(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, {})])
    async with upstream.open_http(clock) as http:
        await TasksApi(http).create("lead", "A/B 1%.x", "call back", {})
    path = upstream.requests[0].url.raw_path
    assert path == b"/v1/ext/p/lead/A%2FB%201%25.x/task/call%20back"


@pytest.mark.parametrize(
    ("answer", "task_id", "raw"),
    [
        (reply(200, {}), "", {}),
        (reply(200, {"_data": {}}), "", {}),
        (reply(200, {"_data": None}), "", {}),
        (reply(201, {"id": "t1", "status": "OPEN"}), "t1", {"id": "t1", "status": "OPEN"}),
        (reply(200, {"_data": {"taskId": 7}}), "", {"taskId": 7}),
        (reply(200, {"_data": "done"}), "", {"_data": "done"}),
        (httpx.Response(204), "", {}),
    ],
)
async def test_answer_is_read_in_any_shape(
    clock: ManualClock, answer: httpx.Response, task_id: str, raw: dict[str, Any]
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        created = await TasksApi(http).create("lead", "LEAD-1", "call_back", {})
    assert (created.id, dict(created.raw)) == (task_id, raw)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(404, {"_errors": ["no"]}), ResourceNotFound),
        (reply(400, {"_errors": ["status is not valid"]}), Rejected),
        (reply(200, {"_errors": ["no such user"]}), Rejected),
        (reply_text(200, "<html>", "text/html"), ChakraError),
        (CONNECTION_RESET, OutcomeUnknown),
    ],
)
async def test_what_goes_wrong_is_an_error(
    clock: ManualClock, answer: Any, error: type[ChakraError]
) -> None:
    upstream = Upstream([answer])
    async with upstream.open_http(clock) as http:
        with pytest.raises(error):
            await await_within(clock, 60, TasksApi(http).create("lead", "LEAD-1", "call_back", {}))
    assert len(upstream.requests) == 1


@given(body=st.dictionaries(st.sampled_from(("_data", "id", "x")), JSON))
async def test_any_answer_is_a_task_or_an_error(body: dict[str, Any]) -> None:
    async with Upstream([reply(200, body)]).open_http(ManualClock()) as http:
        created = await TasksApi(http).create("lead", "LEAD-1", "call_back", {})
    assert isinstance(created.id, str)
