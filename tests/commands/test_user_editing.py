"""Stories of Edit on the card of ``/chakra user``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox.chakra.faults import Hang, InvalidJsonBody, ResetAfterHandling, StatusResponse
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.commands.test_user import FETCH, JOHN_ID, find_message, press_button, run_command
from tests.endpoints import reaches
from tests.people import JOHN, PRIYA
from tests.shared_world import shared_world
from tests.world import World

UPDATE = "PUT /v1/ext/user/{id}"


async def submit_form(acme: World, by: str = JOHN, **values: str) -> dict[str, str]:
    """Return the errors under the fields afterwards."""
    return await acme.submit(values, by=by)


@shared_world
async def test_only_senders_see_edit(acme: World) -> None:
    assert "Edit" not in collect_text(await run_command(acme, "me"))
    assert "Edit" in collect_text(await run_command(acme, "me", by=PRIYA))


async def open_edit_form(acme: World, sought: str = "john@acme.com") -> Any:
    await run_command(acme, sought, by=JOHN)
    await acme.slack.press(JOHN, "user.edit")
    await acme.settle()
    return acme.slack.find_view(JOHN)


@reaches(
    "PUT /v1/ext/user/{userId}", "users.update", title="Update User", by="Edit on a user's card"
)
async def test_form_is_prefilled_and_saving_refreshes_the_card(acme: World) -> None:
    form = await open_edit_form(acme)
    initial = {block["block_id"]: block["element"]["initial_value"] for block in form["blocks"][:2]}
    assert initial == {"first_name": "John", "last_name": "Doe"}
    assert await submit_form(acme, last_name="  Newman ") == {}
    assert acme.slack.find_view(JOHN) is None
    assert "John Newman" in collect_text(find_message(acme, JOHN))
    written = [asked.json for asked in acme.chakra.requests if asked.method == "PUT"]
    assert written == [{"lastName": "Newman"}]


@shared_world
async def test_opening_the_form_does_not_wait_for_chakra(acme: World, clock: ManualClock) -> None:
    await run_command(acme, "john@acme.com", by=JOHN)
    await clock.jump(400)
    calls = acme.chakra.count()
    acme.chakra.fail("*", Hang())
    await acme.slack.press(JOHN, "user.edit")
    await acme.settle()
    form = acme.slack.find_view(JOHN)
    assert form is not None
    assert "Doe" in json.dumps(form)
    assert acme.chakra.count() == calls


@shared_world
async def test_unchanged_form_writes_nothing(acme: World) -> None:
    await open_edit_form(acme)
    assert await submit_form(acme) == {}
    assert acme.chakra.count(UPDATE) == 0
    assert acme.slack.find_view(JOHN) is None


@shared_world
@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"first_name": " ", "last_name": ""}, "first_name"),
        ({"first_name": "Jo\nhn"}, "first_name"),
        ({"last_name": "\u200b"}, "last_name"),
    ],
)
async def test_an_invalid_name_is_an_error_under_its_field(
    acme: World, values: dict[str, str], field: str
) -> None:
    await open_edit_form(acme)
    assert list(await submit_form(acme, **values)) == [field]
    assert acme.slack.find_view(JOHN) is not None
    assert acme.chakra.count(UPDATE) == 0


async def test_rejected_change_keeps_the_form_filled(acme: World) -> None:
    await open_edit_form(acme)
    acme.chakra.fail(UPDATE, StatusResponse(400, json={"_errors": ["lastName is odd"]}))
    await submit_form(acme, last_name="Newman")
    form = acme.slack.find_view(JOHN)
    assert form is not None
    assert "lastName is odd" in collect_text(form)
    assert "Newman" in json.dumps(form)


async def test_an_unknown_outcome_is_reported_and_not_repeated(acme: World) -> None:
    await open_edit_form(acme)
    acme.chakra.fail(UPDATE, ResetAfterHandling())
    await submit_form(acme, last_name="Newman")
    form = acme.slack.find_view(JOHN)
    assert form is not None
    assert "don't know whether this went through" in collect_text(form)
    assert acme.chakra.count(UPDATE) == 1
    assert "John Newman" in collect_text(await run_command(acme, JOHN_ID, by=JOHN))


async def test_a_second_save_of_an_unknown_outcome_writes_nothing(acme: World) -> None:
    await open_edit_form(acme)
    acme.chakra.fail(UPDATE, ResetAfterHandling())
    await submit_form(acme, last_name="Newman")
    acme.chakra.clear_faults()
    await submit_form(acme, last_name="Newman")
    assert "don't know whether this went through" in collect_text(acme.slack.find_view(JOHN) or {})
    assert acme.chakra.count(UPDATE) == 1


async def test_the_same_change_a_moment_later_asks_first(acme: World, clock: ManualClock) -> None:
    await open_edit_form(acme)
    await submit_form(acme, last_name="Newman")
    acme.chakra.update_user("johndoe", last_name="Doe")
    await clock.advance(60)
    await press_button(acme, "user.refresh", by=JOHN)
    await acme.slack.press(JOHN, "user.edit")
    await acme.settle()
    await submit_form(acme, last_name="Newman")
    form = acme.slack.find_view(JOHN)
    assert form is not None
    assert "<@U0JOHN> did exactly this 1 minute ago. Do it again?" in collect_text(form)
    assert acme.chakra.count(UPDATE) == 1
    assert await submit_form(acme, last_name="Newman") == {}
    assert acme.slack.find_view(JOHN) is None
    assert acme.chakra.count(UPDATE) == 2
    assert "John Newman" in collect_text(find_message(acme, JOHN))


async def test_saved_is_shown_even_if_the_card_cannot_be(acme: World) -> None:
    await open_edit_form(acme)
    acme.chakra.fail(FETCH, InvalidJsonBody())
    await submit_form(acme, last_name="Newman")
    assert acme.slack.find_view(JOHN) is None
    assert "Saved." in collect_text(find_message(acme, JOHN))


@shared_world
@pytest.mark.parametrize(
    "typed",
    [
        "https://wa.me/919999999999",
        "p:+919999999999",
        "919999999999@c.us",
        "\u202a+91 99999\u200b 99999\u202c",
        "'+919999999999",
    ],
)
async def test_number_is_found_however_it_is_dressed(acme: World, typed: str) -> None:
    assert "Priya Sharma" in collect_text(await run_command(acme, typed))
