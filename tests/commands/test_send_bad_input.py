"""What nobody should send, and events that nobody should believe."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox.chakra.accepted_send import AcceptedSend
from bot.sandbox.world import CHAKRA_EVENTS_PATH, WEBHOOK_SECRET
from tests.clock import ManualClock
from tests.commands.send_stories import (
    JOHN,
    LINE,
    READS,
    SEND,
    calm,
    entered,
    filled,
    later,
    line,
    opened,
    out,
    report,
    typed,
    until,
    view,
)
from tests.messages.webhooks import chakra, dump, sign
from tests.posting import JSON, Answered, posting
from tests.world import World

LANDLINE = "+44 20 7946 0958"
WARNING = "This is a landline. It only works if it's registered with WhatsApp."
NO_BREAKS = "WhatsApp doesn't accept line breaks here. Put it on one line."
NO_SPACES = "WhatsApp accepts at most four spaces in a row here."
QUIET = "+12025550116"
"""Accepted, and then nothing is heard of it: whatever moves its report came from somewhere else."""


# --- recipients ----------------------------------------------------------------------------------


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
    await opened(acme)
    errors = await filled(acme, phone=to)
    assert list(errors) == ["phone"]
    assert expected in errors["phone"]
    assert acme.chakra.count(SEND) == 0


async def test_a_landline_is_warned_of_and_sent_to_all_the_same(
    acme: World, clock: ManualClock
) -> None:
    await opened(acme)
    await entered(acme, clock, "phone", LANDLINE)
    assert f"To {LANDLINE} · {WARNING}" in view(acme)
    assert await filled(acme, phone=LANDLINE) == {}
    await until(acme, clock, lambda: out(acme) == 1)
    assert acme.chakra.sends[0].to == "442079460958"


async def test_a_landline_in_a_line_is_warned_of_in_the_preview(acme: World) -> None:
    await typed(acme, LINE.format(to=LANDLINE))
    assert WARNING in line(acme)
    assert out(acme) == 0


# --- variables -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("May\n3", NO_BREAKS),
        ("May\r\n3", NO_BREAKS),
        ("May\t3", "WhatsApp doesn't accept tabs here. Use spaces."),
        ("May     3", NO_SPACES),
        ("\u200b", "WhatsApp doesn't accept empty variables"),
        (" ", "WhatsApp doesn't accept empty variables"),
    ],
)
async def test_an_invalid_variable_is_an_error_under_its_field(
    acme: World, value: str, expected: str
) -> None:
    await opened(acme)
    errors = await filled(acme, var_body_2=value)
    assert list(errors) == ["var_body_2"]
    assert expected in errors["var_body_2"]
    assert acme.chakra.count(SEND) == 0


@pytest.mark.parametrize(("value", "expected"), [("May\n3", NO_BREAKS), ("May     3", NO_SPACES)])
async def test_in_a_line_it_leads_to_the_form_which_says_it(
    acme: World, value: str, expected: str
) -> None:
    await typed(acme, f'appointment_reminder {READS} 1=Jane 2="{value}" 3=10:00 language=en')
    assert (acme.slack.view(JOHN) or {})["callback_id"] == "send.submit"
    delivered = await acme.slack.submit(JOHN, {"var_body_2": value})
    assert list(delivered.errors) == ["var_body_2"]
    assert expected in delivered.errors["var_body_2"]
    assert acme.chakra.count(SEND) == 0


# --- events --------------------------------------------------------------------------------------


async def accepted(acme: World, clock: ManualClock) -> AcceptedSend:
    await opened(acme)
    assert await filled(acme, phone=QUIET) == {}
    await until(acme, clock, lambda: "WhatsApp has it" in report(acme))
    [sent] = acme.chakra.sends
    return sent


async def deliver(acme: World, event: dict[str, Any], **headers: str) -> Answered:
    async with posting(acme) as post:
        return await post.ask(
            CHAKRA_EVENTS_PATH, "POST", data=dump(event), headers={"Content-Type": JSON, **headers}
        )


@pytest.mark.parametrize("signature", ["none", "of another secret", "of another event", "junk"])
async def test_an_event_that_is_not_chakras_moves_no_report(
    acme: World, clock: ManualClock, signature: str
) -> None:
    sent = await accepted(acme, clock)
    event = chakra("READ", sent.wamid, sent.id)
    shown = {
        "none": "",
        "of another secret": sign(dump(event), "another secret"),
        "of another event": sign(dump(chakra("SENT", sent.wamid, sent.id)), WEBHOOK_SECRET),
        "junk": "sha256=" + "0" * 63,
    }[signature]
    headers = {"X-Chakra-Signature-256": shown} if shown else {}
    answer = await deliver(acme, event, **headers)
    assert answer.status == 401
    assert json.dumps(event) not in answer.text
    await later(acme, clock, 6)
    assert "WhatsApp has it" in report(acme)
    signed = {"X-Chakra-Signature-256": sign(dump(event), WEBHOOK_SECRET)}
    assert (await deliver(acme, event, **signed)).status == 200
    await until(acme, clock, lambda: "Read:" in report(acme))


async def test_a_failure_repeated_after_it_was_read_changes_nothing(
    acme: World, clock: ManualClock
) -> None:
    sent = await accepted(acme, clock)
    for word in ("READ", "FAILED", "DELIVERED", "READ"):
        event = chakra(word, sent.wamid, sent.id)
        signed = {"X-Chakra-Signature-256": sign(dump(event), WEBHOOK_SECRET)}
        assert (await deliver(acme, event, **signed)).status == 200
    await until(acme, clock, lambda: "Read:" in report(acme))
    await later(acme, clock, 6)
    assert "Read:" in report(acme)
    await calm(acme)
