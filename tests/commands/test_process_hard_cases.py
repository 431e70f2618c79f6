"""Stories of ``/chakra process`` with keys, answers and people that are hard to get right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.sandbox.chakra.faults import (
    EmptyBody,
    Fault,
    HtmlErrorPage,
    InvalidJsonBody,
    ResetAfterHandling,
    StatusResponse,
)
from bot.sandbox.slack import collect_text
from tests.people import JOHN
from tests.shared_world import shared_world
from tests.world import World

ROOT = "/v1/ext/procedure/{procedureShortId}/process"
FETCH, PUT, DELETE = (f"{method} {ROOT}/{{processId}}" for method in ("GET", "PUT", "DELETE"))
LIST = f"POST {ROOT}/list"
CONFIG = "GET /v1/ext/config"


@pytest.fixture(autouse=True)
def _assert_no_slack_rejections(acme: World) -> Iterator[None]:
    yield
    assert acme.slack.rejections == []


def read_form_text(acme: World) -> str:
    return collect_text(acme.slack.find_view(JOHN) or {})


def get_stored(acme: World, key: str = "LEAD-004038") -> dict[str, Any]:
    return dict(acme.chakra.records.find(key))


# --- keys ----------------------------------------------------------------------------------------

KEYS = (
    "A/B-12", "A B 12", "100%", "50%25", "..", ".", "...", "v1.2", "a?b=1", "a#12", "ключ-7",
    "日本 12", "A" * 300, "-12", "a&b", "<b>", '"quoted"', "a+b", "lead/LEAD-001", "x:y",
)  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
async def test_record_with_a_hard_key_is_shown_edited_and_deleted(acme: World, key: str) -> None:
    acme.chakra.add_lead(key, name="Hard Key", city="Oslo")
    await acme.type("/chakra process list lead name:'Hard Key'")
    shown = collect_text(await press_show(acme))
    assert "Hard Key" in shown
    await acme.press("process.edit")
    assert not await acme.submit({"field_city": "Bergen"})
    assert not await acme.submit({})
    assert get_stored(acme, key)["data"]["city"] == "Bergen"
    await acme.press("process.delete")
    assert not await acme.submit({"key": key})
    assert get_stored(acme, key)["isDeleted"]


async def press_show(acme: World) -> Any:
    [button] = [
        block["accessory"]["action_id"]
        for block in acme.find_shown().blocks or ()
        if "accessory" in block
    ]
    return await acme.press(button)


@pytest.mark.parametrize("key", ["LEAD-77", "DOUBLE-1"])
async def test_key_of_two_records_is_a_choice(acme: World, key: str) -> None:
    acme.chakra.add_lead(key, name="First Person")
    acme.chakra.add_lead(key, name="Second Person")
    shown = collect_text(await acme.type(f"/chakra process show lead {key}"))
    assert "First Person" in shown
    assert "Second Person" in shown
    buttons = [block["accessory"]["action_id"] for block in acme.find_shown().blocks or ()
               if "accessory" in block]  # fmt: skip
    cards = [collect_text(await acme.press(button)) for button in buttons[:1]]
    assert ("First Person" in cards[0]) != ("Second Person" in cards[0])


async def test_deleted_record_is_not_shown_as_if_it_existed(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.delete")
    await acme.submit({"key": "LEAD-004038"})
    assert "may have been deleted" in collect_text(await acme.press("process.refresh"))


# --- what Chakra answers -------------------------------------------------------------------------


@shared_world
@pytest.mark.parametrize(
    "fault",
    [
        StatusResponse(200, json={"_data": []}),
        StatusResponse(200, json={"_data": {}}),
        StatusResponse(200, json={}),
        StatusResponse(200, json={"_data": None}),
        StatusResponse(200, json=[]),
        StatusResponse(200, text="<html>"),
        StatusResponse(200, json={"_data": {"id": 7}, "_errors": ["No privilege"]}),
        StatusResponse(404, json={"_errors": ["gone"]}),
        StatusResponse(500, text="oops"),
    ],
)
async def test_odd_answer_to_a_fetch_is_explained(acme: World, fault: StatusResponse) -> None:
    await acme.type("/chakra lead LEAD-004038")
    acme.chakra.fail(FETCH, fault)
    acme.chakra.fail(LIST, fault)
    async with acme.clock.running():
        shown = collect_text(await acme.press("process.refresh"))
    assert "Chakra" in shown


@shared_world
@pytest.mark.parametrize(
    ("body", "visible"),
    [
        ({"_data": [{"id": "x1", "data": []}]}, "x1"),
        ({"_data": [{"data": {"lead_id": "L-9"}}]}, "L-9"),
        ({"_data": [{"id": 12, "data": {"lead_id": 34}}]}, "34"),
        ({"_data": ["text", None, {"id": "x1"}]}, "x1"),
        ({"_data": [{}]}, "without a key"),
        ({"_data": [{"id": "x1"}], "_meta": []}, "x1"),
        ({"_data": []}, "no leads"),
    ],
)
async def test_odd_list_has_a_row_for_each_record(
    acme: World, body: dict[str, Any], visible: str
) -> None:
    acme.chakra.fail(LIST, StatusResponse(200, json=body))
    assert visible in collect_text(await acme.type("/chakra leads"))


async def test_what_the_configuration_lacks_is_shown_under_its_raw_key(acme: World) -> None:
    odd: dict[str, Any] = {
        "wa_opt_in": True,
        "amount": 99.5,
        "tags": ["a", "b"],
        "address": {"zip": "0150"},
        "photo": None,
    }
    acme.chakra.add_lead("LEAD-ODD-1", name="Odd Data", **odd)
    shown = collect_text(await acme.type("/chakra lead LEAD-ODD-1"))
    for text in ("wa_opt_in", "Yes", "amount", "99.5", "a, b", "zip: 0150"):
        assert text in shown


CONFIGS: tuple[dict[str, Any], ...] = (
    {}, {"procedures": []}, {"procedures": {}, "attributes": {}}, {"procedures": [None, 7, "lead"]},
    {"attributes": [{"shortId": "score"}]}, {"procedures": [{"id": "x"}]},
    {"procedures": [{"shortId": "lead", "primaryKey": {"shortId": "lead_id"}}], "attributes": None},
    {"procedures": [{"shortId": "lead"}], "attributes": [{"shortId": "x" * 300, "type": {}}]},
)  # fmt: skip


@shared_world
@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: json.dumps(config)[:60])
async def test_odd_configuration_does_not_hide_records(acme: World, config: dict[str, Any]) -> None:
    acme.chakra.fail(CONFIG, StatusResponse(200, json={"_data": config}))
    assert "Aarav Mehta" in collect_text(await acme.type("/chakra leads"))
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.edit")
    assert "State" in read_form_text(acme)


# --- two people ----------------------------------------------------------------------------------


async def test_deletion_of_a_record_that_changed_is_asked_again(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.delete")
    acme.chakra.records.change("LEAD-004038", city="Rome")
    await acme.submit({"key": "LEAD-004038"})
    assert "has changed in Chakra" in read_form_text(acme)
    assert not get_stored(acme)["isDeleted"]
    await acme.submit({"key": "LEAD-004038"})
    assert get_stored(acme)["isDeleted"]


async def test_edit_of_a_record_that_was_deleted_writes_nothing(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.edit")
    await acme.submit({"field_city": "Oslo"})
    acme.chakra.records.delete("LEAD-004038")
    await acme.submit({})
    assert "deleted" in read_form_text(acme)
    assert get_stored(acme)["data"]["city"] == "Pune"


async def test_record_that_a_colleague_took_is_asked_about_first(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004039")
    acme.chakra.records.assign("LEAD-004039", "mei")
    shown = collect_text(await acme.press("process.take"))
    assert "assigned to Mei Tanaka now" in shown
    assert get_stored(acme, "LEAD-004039")["assignedTo"] == "mei"
    await acme.press("process.take")
    assert get_stored(acme, "LEAD-004039")["assignedTo"] == "johndoe"


@pytest.mark.parametrize("has_time", [True, False])
async def test_change_in_between_is_noticed_without_a_time(acme: World, has_time: bool) -> None:
    if not has_time:
        acme.chakra.records.omit_times()
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.edit")
    await acme.submit({"field_city": "Oslo"})
    acme.chakra.records.change("LEAD-004038", city="Rome")
    await acme.submit({})
    assert "has changed in Chakra" in read_form_text(acme)
    assert get_stored(acme)["data"]["city"] == "Rome"


# --- state and assignee --------------------------------------------------------------------------


async def test_state_is_changed_from_the_card(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.state")
    assert "CONVERTED" in json.dumps(acme.slack.find_view(JOHN))
    assert not await acme.submit({"state": "CONVERTED"})
    assert get_stored(acme)["state"] == "CONVERTED"
    assert "CONVERTED" in collect_text(acme.find_shown())


async def test_state_that_changed_in_between_is_asked_again(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.state")
    acme.chakra.records.change("LEAD-004038", city="Rome")
    await acme.submit({"state": "CONVERTED"})
    assert "has changed in Chakra" in read_form_text(acme)
    assert get_stored(acme)["state"] == "NEW"
    assert not await acme.submit({})
    assert get_stored(acme)["state"] == "CONVERTED"


@shared_world
@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"state": "-other-"}, "Choose a state"),
        ({"state": "CONVERTED", "other_state": "NEW_ONE"}, "Choose one"),
    ],
)
async def test_unclear_state_is_named(acme: World, values: dict[str, str], sentence: str) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.state")
    assert sentence in str(await acme.submit(values))


@pytest.mark.parametrize(
    ("values", "username"),
    [
        ({"member": "U0PRIYA"}, "priya"),
        ({"name": "Priya Sharma"}, "priya"),
        ({"name": "priya"}, "priya"),
        ({"name": "mei@acme.com"}, "mei"),
    ],
)
async def test_record_is_assigned_to_a_colleague(
    acme: World, values: dict[str, str], username: str
) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.assign")
    assert not await acme.submit(values)
    assert get_stored(acme)["assignedTo"] == username


@shared_world
@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Choose a colleague"),
        ({"name": "Maria Garcia"}, "Several people"),
        ({"name": "zzqq"}, "No one in Chakra"),
        ({"name": "priya", "member": "U0PRIYA"}, "Choose one"),
    ],
)
async def test_unclear_assignee_is_named(
    acme: World, values: dict[str, str], sentence: str
) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.assign")
    assert sentence in str(await acme.submit(values))
    assert get_stored(acme)["assignedTo"] == "johndoe"


async def test_assignee_of_the_edit_form_is_found_by_name(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.edit")
    assert "No one in Chakra" in (await acme.submit({"assignee": "zzqq"}))["assignee"]
    assert not await acme.submit({"assignee": "Priya Sharma"})
    await acme.submit({})
    assert get_stored(acme)["assignedTo"] == "priya"


# --- writes without an answer --------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [ResetAfterHandling(), HtmlErrorPage(200), InvalidJsonBody(), EmptyBody(), HtmlErrorPage(502)],
    ids=lambda fault: type(fault).__name__,
)
async def test_write_without_a_readable_answer_is_not_repeated(acme: World, fault: Fault) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.edit")
    await acme.submit({"field_city": "Oslo"})
    acme.chakra.fail(PUT, fault)

    def is_reported() -> bool:
        shown = read_form_text(acme) or collect_text(acme.find_shown())
        return "know" in shown or "may have" in shown

    async with acme.clock.running():
        await acme.submit({})
        await acme.slack.wait_until(is_reported)
    assert acme.chakra.count(PUT) == 1


async def test_errors_beside_a_success_are_a_failure(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.edit")
    await acme.submit({"field_city": "Oslo"})
    acme.chakra.fail(PUT, StatusResponse(200, json={"_data": {}, "_errors": ["No privilege"]}))
    await acme.submit({})
    assert "No privilege" in read_form_text(acme)


@shared_world
@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+14:00"])
async def test_first_and_last_day_are_shown_on_cards_and_in_lists(acme: World, time: str) -> None:
    """Some systems write the last day for "never"; it is in no calendar of other zones."""
    lead = {**get_stored(acme), "createdAt": time, "updatedAt": time, "nextActionAt": time}
    acme.chakra.fail(FETCH, StatusResponse(200, json={"_data": lead}))
    acme.chakra.fail(LIST, StatusResponse(200, json={"_data": [lead], "_meta": {}}))
    for line in ("lead LEAD-004038", "leads", "leads newest first"):
        shown = collect_text(await acme.type(f"/chakra {line}"))
        assert "Aarav Mehta" in shown
        assert time[:4].lstrip("0") in shown
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.edit")
    assert "Edit lead" in read_form_text(acme)


async def test_card_of_an_assignee_of_any_length_is_shown_and_taken(acme: World) -> None:
    lead = {**get_stored(acme), "assignedTo": "a" * 3_000}
    acme.chakra.fail(FETCH, StatusResponse(200, json={"_data": lead}))
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.take")
    assert get_stored(acme)["assignedTo"] == "johndoe"
