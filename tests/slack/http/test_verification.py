"""Slack's endpoint: which requests it accepts, and which it rejects with which status."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from bot.slack.commands.command import Payload
from bot.slack.http.endpoint import ACCEPTED, DISCONNECTED, SlackEndpoint
from bot.slack.http.verification import RequestVerifier
from tests.clock import settle
from tests.slack.http.verifier_harness import (
    COMMAND,
    FORM,
    JSON,
    LIMITS,
    SECRET,
    VerifierHarness,
    build_interaction_body,
    replace_header,
)

COMMAND_PAYLOAD = {"command": "/chakra", "text": "user john@acme.com"}


@pytest.fixture
def harness() -> VerifierHarness:
    return VerifierHarness()


# --- what passes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "payload"),
    [
        (COMMAND, FORM, COMMAND_PAYLOAD),
        (
            b"command=%2Fchakra",
            "application/x-www-form-urlencoded; charset=utf-8",
            {"command": "/chakra"},
        ),
        (
            build_interaction_body(user={"id": "U1"}, actions=[{"action_id": "x"}]),
            "Application/X-WWW-Form-Urlencoded;charset=UTF-8",
            {"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": "x"}]},
        ),
        (
            build_interaction_body("view_submission", user={"id": "U1"}, view={"id": "V1"}),
            FORM,
            {"type": "view_submission", "user": {"id": "U1"}, "view": {"id": "V1"}},
        ),
        (build_interaction_body("view_closed"), FORM, {"type": "view_closed"}),
        (
            b'{"type": "url_verification", "challenge": "c"}',
            JSON,
            {"type": "url_verification", "challenge": "c"},
        ),
        (
            b'{"type": "event_callback"}',
            'application/json; charset="utf-8"',
            {"type": "event_callback"},
        ),
        ('{"text": "Zoë 👩‍🚀"}'.encode(), JSON, {"text": "Zoë 👩‍🚀"}),
        (b'{"text": "\\ud83d\\ude00 \\\\ud83d"}', JSON, {"text": "😀 \\ud83d"}),
    ],
)
async def test_signed_request_is_dispatched(
    harness: VerifierHarness, body: bytes, content_type: str, payload: Payload
) -> None:
    answer = await harness.post(body, content_type)
    assert (answer.status, answer.text) == (200, "ok")
    assert harness.payloads == [payload]
    assert harness.outcomes == [ACCEPTED]


async def test_slacks_own_documented_signature_is_accepted() -> None:
    # docs.slack.dev/authentication/verifying-requests-from-slack
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
        b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signed = b"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    harness = VerifierHarness(start=1531420618)
    headers = replace_header(harness.sign_headers(body), b"x-slack-signature", signed)
    assert (await harness.request(headers, [body])).status == 200


async def test_chunked_body_is_assembled(harness: VerifierHarness) -> None:
    chunks = [b"", COMMAND[:7], b"", COMMAND[7:], b""]
    assert (await harness.request(harness.sign_headers(COMMAND), chunks)).status == 200
    assert harness.payloads == [COMMAND_PAYLOAD]


async def test_a_missing_content_length_is_fine(harness: VerifierHarness) -> None:
    headers = replace_header(harness.sign_headers(COMMAND), b"content-length")
    assert (await harness.request(headers, [COMMAND])).status == 200


async def test_exception_of_dispatch_is_left_to_the_server(harness: VerifierHarness) -> None:
    async def broken(_: Payload) -> None:
        raise LookupError("a bug")

    verifier = RequestVerifier(SECRET, harness.clock)
    harness.endpoint = SlackEndpoint(
        broken, verifier, harness.bodies, on_result=harness.outcomes.append
    )
    with pytest.raises(LookupError):
        await harness.post(COMMAND)


async def test_unknown_kind_of_request_is_a_404(harness: VerifierHarness) -> None:
    async def unknown(_: Payload) -> None:
        return None

    verifier = RequestVerifier(SECRET, harness.clock)
    harness.endpoint = SlackEndpoint(
        unknown, verifier, harness.bodies, on_result=harness.outcomes.append
    )
    answer = await harness.post(build_interaction_body("dialog_submission"))
    assert (answer.status, harness.outcomes) == (404, [ACCEPTED])


@pytest.mark.parametrize("secret", ["", "  "])
def test_empty_signing_secret_is_refused(harness: VerifierHarness, secret: str) -> None:
    with pytest.raises(ValueError, match="signing secret"):
        RequestVerifier(secret, harness.clock)


# --- what is turned away by its head, before a byte of the body is read --------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post", "WHAT"])
async def test_only_post_requests_are_accepted(harness: VerifierHarness, method: str) -> None:
    answer = await harness.request(harness.sign_headers(COMMAND), [COMMAND], method)
    assert (answer.status, answer.headers[b"allow"]) == (405, b"POST")
    assert harness.outcomes == ["method"]


@pytest.mark.parametrize(
    "values",
    [
        (),
        (b"",),
        (b"text/plain",),
        (b"multipart/form-data; boundary=x",),
        (b"application/json; charset=latin-1",),
        (b"application/json; q=1",),
        (b"application/jsonp",),
        (b"application/json\n",),
        (b"\xff\xfe",),
        (b"application/json", b"application/x-www-form-urlencoded"),
    ],
)
async def test_only_forms_and_json_are_accepted(
    harness: VerifierHarness, values: tuple[bytes, ...]
) -> None:
    headers = replace_header(harness.sign_headers(COMMAND), b"content-type", *values)
    assert (await harness.request(headers, [COMMAND])).status == 415
    assert harness.receive_count == 0


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ((b"",), 400),
        ((b"-1",), 400),
        ((b"+5",), 400),
        ((b"1_0",), 400),
        ((b"0x10",), 400),
        ((b" 12",), 400),
        (("٣".encode(),), 400),
        ((b"12", b"12"), 400),
        ((b"2001",), 413),
        ((b"20000000",), 413),
        ((b"9" * 5_000,), 413),
    ],
)
async def test_content_length_is_validated(
    harness: VerifierHarness, values: tuple[bytes, ...], status: int
) -> None:
    headers = replace_header(harness.sign_headers(COMMAND), b"content-length", *values)
    assert (await harness.request(headers, [COMMAND])).status == status
    assert harness.receive_count == 0


@pytest.mark.parametrize(
    "value",
    [b"", b"soon", b"-1", b"1.7e9", b" 1700000000", b"1700000000\n", b"9" * 13, b"9" * 5_000],
)
async def test_timestamp_format_is_validated(harness: VerifierHarness, value: bytes) -> None:
    headers = replace_header(harness.sign_headers(COMMAND), b"x-slack-request-timestamp", value)
    assert (await harness.request(headers, [COMMAND])).status == 401
    assert (harness.outcomes, harness.receive_count) == (["unsigned"], 0)


@pytest.mark.parametrize(
    "spoilt",
    [
        "",
        "{good}0",
        "{good}\n",
        "v1={digits}",
        "V0={digits}",
        "{digits}",
        "v0=",
        "v0={capitals}",
        "v0=0{digits}",
        "v0=" + "g" * 64,
        "v0=" + "\xff" * 64,
    ],
)
async def test_signature_format_is_validated(harness: VerifierHarness, spoilt: str) -> None:
    good = dict(harness.sign_headers(COMMAND))[b"x-slack-signature"].decode()
    digits = good.removeprefix("v0=")
    value = spoilt.format(good=good, digits=digits, capitals=digits.upper()).encode("latin-1")
    headers = replace_header(harness.sign_headers(COMMAND), b"x-slack-signature", value)
    assert (await harness.request(headers, [COMMAND])).status == 401
    assert (harness.outcomes, harness.receive_count) == (["unsigned"], 0)


@pytest.mark.parametrize("name", [b"x-slack-request-timestamp", b"x-slack-signature"])
@pytest.mark.parametrize("count", [0, 2])
async def test_duplicate_signature_headers_are_rejected(
    harness: VerifierHarness, name: bytes, count: int
) -> None:
    headers = harness.sign_headers(COMMAND)
    headers = replace_header(headers, name, *[dict(headers)[name]] * count)
    assert (await harness.request(headers, [COMMAND])).status == 401
    assert harness.outcomes == ["unsigned"]


@pytest.mark.parametrize(
    ("age", "status"), [(300, 200), (-300, 200), (301, 401), (-301, 401), (10**9, 401)]
)
async def test_timestamp_must_be_within_five_minutes(
    harness: VerifierHarness, age: int, status: int
) -> None:
    assert (await harness.post(COMMAND, age=age)).status == status


# --- what is turned away by its body -------------------------------------------------------------


async def test_forged_signature_is_rejected(harness: VerifierHarness) -> None:
    answer = await harness.post(COMMAND, secret="another")
    assert (answer.status, harness.outcomes) == (401, ["forged"])
    assert harness.payloads == []


async def test_modified_body_is_rejected(harness: VerifierHarness) -> None:
    headers = harness.sign_headers(COMMAND)
    assert (await harness.request(headers, [COMMAND + b"&text=other"])).status == 401
    assert (await harness.request(headers, [COMMAND[:-1], b""])).status == 401
    assert harness.payloads == []


async def test_streamed_body_is_not_read_past_the_limit(harness: VerifierHarness) -> None:
    headers = replace_header(harness.sign_headers(b""), b"content-length")
    endless = ({"type": "http.request", "body": b"x" * 500, "more_body": True} for _ in range(99))
    assert (await harness.run_messages(headers, endless)).status == 413
    assert harness.receive_count == 5


async def test_body_of_exactly_the_limit_is_accepted(harness: VerifierHarness) -> None:
    body = COMMAND.ljust(LIMITS.max_body_bytes, b"x")
    assert (await harness.post(body)).status == 200


async def test_client_disconnecting_mid_body_gets_no_response(harness: VerifierHarness) -> None:
    part = {"type": "http.request", "body": COMMAND[:4], "more_body": True}
    answer = await harness.run_messages(
        harness.sign_headers(COMMAND), [part, {"type": "http.disconnect"}]
    )
    assert answer.messages == []
    assert (harness.outcomes, harness.payloads, harness.clock.pending_timers) == (
        [DISCONNECTED],
        [],
        0,
    )


async def test_slow_body_times_out_and_closes_the_connection(harness: VerifierHarness) -> None:
    part = {"type": "http.request", "body": COMMAND[:4], "more_body": True}
    asked = asyncio.ensure_future(harness.run_messages(harness.sign_headers(COMMAND), [part]))
    await harness.clock.advance(2.4)
    assert not asked.done()
    await harness.clock.advance(0.2)
    answer = await asked
    assert (answer.status, answer.headers[b"connection"]) == (408, b"close")
    assert (harness.outcomes, harness.payloads) == (["too_slow"], [])


async def test_shutdown_mid_body_is_respected(harness: VerifierHarness) -> None:
    asked = asyncio.ensure_future(harness.run_messages(harness.sign_headers(COMMAND), []))
    await settle()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert harness.clock.pending_timers == 0


async def test_timer_is_cancelled_after_the_body(harness: VerifierHarness) -> None:
    await harness.post(COMMAND)
    assert harness.clock.pending_timers == 0


async def test_disconnect_after_rejection_is_not_an_error(harness: VerifierHarness) -> None:
    async def gone(*_: object) -> Any:
        raise BrokenPipeError

    await harness.endpoint({"type": "http", "method": "GET", "headers": []}, gone, gone)
    assert harness.outcomes == ["method"]


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"command=%2Fchakra&text=\xff\xfe", FORM, "not_utf8"),
        (b'{"text": "\xc3("}', JSON, "not_utf8"),
        (b"", JSON, "not_json"),
        (b"{", JSON, "not_json"),
        (b"[]", JSON, "not_json"),
        (b'"text"', JSON, "not_json"),
        (b'\xef\xbb\xbf{"a": 1}', JSON, "not_json"),
        (b"[" * 1_900, JSON, "not_json"),
        (b'{"a":' * 380, JSON, "not_json"),
        (b'{"a": "\\ud800"}', JSON, "not_json"),
        (b'{"a": ["\\uDC00\\uD83D"]}', JSON, "not_json"),
        (COMMAND, JSON, "not_json"),
        (b"payload=", FORM, "not_json"),
        (b"payload=%7B", FORM, "not_json"),
        (b"payload=[1]", FORM, "not_json"),
        (b"payload={}&payload=x", FORM, "not_json"),
        (b"command=x&payload=x", FORM, "not_json"),
        (b"text=payload&command=x&p%61yload=x", FORM, "not_json"),
        (b"", FORM, "not_a_form"),
        (b"text=1", FORM, "not_a_form"),
        (b"xcommand=1", FORM, "not_a_form"),
        (b'{"a": 1}', FORM, "not_a_form"),
        (b"{&command=x", FORM, "not_a_form"),
    ],
)
async def test_signed_body_that_is_no_payload_is_refused(
    harness: VerifierHarness, body: bytes, content_type: str, reason: str
) -> None:
    answer = await harness.post(body, content_type)
    assert (answer.status, harness.outcomes) == (400, [reason])
    assert harness.payloads == []


async def test_every_request_is_observed_exactly_once(harness: VerifierHarness) -> None:
    for body in (COMMAND, COMMAND, b"junk"):
        await harness.post(body)
    await harness.post(COMMAND, secret="another")
    await harness.request([], [b""])
    assert Counter(harness.outcomes) == {
        ACCEPTED: 1,
        "replayed": 1,
        "not_a_form": 1,
        "forged": 1,
        "content_type": 1,
    }
