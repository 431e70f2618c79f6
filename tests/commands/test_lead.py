"""Stories of ``/chakra lead``: a lead from a typed line, a message and a conversation."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.chakra.faults import ResetBeforeHandling, StatusResponse
from bot.sandbox.slack import collect_text
from tests.commands.chat_scenarios import open_channel, pass_seconds, read_parent_text
from tests.endpoints import reaches
from tests.people import JOHN, MEI, PRIYA, SALES
from tests.shared_world import shared_world
from tests.world import World

CREATE = "POST /v1/ext/procedure/{procedureShortId}/process"
LIST = "POST /v1/ext/procedure/{procedureShortId}/process/list"
ZOYA = "Zoya Khan +91 98111 22333 zoya@example.com city:New Delhi"


def find_form(acme: World, by: str = JOHN) -> dict[str, Any]:
    return dict(acme.slack.find_view(by) or {})


def read_filled(acme: World) -> dict[str, str]:
    """Return what the fields of the open form have."""
    elements = {block["block_id"]: block["element"] for block in find_form(acme)["blocks"]
                if block["type"] == "input"}  # fmt: skip
    values = {name: element.get("initial_value", "") for name, element in elements.items()}
    return {name.removeprefix("field_"): value for name, value in values.items() if value}


def list_creations(acme: World) -> list[Any]:
    return [
        request.json
        for request in acme.chakra.requests
        if request.method == "POST" and request.path == "/v1/ext/procedure/lead/process"
    ]


async def use_message(acme: World, text: str) -> None:
    await acme.slack.type(PRIYA, SALES, text)
    message = acme.slack.list_messages(JOHN, SALES)[-1]
    await acme.slack.use_message_shortcut(JOHN, "lead.from_message", message)
    await acme.wait_until_idle()


@shared_world
async def test_typed_lead_opens_the_form_filled_in(acme: World) -> None:
    await acme.type(f"/chakra lead {ZOYA} for <@U0PRIYA>")
    assert read_filled(acme) == {
        "name": "Zoya Khan",
        "phone_number": "+91 98111 22333",
        "email": "zoya@example.com",
        "city": "New Delhi",
        "assignee": "priya",
    }
    assert list_creations(acme) == []


@reaches(
    "POST /v1/ext/procedure/lead/process",
    "processes.create",
    title="Create a lead",
    by="`/chakra lead Mei Tanaka +81 90 1234 5678`, a message's menu, a customer's thread",
)
async def test_lead_is_created_once_as_the_contract_has_it(acme: World) -> None:
    await acme.type(f"/chakra lead {ZOYA}")
    assert not await acme.submit({"field_score": "80", "state": "new", "assignee": "me"})
    assert list_creations(acme) == [
        {
            "data": {
                "name": "Zoya Khan",
                "phone_number": "919811122333",
                "email": "zoya@example.com",
                "score": 80,
                "city": "New Delhi",
            },
            "state": "NEW",
            "assignedTo": "johndoe",
        }
    ]
    shown = collect_text(acme.find_shown())
    assert "The lead is created." in shown
    assert "Zoya Khan" in shown
    assert "New Delhi" in shown


async def test_lead_with_a_known_number_is_shown_before_another_is_created(acme: World) -> None:
    await acme.type("/chakra lead Aarav M 9876543210")
    await acme.submit({})
    asked = collect_text(find_form(acme))
    assert "There is already *Aarav Mehta*, LEAD-004038, with this phone number." in asked
    assert "Create anyway" in asked
    assert read_filled(acme)["name"] == "Aarav M"
    assert list_creations(acme) == []
    await acme.slack.press(JOHN, "lead.show:0")
    await acme.wait_until_idle()
    assert "LEAD-004038" in collect_text(find_form(acme))
    await acme.slack.close_view(JOHN)
    await acme.submit({})
    assert len(list_creations(acme)) == 1


@shared_world
async def test_lead_with_a_known_address_is_shown(acme: World) -> None:
    await acme.type("/chakra lead new Sofia sofia@example.com")
    await acme.submit({})
    assert "with this email address" in collect_text(find_form(acme))


@shared_world
async def test_changed_number_is_looked_up_again(acme: World) -> None:
    await acme.type("/chakra lead Aarav M 9876543210")
    await acme.submit({})
    await acme.submit({"field_phone_number": "12025550121"})
    assert "LEAD-004039" in collect_text(find_form(acme))
    assert list_creations(acme) == []


async def test_lookup_that_fails_is_reported_before_the_lead_is_created(acme: World) -> None:
    await acme.type(f"/chakra lead {ZOYA}")
    acme.chakra.fail(LIST, StatusResponse(503))
    async with acme.clock.running():
        await acme.submit({})
    await pass_seconds(acme, 20)
    assert "couldn't check" in collect_text(find_form(acme))
    acme.chakra.clear_faults()
    await acme.submit({})
    assert len(list_creations(acme)) == 1


@shared_world
@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"field_phone_number": "12"}, "field_phone_number", "not a phone number"),
        ({"field_phone_number": "IN.13491208655302741918"}, "field_phone_number", "not a phone"),
        ({"field_email": "zoya"}, "field_email", "not an email address"),
        ({"field_score": "high"}, "field_score", "is a number"),
        ({"assignee": "zzqq"}, "assignee", "No one in Chakra"),
        ({}, "field_name", "at least one field"),
    ],
)
async def test_wrong_value_is_named_under_its_field(
    acme: World, values: dict[str, str], field: str, sentence: str
) -> None:
    await acme.type("/chakra lead")
    assert sentence in (await acme.submit(values))[field]
    assert list_creations(acme) == []


@shared_world
@pytest.mark.parametrize(
    ("typed", "shown"),
    [("lead aarav", "LEAD-004038"), ("lead LEAD-004038", "Aarav"), ("lead 9876543210", "Aarav"),
     ("lead city:Pune", "Aarav"), ("lead state:NEW assigned:me", "Ted Mosby")],
)  # fmt: skip
async def test_line_about_a_known_lead_finds_it(acme: World, typed: str, shown: str) -> None:
    assert shown in collect_text(await acme.type(f"/chakra {typed}"))
    assert acme.slack.find_view(JOHN) is None


@shared_world
async def test_words_that_find_no_lead_can_be_a_new_one(acme: World) -> None:
    assert "Create lead" in collect_text(await acme.type("/chakra lead Zoya Nowhere"))
    await acme.press("help.run:create")
    assert read_filled(acme) == {"name": "Zoya Nowhere"}
    assert "Create lead" not in collect_text(await acme.type("/chakra lead state:WON"))


@shared_world
async def test_what_is_not_understood_is_named(acme: World) -> None:
    await acme.type("/chakra lead Zoya 9811122333 colour:red assigned:zzqq status:maybe")
    asked = collect_text(find_form(acme))
    for sentence in ('no field "colour"', 'No one in Chakra is called "zzqq"', 'status "maybe"'):
        assert sentence in asked


async def test_message_fills_in_the_form(acme: World) -> None:
    await use_message(acme, "*Name:* Zoya Khan\nCall <tel:+919811122333|98111 22333>\nCity: Pune")
    assert read_filled(acme) == {
        "name": "Zoya Khan",
        "phone_number": "+91 98111 22333",
        "city": "Pune",
    }
    assert not await acme.submit({})
    assert list_creations(acme)[0]["data"]["phone_number"] == "919811122333"


@shared_world
async def test_message_without_a_person_is_named(acme: World) -> None:
    await use_message(acme, "lunch?")
    assert "No name, number or email address was found" in collect_text(find_form(acme))


async def test_same_lead_again_is_asked_about(acme: World) -> None:
    for _ in range(2):
        await acme.type("/chakra lead create Zoya")
        await acme.submit({})
    assert "did exactly this" in collect_text(find_form(acme))
    assert len(list_creations(acme)) == 1
    await acme.submit({})
    assert len(list_creations(acme)) == 2


async def test_lead_whose_answer_is_lost_is_not_repeated(acme: World) -> None:
    await acme.type(f"/chakra lead {ZOYA}")
    acme.chakra.fail(CREATE, ResetBeforeHandling())
    await acme.submit({})
    assert len(list_creations(acme)) == 1
    assert "is created" not in collect_text(find_form(acme) or acme.find_shown())


async def test_empty_answer_of_chakra_still_shows_the_card(acme: World) -> None:
    acme.chakra.records.answers_empty = True
    await acme.type(f"/chakra lead {ZOYA}")
    await acme.submit({})
    assert "Zoya Khan" in collect_text(acme.find_shown())


@shared_world
async def test_member_who_may_not_edit_creates_no_lead(acme: World) -> None:
    shown = collect_text(await acme.type("/chakra lead Zoya 9811122333", by=MEI))
    assert "can't send or change anything" in shown


async def test_customer_of_a_conversation_becomes_a_lead(acme: World) -> None:
    await open_channel(acme)
    acme.chakra.customers.add("Zoya Khan", "919811122333").write("Hello")
    await pass_seconds(acme, 5)
    await acme.press("lead.chat")
    assert read_filled(acme) == {"name": "Zoya Khan", "phone_number": "+91 98111 22333"}
    assert not await acme.submit({})
    assert list_creations(acme)[0]["data"] == {"name": "Zoya Khan", "phone_number": "919811122333"}


async def test_thread_shows_the_lead_that_was_made_from_it(acme: World) -> None:
    await open_channel(acme)
    acme.chakra.customers.add("Zoya Khan", "919811122333").write("Hello")
    await pass_seconds(acme, 5)
    await acme.press("lead.chat")
    await acme.submit({"field_lead_id": "LEAD-7"})
    await pass_seconds(acme, 5)
    assert "lead LEAD-7" in read_parent_text(acme)


async def test_customer_who_is_a_lead_already_is_shown(acme: World) -> None:
    await open_channel(acme)
    acme.chakra.customers.add("Zoya Khan", "919811122333").write("Hello")
    await pass_seconds(acme, 5)
    acme.chakra.add_lead("LEAD-8", name="Zoya Khan", phone_number="919811122333")
    await acme.press("lead.chat")
    assert "There is already *Zoya Khan*, LEAD-8" in collect_text(find_form(acme))


async def test_customer_without_a_number_gets_none(acme: World) -> None:
    await open_channel(acme)
    acme.chakra.customers.add("Asha Rao").write("Hello")
    await pass_seconds(acme, 5)
    await acme.press("lead.chat")
    assert read_filled(acme) == {"name": "Asha Rao"}
    assert "doesn't show us this customer's phone number" in collect_text(find_form(acme))
