"""Codes of Meta in answers: what they mean for reads and writes, and how they are waited out."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.meta import ERROR_CLASS_BY_CODE, error_from_status
from bot.chakra.meta_errors import (
    MetaAccessDenied,
    MetaUnavailable,
    PairRateLimited,
    ParametersRejected,
    PaymentMethodMissing,
    RecipientRejected,
    SenderRateLimited,
    TemplateRejected,
    TemplateUnavailable,
    UnknownMetaCode,
)
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.error_mapping import build_error
from bot.chakra.transport.exchange import ChakraRequest, ChakraResponse
from bot.errors import (
    AuthenticationError,
    BotError,
    ChakraError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    ResourceNotFound,
    Unavailable,
)
from tests.chakra.upstream import Upstream, await_within, get_user, put_user, read_example, reply
from tests.clock import ManualClock


def build_meta_error_body(code: int, message: str = "Oh", **more: object) -> dict[str, object]:
    return {"error": {"message": f"(#{code}) {message}", "code": code, **more}}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.mark.parametrize(
    ("status", "body", "for_a_read", "for_a_write"),
    [
        # The code decides, not the status.
        (400, build_meta_error_body(132001), TemplateRejected, TemplateRejected),
        (404, build_meta_error_body(132001), TemplateRejected, TemplateRejected),
        (500, build_meta_error_body(132001), TemplateRejected, TemplateRejected),
        (400, build_meta_error_body(131026), RecipientRejected, RecipientRejected),
        (401, build_meta_error_body(190), MetaAccessDenied, MetaAccessDenied),
        (403, build_meta_error_body(10), MetaAccessDenied, MetaAccessDenied),
        (400, {"_errors": ["(#131042) Payment"]}, PaymentMethodMissing, PaymentMethodMissing),
        (400, build_meta_error_body(131000), MetaUnavailable, MetaUnavailable),
        # A write of unknown outcome is not reported as failed.
        (500, build_meta_error_body(131000), MetaUnavailable, OutcomeUnknown),
        (503, build_meta_error_body(2), MetaUnavailable, OutcomeUnknown),
        (500, build_meta_error_body(139999), Unavailable, OutcomeUnknown),
        # An undocumented code leaves a known status its meaning.
        (400, build_meta_error_body(139999), UnknownMetaCode, UnknownMetaCode),
        (404, build_meta_error_body(139999), ResourceNotFound, ResourceNotFound),
        (401, build_meta_error_body(139999), AuthenticationError, AuthenticationError),
    ],
)
async def test_response_with_a_code_raises_the_mapped_error(
    clock: ManualClock,
    status: int,
    body: object,
    for_a_read: type[ChakraError],
    for_a_write: type[ChakraError],
) -> None:
    for verb, expected in ((get_user, for_a_read), (put_user, for_a_write)):
        upstream = Upstream([reply(status, body, x_request_id="chakra-7")])
        async with upstream.open_http(clock) as http:
            with pytest.raises(ChakraError) as raised:
                await await_within(clock, 30, verb(http))
        error = raised.value
        assert type(error) is expected
        assert (error.status, error.request_id) == (status, "chakra-7")
        assert error.code is not None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (build_meta_error_body(132000), ParametersRejected),
        (build_meta_error_body(131056), PairRateLimited),
        ({"_errors": ["(#132015) Template is paused"]}, TemplateUnavailable),
        ({"_errors": ["(#139999) New"]}, UnknownMetaCode),
        ({"_errors": ["Too many requests, retry after 850 ms"]}, RateLimited),
        ({"_errors": ["no"], "message": "ok", "code": 131026}, Rejected),
        ({"error": "no"}, Rejected),
        ({"_data": {"id": "u1"}, "error": {}}, None),
    ],
)
async def test_meta_error_in_a_2xx_is_raised_and_not_retried(
    clock: ManualClock, body: object, kind: type[ChakraError] | None
) -> None:
    upstream = Upstream([reply(200, body)])
    async with upstream.open_http(clock) as http:
        answer = await put_user(http)
    found: type[BotError] | None = None
    try:
        parse_envelope(answer)
    except ChakraError as error:
        found = type(error)
    assert found is kind
    assert len(upstream.requests) == 1


async def test_meta_details_are_available_for_display(clock: ManualClock) -> None:
    async with Upstream([reply(400, read_example("error.meta"))]).open_http(clock) as http:
        with pytest.raises(SenderRateLimited) as raised:
            await await_within(clock, 10, put_user(http))
    assert raised.value.code == 130429
    assert raised.value.details == "Cloud API message throughput has been reached."


@pytest.mark.parametrize("status", [400, 429])
async def test_sender_rate_limit_is_waited_out(clock: ManualClock, status: int) -> None:
    upstream = Upstream([reply(status, build_meta_error_body(130429)), reply(200, {"_data": {}})])
    async with upstream.open_http(clock) as http:
        await await_within(clock, 1.1, put_user(http))
    assert len(upstream.requests) == 2


async def test_recipient_rate_limit_waits_six_seconds_once(clock: ManualClock) -> None:
    upstream = Upstream([reply(400, build_meta_error_body(131056))])
    async with upstream.open_http(clock) as http:
        with pytest.raises(PairRateLimited) as raised:
            await await_within(clock, 10, put_user(http))
    assert len(upstream.requests) == 2
    assert clock.monotonic() == pytest.approx(6, abs=0.1)
    assert raised.value.retry_after == 6


@pytest.mark.parametrize("code", [80007, 131048, 132069, 131049])
@pytest.mark.parametrize("status", [400, 429])
async def test_wait_over_ten_seconds_is_raised_immediately(
    clock: ManualClock, code: int, status: int
) -> None:
    upstream = Upstream([reply(status, build_meta_error_body(code))])
    async with upstream.open_http(clock) as http:
        with pytest.raises(ERROR_CLASS_BY_CODE[code]):
            await put_user(http)
    assert len(upstream.requests) == 1
    assert clock.monotonic() == 0


async def test_retry_after_of_the_response_overrides_the_default(
    clock: ManualClock,
) -> None:
    upstream = Upstream(
        [reply(429, build_meta_error_body(80007), retry_after="2"), reply(200, {"_data": {}})]
    )
    async with upstream.open_http(clock) as http:
        await await_within(clock, 3, put_user(http))
    assert clock.monotonic() == pytest.approx(2, abs=0.1)


async def test_a_5xx_write_is_not_retried_even_with_a_transient_code(clock: ManualClock) -> None:
    upstream = Upstream([reply(500, build_meta_error_body(131056))])
    async with upstream.open_http(clock) as http:
        with pytest.raises(PairRateLimited):
            await put_user(http)
    assert len(upstream.requests) == 1


NAMES = [
    "_errors",
    "error",
    "errors",
    "message",
    "code",
    "title",
    "error_data",
    "details",
    "errorContext",
    "providerPayload",
    "fbtrace_id",
    "error_user_msg",
]
CODE = st.sampled_from([*ERROR_CLASS_BY_CODE])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | CODE,
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES), children, max_size=6)
        | st.builds(json.dumps, children)
        | st.builds("(#{}) {}".format, st.integers(0, 10**8), st.text(max_size=9))
    ),
    max_leaves=15,
)


@given(JSON, st.integers(300, 599), st.sampled_from(["GET", "POST"]))
def test_any_body_raises_one_error(body: object, status: int, method: str) -> None:
    answer = ChakraResponse(
        ChakraRequest(method, "/x", "/x"), status, {}, json.dumps(body).encode()
    )
    error = build_error(answer, 0.0)
    assert isinstance(error, ChakraError)
    assert len(error.details) <= 300
    failed = error_from_status(body)
    assert failed.code is None or 0 <= failed.code < 10**7
    json.dumps([error.message, error.details, failed.message], ensure_ascii=False).encode()


def test_a_body_that_is_no_json_may_hold_a_code() -> None:
    answer = ChakraResponse(
        ChakraRequest("POST", "/x", "/x"), 400, {}, b"Meta: (#132000) wrong number of params"
    )
    assert type(build_error(answer, 0.0)) is ParametersRejected


def test_html_page_yields_no_meta_error() -> None:
    page = httpx.Response(400, html="<p>(#132000)</p>")
    answer = ChakraResponse(
        ChakraRequest("POST", "/x", "/x"), 400, dict(page.headers), page.content
    )
    assert type(build_error(answer, 0.0)) is Rejected
