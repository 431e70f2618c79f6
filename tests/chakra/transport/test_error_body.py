"""The words and the wait of a refusal, in every shape, and any body at all."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.error_body import (
    extract_body_message,
    extract_response_message,
    retry_after_seconds,
)
from bot.chakra.transport.error_mapping import build_error
from bot.chakra.transport.exchange import ChakraRequest, ChakraResponse
from bot.errors import BotError, ChakraError
from tests.chakra.upstream import (
    USER_PATH,
    read_example,
)


def build_response(
    body: object = None, status: int = 400, headers: dict[str, str] | None = None
) -> ChakraResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ChakraResponse(ChakraRequest("GET", USER_PATH, "/x"), status, headers or {}, content)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (read_example("error.chakra"), "accessToken is not valid"),
        (
            read_example("error.meta"),
            "(#130429) Rate limit hit: Cloud API message throughput has been reached.",
        ),
        ({"error": {"message": "Denied", "code": 10}}, "(#10) Denied"),
        ({"message": "plain"}, "plain"),
        ({"message": ["one", "two"]}, "one; two"),
        ({"error": "short"}, "short"),
        ({"_errors": [{"message": "an object"}, {"error": "another"}]}, "an object; another"),
        ({"_errors": [{}, 7], "message": "fallback"}, "fallback"),
        ({"_errors": ["a\x00b\u202ec\nd"]}, "a bc d"),
        (b"Bad gateway", "Bad gateway"),
        (b"<!doctype html><p>no", ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_error_text_is_extracted_from_every_shape(body: object, words: str) -> None:
    assert extract_response_message(build_response(body)) == words


def test_long_error_text_is_truncated() -> None:
    assert len(extract_body_message({"_errors": ["x" * 5000]})) == 300
    assert extract_response_message(build_response({"_errors": ["x" * 100_000]})) == ""


NOW = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        (read_example("error.chakra-rate-limit"), {}, 0.85),
        ({"message": "Retry after 3 seconds"}, {}, 3.0),
        ({"message": "retry after 850"}, {}, None),  # of what unit?
        (None, {"retry-after": "7"}, 7.0),
        (None, {"retry-after": "Sun, 06 Nov 1994 08:50:37 GMT"}, 60.0),
        (None, {"retry-after": "Sun, 06 Nov 1994 08:00:00 GMT"}, 0.0),
        (None, {"retry-after": "soon"}, None),
        (None, {"retry-after": "999999999"}, None),
        ({"retry_after_ms": 500}, {}, 0.5),
        ({"retryAfterMs": "500"}, {}, 0.5),
        ({"retry_after": 2}, {}, 2.0),
        ({"error": {"retryAfter": 2.5}}, {}, 2.5),
        ({"_errors": [{"retry_after": 4}]}, {}, 4.0),
        ({"_meta": {"retry_after": 4}}, {"retry-after": "9"}, 4.0),
        ({"retry_after": -1}, {}, None),
        ({"retry_after": True}, {}, None),
        ({}, {}, None),
    ],
)
def test_retry_after_is_extracted_from_every_shape(
    body: object, headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_seconds(build_response(body, 429, headers), NOW) == seconds


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "_data",
                    "_errors",
                    "_meta",
                    "error",
                    "message",
                    "code",
                    "retry_after",
                    "retryAfterMs",
                ]
            )
            | st.text(max_size=5),
            children,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSON, st.integers(100, 599), st.sampled_from(["GET", "PUT"]), st.text(max_size=30))
def test_any_response_is_parsed_or_raises_one_error(
    body: object, status: int, method: str, header: str
) -> None:
    call = ChakraRequest(method, USER_PATH, "/x")
    answer = ChakraResponse(call, status, {"retry-after": header}, json.dumps(body).encode())
    wait = retry_after_seconds(answer, NOW)
    assert wait is None or 0 <= wait <= 24 * 3600
    error = build_error(answer, NOW)
    assert (error is None) == (200 <= status < 300)
    if error is None:
        try:
            assert isinstance(parse_envelope(answer).body, dict)
        except ChakraError as refused:
            error = refused
    if error is not None:
        assert len(error.message) <= 400
        assert error.message.isprintable() or not error.message.isascii()
        json.dumps(error.message, ensure_ascii=False).encode()


@settings(deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["", "text/html", "application/json"]))
def test_any_bytes_are_parsed_or_raise_one_error(body: bytes, media_type: str) -> None:
    answer = ChakraResponse(
        ChakraRequest("GET", USER_PATH, "/x"), 200, {"content-type": media_type}, body
    )
    assert len(extract_response_message(answer)) <= 300
    with suppress(BotError):
        parse_envelope(answer)
