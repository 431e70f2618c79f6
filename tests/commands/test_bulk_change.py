"""Stories of ``/chakra bulk change``: a list of records, one change, and only what was shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.commands.watch_scenarios import advance_until, join_text, list_app_messages
from tests.endpoints import PROCEDURE, reaches
from tests.people import JOHN, MEI
from tests.shared_world import shared_world
from tests.world import World

LIST = "POST /v1/ext/procedure/{procedureShortId}/process/list"
JOHNS_MESSAGES = "D0JOHN"


@pytest.fixture(autouse=True)
def _assert_no_slack_rejections(acme: World) -> Iterator[None]:
    yield
    assert acme.slack.rejections == []


def read_form_text(acme: World) -> str:
    return collect_text(acme.slack.find_view(JOHN) or {})


def list_sent_items(acme: World) -> list[dict[str, Any]]:
    requests = [request for request in acme.chakra.requests if request.method == "PATCH"]
    return [item for request in requests for item in request.json["processes"]]


def get_stored(acme: World, key: str) -> dict[str, Any]:
    return dict(acme.chakra.records.find(key))


async def open_change(acme: World, query: str = "lead assigned:priya", **values: str) -> str:
    """Open the form from a list, fill it in, and return what it then shows."""
    await acme.type(f"/chakra process list {query}")
    await acme.press("bulk.change")
    errors = await acme.submit(values)
    return str(errors) if errors else read_form_text(acme)


async def wait_for_items(acme: World, clock: ManualClock) -> list[dict[str, Any]]:
    await advance_until(acme, clock, lambda: bool(list_sent_items(acme)))
    return list_sent_items(acme)


async def wait_until_changed(acme: World, clock: ManualClock) -> str:
    def read_report() -> str:
        return join_text(list_app_messages(acme, JOHN, JOHNS_MESSAGES))

    await advance_until(acme, clock, lambda: "has finished" in read_report())
    return read_report()


@reaches(
    f"PATCH {PROCEDURE}",
    "processes.update_many",
    title="Bulk Update Process",
    by="`/chakra bulk update lead`",
)
async def test_list_is_changed_as_shown(acme: World, clock: ManualClock) -> None:
    shown = await open_change(acme, state="in progress", field="city", value="Berlin")
    for part in ("5 leads", "Assigned to Priya", "IN_PROGRESS", "City", "Berlin", "LEAD-004039",
                 "NEW, Delhi"):  # fmt: skip
        assert part in shown.replace("*", ""), part
    assert not list_sent_items(acme)
    await acme.submit({})
    assert "Changing 5 leads" in collect_text(acme.find_shown())
    assert "5 of 5 succeeded" in await wait_until_changed(acme, clock)
    items = list_sent_items(acme)
    assert len(items) == 5
    assert items[0] == {
        "id": get_stored(acme, "LEAD-004039")["id"],
        "update": {"state": "IN_PROGRESS", "data": {"city": "Berlin"}},
    }
    assert get_stored(acme, "LEAD-004050")["data"]["city"] == "Berlin"
    assert get_stored(acme, "LEAD-004042")["data"]["city"] == "Dubai"


async def test_typed_line_opens_the_same_form(acme: World) -> None:
    await acme.type("/chakra change all leads state:NEW")
    assert "State NEW" in read_form_text(acme)
    assert not await acme.submit({"status": "COMPLETED"})
    assert "OPEN" in read_form_text(acme)


async def test_records_that_have_the_value_are_left_out(acme: World, clock: ManualClock) -> None:
    shown = await open_change(acme, state="IN_PROGRESS")
    assert "2 leads have this already and are left out" in shown
    await acme.submit({})
    assert len(await wait_for_items(acme, clock)) == 3


async def test_assignee_is_found_by_name_and_by_each_spelling(
    acme: World, clock: ManualClock
) -> None:
    shown = await open_change(acme, "lead assigned:me", assignee="me")
    assert "There is nothing to change" in shown
    shown = await open_change(acme, "lead assigned:me", assignee="Priya Sharma")
    assert "priya" in shown
    await acme.submit({})
    items = await wait_for_items(acme, clock)
    assert {item["update"]["assignedTo"] for item in items} == {"priya"}


@shared_world
@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "at least one change"),
        ({"field": "score", "value": "high"}, "is a number"),
        ({"field": "score"}, "Enter the new value"),
        ({"value": "12"}, "Choose the field"),
        ({"field": "phone_number", "value": "12"}, "not a phone number"),
        ({"assignee": "zzqq"}, "No one in Chakra"),
        ({"assignee": "Maria Garcia"}, "Several people"),
    ],
)
async def test_invalid_change_is_named_under_its_field(
    acme: World, values: dict[str, str], sentence: str
) -> None:
    assert sentence in await open_change(acme, **values)
    assert not list_sent_items(acme)


async def test_unseen_state_is_pointed_out(acme: World) -> None:
    assert "No lead with the state WON was seen yet" in await open_change(acme, state="WON")


async def test_what_colleagues_change_in_between_is_not_overwritten(
    acme: World, clock: ManualClock
) -> None:
    await open_change(acme, field="city", value="Berlin")
    acme.chakra.records.change("LEAD-004039", city="Rome")  # the same field
    acme.chakra.records.change("LEAD-004040", score=90)  # another field
    acme.chakra.records.assign("LEAD-004050", "mei")  # no longer in the list
    await acme.submit({})
    assert "Changing 3 leads" in collect_text(acme.find_shown())
    assert "2 leads were left out" in collect_text(acme.find_shown())
    changed = {item["id"] for item in await wait_for_items(acme, clock)}
    assert get_stored(acme, "LEAD-004040")["id"] in changed
    assert get_stored(acme, "LEAD-004039")["id"] not in changed
    assert get_stored(acme, "LEAD-004050")["id"] not in changed


async def test_new_records_are_not_changed(acme: World, clock: ManualClock) -> None:
    await open_change(acme, field="city", value="Berlin")
    acme.chakra.records.assign("LEAD-004042", "priya")
    await acme.submit({})
    assert len(await wait_for_items(acme, clock)) == 5


async def test_nothing_is_sent_if_all_have_changed(acme: World) -> None:
    await open_change(acme, "lead LEAD-004039 or LEAD-004040", field="city", value="Berlin")
    acme.chakra.records.change("LEAD-004039", city="Rome")
    acme.chakra.records.change("LEAD-004040", city="Rome")
    await acme.submit({})
    assert "Nothing was changed" in read_form_text(acme)
    assert not list_sent_items(acme)


def add_leads(acme: World, count: int) -> None:
    for number in range(count):
        acme.chakra.add_lead(f"MANY-{number}", city="Oslo", score=number)


async def test_more_than_a_hundred_need_their_number(acme: World, clock: ManualClock) -> None:
    add_leads(acme, 1_234)
    shown = await open_change(acme, "lead city:Oslo", state="CONVERTED")
    assert "1,234 leads" in shown
    assert "Type 1234" in (await acme.submit({"count": "100"}))["count"]
    assert not list_sent_items(acme)
    assert not await acme.submit({"count": "1,234"})
    await advance_until(acme, clock, lambda: len(list_sent_items(acme)) == 1_234)
    assert len({item["id"] for item in list_sent_items(acme)}) == 1_234


async def test_list_beyond_the_limit_is_refused(
    acme: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.bulk.record_list.MAX_RECORDS", 250)
    add_leads(acme, 300)
    shown = await open_change(acme, "lead city:Oslo", state="CONVERTED")
    assert "More than 250 leads match. Narrow the query" in shown


@shared_world
async def test_outage_while_the_list_is_read_changes_nothing(acme: World) -> None:
    await acme.type("/chakra process list lead assigned:priya")
    await acme.press("bulk.change")
    acme.chakra.fail(LIST, StatusResponse(403))
    await acme.submit({"state": "CONVERTED"})
    assert "Chakra" in read_form_text(acme)
    assert not list_sent_items(acme)


@shared_world
async def test_list_of_which_chakra_sends_a_part_is_not_changed(acme: World) -> None:
    await acme.type("/chakra process list lead assigned:priya")
    await acme.press("bulk.change")
    empty = StatusResponse(200, json={"_data": [], "_meta": {"hasMore": True}})
    acme.chakra.fail(LIST, empty, times=1)
    await acme.submit({"state": "CONVERTED"})
    assert "there are more records but sends none" in read_form_text(acme)
    assert not list_sent_items(acme)
    acme.chakra.fail(LIST, empty, times=1)
    shown = collect_text(await acme.type("/chakra process list lead assigned:priya"))
    assert "there are more records but sends none" in shown


@shared_world
async def test_member_who_may_not_upload_has_no_button(acme: World) -> None:
    shown = collect_text(await acme.type("/chakra process list lead", by=MEI))
    assert "Change all" not in shown
    shown = collect_text(await acme.type("/chakra bulk change lead state:NEW", by=MEI))
    assert "can't send or change anything" in shown
