"""What the two verbs send, and what an answer means."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import replace

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.aio.clock import SystemClock
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.exchange import ChakraRequest, ChakraResponse, build_path
from bot.chakra.transport.http import Http
from bot.chakra.transport.policies import DEFAULT_LIMITS
from bot.errors import (
    AuthenticationError,
    ChakraError,
    InvalidResponse,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    Rejected,
    ResourceNotFound,
    Unavailable,
)
from tests.chakra.upstream import (
    CONNECTION_REFUSED,
    CONNECTION_RESET,
    USER_BODY,
    USER_PATH,
    Upstream,
    await_within,
    get_user,
    put_user,
    reply,
    reply_text,
)
from tests.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_read_sends_token_request_id_and_user_agent(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, USER_BODY)])
    async with upstream.open_http(clock, base_url="https://chakra.test/base/") as http:
        answer = await http.get(USER_PATH, {"userId": "u1"}, query={"skip": "10"})
    request = upstream.requests[0]
    assert str(request.url) == "https://chakra.test/base/v2/ext/user/u1?skip=10"
    assert request.method == "GET"
    assert request.headers["authorization"] == "Bearer secret-token"
    assert request.headers["user-agent"] == "chakra-for-slack"
    assert request.headers["x-request-id"] == answer.request_id
    assert answer.parse_json() == USER_BODY


async def test_write_sends_its_json_body(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, USER_BODY)])
    async with upstream.open_http(clock) as http:
        await put_user(http)
    request = upstream.requests[0]
    assert request.method == "PUT"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {"firstName": "J"}


async def test_retries_reuse_the_request_id(clock: ManualClock) -> None:
    upstream = Upstream([reply(500), reply(200, USER_BODY)])
    async with upstream.open_http(clock) as http:
        await await_within(clock, 1, get_user(http))
    assert len({request.headers["x-request-id"] for request in upstream.requests}) == 1


@pytest.mark.parametrize("token", ["", " ", "two words", "tab\tbed", "ключ", "line\nbreak"])
def test_token_invalid_as_a_header_is_rejected_without_leaking_it(token: str) -> None:
    with pytest.raises(ValueError, match="access token") as raised:
        Http("https://chakra.test", SecretStr(token), ManualClock())
    assert not token.strip() or token not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    ["", "chakra.test", "ftp://chakra.test", "https://", "https://u:p@chakra.test", "http://c/?a"],
)
def test_unusable_base_url_is_rejected(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Http(address, SecretStr("t"), ManualClock())


@pytest.mark.parametrize(
    ("user_id", "path"),
    [
        ("../x", "/v2/ext/user/..%2Fx"),
        ("a/b?c#d", "/v2/ext/user/a%2Fb%3Fc%23d"),
        ("a@b.c", "/v2/ext/user/a%40b.c"),
        ("%2e%2e", "/v2/ext/user/%252e%252e"),
        ("Zoë", "/v2/ext/user/Zo%C3%AB"),
        ("\ud800", "/v2/ext/user/%3F"),
    ],
)
async def test_an_id_cannot_change_the_path(clock: ManualClock, user_id: str, path: str) -> None:
    upstream = Upstream([reply(200, USER_BODY)])
    async with upstream.open_http(clock) as http:
        await http.get(USER_PATH, {"userId": user_id})
    assert upstream.requests[0].url.raw_path.decode() == path


@pytest.mark.parametrize("user_id", ["", ".", "..", "x" * 513])
async def test_impossible_id_is_not_found_without_a_request(
    clock: ManualClock, user_id: str
) -> None:
    upstream = Upstream([reply(200, USER_BODY)])
    async with upstream.open_http(clock) as http:
        with pytest.raises(ResourceNotFound):
            await http.get(USER_PATH, {"userId": user_id})
    assert upstream.requests == []


@settings(deadline=None)
@given(st.text())
def test_any_id_stays_a_single_path_segment(user_id: str) -> None:
    try:
        path = build_path(USER_PATH, {"userId": user_id})
    except ResourceNotFound:
        return
    assert path.isascii()
    assert path.removeprefix("/v2/ext/user/").count("/") == 0
    assert httpx.URL("https://chakra.test" + path).raw_path.decode() == path


@pytest.mark.parametrize(
    ("status", "for_a_read", "for_a_write"),
    [
        (301, InvalidResponse, OutcomeUnknown),
        (304, InvalidResponse, OutcomeUnknown),
        (400, Rejected, Rejected),
        (401, AuthenticationError, AuthenticationError),
        (403, PermissionDenied, PermissionDenied),
        (404, ResourceNotFound, ResourceNotFound),
        (405, Rejected, Rejected),
        (409, Rejected, Rejected),
        (422, Rejected, Rejected),
        (429, RateLimited, RateLimited),
        (500, Unavailable, OutcomeUnknown),
        (501, Rejected, Rejected),
        (502, Unavailable, OutcomeUnknown),
        (503, Unavailable, OutcomeUnknown),
        (599, Unavailable, OutcomeUnknown),
    ],
)
async def test_each_status_maps_to_an_error_for_reads_and_writes(
    clock: ManualClock,
    status: int,
    for_a_read: type[ChakraError],
    for_a_write: type[ChakraError],
) -> None:
    for verb, expected in ((get_user, for_a_read), (put_user, for_a_write)):
        upstream = Upstream([reply(status, {"_errors": ["no"]}, x_request_id="chakra-7")])
        async with upstream.open_http(clock) as http:
            with pytest.raises(expected) as raised:
                await await_within(clock, 30, verb(http))
        error = raised.value
        assert type(error) is expected
        assert error.endpoint == USER_PATH
        assert error.status == status
        assert error.request_id == "chakra-7"


async def test_a_503_with_retry_after_means_the_write_was_not_accepted(clock: ManualClock) -> None:
    upstream = Upstream([reply(503, None, retry_after="30")])
    async with upstream.open_http(clock) as http:
        with pytest.raises(Unavailable) as raised:
            await put_user(http)
    assert raised.value.retry_after == 30
    assert len(upstream.requests) == 1


async def test_a_redirect_is_not_followed(clock: ManualClock) -> None:
    upstream = Upstream([reply(302, None, location="https://evil.test/")])
    async with upstream.open_http(clock) as http:
        with pytest.raises(InvalidResponse):
            await get_user(http)
    assert [request.url.host for request in upstream.requests] == ["chakra.test"]


async def test_insufficient_role_is_distinguished_from_a_wrong_token(clock: ManualClock) -> None:
    upstream = Upstream([reply(403, {"_errors": ["not permitted"]})])
    async with upstream.open_http(clock) as http:
        with pytest.raises(PermissionDenied, match=r"role .* not permitted"):
            await get_user(http)


async def test_errors_in_a_200_raise_rejected(clock: ManualClock) -> None:
    for verb in (get_user, put_user):
        upstream = Upstream([reply(200, {"_data": {"id": "u1"}, "_errors": ["bad name"]})])
        async with upstream.open_http(clock) as http:
            with pytest.raises(Rejected, match="bad name"):
                parse_envelope(await verb(http))


@pytest.mark.parametrize("errors", [[], None, {}, ""])
async def test_empty_error_list_is_not_an_error(clock: ManualClock, errors: object) -> None:
    upstream = Upstream([reply(200, {"_data": {"id": "u1"}, "_errors": errors})])
    async with upstream.open_http(clock) as http:
        assert parse_envelope(await get_user(http)).data == {"id": "u1"}


@pytest.mark.parametrize(
    "answer",
    [
        reply_text(200, "<html>Sign in</html>", "text/html"),
        reply_text(200, "", "application/json"),
        reply_text(200, "[" * 5000, "application/json"),
        reply_text(200, '{"_data": {}', "application/json"),
        reply(200, [1]),
        reply(200, "hello"),
        httpx.Response(200, content=b"\xff\xfe\x00"),
    ],
    ids=["html", "empty", "deep", "cut", "array", "string", "bytes"],
)
async def test_unparseable_2xx_is_invalid_for_reads_and_unknown_for_writes(
    clock: ManualClock, answer: httpx.Response
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        with pytest.raises(InvalidResponse) as raised:
            parse_envelope(await get_user(http))
        assert raised.value.endpoint == USER_PATH
        assert raised.value.request_id
        with pytest.raises(OutcomeUnknown, match="could not be parsed"):
            parse_envelope(await put_user(http))


async def test_missing_data_names_the_field(clock: ManualClock) -> None:
    async with Upstream([reply(200, {"data": {}})]).open_http(clock) as http:
        with pytest.raises(InvalidResponse) as raised:
            _ = parse_envelope(await get_user(http)).data
    assert raised.value.field == "_data"


@pytest.mark.parametrize("packed", [False, True])
async def test_oversized_response_is_not_read_in_full(clock: ManualClock, packed: bool) -> None:
    body = b'{"_data": "' + b"x" * 5000 + b'"}'
    headers = {"Content-Encoding": "gzip"} if packed else {}
    content = gzip.compress(body) if packed else body
    response = httpx.Response(200, stream=httpx.ByteStream(content), headers=headers)

    async def answer(_: httpx.Request) -> httpx.Response:
        return response

    transport = httpx.MockTransport(answer)
    limits = replace(DEFAULT_LIMITS, max_body_bytes=1000)
    async with Http(
        "https://chakra.test", SecretStr("t"), clock, limits=limits, transport=transport
    ) as http:
        with pytest.raises(InvalidResponse, match="too large"):
            parse_envelope(await get_user(http))


async def test_corrupt_compression_is_an_invalid_response(clock: ManualClock) -> None:
    response = httpx.Response(200, stream=httpx.ByteStream(b"not gzip"))
    response.headers["Content-Encoding"] = "gzip"
    transport = httpx.MockTransport(lambda _: response)
    async with Http("https://c.test", SecretStr("t"), clock, transport=transport) as http:
        with pytest.raises(InvalidResponse):
            parse_envelope(await get_user(http))


async def test_every_attempt_is_observed_with_its_path_template(clock: ManualClock) -> None:
    seen: list[tuple[str, str]] = []
    upstream = Upstream([CONNECTION_REFUSED, CONNECTION_RESET, reply(500), reply(200, USER_BODY)])
    async with upstream.open_http(clock, seen=seen) as http:
        await await_within(clock, 5, get_user(http))
    assert seen == [
        (USER_PATH, "connect"),
        (USER_PATH, "broken"),
        (USER_PATH, "500"),
        (USER_PATH, "200"),
    ]


async def test_errors_contain_neither_token_nor_id(clock: ManualClock) -> None:
    async with Upstream([reply_text(500, "secret-token")]).open_http(clock) as http:
        with pytest.raises(Unavailable) as raised:
            await await_within(clock, 5, http.get(USER_PATH, {"userId": "john@acme.com"}))
    assert "john" not in repr(vars(raised.value))
    call = ChakraRequest("GET", USER_PATH, "/v2/ext/user/john%40acme.com")
    assert "john" not in repr(ChakraResponse(call, 200, {}, b"john"))


async def test_hung_request_does_not_block_others_forever() -> None:
    """Over real sockets: the pool is full of hung requests, and the next one's error says so."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limits = replace(
        DEFAULT_LIMITS,
        max_connections=2,
        pool_timeout=0.02,
        read_attempt_timeout=0.1,
        read_total_timeout=0.15,
        max_retries=0,
    )
    http = Http(f"http://127.0.0.1:{port}", SecretStr("t"), SystemClock(), limits=limits)
    async with server, http:
        outcomes = await asyncio.gather(*(get_user(http) for _ in range(5)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    messages = [str(outcome) for outcome in outcomes]
    assert sum("too many" in words.lower() for words in messages) == 3
