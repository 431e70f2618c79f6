"""Invalid input is never sent, and unsigned events are never believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox.chakra.accepted_send import AcceptedSend
from bot.sandbox.world import CHAKRA_EVENTS_PATH, WEBHOOK_SECRET
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    COMMAND_LINE,
    JOHN,
    READING_NUMBER,
    SEND_PATH,
    advance,
    advance_until,
    count_sent,
    enter_text,
    open_form,
    read_report_text,
    read_view_text,
    run_command,
    settle_app,
    submit_form,
)
from tests.messages.webhook_builders import build_event, encode, sign
from tests.request_client import JSON_TYPE, ReceivedResponse, open_request_client
from tests.shared_world import shared_world
from tests.world import World

LANDLINE = "+44 20 7946 0958"
WARNING = "This is a landline. It only works if it's registered with WhatsApp."
LINE_BREAK_ERROR = "WhatsApp doesn't accept line breaks here. Put it on one line."
SPACES_ERROR = "WhatsApp accepts at most four spaces in a row here."
NUMBER_WITHOUT_EVENTS = "+12025550116"
"""Accepted, and then nothing is heard of it: whatever moves its report came from somewhere else."""


# --- recipients ----------------------------------------------------------------------------------


@shared_world
@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("+1 555 555 5555", "This isn't a valid number for +1. Check the digits"),
        ("+999 555 1234", "“+999 555 1234” isn't a phone number. Try +91 98765 43210."),
        ("+1 202 555 01000 22 33", "too long"),
        ("++--", "isn't a phone number"),
        ("0", "isn't a phone number"),
        ("jane@nowhere.example", "Can't find jane@nowhere.example."),
    ],
)
async def test_an_invalid_number_is_an_error_under_the_field(
    acme: World, to: str, expected: str
) -> None:
    await open_form(acme)
    errors = await submit_form(acme, phone=to)
    assert list(errors) == ["phone"]
    assert expected in errors["phone"]
    assert acme.chakra.count(SEND_PATH) == 0


async def test_landline_is_warned_about_and_still_sent(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    await enter_text(acme, clock, "phone", LANDLINE)
    assert f"To {LANDLINE} · {WARNING}" in read_view_text(acme)
    assert await submit_form(acme, phone=LANDLINE) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert acme.chakra.sends[0].to == "442079460958"


@shared_world
async def test_landline_in_a_command_line_is_warned_about_in_the_preview(acme: World) -> None:
    await run_command(acme, COMMAND_LINE.format(to=LANDLINE))
    assert WARNING in read_view_text(acme)
    assert count_sent(acme) == 0


@pytest.mark.parametrize(
    ("typed", "digits", "present"),
    [
        ("+55 (11) 8765-4321", "551187654321", "+55 11 98765-4321"),
        ("https://wa.me/5215512345678", "5215512345678", "+52 55 1234 5678"),
    ],
)
async def test_number_that_only_whatsapp_knows_is_sent_as_it_is_with_a_word(
    acme: World, clock: ManualClock, typed: str, digits: str, present: str
) -> None:
    await open_form(acme)
    await enter_text(acme, clock, "phone", typed)
    assert f"so it's sent as it is. Today's form: {present}." in read_view_text(acme)
    assert await submit_form(acme, phone=typed) == {}
    await advance_until(acme, clock, lambda: "Read" in read_report_text(acme))
    assert acme.chakra.sends[0].to == digits


# --- variables -----------------------------------------------------------------------------------


@shared_world
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("May\n3", LINE_BREAK_ERROR),
        ("May\r\n3", LINE_BREAK_ERROR),
        ("May\t3", "WhatsApp doesn't accept tabs here. Use spaces."),
        ("May     3", SPACES_ERROR),
        ("\u200b", "WhatsApp doesn't accept empty variables"),
        (" ", "WhatsApp doesn't accept empty variables"),
    ],
)
async def test_an_invalid_variable_is_an_error_under_its_field(
    acme: World, value: str, expected: str
) -> None:
    await open_form(acme)
    errors = await submit_form(acme, var_body_2=value)
    assert list(errors) == ["var_body_2"]
    assert expected in errors["var_body_2"]
    assert acme.chakra.count(SEND_PATH) == 0


@shared_world
@pytest.mark.parametrize(
    ("value", "expected"), [("May\n3", LINE_BREAK_ERROR), ("May     3", SPACES_ERROR)]
)
async def test_invalid_command_line_value_opens_the_form_with_the_error(
    acme: World, value: str, expected: str
) -> None:
    await run_command(
        acme, f'appointment_reminder {READING_NUMBER} 1=Jane 2="{value}" 3=10:00 language=en'
    )
    assert (acme.slack.find_view(JOHN) or {})["callback_id"] == "send.submit"
    delivered = await acme.slack.submit(JOHN, {"var_body_2": value})
    assert list(delivered.errors) == ["var_body_2"]
    assert expected in delivered.errors["var_body_2"]
    assert acme.chakra.count(SEND_PATH) == 0


# --- events --------------------------------------------------------------------------------------


async def send_and_accept(acme: World, clock: ManualClock) -> AcceptedSend:
    await open_form(acme)
    assert await submit_form(acme, phone=NUMBER_WITHOUT_EVENTS) == {}
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_report_text(acme))
    [sent] = acme.chakra.sends
    return sent


async def deliver(acme: World, event: dict[str, Any], **headers: str) -> ReceivedResponse:
    async with open_request_client(acme) as post:
        return await post.request(
            CHAKRA_EVENTS_PATH,
            "POST",
            data=encode(event),
            headers={"Content-Type": JSON_TYPE, **headers},
        )


@pytest.mark.parametrize("signature", ["none", "of another secret", "of another event", "junk"])
async def test_event_with_an_invalid_signature_changes_no_report(
    acme: World, clock: ManualClock, signature: str
) -> None:
    sent = await send_and_accept(acme, clock)
    event = build_event("READ", sent.wamid, sent.id)
    signatures = {
        "none": "",
        "of another secret": sign(encode(event), "another secret"),
        "of another event": sign(encode(build_event("SENT", sent.wamid, sent.id)), WEBHOOK_SECRET),
        "junk": "sha256=" + "0" * 63,
    }[signature]
    headers = {"X-Chakra-Signature-256": signatures} if signatures else {}
    answer = await deliver(acme, event, **headers)
    assert answer.status == 401
    assert json.dumps(event) not in answer.text
    await advance(acme, clock, 6)
    assert "WhatsApp has it" in read_report_text(acme)
    signed = {"X-Chakra-Signature-256": sign(encode(event), WEBHOOK_SECRET)}
    assert (await deliver(acme, event, **signed)).status == 200
    await advance_until(acme, clock, lambda: "*Read* by" in read_report_text(acme))


async def test_a_failure_repeated_after_it_was_read_changes_nothing(
    acme: World, clock: ManualClock
) -> None:
    sent = await send_and_accept(acme, clock)
    for word in ("READ", "FAILED", "DELIVERED", "READ"):
        event = build_event(word, sent.wamid, sent.id)
        signed = {"X-Chakra-Signature-256": sign(encode(event), WEBHOOK_SECRET)}
        assert (await deliver(acme, event, **signed)).status == 200
    await advance_until(acme, clock, lambda: "*Read* by" in read_report_text(acme))
    await advance(acme, clock, 6)
    assert "*Read* by" in read_report_text(acme)
    await settle_app(acme)
