"""The embedded Chakra's planned faults, and its record of requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.faults import (
    DelayedResponse,
    EmptyBody,
    ErrorsWithStatus200,
    Fault,
    Hang,
    HtmlErrorPage,
    InvalidJsonBody,
    MetaErrorResponse,
    MissingField,
    ResetAfterHandling,
    ResetBeforeHandling,
    StatusResponse,
    TooManyRequests,
    TruncatedBody,
)
from tests.clock import ManualClock, settle
from tests.sandbox.chakra_client import (
    JOHN,
    ApiClient,
    ApiResponse,
    open_client,
    read_doc,
    serve_chakra,
)

USERS = "/v1/ext/users"
USER = f"/v1/ext/user/{JOHN}"


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


async def request_with_fault(
    chakra: EmbeddedChakra, client: ApiClient, fault: Fault
) -> ApiResponse:
    chakra.fail("*", fault, times=1)
    return await client.get(USER)


async def test_status_with_a_custom_body(chakra: EmbeddedChakra, client: ApiClient) -> None:
    heard = await request_with_fault(chakra, client, StatusResponse(503, headers={"X-Why": "rest"}))
    assert (heard.status, list(heard.json), heard.headers["x-why"]) == (503, ["_errors"], "rest")
    heard = await request_with_fault(chakra, client, StatusResponse(500, json={"message": "no"}))
    assert (heard.status, heard.json) == (500, {"message": "no"})
    heard = await request_with_fault(chakra, client, StatusResponse(500, text="upstream down"))
    assert (heard.status, heard.text) == (500, "upstream down")
    assert heard.headers["content-type"].startswith("text/plain")


async def test_non_json_bodies(chakra: EmbeddedChakra, client: ApiClient) -> None:
    html = await request_with_fault(chakra, client, HtmlErrorPage())
    assert (html.status, html.headers["content-type"]) == (502, "text/html; charset=utf-8")
    empty = await request_with_fault(chakra, client, EmptyBody())
    assert (empty.status, empty.text) == (200, "")
    other = await request_with_fault(chakra, client, InvalidJsonBody())
    cut = await request_with_fault(chakra, client, TruncatedBody())
    for heard in (other, cut):
        assert (heard.status, heard.headers["content-type"]) == (200, "application/json")
        with pytest.raises(json.JSONDecodeError):
            _ = heard.json
    assert cut.text.startswith('{"_data":')


async def test_an_error_inside_a_success(chakra: EmbeddedChakra, client: ApiClient) -> None:
    heard = await request_with_fault(chakra, client, ErrorsWithStatus200("quota used up"))
    assert (heard.status, heard.json) == (200, {"_errors": ["quota used up"]})


async def test_meta_error_has_its_documented_shape(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    heard = await request_with_fault(chakra, client, MetaErrorResponse(130429))
    documented = read_doc("error.meta")["error"]
    assert heard.status == 400
    assert set(heard.json["error"]) == set(documented)
    assert heard.json["error"]["code"] == documented["code"]
    assert set(heard.json["error"]["error_data"]) == set(documented["error_data"])


async def test_rate_limit_states_its_wait_in_every_format(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    heard = await request_with_fault(chakra, client, TooManyRequests(message_ms=850))
    assert (heard.status, heard.json) == (429, read_doc("error.chakra-rate-limit"))
    assert "retry-after" not in heard.headers
    heard = await request_with_fault(chakra, client, TooManyRequests(retry_after_seconds=2))
    assert (heard.status, heard.headers["retry-after"]) == (429, "2")
    assert "retry after" not in heard.text
    assert (await request_with_fault(chakra, client, TooManyRequests())).status == 429


@pytest.mark.parametrize(
    ("path", "place"),
    [(USER, "_data.id"), (USER, "_data.emails.0.email"), (USER, "_data"), (USERS, "_data.id")],
)
async def test_field_can_be_removed(
    chakra: EmbeddedChakra, client: ApiClient, path: str, place: str
) -> None:
    whole = (await client.get(path)).text
    chakra.fail("*", MissingField(place))
    heard = await client.get(path)
    name = place.rsplit(".", 1)[-1]
    assert heard.status == 200
    assert heard.text.count(f'"{name}":') < whole.count(f'"{name}":')


async def test_removing_an_absent_field_is_a_no_op(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    heard = await request_with_fault(chakra, client, MissingField("_data.nothing.here"))
    assert heard.json == read_doc("fetch-user-v1.response")


@pytest.mark.parametrize("polite", [False, True])
@pytest.mark.parametrize("done", [False, True])
async def test_the_connection_breaks_before_or_after_the_work(
    chakra: EmbeddedChakra,
    client: ApiClient,
    capfd: pytest.CaptureFixture[str],
    polite: bool,
    done: bool,
) -> None:
    chakra.fail(
        "PUT /v1/ext/user/{id}", ResetAfterHandling(polite) if done else ResetBeforeHandling(polite)
    )
    expected = aiohttp.ServerDisconnectedError if polite else aiohttp.ClientOSError
    with pytest.raises(expected):
        await client.request("PUT", USER, json={"firstName": "Jon"})
    assert (chakra.find_user(JOHN).first_name == "Jon") is done
    # aiohttp retries an idempotent request once when its connection breaks.
    assert {asked.status for asked in chakra.requests} == {None}
    assert (await client.get(USERS)).status == 200
    assert capfd.readouterr().err == ""


async def test_the_work_behind_a_fault_still_needs_the_token(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    chakra.fail("*", ResetAfterHandling())
    with pytest.raises(aiohttp.ClientOSError):
        await client.request("PUT", USER, json={"firstName": "Jon"}, token="wrong")
    assert chakra.find_user(JOHN).first_name == "John"


async def test_hung_requests_are_answered_when_released(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    chakra.fail("*", Hang())
    asking = [asyncio.create_task(client.get(path)) for path in (USERS, USER)]
    await chakra.wait_for_requests(2)
    await settle()
    assert not any(task.done() for task in asking)
    assert [asked.status for asked in chakra.requests] == [None, None]
    chakra.clear_faults()
    assert (await client.get("/v1/health")).status == 200
    chakra.release_hanging()
    heard = await asyncio.gather(*asking)
    assert [answer.status for answer in heard] == [200, 200]
    assert heard[1].json == read_doc("fetch-user-v1.response")


async def test_a_request_may_be_released_the_moment_it_arrives(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    chakra.fail("*", Hang())
    asking = asyncio.create_task(client.get(USER))
    await chakra.wait_for_requests(1)
    chakra.release_hanging()
    assert (await asking).status == 200


async def test_closing_disconnects_hung_requests(chakra: EmbeddedChakra, client: ApiClient) -> None:
    chakra.fail("*", Hang())
    asking = asyncio.create_task(client.get(USER))
    await chakra.wait_for_requests(1)
    await chakra.aclose()
    with pytest.raises(aiohttp.ClientOSError):
        await asking


async def test_hung_request_ends_when_its_client_disconnects(
    chakra: EmbeddedChakra, client: ApiClient, capfd: pytest.CaptureFixture[str]
) -> None:
    chakra.fail("*", Hang(), times=1)
    asking = asyncio.create_task(client.get(USER))
    await chakra.wait_for_requests(1)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert (await client.get(USER)).status == 200
    assert capfd.readouterr().err == ""


async def test_slow_response_follows_the_clock(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    chakra.fail("*", DelayedResponse(5))
    asking = asyncio.create_task(client.get(USER))
    await chakra.wait_for_requests(1)
    await clock.advance(4.9)
    assert chakra.requests[0].status is None
    await clock.advance(0.2)
    assert (await asking).json == read_doc("fetch-user-v1.response")
    assert clock.pending_timers == 0


async def test_fault_applies_to_its_endpoint_a_limited_number_of_times(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    chakra.fail("GET /v1/ext/user/{userId}", StatusResponse(500), times=1)
    chakra.fail(USER, StatusResponse(501), times=1)
    chakra.fail("PUT *", StatusResponse(502))
    assert (await client.get(USERS)).status == 200
    assert [(await client.get(USER)).status for _ in range(3)] == [500, 501, 200]
    assert (await client.request("PUT", USER, json={})).status == 502
    chakra.clear_faults()
    assert (await client.request("PUT", USER, json={})).status == 200


async def test_endpoint_can_be_disabled(chakra: EmbeddedChakra, client: ApiClient) -> None:
    chakra.disable_endpoint("GET /v2/ext/users")
    assert (await client.get("/v2/ext/users")).status == 404
    assert (await client.get("/v2/ext/users", token="wrong")).status == 401
    assert (await client.get(f"/v2/ext/user/{JOHN}")).status == 200
    assert chakra.count("/v2/ext/users") == 2


@pytest.mark.parametrize("endpoint", ["/v9/ext/users", "POST /v1/ext/users", "users", ""])
async def test_fault_for_an_unknown_endpoint_is_rejected(
    chakra: EmbeddedChakra, endpoint: str
) -> None:
    with pytest.raises(ValueError, match="nothing serves"):
        chakra.fail(endpoint, Hang())
    with pytest.raises(ValueError, match="nothing serves"):
        chakra.disable_endpoint(endpoint)


async def test_each_request_is_recorded(chakra: EmbeddedChakra, client: ApiClient) -> None:
    await client.request("PUT", USER, json={"bio": "x"}, params={"a": "1", "b": ""})
    await client.get("/nowhere", token="wrong")
    put, lost = chakra.requests
    assert (put.method, put.path, put.endpoint) == ("PUT", USER, "/v1/ext/user/{id}")
    assert (put.query, put.json, put.status) == ({"a": "1", "b": ""}, {"bio": "x"}, 200)
    assert put.headers["authorization"] == f"Bearer {chakra.access_token}"
    assert (lost.endpoint, lost.json, lost.status) == ("/nowhere", None, 401)
    assert chakra.access_token not in repr(put)


async def test_requests_are_counted_by_endpoint(chakra: EmbeddedChakra, client: ApiClient) -> None:
    for path in (USERS, USER, USER, "/v2/ext/users", f"/v2/ext/user/{JOHN}", "/v1/ext/config"):
        await client.get(path)
    await client.get(f"/media/avatars/{JOHN}.png")
    counts = {
        "*": 6,
        "/v1/ext/user/{id}": 2,
        USER: 2,
        "/v1/ext/user": 2,
        "/v1/ext": 4,
        "GET /v2": 2,
        "PUT /v1/ext": 0,
        "/v1/ext/users": 1,
    }
    assert {endpoint: chakra.count(endpoint) for endpoint in counts} == counts


async def test_a_test_can_wait_for_requests(chakra: EmbeddedChakra, client: ApiClient) -> None:
    waiting = asyncio.create_task(chakra.wait_for_requests(2, "GET /v1/ext/users"))
    await client.get(USERS)
    await client.get(USER)
    assert not waiting.done()
    await client.get(USERS)
    await waiting
    await chakra.wait_for_requests(1)
