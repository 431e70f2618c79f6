"""Stories of ``/chakra templates``: writing a new one, and changing one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox.chakra.faults import Hang, InvalidJsonBody, ResetAfterHandling, StatusResponse
from bot.sandbox.slack import visible_text
from tests.clock import ManualClock
from tests.commands.template_stories import (
    ALL,
    CREATE,
    JOHN,
    UPDATE,
    pressed,
    seen,
    submitted,
    typed,
)
from tests.world import World

# --- a new one -----------------------------------------------------------------------------------

NEW = {
    "name": "order_news",
    "language": "en",
    "category": "UTILITY",
    "header": "Order {{1}}",
    "header_example": "566701",
    "body": "Hi {{1}}, your order {{2}} is here.",
    "examples": "Mark\n566701",
    "footer": "Acme",
}


async def test_only_who_may_write_sees_the_buttons(acme: World) -> None:
    assert "New template" not in visible_text(await typed(acme))
    assert "Edit" not in visible_text(await typed(acme, "hello_world"))
    assert "New template" in visible_text(await typed(acme, by=JOHN))
    assert "Edit" in visible_text(await typed(acme, "hello_world", by=JOHN))


async def opened(acme: World) -> None:
    await typed(acme, by=JOHN)
    await acme.slack.press(JOHN, "templates.create")
    await acme.settle()


async def test_a_new_template_is_submitted_and_shows_metas_review(
    acme: World, clock: ManualClock
) -> None:
    await opened(acme)
    assert await submitted(acme, **NEW) == {}
    assert acme.slack.view(JOHN) is None
    card = visible_text(seen(acme, JOHN))
    assert "Submitted for review." in card
    assert "In review" in card
    assert "Hi ‹1›, your order ‹2› is here." in card
    await clock.advance(5)
    assert "Approved" in visible_text(await pressed(acme, "templates.refresh", by=JOHN))


async def test_a_refused_one_says_why(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    await submitted(acme, **{**NEW, "body": "Hi {{1}}, 20 % off {{2}}, today only."})
    await clock.advance(5)
    card = visible_text(await pressed(acme, "templates.refresh", by=JOHN))
    assert "Rejected." in card
    assert "doesn't match the category" in card


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
    await opened(acme)
    errors = await submitted(acme, **{**NEW, **change})
    assert list(errors) == [field]
    assert expected in errors[field]
    assert acme.chakra.count(CREATE) == 0


async def test_metas_refusal_keeps_the_form_with_all_that_was_entered(acme: World) -> None:
    await opened(acme)
    await submitted(acme, **{**NEW, "name": "hello_world", "language": "en_US"})
    form = acme.slack.view(JOHN)
    assert form is not None
    assert "There is already en_US content for this template" in visible_text(form)
    kept = {
        block["block_id"]: block["element"] for block in form["blocks"] if block["type"] == "input"
    }
    assert kept["body"]["initial_value"] == NEW["body"]
    assert kept["language"]["initial_option"]["value"] == "en_US"
    assert kept["category"]["initial_option"]["value"] == "UTILITY"
    assert await submitted(acme, **NEW) == {}
    assert acme.chakra.template("order_news").status == "PENDING"


async def test_an_unknown_outcome_is_reported_and_not_repeated(acme: World) -> None:
    await opened(acme)
    acme.chakra.fail(CREATE, ResetAfterHandling())
    await submitted(acme, **NEW)
    form = acme.slack.view(JOHN)
    assert form is not None
    assert "don't know whether this went through" in visible_text(form)
    assert acme.chakra.count(CREATE) == 1
    assert "In review" in visible_text(await typed(acme, "order_news", by=JOHN))


async def test_submitted_is_shown_even_if_the_card_cannot_be(acme: World) -> None:
    await opened(acme)
    acme.chakra.fail(ALL, InvalidJsonBody())
    await submitted(acme, **NEW)
    assert acme.slack.view(JOHN) is None
    assert "Submitted for review" in visible_text(seen(acme, JOHN))


async def test_meta_may_make_it_another_category(acme: World) -> None:
    await opened(acme)
    answer = {"id": "1", "status": "APPROVED", "category": "MARKETING"}
    acme.chakra.fail(CREATE, StatusResponse(200, json=answer))
    await submitted(acme, **NEW)
    expected = visible_text(seen(acme, JOHN))
    assert "Approved. It can be sent now." in expected
    assert "WhatsApp changed its category to Marketing." in expected


# --- a change ------------------------------------------------------------------------------------


async def editing(acme: World, name: str = "hello_world") -> Any:
    await typed(acme, name, by=JOHN)
    await acme.slack.press(JOHN, "templates.edit")
    await acme.settle()
    return acme.slack.view(JOHN)


async def test_a_change_keeps_what_the_form_does_not_show(acme: World) -> None:
    form = await editing(acme, "order_delivery_update")
    fields = [block["block_id"] for block in form["blocks"] if block["type"] == "input"]
    assert fields == ["body", "examples", "footer"]
    text = "Good news {{1}}! Order {{2}} has left."
    assert await submitted(acme, body=text) == {}
    [sent] = [asked.json for asked in acme.chakra.requests if asked.method == "POST"]
    place, body, footer, stop = sent["components"]
    assert place == {"type": "HEADER", "format": "LOCATION"}
    assert body["text"] == text
    assert body["example"] == {"body_text": [["Mark", "566701"]]}
    assert (footer["type"], stop["type"]) == ("FOOTER", "BUTTONS")
    assert "category" not in sent
    card = visible_text(seen(acme, JOHN))
    assert "Change submitted for review" in card
    assert "In review" in card


async def test_a_rejected_one_may_change_its_category(acme: World, clock: ManualClock) -> None:
    await typed(acme, "renewal_notice", by=JOHN)
    rejected = acme.chakra.template("renewal_notice", "en")
    await acme.slack.press(JOHN, "templates.choose", value=rejected.id)
    await acme.settle()
    await acme.slack.press(JOHN, "templates.edit")
    await acme.settle()
    assert await submitted(acme, category="UTILITY") == {}
    await clock.advance(5)
    assert acme.chakra.template("renewal_notice", "en").category == "UTILITY"
    assert "Approved" in visible_text(await pressed(acme, "templates.refresh", by=JOHN))


async def test_nothing_changed_sends_nothing(acme: World) -> None:
    await editing(acme)
    assert await submitted(acme) == {}
    assert acme.chakra.count(UPDATE) == 0


async def test_opening_waits_for_no_chakra(acme: World, clock: ManualClock) -> None:
    await typed(acme, "hello_world", by=JOHN)
    await clock.advance(700)
    acme.chakra.fail("*", Hang())
    await acme.slack.press(JOHN, "templates.edit")
    await acme.settle()
    assert "congratulations" in json.dumps(acme.slack.view(JOHN))


async def test_metas_rejection_of_a_change_is_shown_in_the_form(acme: World) -> None:
    await editing(acme)
    assert await submitted(acme, body="Hello again.") == {}
    acme.chakra.update_template("hello_world", "en_US", status="APPROVED")
    await pressed(acme, "templates.refresh", by=JOHN)
    await acme.slack.press(JOHN, "templates.edit")
    await acme.settle()
    await submitted(acme, body="Hello once more.")
    assert "once in 24 hours" in visible_text(acme.slack.view(JOHN) or {})
