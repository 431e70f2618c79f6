"""The resources: which endpoint each asks, and what each makes of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from pydantic import SecretStr

from bot.chakra.client import Chakra
from bot.chakra.config import ConfigApi
from bot.chakra.health import HealthApi
from bot.chakra.models import User, UserChanges
from bot.chakra.paging import MAX_PAGES, build_next_page_query
from bot.chakra.users import UsersApi
from bot.errors import (
    AuthenticationError,
    ChakraError,
    InvalidResponse,
    OutcomeUnknown,
    Rejected,
    ResourceNotFound,
    Unavailable,
)
from tests.chakra.upstream import Hang, Upstream, read_example, reply, reply_text
from tests.clock import ManualClock

UUID = "a91b5073-e9d4-4959-9fd3-6edf79c2c5a4"
CHANGES = UserChanges(first_name="John", last_name="Doe")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


ReadCall = Callable[[UsersApi], Awaitable[object]]
READS: dict[str, tuple[ReadCall, str]] = {
    "fetch-user-v2": (lambda users: users.fetch(UUID), f"/v2/ext/user/{UUID}"),
    "fetch-user-v1": (lambda users: users.fetch_v1(UUID), f"/v1/ext/user/{UUID}"),
    "list-users-v2": (lambda users: users.list(), "/v2/ext/users"),
    "list-users-v1": (lambda users: users.list_v1(), "/v1/ext/users"),
}


@pytest.mark.parametrize("name", READS)
async def test_each_read_calls_its_endpoint_and_parses_john(clock: ManualClock, name: str) -> None:
    ask, path = READS[name]
    upstream = Upstream([reply(200, read_example(f"{name}.response"))])
    async with upstream.open_http(clock) as http:
        answer = await ask(UsersApi(http))
    found = answer[0] if isinstance(answer, tuple) else answer
    assert isinstance(found, User)
    assert found.name == "John Doe"
    assert [(request.method, request.url.path) for request in upstream.requests] == [("GET", path)]


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(401, read_example("error.chakra")), AuthenticationError),
        (reply(404, {"_errors": ["no such user"]}), ResourceNotFound),
        (reply(200, {"_data": "x"}), InvalidResponse),
        (reply(200, {"_data": {}}), InvalidResponse),
        (reply(200, {"_data": [{}]}), InvalidResponse),
        (reply(200, {"_data": None, "_errors": ["no"]}), Rejected),
        (reply_text(200, "<html>", "text/html"), InvalidResponse),
    ],
    ids=["401", "404", "string", "empty", "idless", "errors", "html"],
)
async def test_each_read_raises_the_mapped_error(
    clock: ManualClock, name: str, answer: httpx.Response, error: type[ChakraError]
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        with pytest.raises(error) as raised:
            await READS[name][0](UsersApi(http))
    assert raised.value.endpoint.startswith(("/v1/ext/user", "/v2/ext/user"))
    assert UUID not in raised.value.endpoint


async def test_null_data_for_one_user_means_not_found(clock: ManualClock) -> None:
    async with Upstream([reply(200, {"_data": None})]).open_http(clock) as http:
        with pytest.raises(ResourceNotFound):
            await UsersApi(http).fetch(UUID)
        with pytest.raises(InvalidResponse):
            await UsersApi(http).list()


async def test_update_sends_only_changed_fields(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("update-user.response"))])
    async with upstream.open_http(clock) as http:
        john = await UsersApi(http).update(UUID, CHANGES)
    assert john is not None
    assert john.name == "John Doe"
    (request,) = upstream.requests
    assert (request.method, request.url.path) == ("PUT", f"/v1/ext/user/{UUID}")
    assert request.read() == b'{"firstName":"John","lastName":"Doe"}'


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(204), reply(200, {"_data": {}}), reply(200, {"_data": True})],
    ids=["204", "empty", "flag"],
)
async def test_an_update_may_be_accepted_without_a_user(
    clock: ManualClock, answer: httpx.Response
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        assert await UsersApi(http).update(UUID, CHANGES) is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(200, {"_errors": ["lastName is too long"]}), Rejected),
        (reply(422, {"message": "no"}), Rejected),
        (reply(405), Rejected),
        (reply(500), OutcomeUnknown),
        (reply(200, {}), OutcomeUnknown),
        (httpx.Response(200), OutcomeUnknown),
        (reply_text(200, "<html>", "text/html"), OutcomeUnknown),
        (httpx.ReadError(""), OutcomeUnknown),
    ],
)
async def test_failed_update_distinguishes_rejected_from_unknown(
    clock: ManualClock, answer: httpx.Response | Exception, error: type[ChakraError]
) -> None:
    upstream = Upstream([answer])
    async with upstream.open_http(clock) as http:
        with pytest.raises(error):
            await UsersApi(http).update(UUID, CHANGES)
    assert len(upstream.requests) == 1


async def test_pages_are_followed_if_they_ever_appear(clock: ManualClock) -> None:
    upstream = Upstream(
        [
            reply(200, {"_data": [{"id": "1"}], "_meta": {"next": "/v2/ext/users?page=2"}}),
            reply(200, {"_data": [{"id": "2"}], "_meta": {"hasMore": True}}),
            reply(200, {"_data": [{"id": "2"}, {"id": "3"}], "_meta": {"hasMore": True}}),
            reply(200, {"_data": []}),
        ]
    )
    async with upstream.open_http(clock) as http:
        users = await UsersApi(http).list()
    assert [user.id for user in users] == ["1", "2", "3"]
    queries = [str(request.url.query, "ascii") for request in upstream.requests]
    assert queries == ["", "page=2", "skip=2", "skip=3"]


async def test_server_that_ignores_the_page_cannot_cause_endless_paging(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, {"_data": [{"id": "1"}], "_meta": {"hasMore": True}})])
    async with upstream.open_http(clock) as http:
        assert len(await UsersApi(http).list()) == 1
    assert len(upstream.requests) == 2


async def test_endless_paging_is_bounded(clock: ManualClock) -> None:
    class Endless(Upstream):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            number = str(len(self.requests))
            return reply(200, {"_data": [{"id": number}], "_meta": {"hasMore": True}})

    upstream = Endless([])
    async with upstream.open_http(clock) as http:
        assert len(await UsersApi(http).list()) == MAX_PAGES


@pytest.mark.parametrize(
    ("meta", "query"),
    [
        ({}, None),
        ({"hasMore": False}, None),
        ({"hasMore": "yes"}, None),
        ({"hasMore": True}, {"skip": "7"}),
        ({"nextPage": "?page=2&limit=10"}, {"page": "2", "limit": "10"}),
        ({"next": "https://chakra.test/v2/ext/users?after=x"}, {"after": "x"}),
        ({"next": "/v2/ext/other?after=x"}, None),
        ({"next": "/v2/ext/users"}, None),
        ({"next": "http://[bad"}, None),
        ({"next": "?a=\ud800"}, {"a": "\ufffd"}),
        ({"next": "?a=" + "x" * 5000}, None),
        ({"next": 2, "nextPath": ""}, None),
    ],
)
def test_only_the_query_of_the_next_link_is_used(
    meta: dict[str, object], query: dict[str, str] | None
) -> None:
    assert build_next_page_query(meta, "/v2/ext/users", 7) == query


async def test_the_configuration_is_read(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("fetch-config.response"))])
    async with upstream.open_http(clock) as http:
        config = await ConfigApi(http).fetch()
    assert config.find_role_name("inside_sales") == "Inside Sales"
    assert upstream.requests[0].url.path == "/v1/ext/config"


@pytest.mark.parametrize(
    "answer", [reply(200, {"status": "ok"}), reply_text(200, "OK"), reply(204)]
)
async def test_any_2xx_is_healthy(clock: ManualClock, answer: httpx.Response) -> None:
    upstream = Upstream([answer])
    async with upstream.open_http(clock) as http:
        assert await HealthApi(http).check() == 0.0
    assert upstream.requests[0].url.path == "/v1/health"


async def test_html_page_is_not_healthy(clock: ManualClock) -> None:
    async with Upstream([reply_text(200, "<html>", "text/html")]).open_http(clock) as http:
        with pytest.raises(InvalidResponse, match="not Chakra"):
            await HealthApi(http).check()


async def test_a_hung_health_probe_ends_after_five_seconds(clock: ManualClock) -> None:
    async with Upstream([Hang]).open_http(clock) as http:
        task = asyncio.ensure_future(HealthApi(http).check())
        await clock.advance(5)
        with pytest.raises(Unavailable):
            await task


async def test_client_exposes_every_resource_and_closes_once(clock: ManualClock) -> None:
    async with Chakra("http://127.0.0.1:1", SecretStr("t"), clock) as chakra:
        assert isinstance(chakra.users, UsersApi)
        assert isinstance(chakra.config, ConfigApi)
        assert isinstance(chakra.health, HealthApi)
