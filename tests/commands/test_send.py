"""Stories of the form of ``/chakra send``: choose, fill, send once, and see what became of it."""

from __future__ import annotations

import asyncio

import pytest

from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    COMMAND_LINE,
    DIRECT,
    ERROR_IN_200,
    HTML_RESPONSE,
    JOHN,
    LOST_RESPONSE,
    NEVER_ARRIVED,
    NOT_ON_WHATSAPP,
    PRIYA,
    RATE_LIMITED,
    RATE_LIMITED_RECIPIENT,
    READING_NUMBER,
    SEND_PATH,
    SLOW,
    advance_until,
    check_form,
    choose_template,
    count_sent,
    enter_text,
    is_sent,
    open_form,
    read_last_message_text,
    read_report_text,
    read_view_text,
    run_command,
    settle_app,
    submit_form,
)
from tests.endpoints import PLUGIN, reaches
from tests.shared_world import shared_world
from tests.world import World

# --- the form ------------------------------------------------------------------------------------


@reaches(
    "GET /v1/ext/whatsapp-phone-number",
    "numbers.list",
    title="List WhatsApp Phone Numbers",
    by="`/chakra status`, and From in the form of `/chakra send`",
)
@reaches(
    f"POST {PLUGIN}/phoneNumber/{{phoneNumber}}/send-template-message",
    "messages.send_template",
    title="Send WhatsApp Template Message For A Phone Number",
    by="`/chakra send`",
)
async def test_form_send_is_delivered_and_read(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    assert await check_form(acme) == {}
    shown = read_view_text(acme)
    for fact in ("+1 202-555-0100", "appointment_reminder", "English", "Utility", "Acme"):
        assert fact in shown
    assert "Hi `Jane`, a reminder of your appointment on `May 3` at `10:00`." in shown
    assert (acme.slack.find_view(JOHN) or {})["submit"]["text"] == "Send to …0100"
    assert count_sent(acme) == 0
    assert await acme.confirm() == {}
    assert is_sent(acme)
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_report_text(acme))
    [sent] = acme.chakra.sends
    assert (sent.to, sent.template, sent.language) == ("12025550100", "appointment_reminder", "en")
    assert sent.text.startswith("Hi Jane, a reminder of your appointment on May 3 at 10:00.")
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_last_message_text(acme))
    assert "archives/D0JOHN/p" in read_last_message_text(acme)
    await advance_until(acme, clock, lambda: "*Read* by" in read_report_text(acme))
    assert len(acme.slack.list_messages(JOHN, DIRECT)) == 1
    assert "0100" in read_report_text(acme)
    assert "2025550100" not in read_report_text(acme)


