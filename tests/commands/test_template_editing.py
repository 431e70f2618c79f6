"""Stories of ``/chakra templates``: writing a new one, and changing one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox.chakra.faults import Hang, InvalidJsonBody, ResetAfterHandling, StatusResponse
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.commands.template_scenarios import (
    CREATE_TEMPLATE,
    JOHN,
    LIST_TEMPLATES,
    UPDATE_TEMPLATE,
    find_last_message,
    press_button,
    run_command,
    submit_form,
)
from tests.endpoints import PASS_THROUGH, reaches
from tests.shared_world import shared_world
from tests.world import World

# --- a new one -----------------------------------------------------------------------------------

NEW_TEMPLATE = {
    "name": "order_news",
    "language": "en",
    "category": "UTILITY",
    "header": "Order {{1}}",
    "header_example": "566701",
    "body": "Hi {{1}}, your order {{2}} is here.",
    "examples": "Mark\n566701",
    "footer": "Acme",
}


@shared_world
async def test_only_senders_see_the_edit_buttons(acme: World) -> None:
    assert "New template" not in collect_text(await run_command(acme))
    assert "Edit" not in collect_text(await run_command(acme, "hello_world"))
    assert "New template" in collect_text(await run_command(acme, by=JOHN))
    assert "Edit" in collect_text(await run_command(acme, "hello_world", by=JOHN))


async def open_new_form(acme: World) -> None:
    await run_command(acme, by=JOHN)
    await acme.slack.press(JOHN, "templates.create")
    await acme.settle()


@reaches(
    f"POST {PASS_THROUGH}/{{wabaId}}/message_templates",
    "templates.create",
    title="Create WhatsApp Message Template",
    by="`/chakra templates new`",
)
async def test_a_new_template_is_submitted_and_shows_metas_review(
    acme: World, clock: ManualClock
) -> None:
    await open_new_form(acme)
    assert await submit_form(acme, **NEW_TEMPLATE) == {}
    assert acme.slack.find_view(JOHN) is None
    card = collect_text(find_last_message(acme, JOHN))
    assert "Submitted for review." in card
    assert "In review" in card
    assert "Hi ‹1›, your order ‹2› is here." in card
    await clock.advance(5)
    assert "Approved" in collect_text(await press_button(acme, "templates.refresh", by=JOHN))


async def test_rejected_template_shows_the_reason(acme: World, clock: ManualClock) -> None:
    await open_new_form(acme)
    await submit_form(acme, **{**NEW_TEMPLATE, "body": "Hi {{1}}, 20 % off {{2}}, today only."})
    await clock.advance(5)
    card = collect_text(await press_button(acme, "templates.refresh", by=JOHN))
    assert "Rejected." in card
    assert "doesn't match the category" in card


@shared_world
@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"name": "Order News"}, "name", "order_news"),
        ({"body": "{{1}} is your order {{2}}."}, "body", "start or end"),
        ({"examples": "Mark"}, "examples", "2 lines"),
        ({"footer": "{{1}}"}, "footer", "can't have variables"),
    ],
)
async def test_errors_are_shown_under_their_fields(
    acme: World, change: dict[str, str], field: str, expected: str
) -> None:
    await open_new_form(acme)
    errors = await submit_form(acme, **{**NEW_TEMPLATE, **change})
    assert list(errors) == [field]
    assert expected in errors[field]
    assert acme.chakra.count(CREATE_TEMPLATE) == 0


async def test_rejection_by_meta_keeps_the_form_filled(acme: World) -> None:
    await open_new_form(acme)
    await submit_form(acme, **{**NEW_TEMPLATE, "name": "hello_world", "language": "en_US"})
    form = acme.slack.find_view(JOHN)
    assert form is not None
    assert "There is already en_US content for this template" in collect_text(form)
    elements = {
        block["block_id"]: block["element"] for block in form["blocks"] if block["type"] == "input"
    }
    assert elements["body"]["initial_value"] == NEW_TEMPLATE["body"]
    assert elements["language"]["initial_option"]["value"] == "en_US"
    assert elements["category"]["initial_option"]["value"] == "UTILITY"
    assert await submit_form(acme, **NEW_TEMPLATE) == {}
    assert acme.chakra.find_template("order_news").status == "PENDING"


async def test_an_unknown_outcome_is_reported_and_not_repeated(acme: World) -> None:
    await open_new_form(acme)
    acme.chakra.fail(CREATE_TEMPLATE, ResetAfterHandling())
    await submit_form(acme, **NEW_TEMPLATE)
    form = acme.slack.find_view(JOHN)
    assert form is not None
    assert "don't know whether this went through" in collect_text(form)
    assert acme.chakra.count(CREATE_TEMPLATE) == 1
    assert "In review" in collect_text(await run_command(acme, "order_news", by=JOHN))


async def test_submitted_is_shown_even_if_the_card_cannot_be(acme: World) -> None:
    await open_new_form(acme)
    acme.chakra.fail(LIST_TEMPLATES, InvalidJsonBody())
    await submit_form(acme, **NEW_TEMPLATE)
    assert acme.slack.find_view(JOHN) is None
    assert "Submitted for review" in collect_text(find_last_message(acme, JOHN))


async def test_meta_may_change_the_category(acme: World) -> None:
    await open_new_form(acme)
    answer = {"id": "1", "status": "APPROVED", "category": "MARKETING"}
    acme.chakra.fail(CREATE_TEMPLATE, StatusResponse(200, json=answer))
    await submit_form(acme, **NEW_TEMPLATE)
    expected = collect_text(find_last_message(acme, JOHN))
    assert "Approved. It can be sent now." in expected
    assert "WhatsApp changed its category to Marketing." in expected


# --- a change ------------------------------------------------------------------------------------


async def open_edit_form(acme: World, name: str = "hello_world") -> Any:
    await run_command(acme, name, by=JOHN)
    await acme.slack.press(JOHN, "templates.edit")
    await acme.settle()
    return acme.slack.find_view(JOHN)


@reaches(
    f"POST {PASS_THROUGH}/{{whatsappMessageTemplateId}}",
    "templates.update",
    title="Update WhatsApp Message Template",
    by="Edit on a template's card",
)
async def test_edit_keeps_components_not_shown_in_the_form(acme: World) -> None:
    form = await open_edit_form(acme, "order_delivery_update")
    fields = [block["block_id"] for block in form["blocks"] if block["type"] == "input"]
    assert fields == ["body", "examples", "footer"]
    text = "Good news {{1}}! Order {{2}} has left."
    assert await submit_form(acme, body=text) == {}
    [sent] = [asked.json for asked in acme.chakra.requests if asked.method == "POST"]
    place, body, footer, stop = sent["components"]
    assert place == {"type": "HEADER", "format": "LOCATION"}
    assert body["text"] == text
    assert body["example"] == {"body_text": [["Mark", "566701"]]}
    assert (footer["type"], stop["type"]) == ("FOOTER", "BUTTONS")
    assert "category" not in sent
    card = collect_text(find_last_message(acme, JOHN))
    assert "Change submitted for review" in card
    assert "In review" in card


async def test_rejected_template_can_change_its_category(acme: World, clock: ManualClock) -> None:
    await run_command(acme, "renewal_notice", by=JOHN)
    rejected = acme.chakra.find_template("renewal_notice", "en")
    await acme.slack.press(JOHN, "templates.choose", value=rejected.id)
    await acme.settle()
    await acme.slack.press(JOHN, "templates.edit")
    await acme.settle()
    assert await submit_form(acme, category="UTILITY") == {}
    await clock.advance(5)
    assert acme.chakra.find_template("renewal_notice", "en").category == "UTILITY"
    assert "Approved" in collect_text(await press_button(acme, "templates.refresh", by=JOHN))


@shared_world
async def test_unchanged_form_sends_nothing(acme: World) -> None:
    await open_edit_form(acme)
    assert await submit_form(acme) == {}
    assert acme.chakra.count(UPDATE_TEMPLATE) == 0


@shared_world
async def test_opening_the_form_does_not_wait_for_chakra(acme: World, clock: ManualClock) -> None:
    await run_command(acme, "hello_world", by=JOHN)
    await clock.jump(700)
    acme.chakra.fail("*", Hang())
    await acme.slack.press(JOHN, "templates.edit")
    await acme.settle()
    assert "congratulations" in json.dumps(acme.slack.find_view(JOHN))


async def test_metas_rejection_of_a_change_is_shown_in_the_form(acme: World) -> None:
    await open_edit_form(acme)
    assert await submit_form(acme, body="Hello again.") == {}
    acme.chakra.update_template("hello_world", "en_US", status="APPROVED")
    await press_button(acme, "templates.refresh", by=JOHN)
    await acme.slack.press(JOHN, "templates.edit")
    await acme.settle()
    await submit_form(acme, body="Hello once more.")
    assert "once in 24 hours" in collect_text(acme.slack.find_view(JOHN) or {})


@shared_world
async def test_template_with_a_picture_is_not_changed_from_slack(acme: World) -> None:
    await run_command(acme, "diwali_offer", by=JOHN)
    shown = await press_button(acme, "templates.edit", by=JOHN)
    assert "WhatsApp wants a new sample of it with every change" in collect_text(shown)
    assert acme.slack.find_view(JOHN) is None
    assert acme.chakra.count(UPDATE_TEMPLATE) == 0


@shared_world
async def test_what_meta_refuses_in_a_header_or_body_is_an_error_under_the_field(
    acme: World,
) -> None:
    await open_new_form(acme)
    errors = await submit_form(acme, **{**NEW_TEMPLATE, "header": "Order {{1}} 🎉"})
    assert list(errors) == ["header"]
    errors = await submit_form(
        acme, **{**NEW_TEMPLATE, "body": "Hi {{1}} {{2}}!", "examples": "a\nb"}
    )
    assert list(errors) == ["body"]
    assert acme.chakra.count(CREATE_TEMPLATE) == 0
