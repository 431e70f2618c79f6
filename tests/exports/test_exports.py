"""Stories of lists as CSV files: asked for, read page by page, sent once."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from bot.sandbox.chakra.faults import Hang, StatusResponse
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.commands.watch_scenarios import wait_until
from tests.exports.scenarios import (
    COMPLETE,
    JOHNS,
    LIST,
    AnswerThen,
    Row,
    advance_until,
    export,
    list_file_messages,
    read_dm_text,
    read_rows,
    wait_for_file,
    wait_for_text,
)
from tests.people import JOHN, MEI
from tests.test_stored_data import read_stored_text
from tests.world import World

ALL = "/chakra process list lead csv"


async def test_query_of_a_line_or_a_list_comes_as_a_file(acme: World, clock: ManualClock) -> None:
    rows = await export(acme, clock, "/chakra process list lead state:NEW assigned:me csv")
    assert {row["State"] for row in rows} == {"NEW"}
    [aarav] = [row for row in rows if row["Lead Id"] == "LEAD-004038"]
    assert aarav["Assigned to"] == "johndoe"
    assert aarav["Phone Number"] == "919876543210"
    assert aarav["Created"] == "2023-09-11T10:56:40+05:30"
    assert "5 leads read. The file is below." in read_dm_text(acme)
    assert "State NEW, assigned to you: 5 leads." in list_file_messages(acme)[0].text
    assert list_file_messages(acme)[0].files[0].name == "leads-2023-11-15-0343.csv"
    await acme.type("/chakra leads city:Pune newest first")
    shown = await acme.press("process.csv")
    assert "you'll get the file in a direct message" in collect_text(shown)
    assert {row["City"] for row in await wait_for_file(acme, clock, 2)} == {"Pune"}


async def test_who_may_not_send_gets_no_file(acme: World) -> None:
    assert "Download CSV" not in json.dumps((await acme.type("/chakra leads", by=MEI)).blocks)
    assert "can't" in collect_text(await acme.type(ALL, by=MEI))
    assert acme.chakra.count(LIST) == 1


async def test_all_pages_are_read_once(acme: World, clock: ManualClock) -> None:
    acme.chakra.add_many_leads(450)
    rows = await export(acme, clock, "/chakra export leads")
    assert_whole(rows, 450)
    assert {row["Email"] for row in rows} >= {"lead1@example.com", "lead450@example.com"}
    limits = {request.json["limit"] for request in acme.chakra.requests if "list" in request.path}
    assert limits == {100}
    assert "changed" not in read_dm_text(acme)


async def test_no_field_is_lost_and_none_is_a_formula(acme: World, clock: ManualClock) -> None:
    acme.chakra.add_lead("A/B 50%.x", firstname="=HYPERLINK(1)", city="+x", budget=-5)
    acme.chakra.add_lead("LEAD-9", firstname="Ravi\nKumar", tags=["vip", "late"], deal={"eur": 1})
    acme.chakra.add_lead("LEAD-10", owner_role="3ae1c371-9a3b-4c06-8090-42fea6c4df36")
    acme.chakra.add_lead("GONE-1", is_deleted=True, firstname="Gone")
    rows = {row["Lead Id"]: row for row in await export(acme, clock, ALL)}
    odd, ravi = rows["A/B 50%.x"], rows["LEAD-9"]
    assert (odd["First Name"], odd["City"], odd["budget"]) == ("'=HYPERLINK(1)", "'+x", "-5")
    assert (ravi["First Name"], ravi["tags"]) == ("Ravi\nKumar", "vip, late")
    assert ravi["deal"] == '{"eur": 1}'
    assert rows["LEAD-10"]["owner_role"] == "Inside Sales"
    assert "GONE-1" not in rows


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/chakra leads stat:NEW csv", 'There\'s no field "stat". Did you mean state?'),
        ("/chakra process list ticket csv", "No lead matches, so there is no file."),
        ("/chakra leads assigned:zzqq csv", 'No one in Chakra is called "zzqq".'),
        ("/chakra leads " + "x" * 1_200 + " csv", "That's too long"),
    ],
)
async def test_line_that_cannot_be_read_is_answered(
    acme: World, clock: ManualClock, line: str, sentence: str
) -> None:
    shown = collect_text(await acme.type(line))
    if sentence not in shown:
        await wait_for_text(acme, clock, sentence)


# --- progress, cancelling, limits ----------------------------------------------------------------


async def hang_after(acme: World, pages: int) -> None:
    """Let Chakra answer some requests for pages, and none after that."""
    for _ in range(pages):
        acme.chakra.fail(LIST, AnswerThen(lambda: None), times=1)
    acme.chakra.fail(LIST, Hang(), times=1)


async def test_progress_is_shown_and_cancelling_ends_it(acme: World, clock: ManualClock) -> None:
    acme.chakra.add_many_leads(450)
    await hang_after(acme, 2)
    await acme.type(ALL)
    await advance_until(acme, clock, lambda: acme.chakra.count(LIST) == 3)
    await wait_until(acme, lambda: "leads read …" in read_dm_text(acme))
    await acme.slack.press(JOHN, "process.csv_cancel")
    acme.chakra.release_hanging()
    await wait_for_text(acme, clock, ". There is no file.")
    await clock.jump(60)
    assert acme.chakra.count(LIST) == 3
    assert not list_file_messages(acme)
    assert "csv_cancel" not in read_shown_blocks(acme)
    assert "export_chunks" not in await read_stored_text(acme)


async def test_a_person_has_two_at_a_time(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(LIST, Hang())
    await acme.type("/chakra leads city:Pune csv")
    again = collect_text(await acme.type("/chakra leads city:Pune csv"))
    assert "is already being read" in again
    await acme.type("/chakra leads city:Milan csv")
    third = collect_text(await acme.type("/chakra leads state:NEW csv"))
    assert "Two of your exports are already being read" in third
    acme.chakra.clear_faults()
    acme.chakra.release_hanging()
    await advance_until(acme, clock, lambda: len(list_file_messages(acme)) == 2)
    await acme.type("/chakra leads city:Pune csv")
    await advance_until(acme, clock, lambda: len(list_file_messages(acme)) == 3)


async def test_what_is_stored_has_no_name_or_number(acme: World, clock: ManualClock) -> None:
    await hang_after(acme, 1)
    acme.chakra.add_many_leads(450)
    await acme.type("/chakra leads state:NEW or state:IN_PROGRESS csv")
    await advance_until(acme, clock, lambda: acme.chakra.count(LIST) == 2)
    stored = await read_stored_text(acme)
    assert "export_chunks" in stored
    for whole in ("919876543210", "919800000000", "aarav", "Aarav", "example.com"):
        assert whole not in stored
    acme.chakra.release_hanging()
    await wait_for_file(acme, clock)
    assert "export_chunks" not in await read_stored_text(acme)


# --- a Chakra that fails --------------------------------------------------------------------------


async def test_refusal_stops_it_and_it_can_be_continued(acme: World, clock: ManualClock) -> None:
    acme.chakra.add_many_leads(150)
    acme.chakra.fail(LIST, AnswerThen(lambda: None), times=1)
    acme.chakra.fail(LIST, StatusResponse(403), times=1)
    await acme.type(ALL)
    await wait_for_text(acme, clock, "stopped after ")
    assert "what was read is stored until then" in read_dm_text(acme)
    assert not list_file_messages(acme)
    asked = acme.chakra.count(LIST)
    await acme.slack.press(JOHN, "process.csv_continue")
    assert_whole(await wait_for_file(acme, clock), 150)
    assert acme.chakra.count(LIST) == asked + 1
    assert "Continued." in read_dm_text(acme)
    assert "csv_continue" not in read_shown_blocks(acme)


async def test_outage_is_waited_for_and_one_that_lasts_stops_it(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.add_many_leads(150)
    acme.chakra.fail(LIST, AnswerThen(lambda: None), times=1)
    acme.chakra.fail(LIST, StatusResponse(503), times=8)
    await acme.type(ALL)
    await wait_for_text(acme, clock, "Chakra isn't responding; trying again.")
    assert_whole(await wait_for_file(acme, clock), 150)
    acme.chakra.fail(LIST, StatusResponse(503))
    await acme.type(ALL)
    await advance_until(acme, clock, lambda: " stopped." in read_dm_text(acme), step=60)
    await acme.slack.press(JOHN, "process.csv_cancel")
    await wait_for_text(acme, clock, "Cancelled after 0 leads.")
    assert "csv_continue" not in read_shown_blocks(acme)


# --- lists that change, and answers that make no sense --------------------------------------------


async def test_leads_that_leave_or_enter_hide_and_double_none(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.add_many_leads(300)
    leave = AnswerThen(lambda: acme.chakra.records.change("LEAD-004038", city="Elsewhere"))
    acme.chakra.fail(LIST, leave, times=1)
    assert_whole(await export(acme, clock, "/chakra leads -city:Elsewhere csv"), 300)
    for key in ("NEW-1", "NEW-2"):
        enter = AnswerThen(partial(acme.chakra.add_lead, key, is_first=True))
        acme.chakra.fail(LIST, enter, times=1)
    assert_whole(await export(acme, clock, ALL), 300)
    for message in list_file_messages(acme):
        assert "The list changed while it was read." in message.text


def assert_whole(rows: list[Row], many: int) -> None:
    """Assert that each of the made-up leads, and no record twice, is in a file."""
    own = [row["Lead Id"] for row in rows if row["Lead Id"].startswith("MANY-")]
    assert own == [f"MANY-{number}" for number in range(1, many + 1)]
    assert len({row["ID"] for row in rows}) == len(rows)


def build_page(acme: World, count: int, **meta: object) -> StatusResponse:
    lead = dict(acme.chakra.records.find("LEAD-004038"))
    items = [{**lead, "id": f"{lead['id'][:-4]}{number:04}"} for number in range(count)]
    return StatusResponse(200, json={"_data": items, "_meta": meta} if meta else {"_data": items})


async def test_answers_that_make_no_sense_come_to_an_end(acme: World, clock: ManualClock) -> None:
    """No more than ten requests each; the person reads what it means."""
    full, more = build_page(acme, 100, hasMore=True), build_page(acme, 0, hasMore=True)
    for answers, count, note in (
        ((full,), 100, "Chakra sent the same records again and again"),
        ((full, more), 100, "sent none, so the file may be incomplete"),
        ((build_page(acme, 30),), 30, "didn't say whether there are more"),
    ):
        asked = acme.chakra.count(LIST)
        for answer in answers[:-1]:
            acme.chakra.fail(LIST, answer, times=1)
        acme.chakra.fail(LIST, answers[-1])
        assert len(await export(acme, clock, ALL)) == count
        assert note in list_file_messages(acme)[-1].text
        assert acme.chakra.count(LIST) - asked < 10
        acme.chakra.clear_faults()
    acme.chakra.fail(LIST, more, times=1)
    await acme.type(ALL)
    await wait_for_text(acme, clock, "stopped. Chakra said that there are records but sent none.")
    await acme.slack.press(JOHN, "process.csv_continue")
    assert len(await wait_for_file(acme, clock, 4)) > 10
    acme.chakra.fail(LIST, StatusResponse(200, json={"_data": "x"}))
    asked = acme.chakra.count(LIST)
    await acme.type(ALL)
    await wait_for_text(acme, clock, r" stopped\.")
    assert acme.chakra.count(LIST) == asked + 3


# --- Slack ---------------------------------------------------------------------------------------


async def test_file_is_posted_once_whatever_slack_does(acme: World, clock: ManualClock) -> None:
    faults: list[tuple[str, dict[str, Any]]] = [
        (COMPLETE, {"reset": "after"}),
        (COMPLETE, {"reset": "before"}),
        (COMPLETE, {"error": "ratelimited"}),
        (COMPLETE, {"error": "internal_error", "reset": "after"}),
        (COMPLETE, {"error": "fatal_error", "reset": "after"}),
        ("upload", {"reset": "before"}),
        ("upload", {"status": 500}),
    ]
    for number, (method, fault) in enumerate(faults, 1):
        acme.slack.fail(method, **fault)
        await acme.type(f"/chakra leads -city:Nowhere{number} csv")
        await wait_for_file(acme, clock, number)
        await wait_for_text(acme, clock, ".*".join(["The file is below."] * number))
        assert len(list_file_messages(acme)) == number
    assert len({len(read_rows(message)) for message in list_file_messages(acme)}) == 1


async def test_refused_file_is_explained_and_sent_when_continued(
    acme: World, clock: ManualClock
) -> None:
    acme.slack.fail("files.getUploadURLExternal", error="file_upload_size_restricted")
    await acme.type(ALL)
    await wait_for_text(acme, clock, "stopped after .* doesn't allow files of this size")
    asked = acme.chakra.count(LIST)
    await acme.slack.press(JOHN, "process.csv_continue")
    assert await wait_for_file(acme, clock)
    assert acme.chakra.count(LIST) == asked


def read_shown_blocks(acme: World) -> str:
    return json.dumps([message.blocks for message in acme.slack.list_messages(JOHN, JOHNS)])
