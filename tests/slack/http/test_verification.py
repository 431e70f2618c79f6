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
from tests.slack.http.door import COMMAND, FORM, JSON, LIMITS, SECRET, Door, interaction, replaced

COMMAND_PAYLOAD = {"command": "/chakra", "text": "user john@acme.com"}


@pytest.fixture
def door() -> Door:
    return Door()


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
            interaction(user={"id": "U1"}, actions=[{"action_id": "x"}]),
            "Application/X-WWW-Form-Urlencoded;charset=UTF-8",
            {"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": "x"}]},
        ),
        (
            interaction("view_submission", user={"id": "U1"}, view={"id": "V1"}),
            FORM,
            {"type": "view_submission", "user": {"id": "U1"}, "view": {"id": "V1"}},
        ),
        (interaction("view_closed"), FORM, {"type": "view_closed"}),
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
    door: Door, body: bytes, content_type: str, payload: Payload
) -> None:
    answer = await door.post(body, content_type)
    assert (answer.status, answer.text) == (200, "ok")
    assert door.payloads == [payload]
    assert door.observed == [ACCEPTED]


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
    door = Door(start=1531420618)
    headers = replaced(door.signed(body), b"x-slack-signature", signed)
    assert (await door.ask(headers, [body])).status == 200


async def test_the_body_is_put_together_from_its_chunks(door: Door) -> None:
    chunks = [b"", COMMAND[:7], b"", COMMAND[7:], b""]
    assert (await door.ask(door.signed(COMMAND), chunks)).status == 200
    assert door.payloads == [COMMAND_PAYLOAD]


async def test_a_missing_content_length_is_fine(door: Door) -> None:
    headers = replaced(door.signed(COMMAND), b"content-length")
    assert (await door.ask(headers, [COMMAND])).status == 200


async def test_exception_of_dispatch_is_left_to_the_server(door: Door) -> None:
    async def broken(_: Payload) -> None:
        raise LookupError("a bug")

    verifier = RequestVerifier(SECRET, door.clock)
    door.endpoint = SlackEndpoint(broken, verifier, door.clock, on_result=door.observed.append)
    with pytest.raises(LookupError):
        await door.post(COMMAND)


async def test_unknown_kind_of_request_is_a_404(door: Door) -> None:
    async def unknown(_: Payload) -> None:
        return None

    verifier = RequestVerifier(SECRET, door.clock)
    door.endpoint = SlackEndpoint(unknown, verifier, door.clock, on_result=door.observed.append)
    answer = await door.post(interaction("dialog_submission"))
    assert (answer.status, door.observed) == (404, [ACCEPTED])


@pytest.mark.parametrize("secret", ["", "  "])
def test_empty_signing_secret_is_refused(door: Door, secret: str) -> None:
    with pytest.raises(ValueError, match="signing secret"):
        RequestVerifier(secret, door.clock)


# --- what is turned away by its head, before a byte of the body is read --------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post", "WHAT"])
async def test_only_post_is_taken(door: Door, method: str) -> None:
    answer = await door.ask(door.signed(COMMAND), [COMMAND], method)
    assert (answer.status, answer.headers[b"allow"]) == (405, b"POST")
    assert door.observed == ["method"]


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
async def test_only_forms_and_json_are_taken(door: Door, values: tuple[bytes, ...]) -> None:
    headers = replaced(door.signed(COMMAND), b"content-type", *values)
    assert (await door.ask(headers, [COMMAND])).status == 415
    assert door.received == 0


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
async def test_the_declared_length_is_a_number_within_bounds(
    door: Door, values: tuple[bytes, ...], status: int
) -> None:
    headers = replaced(door.signed(COMMAND), b"content-length", *values)
    assert (await door.ask(headers, [COMMAND])).status == status
    assert door.received == 0


@pytest.mark.parametrize(
    "value",
    [b"", b"soon", b"-1", b"1.7e9", b" 1700000000", b"1700000000\n", b"9" * 13, b"9" * 5_000],
)
async def test_a_timestamp_is_a_few_digits(door: Door, value: bytes) -> None:
    headers = replaced(door.signed(COMMAND), b"x-slack-request-timestamp", value)
    assert (await door.ask(headers, [COMMAND])).status == 401
    assert (door.observed, door.received) == (["unsigned"], 0)


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
async def test_a_signature_is_v0_and_64_hexadecimal_digits(door: Door, spoilt: str) -> None:
    good = dict(door.signed(COMMAND))[b"x-slack-signature"].decode()
    digits = good.removeprefix("v0=")
    value = spoilt.format(good=good, digits=digits, capitals=digits.upper()).encode("latin-1")
    headers = replaced(door.signed(COMMAND), b"x-slack-signature", value)
    assert (await door.ask(headers, [COMMAND])).status == 401
    assert (door.observed, door.received) == (["unsigned"], 0)