@shared_world
async def test_preview_updates_while_typing(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    assert "Hi ‹1›, a reminder" in read_view_text(acme)
    await enter_text(acme, clock, "var_body_1", "J", "Ja", "Jane")
    assert "Hi Jane, a reminder" in read_view_text(acme)
    updates = [call for call in acme.slack.calls if call.method == "views.update"]
    assert len(updates) == 2  # the template's fields, and one for all three letters


@shared_world
async def test_the_preview_names_the_recipient(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    await enter_text(acme, clock, "phone", "lead LEAD-004038")
    await advance_until(acme, clock, lambda: "Aarav Mehta" in read_view_text(acme))


@shared_world
async def test_a_whole_name_is_the_first_option_and_names_its_language(acme: World) -> None:
    await run_command(acme)
    offered = await acme.slack.suggest(JOHN, "send.template", "order update")
    assert [option["text"]["text"] for option in offered[:2]] == [
        "order_update · English (US)",
        "order_update · Hindi",
    ]
    [spanish] = await acme.slack.suggest(JOHN, "send.template", "appointment_reminder spanish")
    assert spanish["value"] == acme.chakra.find_template("appointment_reminder", "es").id


@shared_world
async def test_the_language_of_the_persons_slack_comes_first(acme: World) -> None:
    await acme.type("/chakra send", by="U0LENA")
    offered = await acme.slack.suggest("U0LENA", "send.template", "renewal_notice")
    assert [option["text"]["text"] for option in offered] == [
        "renewal_notice · German",
        "renewal_notice · French",
        "renewal_notice · English",
    ]


@shared_world
async def test_what_cannot_be_sent_is_offered_last_and_says_why(acme: World) -> None:
    await run_command(acme)
    offered = await acme.slack.suggest(JOHN, "send.template", "renewal_notice")
    assert offered[-1]["text"]["text"] == "renewal_notice · English"
    assert offered[-1]["description"]["text"] == "Can't be sent: rejected"
    await acme.press("send.template", value=offered[-1])
    assert "WhatsApp rejected this template" in read_view_text(acme)
    assert "You can send it in French or German." in read_view_text(acme)


@shared_world
async def test_a_long_menu_ends_with_a_hint(acme: World) -> None:
    await run_command(acme)
    offered = await acme.slack.suggest(JOHN, "send.template", "")
    assert len(offered) == 100
    assert "type part of the name" in offered[-1]["text"]["text"]
    await acme.press("send.template", value=offered[-1])
    assert "Type part of the template's name" in read_view_text(acme)


async def test_last_used_template_is_offered_first(acme: World, clock: ManualClock) -> None:
    await run_command(acme)
    await acme.slack.suggest(JOHN, "send.template", "")
    await open_form(acme)
    await submit_form(acme)
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    await run_command(acme)
    first = (await acme.slack.suggest(JOHN, "send.template", ""))[0]
    assert first["value"] == acme.chakra.find_template("appointment_reminder", "en").id
    async with acme.bot.database.begin():  # the menu does not read it again with each letter
        assert (await acme.slack.suggest(JOHN, "send.template", ""))[0] == first


@shared_world
@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("phone", "12345", "too short"),
        ("phone", "+1 202 555", "too short"),
        ("phone", "no such person", "Can't find no such person"),
        ("phone", "lead LEAD-999999", "Can't find lead LEAD-999999"),
        ("var_body_1", "   ", "accept empty variables"),
        ("var_body_2", "May     3", "four spaces"),
        ("var_body_3", "x" * 1024, "WhatsApp accepts 1,024"),
    ],
)
async def test_errors_are_shown_under_their_fields(
    acme: World, field: str, value: str, expected: str
) -> None:
    await open_form(acme)
    errors = await submit_form(acme, **{field: value})
    assert list(errors) == [field]
    assert expected in errors[field]
    assert acme.chakra.count(SEND_PATH) == 0
    assert acme.slack.find_view(JOHN) is not None


async def test_duplicate_submission_sends_once(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    await check_form(acme)
    press, again = acme.slack.submit(JOHN, {}), acme.slack.submit(JOHN, {})
    await asyncio.gather(press, again, return_exceptions=True)
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_last_message_text(acme))
    assert count_sent(acme) == 1


@reaches(
    f"POST {PLUGIN}/process/{{procedureShortId}}/{{primaryKeyOrId}}/send-template-message",
    "messages.send_template_for_process",
    title="Send WhatsApp Template Message For Process",
    by="Send WhatsApp on a record's card",
)
async def test_process_recipient_uses_the_process_endpoint(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone="lead LEAD-004038") == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert acme.chakra.sends[0].to == "919876543210"
    await advance_until(acme, clock, lambda: "lead LEAD-004038" in read_report_text(acme))
    assert "(+91 98765 43210)" in read_report_text(acme)
    assert ") (" not in read_report_text(acme)


