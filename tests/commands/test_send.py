"""Stories of the form of ``/chakra send``: choose, fill, send once, and see what became of it."""

from __future__ import annotations

import asyncio

import pytest

from tests.clock import ManualClock
from tests.commands.send_stories import (
    DIRECT,
    ERROR_IN_200,
    JOHN,
    LINE,
    LOST,
    MANY_MESSAGES,
    NEVER_CAME,
    NOT_ON_WHATSAPP,
    PRIYA,
    READS,
    SEND,
    SLOW,
    THROTTLED,
    VALUES,
    WEB_PAGE,
    calm,
    chosen,
    entered,
    filled,
    line,
    opened,
    out,
    pressed,
    report,
    typed,
    until,
    view,
)
from tests.world import World

# --- the form ------------------------------------------------------------------------------------


async def test_pick_fill_send_and_it_is_read(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    assert await filled(acme) == {}
    assert acme.slack.view(JOHN) is None
    await until(acme, clock, lambda: "WhatsApp has it" in report(acme))
    [sent] = acme.chakra.sends
    assert (sent.to, sent.template, sent.language) == ("12025550100", "appointment_reminder", "en")
    assert sent.text.startswith("Hi Jane, a reminder of your appointment on May 3 at 10:00.")
    await until(acme, clock, lambda: "WhatsApp has it" in line(acme))
    assert "archives/D0JOHN/p" in line(acme)
    await until(acme, clock, lambda: "Read:" in report(acme))
    assert len(acme.slack.messages(JOHN, DIRECT)) == 1
    assert "0100" in report(acme)
    assert "2025550100" not in report(acme)


async def test_the_preview_follows_what_is_typed(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    assert "Hi ‹1›, a reminder" in view(acme)
    await entered(acme, clock, "var_body_1", "J", "Ja", "Jane")
    assert "Hi Jane, a reminder" in view(acme)
    updates = [call for call in acme.slack.calls if call.method == "views.update"]
    assert len(updates) == 2  # the template's fields, and one for all three letters


async def test_the_preview_names_the_recipient(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    await entered(acme, clock, "phone", "lead LEAD-004038")
    await until(acme, clock, lambda: "Aarav Mehta" in view(acme))


async def test_only_what_can_be_sent_is_offered_with_its_language(acme: World) -> None:
    await typed(acme)
    offered = await acme.slack.suggest(JOHN, "send.template", "")
    names = {option["text"]["text"] for option in offered}
    assert "appointment_reminder" in names
    assert "renewal_notice" not in names
    [spanish] = [
        one
        for one in await acme.slack.suggest(JOHN, "send.template", "appointment_reminder")
        if "Spanish" in one["description"]["text"]
    ]
    assert spanish["value"] == acme.chakra.template("appointment_reminder", "es").id


async def test_the_template_used_last_is_offered_first(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    await filled(acme)
    await until(acme, clock, lambda: out(acme) == 1)
    await typed(acme)
    first = (await acme.slack.suggest(JOHN, "send.template", ""))[0]
    assert first["value"] == acme.chakra.template("appointment_reminder", "en").id


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("phone", "12345", "too short"),
        ("phone", "+1 202 555", "too short"),
        ("phone", "nobody at all", "Can't find nobody at all"),
        ("phone", "lead LEAD-999999", "Can't find lead LEAD-999999"),
        ("var_body_1", "   ", "accept empty variables"),
        ("var_body_2", "May     3", "four spaces"),
        ("var_body_3", "x" * 1024, "WhatsApp accepts 1,024"),
    ],
)
async def test_errors_are_shown_under_their_fields(
    acme: World, field: str, value: str, expected: str
) -> None:
    await opened(acme)
    errors = await filled(acme, **{field: value})
    assert list(errors) == [field]
    assert expected in errors[field]
    assert acme.chakra.count(SEND) == 0
    assert acme.slack.view(JOHN) is not None


async def test_a_submission_that_comes_twice_sends_once(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    press = acme.slack.submit(JOHN, {"phone": READS, **VALUES})
    again = acme.slack.submit(JOHN, {"phone": READS, **VALUES})
    await asyncio.gather(press, again, return_exceptions=True)
    await until(acme, clock, lambda: "WhatsApp has it" in line(acme))
    assert out(acme) == 1


async def test_a_record_is_sent_for_through_its_own_endpoint(
    acme: World, clock: ManualClock
) -> None:
    await opened(acme)
    assert await filled(acme, phone="lead LEAD-004038") == {}
    await until(acme, clock, lambda: out(acme) == 1)
    assert acme.chakra.sends[0].to == "919876543210"
    await until(acme, clock, lambda: "lead LEAD-004038" in report(acme))


async def test_a_template_paused_meanwhile_is_refused_in_words(
    acme: World, clock: ManualClock
) -> None:
    await opened(acme)
    acme.chakra.update_template("appointment_reminder", "en", status="PAUSED")
    await filled(acme)
    await until(acme, clock, lambda: "Not sent" in line(acme))
    assert "paused or disabled" in line(acme)
    assert out(acme) == 0
    await acme.slack.press(JOHN, "send.edit")
    await calm(acme)
    assert "Jane" in view(acme)


async def test_another_template_brings_its_own_fields(acme: World) -> None:
    await opened(acme)
    await chosen(acme, "login_otp")
    form = acme.slack.view(JOHN) or {}
    fields = [one["block_id"] for one in form["blocks"] if one["type"] == "input"]
    assert fields == ["template", "phone", "sender", "otp"]


# --- what becomes of it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "stands", "expected", "went_out"),
    [
        (LOST, "don't know", "may have been sent", 1),
        (NEVER_CAME, "don't know", "may have been sent", 0),
        (WEB_PAGE, "don't know", "may have been sent", 0),
        (THROTTLED, "Not sent", "Chakra is rate limiting", 0),
        (ERROR_IN_200, "Not sent", "could not be queued", 0),
        (MANY_MESSAGES, "Not sent", "being sent from this number", 0),
    ],
)
async def test_each_failure_is_explained(
    acme: World, clock: ManualClock, to: str, stands: str, expected: str, went_out: int
) -> None:
    await opened(acme)
    assert await filled(acme, phone=to) == {}
    await until(acme, clock, lambda: stands in line(acme))
    assert expected in line(acme)
    assert out(acme) == went_out
    await until(acme, clock, lambda: stands in report(acme))


async def test_a_slow_chakra_does_not_delay_the_ack(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    delivered = await acme.slack.submit(JOHN, {"phone": SLOW, **VALUES})
    assert delivered.seconds < 0.3
    assert acme.slack.view(JOHN) is None
    await until(acme, clock, lambda: "WhatsApp has it" in line(acme))
    assert out(acme) == 1


async def test_a_refused_number_is_reported_with_its_reason(
    acme: World, clock: ManualClock
) -> None:
    await opened(acme)
    await filled(acme, phone=NOT_ON_WHATSAPP)
    await until(acme, clock, lambda: "Not delivered" in report(acme))
    assert "can't deliver to this number" in report(acme)


# --- the same once more --------------------------------------------------------------------------


async def test_the_same_within_ten_minutes_asks_first(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    await filled(acme)
    await until(acme, clock, lambda: out(acme) == 1)
    await opened(acme)
    await filled(acme)
    assert "sent this same message to this recipient" in view(acme)
    assert out(acme) == 1
    assert await filled(acme) == {}
    await until(acme, clock, lambda: out(acme) == 2)
    assert acme.slack.view(JOHN) is None


async def test_a_duplicate_by_anyone_asks_for_ten_minutes(acme: World, clock: ManualClock) -> None:
    await typed(acme, LINE.format(to=READS), by=PRIYA)
    await pressed(acme, "send.confirm", by=PRIYA)
    await until(acme, clock, lambda: out(acme) == 1)
    await opened(acme)
    await filled(acme)
    assert "<@U0PRIYA> *sent this same message" in view(acme)
    await clock.advance(601)
    await opened(acme)
    assert await filled(acme) == {}
    await until(acme, clock, lambda: out(acme) == 2)
