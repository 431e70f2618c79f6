"""Stories of the typed line of ``/chakra send``, of the cards that lead to it, and of who may."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    COMMAND_LINE,
    JOHN,
    MEI,
    PRIYA,
    READING_NUMBER,
    SALES,
    advance,
    advance_until,
    choose_template,
    count_sent,
    enter_text,
    press_button,
    read_last_message_text,
    read_view_text,
    run_command,
    settle_app,
    submit_form,
)
from tests.conftest import OpenSandbox
from tests.shared_world import shared_world
from tests.world import World

# --- a complete line -----------------------------------------------------------------------------


async def test_a_complete_line_is_shown_and_one_press_sends(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, COMMAND_LINE.format(to="+1 202 555 0100"))
    assert "+1 202-555-0100" in read_view_text(acme)
    assert "Hi `Jane`, a reminder of your appointment on `May 3` at `10:00`." in read_view_text(
        acme
    )
    assert count_sent(acme) == 0
    assert not [message for message in acme.slack.list_messages(JOHN, SALES) if message.ephemeral]
    await acme.confirm()
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_last_message_text(acme))
    assert count_sent(acme) == 1


async def test_double_press_sends_once(acme: World, clock: ManualClock) -> None:
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    await asyncio.gather(*(acme.slack.submit(JOHN, {}) for _ in range(2)), return_exceptions=True)
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_last_message_text(acme))
    await advance(acme, clock, 3)
    assert count_sent(acme) == 1


async def test_a_duplicate_sent_while_the_view_is_open_is_asked_about(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER), by=PRIYA)
    await acme.confirm(by=PRIYA)
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    await acme.confirm()
    assert "<@U0PRIYA> *sent this same message" in read_view_text(acme)
    assert count_sent(acme) == 1
    await acme.confirm()
    await advance_until(acme, clock, lambda: count_sent(acme) == 2)


async def test_an_incomplete_line_opens_the_form_with_what_was_typed(acme: World) -> None:
    await run_command(acme, f"appointment_reminder {READING_NUMBER} 1=Jane")
    assert "Jane" in read_view_text(acme)
    assert READING_NUMBER in read_view_text(acme)
    assert await submit_form(acme) == {}


@shared_world
async def test_change_button_opens_the_prefilled_form(acme: World) -> None:
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    await acme.slack.press(JOHN, "send.edit")
    await settle_app(acme)
    assert "Jane" in read_view_text(acme)
    assert "May 3" in read_view_text(acme)


@shared_world
async def test_a_mention_means_the_members_own_number(acme: World) -> None:
    await run_command(acme, "hello_world @john")
    assert "John Doe has no phone number" in read_view_text(acme)


@shared_world
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apointment_reminder +12025550100", "appointment_reminder"),
        ("renewal_notice +12025550100 language=en", "rejected this template"),
        ("hello_world +12025550100 1=x", "has no “1”"),
        ("hello_world +12025550100 language=xx", "isn't available in that language"),
        ("1=Jane", "Choose a template: your values are filled in then"),
        ("hello_world +1202555", "too short"),
    ],
)
async def test_form_explains_what_a_line_gets_wrong(acme: World, text: str, expected: str) -> None:
    await run_command(acme, text)
    assert expected in read_view_text(acme)
    assert count_sent(acme) == 0


def read_field(acme: World, block_id: str) -> Any:
    """Return what a field of the open form begins with."""
    view = acme.slack.find_view(JOHN) or {}
    elements = [block["element"] for block in view["blocks"] if block.get("block_id") == block_id]
    option = elements[0].get("initial_option", {}).get("text", {}).get("text")
    return elements[0].get("initial_value") or option


@shared_world
async def test_free_text_opens_the_form_with_the_person_and_names_the_rest(acme: World) -> None:
    await run_command(acme, "hi priya, your order is ready")
    assert read_field(acme, "phone") == "priya"
    assert "“hi … your order is ready”" in read_view_text(acme)


@shared_world
async def test_an_unknown_template_leaves_the_number_in_its_field(acme: World) -> None:
    await run_command(acme, "banana +12025550101")
    assert read_field(acme, "phone") == "+12025550101"
    assert "There is no template called *banana*" in read_view_text(acme)


@shared_world
async def test_a_word_that_is_neither_template_nor_person_is_named(acme: World) -> None:
    await run_command(acme, "banana")
    assert read_field(acme, "phone") is None
    assert "There is no template, colleague or lead called *banana*" in read_view_text(acme)


async def test_a_lead_by_name_is_previewed_and_sent(acme: World, clock: ManualClock) -> None:
    await run_command(acme, "hello_world aarav")
    assert "lead LEAD-004038, Aarav Mehta, +91 98765 43210" in read_view_text(acme)
    await acme.confirm()
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("hello_world to my number", "+91 98765 43299"),
        ("hello_world to me", "+91 98765 43299"),
        ("hello_world to mei's number", "+61 491 570 156"),
        ("hello_world to priya ka number", "+91 99999 99999"),
    ],
)
async def test_a_number_may_be_ones_own_or_a_colleagues(
    acme: World, line: str, expected: str
) -> None:
    acme.chakra.update_user("john@acme.com", phones=["+919876543299"])
    await run_command(acme, line)
    assert expected in read_view_text(acme)


async def test_people_of_one_name_are_a_choice(acme: World) -> None:
    acme.chakra.add_lead("LEAD-7", name="Priya Sharma", phone_number="+12025550100")
    await run_command(acme, "hello_world priya")
    view = acme.slack.find_view(JOHN) or {}
    [choice] = [block["element"] for block in view["blocks"] if block.get("block_id") == "found"]
    assert [option["text"]["text"] for option in choice["options"]] == [
        "Priya Sharma · colleague · +91 99999 99999",
        "Priya Sharma · lead LEAD-7 · +1 202-555-0100",
        "Someone else…",
    ]
    assert "initial_option" not in choice
    assert "Two people match “priya”" in read_view_text(acme)


@shared_world
async def test_values_typed_before_a_template_is_chosen_are_filled_in_then(acme: World) -> None:
    await run_command(acme, f'{READING_NUMBER} 2="May 3" "Jane" nme=x')
    await choose_template(acme)
    assert (read_field(acme, "var_body_1"), read_field(acme, "var_body_2")) == ("Jane", "May 3")
    assert "no “nme”" in read_view_text(acme)


@shared_world
async def test_values_typed_while_templates_load_are_filled_in_later(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail("*", Hang())
    typing = asyncio.create_task(run_command(acme, f"appointment_reminder {READING_NUMBER} 1=Jane"))
    await acme.chakra.wait_for_requests(1)
    await clock.advance_until(typing.done)
    assert "“appointment_reminder” isn't chosen yet" in read_view_text(acme)
    acme.chakra.release_hanging()
    acme.chakra.clear_faults()
    await choose_template(acme)
    assert read_field(acme, "phone") == READING_NUMBER
    assert read_field(acme, "var_body_1") == "Jane"


@shared_world
async def test_a_leads_values_are_filled_in_and_removed_for_someone_else(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, "order_update aarav")
    filled = read_field(acme, "var_body_1")
    assert filled == "Aarav"
    await enter_text(acme, clock, "phone", READING_NUMBER)
    assert read_field(acme, "var_body_1") is None
    entries = (acme.slack.find_view(JOHN) or {})["state"]["values"]["var_body_1"]
    assert [entry["value"] for entry in entries.values()] == [None], "Slack would send it on"


@shared_world
async def test_a_leads_values_never_go_to_someone_else_without_a_look(acme: World) -> None:
    """The recipient is changed in the moment of Continue, before the form could follow."""
    await run_command(acme, "lead_followup aarav")
    assert read_field(acme, "var_body_first_name") == "Aarav"
    typed = {"phone": READING_NUMBER, "var_body_agent": "John", "var_body_product": "our plan"}
    assert await acme.submit(typed) == {}
    assert "The recipient has changed" in read_view_text(acme)
    assert read_field(acme, "var_body_first_name") is None
    assert read_field(acme, "phone") == READING_NUMBER


# --- from cards ----------------------------------------------------------------------------------


@shared_world
async def test_template_card_opens_its_send_form(acme: World) -> None:
    await acme.slack.type(JOHN, SALES, "/chakra templates hello_world")
    await settle_app(acme)
    await press_button(acme, "templates.send")
    assert "Welcome and congratulations" in read_view_text(acme)


@shared_world
async def test_user_card_opens_the_form_with_their_number(acme: World) -> None:
    await acme.slack.type(JOHN, SALES, "/chakra user priya@acme.com")
    await settle_app(acme)
    await press_button(acme, "user.send")
    assert read_field(acme, "phone") == "Priya Sharma, +91 99999 99999"
    await choose_template(acme, "hello_world", "en_US")
    assert await acme.submit({}) == {}
    assert "Priya Sharma, +91 99999 99999" in read_view_text(acme)


@shared_world
async def test_non_sender_sees_no_send_button(acme: World) -> None:
    await acme.slack.type(MEI, SALES, "/chakra user priya@acme.com")
    await settle_app(acme)
    assert "Send WhatsApp" not in collect_text(acme.slack.list_messages(MEI, SALES)[-1])


# --- who, and with what --------------------------------------------------------------------------


@shared_world
async def test_only_senders_can_send(acme: World) -> None:
    assert "sender" in collect_text(await run_command(acme, by=MEI))
    assert acme.slack.find_view(MEI) is None


async def test_missing_plugin_setting_is_named(open_sandbox: OpenSandbox, acme: World) -> None:
    async with open_sandbox(other={"chakra_plugin_id": None}) as world:
        assert "CHAKRA_PLUGIN_ID" in collect_text(await run_command(world))


@shared_world
async def test_form_opens_immediately_while_chakra_hangs(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail("*", Hang())
    typing = asyncio.create_task(acme.slack.type(JOHN, SALES, "/chakra send"))
    await acme.chakra.wait_for_requests(1)
    await clock.advance(0.15)
    await typing
    await acme.slack.wait_until(lambda: acme.slack.find_view(JOHN) is not None)
    asking = asyncio.create_task(acme.slack.suggest(JOHN, "send.template", "order"))
    await asyncio.sleep(0.05)
    await clock.advance(0.15)
    [option] = await asking
    assert "still loading" in option["text"]["text"]
    acme.chakra.release_hanging()
    await settle_app(acme)
