"""Stories of the menu of languages in the send form."""

from __future__ import annotations

from typing import Any

from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    JOHN,
    READING_NUMBER,
    advance_until,
    check_form,
    count_sent,
    enter_text,
    open_form,
    read_view_text,
)
from tests.shared_world import shared_world
from tests.world import World

NAME = "appointment_reminder"


def find_menu(acme: World, field: str) -> dict[str, Any]:
    """Return the menu of a field, {} if the form has none."""
    blocks = (acme.slack.find_view(JOHN) or {})["blocks"]
    return next((block["element"] for block in blocks if block.get("block_id") == field), {})


def read_chosen(acme: World, field: str) -> str:
    """Return what Slack says is chosen in a field, which it would send."""
    [entry] = (acme.slack.find_view(JOHN) or {})["state"]["values"][field].values()
    return str(entry["selected_option"]["value"])


async def choose_language(acme: World, code: str) -> None:
    wanted = acme.chakra.find_template(NAME, code).id
    await acme.press(find_menu(acme, "language")["action_id"], value=wanted)


async def test_another_language_is_chosen_sent_and_shown_in_both_menus(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme, NAME, "en")
    options = [option["text"]["text"] for option in find_menu(acme, "language")["options"]]
    assert {"English", "Spanish"} <= set(options)
    await enter_text(acme, clock, "var_body_1", "Jane")
    await choose_language(acme, "es")
    spanish = acme.chakra.find_template(NAME, "es").id
    assert [read_chosen(acme, field) for field in ("template", "language")] == [spanish, spanish]
    assert "Hola Jane" in read_view_text(acme)
    await enter_text(acme, clock, "var_body_2", "3 de mayo")
    assert [read_chosen(acme, field) for field in ("template", "language")] == [spanish, spanish]
    assert await check_form(acme) == {}
    assert "Spanish" in read_view_text(acme)
    await acme.confirm()
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert acme.chakra.sends[0].language == "es"


@shared_world
async def test_a_language_may_be_changed_back(acme: World) -> None:
    await open_form(acme, NAME, "en")
    for code in ("es", "en", "es"):
        await choose_language(acme, code)
        wanted = acme.chakra.find_template(NAME, code).id
        assert [read_chosen(acme, field) for field in ("template", "language")] == [wanted, wanted]


@shared_world
async def test_a_language_chosen_in_the_moment_of_continue_is_the_one_that_is_shown(
    acme: World,
) -> None:
    await open_form(acme, NAME, "en")
    assert await check_form(acme, language=acme.chakra.find_template(NAME, "es").id) == {}
    assert "Hola `Jane`" in read_view_text(acme)


@shared_world
async def test_a_template_in_one_language_has_no_menu_of_them(acme: World) -> None:
    await open_form(acme, "account_created", "en")
    assert find_menu(acme, "language") == {}


@shared_world
async def test_the_menu_of_templates_leads_to_another_language_too(acme: World) -> None:
    await open_form(acme, NAME, "en")
    await acme.slack.suggest(JOHN, "send.template", f"{NAME} spanish")
    spanish = acme.chakra.find_template(NAME, "es").id
    await acme.press("send.template", value=spanish)
    assert read_chosen(acme, "language") == spanish
    assert await check_form(acme, phone=READING_NUMBER) == {}
    assert "Hola `Jane`" in read_view_text(acme)


@shared_world
async def test_templates_are_suggested_after_a_language_was_chosen(acme: World) -> None:
    await open_form(acme, NAME, "en")
    await choose_language(acme, "es")
    offered = await acme.slack.suggest(
        JOHN, find_menu(acme, "template")["action_id"], "hello_world"
    )
    assert offered[0]["text"]["text"].startswith("hello_world")
