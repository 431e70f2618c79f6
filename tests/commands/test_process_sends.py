"""Stories of a WhatsApp message that begins at a record's card: to this record, with its values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox.slack import collect_text
from tests.people import JOHN
from tests.shared_world import shared_world
from tests.world import World


def find_input(acme: World, block_id: str) -> Any:
    """Return a field of the open form: its value and its hint."""
    view = acme.slack.find_view(JOHN) or {}
    [block] = [block for block in view["blocks"] if block.get("block_id") == block_id]
    return block["element"].get("initial_value"), block.get("hint", {}).get("text", "")


async def open_send_form(acme: World, template: str = "appointment_confirmed") -> None:
    await acme.press("process.send")
    options = await acme.slack.suggest(JOHN, "send.template", template)
    await acme.press("send.template", value=options[0]["value"])


@shared_world
async def test_variables_are_filled_from_the_record_and_say_so(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await open_send_form(acme)
    assert find_input(acme, "phone")[0] == "lead LEAD-004038"
    assert find_input(acme, "var_body_first_name") == ("Aarav", "From the lead. You can change it.")
    assert find_input(acme, "var_body_time")[0] is None


@pytest.mark.parametrize("key", ["A B 12", "A/B-12", "100%", "ключ-7"])
async def test_record_with_a_hard_key_gets_its_own_message(acme: World, key: str) -> None:
    record_id = acme.chakra.add_lead(key, firstname="Hard", phone_number="919812300001")
    await acme.type(f'/chakra lead "{key}"')
    await open_send_form(acme)
    assert find_input(acme, "var_body_first_name")[0] == "Hard"
    assert record_id in find_input(acme, "phone")[0]


async def test_one_of_two_records_with_a_key_is_addressed_by_its_id(acme: World) -> None:
    acme.chakra.add_lead("DOUBLE-1", firstname="First", phone_number="919812300003")
    second = acme.chakra.add_lead("DOUBLE-1", firstname="Second", phone_number="919812300004")
    recipient = await acme.bot.context.send_service.recipients.resolve(f"lead {second}")
    assert (recipient.key, recipient.digits) == (second, "919812300004")


@shared_world
async def test_record_without_a_number_says_why_it_gets_no_message(acme: World) -> None:
    shown = await acme.type("/chakra lead LEAD-004041")
    assert "Without a usable phone number" in collect_text(shown)
    assert "process.send" not in json.dumps(shown.blocks)


async def test_wrong_number_is_pointed_out_in_the_form(acme: World) -> None:
    acme.chakra.add_lead("WRONG-2", name="Odd Number", phone_number="9999999999999999")
    await acme.type("/chakra lead WRONG-2")
    await open_send_form(acme)
    assert "doesn't look right" in collect_text(acme.slack.find_view(JOHN) or {})


@pytest.mark.parametrize("typed", ["lead DOUBLE-1", "DOUBLE-1", '"Twin Person"'])
async def test_records_that_share_a_key_are_a_choice_and_the_chosen_one_is_written_to(
    acme: World, typed: str
) -> None:
    acme.chakra.add_lead("DOUBLE-1", name="Twin Person", phone_number="919812300003")
    second = acme.chakra.add_lead("DOUBLE-1", name="Twin Person", phone_number="919812300004")
    await acme.type(f"/chakra send hello_world {typed}")
    asked = collect_text(acme.slack.find_view(JOHN) or {})
    assert "+91 98123 00003" in asked
    assert "+91 98123 00004" in asked
    assert not await acme.send({"found": f"lead/{second}"})
    [send] = acme.chakra.sends
    assert send.to == "919812300004"


@shared_world
async def test_card_that_a_button_opened_names_its_record_by_the_key(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.refresh")
    await open_send_form(acme)
    assert find_input(acme, "phone")[0] == "lead LEAD-004038"


@shared_world
async def test_edit_of_a_refreshed_card_names_its_record_by_the_key(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.refresh")
    await acme.press("process.edit")
    await acme.submit({"field_city": "Goa"})
    assert "Changes to *Aarav Mehta*  ·  LEAD-004038:" in collect_text(
        acme.slack.find_view(JOHN) or {}
    )
