"""Slack's ``ssl_check`` has no signature: exactly that form is answered, nothing beside it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack import ActionNotPossible, collect_text
from bot.slack.http.endpoint import ACCEPTED
from bot.slack.http.ssl_check import MAX_BODY_BYTES
from tests.event_loop import run
from tests.slack.http.verifier_harness import (
    FORM,
    JSON,
    Headers,
    VerifierHarness,
    VerifierResponse,
    replace_header,
)
from tests.world import World

CHECKS = [
    b"ssl_check=1&token=x",
    b"token=aY7zQ1pXh0VtZJc4kN6mR2bW&ssl_check=1",
    b"ssl_check=1&token=",
    b"ssl_check=1",
]
OTHERS = [
    b"",
    b"ssl_check=",
    b"ssl_check=0&token=x",
    b"ssl_check=true&token=x",
    b"ssl_check=11&token=x",
    b"ssl_check=%31&token=x",
    b"%73sl_check=1&token=x",
    b"SSL_CHECK=1&token=x",
    b"ssl_check=1&ssl_check=1",
    b"ssl_check=1&token=x&token=y",
    b"ssl_check=1&token=x&",
    b"ssl_check=1;token=x",
    b"ssl_check=1&token=x&command=%2Fchakra",
    b"command=%2Fchakra&text=help&ssl_check=1&token=x",
    b"ssl_check=1&token=x&payload=%7B%22type%22%3A%22block_actions%22%7D",
    b'{"ssl_check": "1", "token": "x"}',
    b"ssl_check=1&token=" + b"x" * MAX_BODY_BYTES,
    b"\xff\x00ssl_check=1&token=x",
]


@pytest.fixture
def harness() -> VerifierHarness:
    return VerifierHarness()


def build_unsigned_headers(body: bytes, content_type: str = FORM) -> Headers:
    return [
        (b"host", b"bot.acme.com"),
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]


async def post_unsigned(harness: VerifierHarness, body: bytes, *more: tuple[bytes, bytes]) -> Any:
    return await harness.request([*build_unsigned_headers(body), *more], [body])


@pytest.mark.parametrize("body", CHECKS)
async def test_unsigned_ssl_check_gets_an_empty_200(harness: VerifierHarness, body: bytes) -> None:
    answer = await post_unsigned(harness, body)
    assert (answer.status, answer.text) == (200, "")
    assert harness.payloads == []
    assert harness.outcomes == [ACCEPTED]


@pytest.mark.parametrize("body", OTHERS)
async def test_any_other_unsigned_body_is_rejected(harness: VerifierHarness, body: bytes) -> None:
    answer = await post_unsigned(harness, body)
    assert (answer.status, harness.payloads) == (401, [])


@given(st.lists(st.sampled_from(["ssl_check", "token", "command", "text", "payload"]), max_size=4))
def test_only_the_two_fields_pass_unsigned(names: list[str]) -> None:
    body = urlencode([(name, "1") for name in names]).encode()
    harness = VerifierHarness()
    answer: VerifierResponse = run(post_unsigned(harness, body))
    is_check = sorted(names) in (["ssl_check"], ["ssl_check", "token"])
    assert answer.status == (200 if is_check else 401)
    assert harness.payloads == []


@pytest.mark.parametrize(
    "header",
    [
        (b"x-slack-signature", b"v0=" + b"0" * 64),
        (b"x-slack-signature", b""),
        (b"x-slack-request-timestamp", b"1700000000"),
    ],
)
async def test_ssl_check_with_half_a_signature_is_rejected(
    harness: VerifierHarness, header: tuple[bytes, bytes]
) -> None:
    assert (await post_unsigned(harness, CHECKS[0], header)).status == 401


async def test_ssl_check_with_a_forged_signature_is_rejected(harness: VerifierHarness) -> None:
    headers = harness.sign_headers(CHECKS[0], secret="another")
    assert (await harness.request(headers, [CHECKS[0]])).status == 401


@pytest.mark.parametrize("length", [None, b"0", b"+19", b"19, 19", b"9" * 30])
async def test_ssl_check_needs_an_announced_length(
    harness: VerifierHarness, length: bytes | None
) -> None:
    values = [] if length is None else [length]
    headers = replace_header(build_unsigned_headers(CHECKS[0]), b"content-length", *values)
    answer = await harness.request(headers, [CHECKS[0]])
    assert answer.status in (400, 401, 413)


async def test_unsigned_body_without_an_announced_length_is_not_read(
    harness: VerifierHarness,
) -> None:
    headers = replace_header(build_unsigned_headers(CHECKS[0]), b"content-length")
    assert (await harness.request(headers, [CHECKS[0]])).status == 401
    assert harness.receive_count == 0


async def test_body_longer_than_announced_is_rejected(harness: VerifierHarness) -> None:
    headers = replace_header(build_unsigned_headers(CHECKS[0]), b"content-length", b"19")
    answer = await harness.request(headers, [CHECKS[0] + b"&text=" + b"x" * MAX_BODY_BYTES])
    assert answer.status == 401


async def test_ssl_check_as_json_is_rejected(harness: VerifierHarness) -> None:
    answer = await harness.request(build_unsigned_headers(CHECKS[0], JSON), [CHECKS[0]])
    assert (answer.status, harness.payloads) == (401, [])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (b"ssl_check=1&token=x", 200),
        (b"ssl_check=1", 200),
        (b"", 405),
        (b"ssl_check=0", 405),
        (b"ssl_check=1&token=x&command=%2Fchakra", 405),
    ],
)
async def test_get_is_answered_for_ssl_check_only(
    harness: VerifierHarness, query: bytes, status: int
) -> None:
    answer = await harness.request([], method="GET", query=query)
    assert (answer.status, harness.payloads) == (status, [])


async def test_post_with_a_query_is_rejected(harness: VerifierHarness) -> None:
    answer = await harness.request(
        build_unsigned_headers(CHECKS[0]), [CHECKS[0]], query=b"command=x"
    )
    assert answer.status == 401


async def test_slack_checks_the_address_before_it_sends_anything(acme: World) -> None:
    [first, *_] = [sent for sent in acme.slack.exchanges if sent.direction == "to the app"]
    assert (first.kind, first.status, first.request) == ("ssl_check", 200, {"ssl_check": "1"})
    await acme.slack.save_request_url(f"{acme.bot_url}/slack/events")
    with pytest.raises(ActionNotPossible, match="didn't respond with 200"):
        await acme.slack.save_request_url(f"{acme.bot_url}/nowhere")
    assert "send" in collect_text(await acme.type("/chakra help"))