@pytest.mark.parametrize("name", [b"x-slack-request-timestamp", b"x-slack-signature"])
@pytest.mark.parametrize("count", [0, 2])
async def test_each_signature_header_comes_exactly_once(
    door: Door, name: bytes, count: int
) -> None:
    headers = door.signed(COMMAND)
    headers = replaced(headers, name, *[dict(headers)[name]] * count)
    assert (await door.ask(headers, [COMMAND])).status == 401
    assert door.observed == ["unsigned"]


@pytest.mark.parametrize(
    ("age", "status"), [(300, 200), (-300, 200), (301, 401), (-301, 401), (10**9, 401)]
)
async def test_a_timestamp_is_within_five_minutes_of_the_clock(
    door: Door, age: int, status: int
) -> None:
    assert (await door.post(COMMAND, age=age)).status == status


# --- what is turned away by its body -------------------------------------------------------------


async def test_a_forged_signature_is_refused(door: Door) -> None:
    answer = await door.post(COMMAND, secret="another")
    assert (answer.status, door.observed) == (401, ["forged"])
    assert door.payloads == []


async def test_a_changed_body_is_refused(door: Door) -> None:
    headers = door.signed(COMMAND)
    assert (await door.ask(headers, [COMMAND + b"&text=other"])).status == 401
    assert (await door.ask(headers, [COMMAND[:-1], b""])).status == 401
    assert door.payloads == []


async def test_a_streamed_body_is_read_no_further_than_its_bound(door: Door) -> None:
    headers = replaced(door.signed(b""), b"content-length")
    endless = ({"type": "http.request", "body": b"x" * 500, "more_body": True} for _ in range(99))
    assert (await door.run(headers, endless)).status == 413
    assert door.received == 5


async def test_a_body_of_exactly_the_bound_is_taken(door: Door) -> None:
    body = COMMAND.ljust(LIMITS.max_body_bytes, b"x")
    assert (await door.post(body)).status == 200


async def test_a_client_that_leaves_in_mid_body_gets_no_answer(door: Door) -> None:
    part = {"type": "http.request", "body": COMMAND[:4], "more_body": True}
    answer = await door.run(door.signed(COMMAND), [part, {"type": "http.disconnect"}])
    assert answer.sent == []
    assert (door.observed, door.payloads, door.clock.waiting) == ([DISCONNECTED], [], 0)


async def test_a_trickling_body_is_given_up_and_the_connection_closed(door: Door) -> None:
    part = {"type": "http.request", "body": COMMAND[:4], "more_body": True}
    asked = asyncio.ensure_future(door.run(door.signed(COMMAND), [part]))
    await door.clock.advance(2.4)
    assert not asked.done()
    await door.clock.advance(0.2)
    answer = await asked
    assert (answer.status, answer.headers[b"connection"]) == (408, b"close")
    assert (door.observed, door.payloads) == (["too_slow"], [])


async def test_a_server_that_shuts_down_in_mid_body_is_obeyed(door: Door) -> None:
    asked = asyncio.ensure_future(door.run(door.signed(COMMAND), []))
    await settle()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert door.clock.waiting == 0


async def test_a_body_in_time_leaves_no_timer_behind(door: Door) -> None:
    await door.post(COMMAND)
    assert door.clock.waiting == 0


async def test_a_refused_client_that_does_not_wait_for_its_answer_is_no_error(door: Door) -> None:
    async def gone(*_: object) -> Any:
        raise BrokenPipeError

    await door.endpoint({"type": "http", "method": "GET", "headers": []}, gone, gone)
    assert door.observed == ["method"]


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
    door: Door, body: bytes, content_type: str, reason: str
) -> None:
    answer = await door.post(body, content_type)
    assert (answer.status, door.observed) == (400, [reason])
    assert door.payloads == []


async def test_every_request_is_observed_exactly_once(door: Door) -> None:
    for body in (COMMAND, COMMAND, b"junk"):
        await door.post(body)
    await door.post(COMMAND, secret="another")
    await door.ask([], [b""])
    assert Counter(door.observed) == {
        ACCEPTED: 1,
        "replayed": 1,
        "not_a_form": 1,
        "forged": 1,
        "content_type": 1,
    }
