"""Arbitrary requests at Slack's endpoint; what it accepts is read as Bolt would read it."""

from __future__ import annotations

import itertools
import json
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_bolt.async_app import AsyncBoltRequest

from bot.slack.http.parsing import FORM_FIELDS, parse_form
from tests.event_loop import run
from tests.slack.http.verifier_harness import (
    COMMAND,
    FORM,
    JSON,
    SECRET,
    Headers,
    VerifierHarness,
    build_interaction_body,
)

NAMES = st.sampled_from(
    [b"content-type", b"content-length", b"x-slack-request-timestamp", b"x-slack-signature"]
)
VALUES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"application/json", FORM.encode(), b"1700000000", b"v0=" + b"a" * 64, b"5"]),
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=40).map(str.encode),
    st.sampled_from([COMMAND, build_interaction_body(), b'{"a": 1}', b"x" * 2_100]),
    st.recursive(st.text(max_size=5) | st.none(), st.lists, max_leaves=5).map(
        lambda value: json.dumps({"a": value}).encode()
    ),
    st.lists(st.tuples(st.sampled_from(["command", "payload", "text"]), st.text(max_size=9))).map(
        lambda pairs: urlencode(pairs).encode()
    ),
)


@st.composite
def chunked(draw: st.DrawFn) -> list[bytes]:
    body = draw(BODIES)
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=4)))
    edges = [0, *cuts, len(body)]
    return [body[start:end] for start, end in itertools.pairwise(edges)]


@settings(deadline=None)
@given(
    headers=st.lists(st.tuples(NAMES | st.binary(max_size=12), VALUES), max_size=8),
    chunks=chunked(),
    method=st.sampled_from(["POST", "POST", "POST", "GET", ""]),
)
def test_unsigned_junk_is_always_a_4xx(headers: Headers, chunks: list[bytes], method: str) -> None:
    harness = VerifierHarness()
    answer = run(harness.request(headers, chunks, method))
    assert answer.status is not None
    assert 400 <= answer.status < 500
    assert answer.text
    assert (harness.payloads, len(harness.outcomes)) == ([], 1)


@settings(deadline=None)
@given(chunks=chunked(), content_type=st.sampled_from([FORM, JSON]), true=st.booleans())
def test_signed_junk_is_a_4xx_or_read_as_bolt_reads_it(
    chunks: list[bytes], content_type: str, true: bool
) -> None:
    harness = VerifierHarness()
    body = b"".join(chunks)
    headers = harness.sign_headers(body, content_type, secret=SECRET if true else "another")
    answer = run(harness.request(headers, chunks))
    if answer.status != 200:
        assert answer.status in {400, 401, 413}
        assert harness.payloads == []
        return
    assert true
    assert harness.payloads == [read_by_bolt(body, content_type)]


def read_by_bolt(body: bytes, content_type: str) -> dict[str, Any]:
    """Return what Bolt reads, of a command only the fields that this app reads."""
    # Bolt takes any form that contains the word "payload" for an interaction: spell it differently.
    text = body.decode()
    is_interaction = any(name == "payload" for name, _ in parse_qsl(text, keep_blank_values=True))
    if content_type == FORM and not is_interaction:
        text = text.replace("payload", "p%61yload")
    payload = AsyncBoltRequest(body=text.lstrip(), headers={"content-type": content_type}).body
    if content_type == FORM and not is_interaction:
        return {name: value for name, value in payload.items() if name in FORM_FIELDS}
    return payload


VALUE = st.text(max_size=12) | st.sampled_from(["/chakra", "a&b=c", "payload", "+%2B", "é", "ß%"])
FIELDS = st.lists(
    st.tuples(st.sampled_from([*sorted(FORM_FIELDS - {"payload"}), "token", "%", "x y"]), VALUE),
    max_size=15,
)


@settings(deadline=None)
@given(fields=FIELDS)
def test_command_is_read_as_bolt_reads_it(fields: list[tuple[str, str]]) -> None:
    body = urlencode([*fields, ("command", "/chakra")]).encode()
    harness = VerifierHarness()
    assert run(harness.post(body)).status == 200
    assert harness.payloads == [read_by_bolt(body, FORM)]


# --- spellings -----------------------------------------------------------------------------------


@pytest.fixture
def harness() -> VerifierHarness:
    return VerifierHarness()


@pytest.mark.parametrize("text", ["user payload", "send payload=1", "payload {}", "x&payload=y"])
async def test_the_word_payload_in_a_command_is_text(harness: VerifierHarness, text: str) -> None:
    await harness.post(urlencode({"command": "/chakra", "text": text}).encode())
    assert harness.payloads == [{"command": "/chakra", "text": text}]


@given(st.text("%+/:@24035AFfCc3 é", max_size=30))
def test_any_escapes_are_read_as_the_standard_library_reads_them(value: str) -> None:
    request = parse_form(f"command=/chakra&text={value}".encode())
    assert request.payload == {"command": "/chakra", "text": unquote_plus(value)}


async def test_json_may_begin_with_white_space(harness: VerifierHarness) -> None:
    content_type = "Application/JSON ; charset=utf-8"
    await harness.post(b'\r\n {"a": "&payload=junk"}', content_type)
    assert harness.payloads == [{"a": "&payload=junk"}]
