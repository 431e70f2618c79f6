"""Stories of long lists of records: a table, its pages, its order, and what a channel sees."""

from __future__ import annotations

import json
from typing import Any

from bot.processes.list_message import MAX_ROWS, PAGE_LENGTH
from bot.sandbox.slack import VisibleMessage, collect_text
from tests.people import JOHN, MEI, SALES
from tests.shared_world import shared_world
from tests.world import World

PARTNERS = "C0PARTNERS"
PHONE, EMAIL = "+91 98765 43210", "ravi.k@acme.com"


def add_leads(acme: World, count: int, **data: Any) -> None:
    for number in range(count):
        values = {"firstname": f"Lead {number:03}", "city": "Surat", "score": number, **data}
        acme.chakra.add_lead(f"LEAD-2{number:05}", **values)


def handle(acme: World, key: str) -> str:
    return f"lead/{acme.chakra.records.find(key)['id']}"


def find_table(message: VisibleMessage) -> dict[str, Any]:
    [table] = [block for block in message.blocks or () if block["type"] == "data_table"]
    return dict(table)


def read_column(message: VisibleMessage, name: str) -> list[Any]:
    header, *rows = find_table(message)["rows"]
    index = [cell["text"] for cell in header].index(name)
    return [row[index]["text"] for row in rows]


async def test_short_list_has_rows_and_long_one_a_table(acme: World) -> None:
    add_leads(acme, MAX_ROWS)
    short = await acme.type("/chakra leads city:Surat")
    assert not any(block["type"] == "data_table" for block in short.blocks or ())
    assert "Lead 009" in collect_text(short)
    acme.chakra.add_lead("LEAD-9", firstname="Eleventh", city="Surat", score=1)
    long = await acme.type("/chakra leads city:Surat score>=0")
    header = [cell["text"] for cell in find_table(long)["rows"][0]]
    assert header == ["Name", "Lead key", "State", "Assigned to", "Created", "City", "Score"]
    assert read_column(long, "Name")[-1] == "Eleventh"
    assert acme.slack.rejections == []


async def test_record_of_a_table_is_opened_by_its_menu(acme: World) -> None:
    add_leads(acme, 12)
    await acme.type("/chakra leads city:Surat")
    shown = collect_text(await acme.press("process.show", value=handle(acme, "LEAD-200011")))
    assert "LEAD-200011" in shown
    assert "Refresh" in shown


async def test_pages_turn_both_ways(acme: World) -> None:
    add_leads(acme, PAGE_LENGTH + 5)
    first = await acme.type("/chakra leads city:Surat")
    assert f"1–{PAGE_LENGTH}" in collect_text(first)
    assert len(read_column(first, "Name")) == PAGE_LENGTH
    second = await acme.press("process.page:next")
    assert read_column(second, "Name") == [f"Lead {number:03}" for number in range(50, 55)]
    assert "Next" not in collect_text(second).splitlines()
    assert read_column(await acme.press("process.page:previous"), "Name")[0] == "Lead 000"


async def test_typed_order_covers_all_pages(acme: World) -> None:
    add_leads(acme, PAGE_LENGTH + 60)
    first = await acme.type("/chakra leads city:Surat sort:-score")
    assert read_column(first, "Score")[:3] == ["109", "108", "107"]
    assert "sorted by score, descending" in collect_text(first)
    second = await acme.press("process.page:next")
    assert read_column(second, "Score")[0] == "59"


async def test_order_is_chosen_in_a_form(acme: World) -> None:
    add_leads(acme, PAGE_LENGTH + 10)
    await acme.type("/chakra leads city:Surat")
    await acme.press("process.sort")
    assert not await acme.submit({"field": "score", "order": "descending"})
    assert read_column(acme.find_shown(), "Score")[0] == "59"


async def test_list_says_that_only_its_beginning_is_sorted(acme: World) -> None:
    add_leads(acme, 520)
    shown = collect_text(await acme.type("/chakra leads city:Surat sort:-score"))
    assert "Sorted among the first 500" in shown