async def test_template_paused_after_opening_is_rejected(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    acme.chakra.remove_passthrough_webhook()
    acme.chakra.update_template("appointment_reminder", "en", status="PAUSED")
    await submit_form(acme)
    await advance_until(acme, clock, lambda: "Not sent" in read_last_message_text(acme))
    assert "paused or disabled" in read_last_message_text(acme)
    assert count_sent(acme) == 0
    await acme.slack.close_view(JOHN)
    await acme.slack.press(JOHN, "sends.again")
    await settle_app(acme)
    assert "Jane" in read_view_text(acme)


@shared_world
async def test_changing_the_template_changes_the_fields(acme: World) -> None:
    await open_form(acme)
    await choose_template(acme, "login_otp")
    form = acme.slack.find_view(JOHN) or {}
    fields = [block["block_id"] for block in form["blocks"] if block["type"] == "input"]
    assert fields == ["template", "phone", "sender", "otp"]


# --- what becomes of it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "posted", "expected", "went_out"),
    [
        (LOST_RESPONSE, "don't know", "may have been sent", 1),
        (NEVER_ARRIVED, "don't know", "may have been sent", 0),
        (HTML_RESPONSE, "don't know", "may have been sent", 0),
        (RATE_LIMITED, "Not sent", "Chakra is rate limiting", 0),
        (ERROR_IN_200, "Not sent", "could not be queued", 0),
        (RATE_LIMITED_RECIPIENT, "Not sent", "being sent from this number", 0),
    ],
)
async def test_each_failure_is_explained(
    acme: World, clock: ManualClock, to: str, posted: str, expected: str, went_out: int
) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone=to) == {}
    await advance_until(acme, clock, lambda: posted in read_last_message_text(acme))
    assert expected in read_last_message_text(acme)
    assert count_sent(acme) == went_out
    await advance_until(acme, clock, lambda: posted in read_report_text(acme))


async def test_open_view_follows_the_message_to_its_delivery(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    await submit_form(acme)
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_view_text(acme))
    assert (acme.slack.find_view(JOHN) or {})["title"]["text"] == "Sending"
    await advance_until(acme, clock, lambda: "WhatsApp has it" not in read_view_text(acme))
    assert (acme.slack.find_view(JOHN) or {})["title"]["text"] in ("Delivered", "Read")
    assert is_sent(acme)


async def test_open_view_says_why_the_message_was_not_delivered(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    await submit_form(acme, phone=NOT_ON_WHATSAPP)
    await advance_until(acme, clock, lambda: "can't deliver to this number" in read_view_text(acme))
    assert (acme.slack.find_view(JOHN) or {})["title"]["text"] == "Not delivered"
    await acme.press("send.edit")
    assert "Jane" in read_view_text(acme)


async def test_arrival_opens_no_view_again(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    await submit_form(acme)
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_view_text(acme))
    await acme.slack.close_view(JOHN)
    await run_command(acme)
    form = acme.slack.find_view(JOHN)
    await advance_until(acme, clock, lambda: "*Read* by" in read_report_text(acme))
    assert acme.slack.find_view(JOHN) == form


async def test_a_slow_chakra_does_not_delay_the_ack(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    await check_form(acme, phone=SLOW)
    delivered = await acme.slack.submit(JOHN, {})
    assert delivered.seconds < 0.3
    assert "Sending to *+1 202-555-0127*" in read_view_text(acme)
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_last_message_text(acme))
    assert count_sent(acme) == 1


async def test_rejected_number_is_reported_with_its_reason(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    await submit_form(acme, phone=NOT_ON_WHATSAPP)
    await advance_until(acme, clock, lambda: "Not delivered" in read_report_text(acme))
    assert "can't deliver to this number" in read_report_text(acme)


# --- the same once more --------------------------------------------------------------------------


async def test_duplicate_within_ten_minutes_asks_for_confirmation(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    await submit_form(acme)
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    await open_form(acme)
    await check_form(acme)
    assert "sent this same message to this recipient" in read_view_text(acme)
    assert (acme.slack.find_view(JOHN) or {})["submit"]["text"] == "Send again to …0100"
    assert count_sent(acme) == 1
    assert await acme.confirm() == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 2)


async def test_a_duplicate_by_anyone_asks_for_ten_minutes(acme: World, clock: ManualClock) -> None:
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER), by=PRIYA)
    await acme.confirm(by=PRIYA)
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    await open_form(acme)
    await check_form(acme)
    assert "<@U0PRIYA> *sent this same message" in read_view_text(acme)
    await clock.jump(601)
    await open_form(acme)
    assert await submit_form(acme) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 2)
