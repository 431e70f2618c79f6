"""The guard before anything at all, and Bolt reading what the guard let through."""

from __future__ import annotations

import asyncio
import itertools
import json
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_bolt.async_app import AsyncBoltRequest

from tests.slack.http.door import COMMAND, FORM, JSON, SECRET, Door, Headers, interaction

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
    st.sampled_from([COMMAND, interaction(), b'{"a": 1}', b"x" * 2_100]),
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
    door = Door()
    answer = asyncio.run(door.ask(headers, chunks, method))
    assert answer.status is not None
    assert 400 <= answer.status < 500
    assert answer.text
    assert (door.inner.scopes, len(door.observed)) == ([], 1)


@settings(deadline=None)
@given(chunks=chunked(), content_type=st.sampled_from([FORM, JSON]), true=st.booleans())
def test_signed_junk_is_a_4xx_or_something_that_bolt_can_read(
    chunks: list[bytes], content_type: str, true: bool
) -> None:
    door = Door()
    body = b"".join(chunks)
    headers = door.signed(body, content_type, secret=SECRET if true else "another")
    answer = asyncio.run(door.ask(headers, chunks))
    if answer.status != 200:
        assert answer.status in {400, 401, 413}
        assert door.inner.scopes == []
        return
    assert true
    seen = door.inner.bodies[0].decode()
    AsyncBoltRequest(body=seen, headers={"content-type": content_type})
    if content_type == FORM:
        assert parse_qs(seen) == parse_qs(body.decode())
    else:
        assert json.loads(seen) == json.loads(body)


# --- Bolt behind it ------------------------------------------------------------------------------


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.mark.parametrize("text", ["user payload", "send payload=1", "payload {}", "x&payload=y"])
async def test_bolt_reads_a_command_in_which_somebody_typed_payload(door: Door, text: str) -> None:
    await door.post(urlencode({"command": "/chakra", "text": text}).encode())
    request = AsyncBoltRequest(body=door.inner.bodies[0].decode(), headers={"content-type": FORM})
    assert request.body == {"command": "/chakra", "text": text}


async def test_bolt_knows_json_whatever_stands_before_it(door: Door) -> None:
    content_type = "Application/JSON ; charset=utf-8"
    await door.post(b'\r\n {"a": "&payload=junk"}', content_type)
    request = AsyncBoltRequest(
        body=door.inner.bodies[0].decode(), headers={"content-type": content_type}
    )
    assert request.body == {"a": "&payload=junk"}