async def test_shared_list_is_masked_and_names_the_sharer(acme: World) -> None:
    add_leads(acme, 15, firstname=f"Ravi {PHONE}", phone_number=PHONE, email=EMAIL)
    acme.chakra.add_lead(PHONE, firstname="Key", city="Surat", score=919876543210)
    await acme.type(f"/chakra leads city:Surat phone_number!=1 email!={EMAIL}x score>=0")
    await acme.press("process.share")
    posted = acme.find_shown(by=MEI)
    seen = json.dumps([posted.text, posted.blocks], ensure_ascii=False)
    assert "Ravi" in seen
    assert f"<@{JOHN}>" in seen
    for whole in ("98765", "9876543210", "ravi.k"):
        assert whole not in seen
    opened = collect_text(
        await acme.press("process.show", by=MEI, value=handle(acme, "LEAD-200003"), channel=SALES)
    )
    assert "98765" in opened


@shared_world
async def test_me_in_a_shared_list_is_the_sharer(acme: World) -> None:
    await acme.type("/chakra leads assigned:me")
    await acme.press("process.share")
    posted = collect_text(acme.find_shown(by=MEI))
    assert "ssigned to John Doe" in posted
    assert "you" not in posted


@shared_world
async def test_sharing_asks_first_where_other_companies_read(acme: World) -> None:
    await acme.type("/chakra leads", channel=PARTNERS)
    await acme.press("process.share", channel=PARTNERS)
    assert "Share this list of customers with them?" in collect_text(
        acme.slack.find_view(JOHN) or {}
    )


async def test_widest_table_stays_within_slacks_limits(acme: World) -> None:
    long = "x" * 300
    add_leads(acme, 60, firstname=long, lastname=long, email=f"{long}@a.in", city=f"Surat{long}")
    query = "firstname!=a lastname!=a email!=a phone_number!=a score!=-1 city!=a"
    shown = await acme.type(f"/chakra leads {query}")
    assert len(read_column(shown, "Name")) == PAGE_LENGTH - 1  # one of them is deleted
    assert acme.slack.rejections == []


async def test_word_share_posts_the_list(acme: World) -> None:
    await acme.type("/chakra process list lead city:Pune share")
    posted = acme.find_shown(by=MEI)
    assert not posted.ephemeral
    assert "Aarav Mehta" in collect_text(posted)
    await acme.type("/chakra process save hot state:NEW")
    await acme.type("/chakra process hot share")
    posted = acme.find_shown(by=MEI)
    assert not posted.ephemeral
    assert "State NEW" in collect_text(posted)


@shared_world
async def test_list_is_not_shared_by_a_guess_nor_in_a_direct_message(acme: World) -> None:
    offered = await acme.type("/chakra leads city:Pune share")
    assert offered.ephemeral
    assert "Aarav Mehta" not in collect_text(offered)
    refused = await acme.type("/chakra process list lead city:Pune share", channel="D0JOHN")
    assert "no channel to share to" in collect_text(refused)
    label = "Share to channel"
    assert label in collect_text(await acme.type("/chakra leads city:Pune"))
    assert label not in collect_text(await acme.type("/chakra leads city:Pune", channel="D0JOHN"))


@shared_world
async def test_negated_value_is_left_out_and_an_empty_list_says_what_to_try(acme: World) -> None:
    shown = collect_text(await acme.type("/chakra leads state:!NEW"))
    assert "State is not NEW" in shown
    assert "Sofia Rossi" in shown
    assert "Aarav Mehta" not in shown
    shown = collect_text(await acme.type("/chakra leads city:New Delhi"))
    assert 'Put a value of several words in quotes: `city:"New Delhi"`.' in shown


@shared_world
async def test_number_is_found_however_a_field_stores_it(acme: World) -> None:
    shown = collect_text(await acme.type("/chakra leads phone:98765 43210 state:NEW"))
    assert "Aarav Mehta" in shown
    shown = collect_text(await acme.type("/chakra leads phone!=+91-98765-43210"))
    assert "Aarav Mehta" not in shown


async def test_rows_are_text_where_slack_refuses_a_table_for_one_person(acme: World) -> None:
    add_leads(acme, PAGE_LENGTH + 5, firstname="Zoë <b> & *Co*")
    acme.slack.workspace.validator.refuse_private_tables()
    first = await acme.type("/chakra leads city:Surat")
    shown = collect_text(first)
    assert "failed" not in shown
    assert "Name  ·  Lead key  ·  State" in shown
    for number in range(PAGE_LENGTH):
        assert f"LEAD-2{number:05}" in shown
    assert {rejected.source for rejected in acme.slack.rejections} == {"response_url"}
    second = await acme.press("process.page:next")
    assert "LEAD-200054" in collect_text(second)
    assert second.id == first.id
    acme.slack.workspace.validator.rejections.clear()
    await acme.press("process.share")
    assert find_table(acme.find_shown(by=MEI))
