"""Stories of ``/chakra process``: lists by a typed query, their pages, and the card of a record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox.chakra.faults import MissingField, ResetBeforeHandling, StatusResponse
from bot.sandbox.slack import collect_text
from tests.endpoints import PROCEDURE, reaches
from tests.people import JOHN, MEI
from tests.shared_world import shared_world
from tests.world import World

DELETE = "DELETE /v1/ext/procedure/{procedureShortId}/process/{processId}"
LIST = "POST /v1/ext/procedure/{procedureShortId}/process/list"


def get_last_where(acme: World) -> object:
    requests = [request for request in acme.chakra.requests if request.path.endswith("/list")]
    return requests[-1].json["where"]


@reaches(
    f"POST {PROCEDURE}/list",
    "processes.list",
    title="List Processes",
    by="`/chakra process list lead state:NEW assigned:me`",
)
@shared_world
async def test_query_is_sent_as_its_where_and_echoed(acme: World) -> None:
    shown = collect_text(await acme.type("/chakra process list lead state:new assigned:me"))
    assert get_last_where(acme) == {"state": "NEW", "assignedTo": ["johndoe", "john@acme.com"]}
    assert "Leads" in shown
    assert "State NEW, assigned to you" in shown
    assert "LEAD-004038" in shown
    assert "priya" not in shown


@shared_world
@pytest.mark.parametrize(
    ("typed", "found", "missing"),
    [
        ("leads city:Pune", "Aarav Mehta", "Ted Mosby"),
        ("leads -state:NEW", "Sofia Rossi", "Aarav Mehta"),
        ("leads score>70 state:NEW", "Aarav Mehta", "Ted Mosby"),
        ("leads aarav or LEAD-001", "Ted Mosby", "Sofia Rossi"),
        ("leads ted.mosby@yahoo.com", "Ted Mosby", "Aarav Mehta"),
        ("leads 7701214822", "Ted Mosby", "Aarav Mehta"),
        ("leads in pune", "Aarav Mehta", "Ted Mosby"),
        ("my leads", "Aarav Mehta", "Sofia Rossi"),
        ("leads assigned to <@U0PRIYA>", "Sofia Rossi", "Aarav Mehta"),
        ("process list lead created:before 2022", "Ted Mosby", "Aarav Mehta"),
    ],
)
async def test_list_shows_what_matches(acme: World, typed: str, found: str, missing: str) -> None:
    shown = collect_text(await acme.type(f"/chakra {typed}"))
    assert found in shown
    assert missing not in shown


@reaches(
    f"GET {PROCEDURE}/{{processId}}",
    "processes.fetch",
    title="Fetch Process By Id",
    by="`/chakra process show lead LEAD-004038`",
)
@shared_world
@pytest.mark.parametrize("typed", ["lead LEAD-004038", "process LEAD-004038", "lead aarav",
                                   "process show lead lead-004038"])  # fmt: skip
async def test_one_record_is_shown_as_a_card(acme: World, typed: str) -> None:
    shown = collect_text(await acme.type(f"/chakra {typed}"))
    for text in ("Aarav Mehta", "LEAD-004038", "+91 98765 43210", "Score", "72", "Pune"):
        assert text in shown


@shared_world
async def test_card_opens_the_send_form_for_its_record(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.send")
    assert "lead LEAD-004038" in json.dumps(acme.slack.find_view("U0JOHN"))


@shared_world
async def test_member_who_may_not_send_has_no_send_button(acme: World) -> None:
    shown = collect_text(await acme.type("/chakra lead LEAD-004038", by=MEI))
    assert "Refresh" in shown
    assert "Send WhatsApp" not in shown


@shared_world
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("leads stat:NEW", 'There\'s no field "stat". Did you mean state?'),
        ("leads created:soon", '"soon" isn\'t a day.'),
        ("leads score:high", 'Score is a number, and "high" isn\'t.'),
        ("leads -aarav", "Words can't be left out of a search"),
        ("process show ticket T-1", 'There are no records called "ticket". There are: lead.'),
        ("process edit LEAD-004038", "/chakra process show LEAD-004038"),
        ("lead delete LEAD-004038", "/chakra process show LEAD-004038"),
        ("process assign lead LEAD-004038 to mei", "/chakra process show lead LEAD-004038"),
        ("lead NOPE-99", "Can't find lead"),
        ("leads assigned:zzqq", 'No one in Chakra is called "zzqq".'),
        ('leads assigned:"Maria Garcia"', 'Several people are called "Maria Garcia".'),
        ("leads state:WON", "No lead matches."),
        ("leads " + "x" * 1_200, "That's too long"),
    ],
)
async def test_what_cannot_be_found_is_named(acme: World, typed: str, sentence: str) -> None:
    assert sentence in collect_text(await acme.type(f"/chakra {typed}"))


async def test_ids_are_shown_as_names(acme: World) -> None:
    await acme.type("/chakra users")
    priya = acme.chakra.find_user("priya")
    role, unknown = acme.chakra.team.roles[0], "00000000-0000-0000-0000-00000000beef"
    acme.chakra.add_lead("LEAD-U1", name="Uma", owner=priya.id, role=role.id, other=unknown)
    card = collect_text(await acme.type("/chakra lead LEAD-U1"))
    assert f"{priya.first_name} {priya.last_name}" in card
    assert role.name in card
    assert unknown in card
    assert role.id not in card


@shared_world
async def test_outage_is_explained(acme: World) -> None:
    acme.chakra.fail(LIST, StatusResponse(403))
    assert "Chakra" in collect_text(await acme.type("/chakra leads"))
    assert acme.slack.rejections == []


async def test_list_that_chakra_does_not_have_is_no_deleted_record(acme: World) -> None:
    acme.chakra.fail(LIST, StatusResponse(404))
    shown = collect_text(await acme.type("/chakra leads"))
    assert "Chakra says it doesn't have what this app asked for." in shown
    assert "record" not in shown


async def test_both_forms_of_a_new_lead_have_their_fields_in_one_order(acme: World) -> None:
    labels = []
    for line in ("process create lead", "lead"):
        await acme.type(f"/chakra {line}")
        view = acme.slack.find_view(JOHN) or {}
        labels.append([block["label"]["text"] for block in view["blocks"] if "label" in block])
        await acme.slack.close_view(JOHN)
    assert labels[0] == labels[1]
    assert labels[0][0] == "Name"


# --- changing a record ----------------------------------------------------------------------------


async def open_edit_form(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.edit")


def get_stored(acme: World, key: str = "LEAD-004038") -> dict[str, Any]:
    return dict(acme.chakra.records.find(key))


@reaches(
    f"PUT {PROCEDURE}/{{processId}}",
    "processes.update",
    title="Update Process",
    by="Edit on a record's card",
)
async def test_edit_shows_what_changes_before_it_is_saved(acme: World) -> None:
    await open_edit_form(acme)
    assert not await acme.submit({"state": "converted", "field_score": "80"})
    checked = collect_text(acme.slack.find_view(JOHN) or {})
    assert "NEW" in checked
    assert "CONVERTED" in checked
    assert "72" in checked
    assert get_stored(acme)["state"] == "NEW"
    await acme.submit({})
    assert get_stored(acme)["state"] == "CONVERTED"
    assert get_stored(acme)["data"]["score"] == 80
    assert "CONVERTED" in collect_text(acme.find_shown())
    [request] = [request for request in acme.chakra.requests if request.method == "PUT"]
    assert request.json == {"state": "CONVERTED", "data": {"score": 80}}


async def test_two_people_do_not_overwrite_each_other_unknowingly(acme: World) -> None:
    await open_edit_form(acme)
    await acme.submit({"field_score": "80"})
    acme.chakra.records.change("LEAD-004038", score=90)
    await acme.submit({})
    asked = collect_text(acme.slack.find_view(JOHN) or {})
    assert "has changed in Chakra" in asked
    assert "90" in asked
    assert get_stored(acme)["data"]["score"] == 90
    await acme.submit({})
    assert get_stored(acme)["data"]["score"] == 80


@shared_world
@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"field_score": "high"}, "field_score", "is a number"),
        ({"field_score": ""}, "field_score", "isn't documented"),
        ({"field_phone_number": "12"}, "field_phone_number", "not a phone number"),
        ({"assignee": ""}, "assignee", "Enter a value"),
    ],
)
async def test_wrong_value_is_named_under_its_field(
    acme: World, values: dict[str, str], field: str, sentence: str
) -> None:
    await open_edit_form(acme)
    errors = await acme.submit(values)
    assert sentence in errors[field]


@shared_world
async def test_unchanged_form_writes_nothing(acme: World) -> None:
    await open_edit_form(acme)
    await acme.submit({})
    assert not [request for request in acme.chakra.requests if request.method == "PUT"]


async def test_card_names_who_has_the_record_and_leaves_out_what_says_nothing(acme: World) -> None:
    acme.chakra.records.assign("LEAD-004039", "john@acme.com")
    assert "John Doe" in collect_text(await acme.type("/chakra lead LEAD-004039"))
    assert "John Doe" in collect_text(await acme.type("/chakra process list lead city:Pune"))
    await acme.type("/chakra lead Zoya Khan +91 98111 22333")
    await acme.submit({})
    shown = collect_text(acme.find_shown())
    assert "*Zoya Khan*  ·  Lead\n" in shown
    assert "+91 98111 22333" in shown


async def test_card_without_the_team_shows_the_username(acme: World) -> None:
    acme.chakra.fail("GET /v2/ext/users", StatusResponse(500))
    async with acme.clock.running():
        shown = await acme.type("/chakra lead LEAD-004038")
    assert "johndoe" in collect_text(shown)


async def test_assign_to_me_writes_once(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004039")
    await acme.press("process.take")
    assert get_stored(acme, "LEAD-004039")["assignedTo"] == "johndoe"
    assert "John Doe" in collect_text(acme.find_shown())
    assert "already assigned to you" in collect_text(await acme.press("process.take"))
    assert len([request for request in acme.chakra.requests if request.method == "PUT"]) == 1


async def test_a_record_that_a_colleague_took_back_is_assigned_again(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004039")
    await acme.press("process.take")
    acme.chakra.records.assign("LEAD-004039", "priya")
    await acme.type("/chakra lead LEAD-004039")
    await acme.press("process.take")
    assert get_stored(acme, "LEAD-004039")["assignedTo"] == "johndoe"


async def test_deletion_whose_answer_is_lost_is_asked_about_again(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004039")
    await acme.press("process.delete")
    acme.chakra.fail(DELETE, ResetBeforeHandling())
    await acme.submit({"key": "LEAD-004039"})
    assert "is deleted" not in collect_text(acme.slack.find_view(JOHN) or acme.find_shown())
    assert not get_stored(acme, "LEAD-004039")["isDeleted"]
    acme.chakra.clear_faults()
    await acme.type("/chakra lead LEAD-004039")
    await acme.press("process.delete")
    await acme.submit({"key": "LEAD-004039"})
    asked = collect_text(acme.slack.find_view(JOHN) or acme.find_shown())
    assert "submitted exactly this" in asked
    await acme.submit({"key": "LEAD-004039"})
    assert get_stored(acme, "LEAD-004039")["isDeleted"]


@reaches(
    f"DELETE {PROCEDURE}/{{processId}}",
    "processes.delete",
    title="Delete Process",
    by="Delete… on a record's card",
)
async def test_delete_needs_the_key(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004039")
    await acme.press("process.delete")
    assert "exactly" in (await acme.submit({"key": "lead"}))["key"]
    assert not get_stored(acme, "LEAD-004039")["isDeleted"]
    await acme.submit({"key": "LEAD-004039"})
    assert get_stored(acme, "LEAD-004039")["isDeleted"]


async def test_refusal_of_chakra_is_explained_and_nothing_is_lost(acme: World) -> None:
    await open_edit_form(acme)
    await acme.submit({"state": "WON"})
    await acme.submit({})
    assert "State WON not found" in collect_text(acme.slack.find_view(JOHN) or acme.find_shown())
    assert get_stored(acme)["state"] == "NEW"


async def test_empty_answer_of_chakra_is_a_success(acme: World) -> None:
    acme.chakra.records.answers_empty = True
    await open_edit_form(acme)
    await acme.submit({"field_city": "Mumbai"})
    await acme.submit({})
    assert get_stored(acme)["data"]["city"] == "Mumbai"


@shared_world
async def test_member_who_may_not_edit_has_no_buttons_for_it(acme: World) -> None:
    shown = collect_text(await acme.type("/chakra lead LEAD-004038", by=MEI))
    assert "Edit" not in shown
    assert "Delete" not in shown


# --- creating a record ----------------------------------------------------------------------------


@reaches(
    f"POST {PROCEDURE}",
    "processes.create",
    title="Create Process",
    by="`/chakra process create lead`",
)
async def test_new_record_is_created_once_and_shown(acme: World) -> None:
    await acme.type("/chakra process create lead")
    values = {"field_name": "Zoya Khan", "field_phone_number": "+91 98111 22333", "state": "new"}
    await acme.submit({**values, "field_lead_id": "LEAD-9"})
    [request] = [sent for sent in acme.chakra.requests if sent.method == "POST"
                 and sent.path.endswith("/process")]  # fmt: skip
    assert request.json == {
        "state": "NEW",
        "status": "OPEN",
        "data": {"name": "Zoya Khan", "phone_number": "919811122333", "lead_id": "LEAD-9"},
    }
    assert "Zoya Khan" in collect_text(acme.find_shown())
    await acme.type("/chakra process create lead")
    await acme.submit({**values, "field_lead_id": "LEAD-9"})
    assert "did exactly this" in collect_text(acme.slack.find_view(JOHN) or {})


@shared_world
async def test_record_without_any_field_is_refused(acme: World) -> None:
    await acme.type("/chakra process new lead")
    assert "at least one" in str(await acme.submit({}))


@shared_world
async def test_member_who_may_not_edit_cannot_create(acme: World) -> None:
    shown = collect_text(await acme.type("/chakra process create lead", by=MEI))
    assert "can't send or change anything" in shown


@shared_world
@pytest.mark.parametrize(
    "typed",
    [
        "lead edit LEAD-004038",
        "process update lead LEAD-004038 state:CONVERTED",
        "process assign LEAD-004038 mei",
        "process delete LEAD-004038",
    ],
)
async def test_line_that_would_change_a_record_leads_to_its_card(acme: World, typed: str) -> None:
    shown = collect_text(await acme.type(f"/chakra {typed}"))
    assert "The buttons on its card change a record." in shown
    assert "LEAD-004038" in shown
    assert acme.chakra.records.find("LEAD-004038")["state"] == "NEW"


# --- records without an ID ------------------------------------------------------------------------


def remove_ids(acme: World) -> None:
    """Let Chakra give records no ID, only their primary key."""
    acme.chakra.fail(f"GET {PROCEDURE}/{{processId}}", MissingField("_data.id"))
    acme.chakra.fail(f"POST {PROCEDURE}/list", MissingField("_data.id"))


@reaches(
    f"PUT {PROCEDURE}/{{primaryKeyShortId}}/{{primaryKeyValue}}",
    "processes.update",
    title="Update Process By Primary Key",
    by="Edit on a record's card, if Chakra gives the record no ID",
)
async def test_a_record_without_an_id_is_edited_by_its_key(acme: World) -> None:
    remove_ids(acme)
    await test_edit_shows_what_changes_before_it_is_saved(acme)


@reaches(
    f"DELETE {PROCEDURE}/{{primaryKeyShortId}}/{{primaryKeyValue}}",
    "processes.delete",
    title="Delete Process By Primary Key Value",
    by="Delete… on a record's card, if Chakra gives the record no ID",
)
async def test_a_record_without_an_id_is_deleted_by_its_key(acme: World) -> None:
    remove_ids(acme)
    await test_delete_needs_the_key(acme)
