"""Stories of ``/chakra task``: the form of a typed line, and what is written when it is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox.chakra.faults import Hang, ResetBeforeHandling, StatusResponse
from bot.sandbox.slack import collect_text
from tests.endpoints import reaches
from tests.people import JOHN, MEI, SALES
from tests.shared_world import shared_world
from tests.world import World

CREATE = "POST /v1/ext/p/{procedureShortId}/{processIdOrPrimaryKey}/task/{stateTaskShortId}"
UPDATE = "PUT /v1/ext/procedure/{procedureShortId}/process/{processId}"
AARAV = "e2233b54-689b-539b-a231-70eec846d130"


def find_form(acme: World) -> dict[str, Any]:
    return dict(acme.slack.find_view(JOHN) or {})


def read_initial(acme: World, block_id: str) -> str:
    """Return what a field of the open form has before anyone types in it."""
    for block in find_form(acme)["blocks"]:
        if block.get("block_id") == block_id:
            element = block["element"]
            option = element.get("initial_option") or {}
            return str(element.get("initial_value") or option.get("value") or "")
    raise AssertionError(block_id)


def list_created(acme: World) -> list[dict[str, Any]]:
    return [dict(task) for task in acme.chakra.tasks.created]


def get_stored(acme: World, key: str = "LEAD-004038") -> dict[str, Any]:
    return dict(acme.chakra.records.find(key))


@shared_world
async def test_typed_line_opens_the_form_and_writes_nothing(acme: World) -> None:
    await acme.type("/chakra task LEAD-004038 call back tomorrow 10am")
    assert "Aarav Mehta" in collect_text(find_form(acme))
    assert read_initial(acme, "kind") == "call_back"
    assert read_initial(acme, "field_next_call_time").endswith("T10:00:00")
    assert list_created(acme) == []


@reaches(
    "POST /v1/ext/p/{procedureShortId}/{processIdOrPrimaryKey}/task/{stateTaskShortId}",
    "tasks.create",
    title="Create Task",
    by="`/chakra task LEAD-004038 call back tomorrow 10am`",
)
async def test_task_is_created_once_and_shown_with_the_card(acme: World) -> None:
    await acme.type('/chakra task LEAD-004038 call back 5 Dec 10am remarks:"ask for Mei" to me')
    due = read_initial(acme, "field_next_call_time")
    assert not await acme.submit({})
    [request] = [sent for sent in acme.chakra.requests if "/task/" in sent.path]
    assert request.path == f"/v1/ext/p/lead/{AARAV}/task/call_back"
    assert request.json == {
        "data": {"remarks": "ask for Mei", "next_call_time": due},
        "status": "OPEN",
        "assignedTo": "johndoe",
    }
    shown = collect_text(acme.find_shown())
    for text in (
        "Call back",
        "created for *Aarav Mehta*",
        "ask for Mei",
        "5 December 20",
        "at 10:00",
        "Score",
    ):
        assert text in shown
    assert get_stored(acme)["nextActionAt"] == 1694410592328


async def test_time_without_a_field_is_written_only_where_it_is_ticked(acme: World) -> None:
    await acme.type("/chakra task LEAD-004038 send quote for 3 machines tomorrow 10am")
    assert read_initial(acme, "field_details") == "3 machines"
    assert "no field for a time" in (await acme.submit({}))["when"]
    assert list_created(acme) == []
    await acme.submit({"next_action": ["yes"]})
    assert list_created(acme)[0]["data"] == {"details": "3 machines"}
    assert get_stored(acme)["nextActionAt"] > 1694410592328
    assert "next action is set to" in collect_text(acme.find_shown())


async def test_next_action_that_is_refused_is_reported(acme: World) -> None:
    await acme.type("/chakra task LEAD-004038 send quote tomorrow 10am")
    acme.chakra.fail(UPDATE, StatusResponse(403))
    await acme.submit({"next_action": ["yes"]})
    assert len(list_created(acme)) == 1
    shown = collect_text(acme.find_shown())
    assert "is created" in shown
    assert "next action was not set" in shown


async def test_next_action_that_a_colleague_changed_is_not_replaced_unseen(
    acme: World,
) -> None:
    await acme.type("/chakra task LEAD-004038 send quote tomorrow 10am")
    acme.chakra.records.set_next_action("LEAD-004038", 1_700_009_000_000)
    await acme.submit({"next_action": ["yes"]})
    assert "A colleague has changed" in collect_text(find_form(acme))
    assert list_created(acme) == []
    await acme.submit({})
    assert len(list_created(acme)) == 1
    assert get_stored(acme)["nextActionAt"] > 1_700_009_000_000


@shared_world
async def test_text_that_is_too_long_is_named(acme: World) -> None:
    await acme.type("/chakra task LEAD-004038 call back " + "word " * 1_000)
    assert "letters are left out" in collect_text(find_form(acme))
    assert acme.slack.rejections == []


async def test_day_of_a_field_loses_no_time(acme: World) -> None:
    await acme.type("/chakra task LEAD-004038 site visit tomorrow 10am")
    assert len(read_initial(acme, "field_visit_date")) == len("2026-12-01")
    assert "takes the day" in (await acme.submit({}))["when"]
    await acme.submit({"when": ""})
    assert list(list_created(acme)[0]["data"]) == ["visit_date"]


async def test_button_of_the_card_opens_the_form(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("task.open")
    assert "required" in str(await acme.submit({}))
    await acme.slack.press(JOHN, "task.kind", value="site_visit")
    await acme.wait_until_idle()
    assert not await acme.submit({"kind": "site_visit", "field_visit_date": "next monday"})
    assert list_created(acme)[0]["data"]["visit_date"].startswith("20")


@shared_world
async def test_words_follow_the_kind_that_is_chosen(acme: World) -> None:
    await acme.type("/chakra task LEAD-004038 ask about the invoice tomorrow 10am")
    assert "ask about the invoice" in collect_text(find_form(acme))
    await acme.slack.press(JOHN, "task.kind", value="call_back")
    await acme.wait_until_idle()
    assert read_initial(acme, "field_remarks") == "ask about the invoice"
    assert read_initial(acme, "field_next_call_time").endswith("T10:00:00")


@pytest.mark.parametrize(
    "typed",
    ["Aarav Mehta call back", "call back aarav", "+91 98765 43210 call back",
     "aarav.mehta@example.com call back", 'call back "Aarav Mehta"',
     "remind me to call back aarav"],
)  # fmt: skip
async def test_record_is_found_by_what_people_call_it(acme: World, typed: str) -> None:
    await acme.type(f"/chakra task {typed}")
    await acme.submit({})
    assert list_created(acme)[0]["process"] == AARAV
    assert list_created(acme)[0]["stateTask"] == acme.chakra.team.state_tasks[0].id


async def test_records_that_share_a_key_are_a_choice(acme: World) -> None:
    acme.chakra.add_lead("DOUBLE-1", name="First Twin")
    second = acme.chakra.add_lead("DOUBLE-1", name="Second Twin")
    await acme.type("/chakra task DOUBLE-1 call back")
    assert "First Twin" in collect_text(find_form(acme))
    await acme.submit({"choice": f"lead/{second}"})
    assert list_created(acme)[0]["process"] == second


@shared_world
async def test_link_to_a_record_names_it(acme: World) -> None:
    await acme.type(
        "/chakra task <https://app.chakrahq.com/lead/LEAD-004038> call back tomorrow 10am"
    )
    assert "Aarav Mehta" in collect_text(find_form(acme))
    assert "https" not in collect_text(find_form(acme))


async def test_several_records_of_a_name_are_a_choice(acme: World) -> None:
    acme.chakra.add_lead("LEAD-77", name="Aarav Mehta")
    await acme.type("/chakra task Aarav Mehta call back")
    assert "Which one" in collect_text(find_form(acme))
    await acme.submit({"choice": "lead/LEAD-77"})
    assert list_created(acme)[0]["process"] == get_stored(acme, "LEAD-77")["id"]


async def test_unknown_record_can_be_corrected_in_the_form(acme: World) -> None:
    await acme.type("/chakra task LEAD-999999 call back")
    assert 'There is no record "LEAD-999999"' in collect_text(find_form(acme))
    assert "no record" in (await acme.submit({"record": "LEAD-888888"}))["record"]
    await acme.submit({"record": "LEAD-004038"})
    assert list_created(acme)[0]["process"] == AARAV


@shared_world
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("LEAD-004038 call back yesterday 10am", "is in the past"),
        ("LEAD-004038 call back tomorrow morning", "no exact time"),
        ("LEAD-004038 call back at 5", "5am or 5pm"),
        ("LEAD-004038 call back tomorrow or friday", "several times"),
        ("LEAD-004038 callbak", "is read as Call back"),
        ("LEAD-004038 call back assigned:zzqq", 'No one in Chakra is called "zzqq"'),
        ("LEAD-004038 call back status:maybe", 'no status "maybe"'),
        ("LEAD-004038 type:dance", 'no task called "dance"'),
    ],
)  # fmt: skip
async def test_what_is_not_clear_is_asked(acme: World, typed: str, sentence: str) -> None:
    await acme.type(f"/chakra task {typed}")
    assert sentence in collect_text(find_form(acme))
    assert acme.slack.rejections == []


@shared_world
async def test_list_of_tasks_is_not_taken_for_a_new_one(acme: World) -> None:
    shown = collect_text(await acme.type("/chakra task list"))
    assert "Chakra documents no list of tasks." in shown
    assert "/chakra task" in shown


@shared_world
@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"field_next_call_time": "soon"}, "field_next_call_time", "is not a time"),
        ({"field_next_call_time": "tomorrow"}, "field_next_call_time", "Add the time"),
        ({"field_next_call_time": "yesterday 9am"}, "field_next_call_time", "in the past"),
        ({"assignee": "zzqq"}, "assignee", "No one in Chakra"),
        ({"next_action": ["yes"]}, "field_next_call_time", "Enter the day and the time"),
    ],
)
async def test_wrong_value_is_named_under_its_field(
    acme: World, values: dict[str, Any], field: str, sentence: str
) -> None:
    await acme.type("/chakra task LEAD-004038 call back")
    assert sentence in (await acme.submit(values))[field]
    assert list_created(acme) == []


async def test_key_with_any_letters_is_found(acme: World) -> None:
    acme.chakra.add_lead("A/B 1%.x", name="Odd Key")
    await acme.type('/chakra task "A/B 1%.x" call back')
    await acme.submit({})
    assert list_created(acme)[0]["process"] == get_stored(acme, "A/B 1%.x")["id"]


async def test_task_that_chakra_does_not_know_is_named_under_its_field(acme: World) -> None:
    await acme.type("/chakra task LEAD-004038 call back")
    acme.chakra.fail(CREATE, StatusResponse(404))
    assert 'no task "call_back"' in (await acme.submit({}))["kind"]


@shared_world
async def test_value_of_another_task_is_not_lost_when_that_is_chosen(acme: World) -> None:
    await acme.type("/chakra task LEAD-004038 amount:5000 next friday 9")
    await acme.slack.press(JOHN, "task.kind", value="send_quote")
    await acme.wait_until_idle()
    assert read_initial(acme, "field_amount") == "5000"


async def test_same_task_again_is_asked_about(acme: World) -> None:
    for _ in range(2):
        await acme.type("/chakra task LEAD-004038 call back")
        await acme.submit({})
    assert "did exactly this" in collect_text(find_form(acme))
    assert len(list_created(acme)) == 1
    await acme.submit({})
    assert len(list_created(acme)) == 2


async def test_task_whose_answer_is_lost_is_not_repeated(acme: World) -> None:
    await acme.type("/chakra task LEAD-004038 call back")
    acme.chakra.fail(CREATE, ResetBeforeHandling())
    await acme.submit({})
    assert "is created" not in collect_text(acme.slack.find_view(JOHN) or acme.find_shown())
    assert len([sent for sent in acme.chakra.requests if "/task/" in sent.path]) == 1


async def test_refusal_of_chakra_is_explained(acme: World) -> None:
    await acme.type("/chakra task LEAD-004038 send quote amount:12")
    acme.chakra.fail(CREATE, StatusResponse(400))
    await acme.submit({})
    assert list_created(acme) == []
    assert acme.slack.rejections == []


async def test_empty_answer_of_chakra_is_a_success(acme: World) -> None:
    acme.chakra.tasks.answers_empty = True
    await acme.type("/chakra task LEAD-004038 call back")
    await acme.submit({})
    assert "created for *Aarav Mehta*" in collect_text(acme.find_shown())


@shared_world
async def test_member_who_may_not_edit_creates_no_task(acme: World) -> None:
    shown = collect_text(await acme.type("/chakra task LEAD-004038 call back", by=MEI))
    assert "can't send or change anything" in shown
    card = await acme.type("/chakra lead LEAD-004038", by=MEI)
    assert "Task…" not in json.dumps(card.blocks)


@shared_world
async def test_form_of_a_line_waits_for_a_slow_chakra(acme: World) -> None:
    acme.chakra.fail("GET /v1/ext/config", Hang(), times=1)
    async with acme.clock.running():
        await acme.slack.type(JOHN, SALES, "/chakra task LEAD-004038 call back")
        await acme.slack.wait_until(lambda: "working on it" in collect_text(find_form(acme)))
        acme.chakra.release_hanging()
        await acme.slack.wait_until(lambda: "Aarav Mehta" in collect_text(find_form(acme)))
    assert read_initial(acme, "kind") == "call_back"
