"""Stories of saved queries: saved by a line or a form, listed, run, changed and deleted."""

from __future__ import annotations

import json

import pytest

from bot.sandbox.slack import collect_text
from tests.people import JOHN, MEI, PRIYA
from tests.shared_world import shared_world
from tests.world import World

LENA = "U0LENA"


async def test_query_is_saved_and_run_by_its_name(acme: World) -> None:
    saved = collect_text(
        await acme.type('/chakra process save "Hot leads" lead state:NEW score>70')
    )
    assert "Saved" in saved
    assert "only you" in saved
    for line in ('process "hot LEADS"', "process Hot leads", 'process run "hot leads"',
                 "process run hot leads", "process saved hot leads"):  # fmt: skip
        shown = collect_text(await acme.type(f"/chakra {line}"))
        assert "State NEW, score above 70" in shown, line
        assert "Aarav Mehta" in shown


async def test_query_without_its_type_is_about_leads(acme: World) -> None:
    await acme.type("/chakra process save hot state:NEW")
    assert "*hot*  ·  Leads  ·  State NEW" in collect_text(await acme.type("/chakra process hot"))
    shared = collect_text(await acme.press("process.share"))
    assert "Shared by" in shared
    assert "hot" not in shared


async def test_saved_query_is_private_unless_it_is_for_everyone(acme: World) -> None:
    await acme.type("/chakra process save secret state:NEW", by=MEI)
    await acme.type('/chakra process save "everyones" for everyone state:NEW', by=MEI)
    listed = collect_text(await acme.type("/chakra process saved"))
    assert "everyones" in listed
    assert "secret" not in listed
    refused = collect_text(await acme.type("/chakra process run secret"))
    assert "secret" in refused
    assert "everyones" in refused
    assert "State NEW" not in refused
    taken = collect_text(await acme.type("/chakra process save SECRET city:Pune"))
    assert "is taken" in taken
    assert "state:NEW" not in taken


async def test_me_is_the_person_who_runs_it(acme: World) -> None:
    await acme.type("/chakra process save desk for everyone assigned:me")
    johns = collect_text(await acme.type("/chakra process desk"))
    priyas = collect_text(await acme.type("/chakra process desk", by=PRIYA))
    assert "Aarav Mehta" in johns
    assert "Aarav Mehta" not in priyas
    assert "Sofia Rossi" in priyas


async def test_saved_query_is_had_as_a_file(acme: World) -> None:
    await acme.type('/chakra process save "hot leads" state:NEW')
    shown = collect_text(await acme.type("/chakra process hot leads csv"))
    assert "State NEW" in shown


async def test_private_query_of_another_person_is_listed_by_its_name_alone(acme: World) -> None:
    await acme.type("/chakra process save hot city:Pune")
    await acme.type("/chakra process schedule hot daily 9:00")
    listed = collect_text(await acme.type("/chakra process saved", by=MEI))
    assert "hot" in listed
    assert "Posted every day at 09:00" in listed
    assert "city:Pune" not in listed


async def test_members_in_a_query_are_shown_by_name(acme: World) -> None:
    saved = await acme.type("/chakra process save priyas assigned:<@U0PRIYA>")
    assert "<@U0PRIYA>" in json.dumps(saved.blocks)
    assert "&lt;@" not in json.dumps(saved.blocks)
    assert "Sofia Rossi" in collect_text(await acme.type("/chakra process priyas"))


async def test_days_are_those_of_the_run(acme: World) -> None:
    await acme.type("/chakra process save fresh created:yesterday")
    first = collect_text(await acme.type("/chakra process fresh"))
    await acme.clock.jump(3 * 86_400)
    second = collect_text(await acme.type("/chakra process fresh"))
    assert "14 November 2023" in first
    assert "17 November 2023" in second


@shared_world
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("leads", "it is a record type"),
        ("lead", "it is a record type"),
        ('"lead stuff"', 'a line that begins with "lead" lists leads'),
        ("list", '"list" already does something'),
        ("saved", '"saved" already does something'),
        ('"show hot ones"', '"show" already does something'),
        ("export", '"export" already does something'),
        ("city", "City is a field of Leads"),
        ('"assigned to"', "Assigned to is a field of Leads"),
        ("today", "in a query it means: Created on"),
        ('"last week"', "in a query it means: Created from"),
        ("mine", "in a query it means: Assigned to"),
        ("open", "already does something"),
        ("done", "in a query it means: Status COMPLETED"),
        ("LEAD-004038", "it looks like the key of a record"),
        ("1234", "has no letter"),
        ('"state:NEW"', "reads as a query"),
        ("x" * 61, "up to 60 characters"),
        ('"   "', "Give it a name"),
        ("<@U0PRIYA>", "A name is made of words"),
        ("<#C0SALES|sales>", "A name is made of words"),
    ],
)
async def test_name_that_means_something_else_is_refused(
    acme: World, name: str, reason: str
) -> None:
    assert reason in collect_text(await acme.type(f"/chakra process save {name} state:NEW"))
    assert "No query is saved yet" in collect_text(await acme.type("/chakra process saved"))


@shared_world
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("stat:NEW", 'There\'s no field "stat". Did you mean state?'),
        ("sort:scor", 'There\'s no field "scor"'),
        ("assigned:zzqq", 'No one in Chakra is called "zzqq".'),
        ("x" * 1_100, "too long"),
    ],
)
async def test_query_that_cannot_be_read_is_not_saved(
    acme: World, query: str, sentence: str
) -> None:
    assert sentence in collect_text(await acme.type(f"/chakra process save hot {query}"))
    assert "No query is saved yet" in collect_text(await acme.type("/chakra process saved"))


async def test_own_name_is_replaced_only_after_a_question(acme: World) -> None:
    await acme.type("/chakra process save hot state:NEW")
    asked = collect_text(await acme.type("/chakra process save HOT city:Pune"))
    assert "Replace it?" in asked
    assert "State NEW" in collect_text(await acme.type("/chakra process hot"))
    await acme.type("/chakra process save hot city:Pune")
    await acme.press("process.saved_replace")
    assert "City Pune" in collect_text(await acme.type("/chakra process hot"))


async def test_list_is_saved_by_its_button(acme: World) -> None:
    await acme.type("/chakra leads state:NEW")
    await acme.press("process.saved_save")
    assert "state:NEW" in json.dumps(acme.slack.find_view(JOHN))
    errors = await acme.submit({"name": "leads", "audience": "shared"})
    assert "record type" in errors["name"]
    errors = await acme.submit({"name": "warm", "query": "stat:NEW"})
    assert "Did you mean state?" in errors["query"]
    assert not await acme.submit({"name": "warm", "query": "state:NEW", "audience": "shared"})
    assert "State NEW" in collect_text(await acme.type("/chakra process warm", by=MEI))


async def test_name_alone_opens_the_form(acme: World) -> None:
    await acme.type('/chakra process save "warm ones"')
    assert not await acme.submit({"query": "city:Pune"})
    assert "City Pune" in collect_text(await acme.type("/chakra process warm ones"))


@shared_world
async def test_saved_query_is_edited_renamed_and_deleted(acme: World) -> None:
    await acme.type("/chakra process save hot state:NEW")
    await acme.press("process.saved_edit:1")
    assert not await acme.submit({"name": "Hot", "query": "city:Pune"})
    renamed = collect_text(await acme.type('/chakra process saved rename hot "warm ones"'))
    assert "warm ones" in renamed
    assert "City Pune" in collect_text(await acme.type("/chakra process warm ones"))
    await acme.type("/chakra process saved")
    deleted = collect_text(await acme.press("process.saved_delete:1"))
    assert "is deleted" in deleted
    assert "No query is saved yet" in deleted
    await acme.type("/chakra process save hot state:NEW")
    assert "is deleted" in collect_text(await acme.type("/chakra process saved delete hot"))


@shared_world
async def test_only_its_owner_or_a_sender_changes_what_is_for_everyone(acme: World) -> None:
    await acme.type("/chakra process save hot for everyone state:NEW")
    listed = collect_text(await acme.type("/chakra process saved", by=MEI))
    assert "Edit…" not in listed
    refused = collect_text(await acme.type("/chakra process saved delete hot", by=MEI))
    assert "Only the person who saved it can change it." in refused
    assert "is deleted" in collect_text(
        await acme.type("/chakra process saved delete hot", by=LENA)
    )


@shared_world
async def test_button_of_a_deleted_query_says_so(acme: World) -> None:
    await acme.type("/chakra process save hot state:NEW")
    await acme.type("/chakra process saved delete hot", channel="C0SUPPORT")
    assert "deleted" in collect_text(await acme.press("process.saved_run:1"))


async def test_list_of_many_queries_has_pages(acme: World) -> None:
    for number in range(8):
        await acme.type(f"/chakra process save hot{number}x city:Pune")
    first = collect_text(await acme.type("/chakra process saved"))
    assert "hot5x" in first
    assert "hot6x" not in first
    assert "hot7x" in collect_text(await acme.press("process.saved_page:next"))
    assert acme.slack.rejections == []


async def test_query_is_stored_encrypted(acme: World) -> None:
    await acme.type("/chakra process save ravi 9876543210")
    async with acme.bot.database.begin() as connection:
        rows = (await connection.exec_driver_sql("SELECT * FROM saved_queries")).all()
    assert "9876543210" not in str(rows)
    assert len(rows) == 1


async def test_field_that_is_gone_is_explained(acme: World) -> None:
    await acme.type("/chakra process save hot city:Pune")
    async with acme.bot.database.begin() as connection:
        await connection.exec_driver_sql("UPDATE saved_queries SET record_type = 'ticket'")
    assert 'There are no records called "ticket" any more.' in collect_text(
        await acme.type("/chakra process hot")
    )


async def test_my_leads_are_what_a_person_has_saved_by_that_name(
    acme: World,
) -> None:
    refused = collect_text(await acme.type('/chakra process save "my leads" city:Pune for all'))
    assert "in a query it means: Assigned to me" in refused
    saved = await acme.type('/chakra process save "my leads" city:Pune')
    assert "Saved: *my leads*" in collect_text(saved)
    assert "City Pune" in collect_text(await acme.type("/chakra process my leads"))
    assert "Assigned to you" in collect_text(await acme.type("/chakra process my leads", by=PRIYA))
    await acme.type("/chakra process saved")
    await acme.press("process.saved_edit:1")
    errors = await acme.submit({"name": "my leads", "query": "city:Pune", "audience": "shared"})
    assert "in a query it means" in errors["name"]


@shared_world
async def test_query_is_saved_without_the_word_for_a_file(acme: World) -> None:
    refused = collect_text(await acme.type("/chakra process save fresh state:NEW csv"))
    assert 'Save the query without "csv"' in refused
    assert "No query is saved yet" in collect_text(await acme.type("/chakra process saved"))


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("process hot leads sort:-score", "City Pune, sorted by score, descending"),
        ("process hot leads newest first", "City Pune, sorted by created, newest first"),
        ("hot leads by score", "City Pune, sorted by score"),
        ("hot leads", "City Pune, sorted by name"),
        ("process hot leads sort:score csv", "Leads as CSV"),
    ],
)
async def test_saved_query_is_sorted_as_its_line_says(acme: World, typed: str, title: str) -> None:
    await acme.type('/chakra process save "hot leads" city:Pune sort:name')
    shown = collect_text(await acme.type(f"/chakra {typed}"))
    assert title in shown
    assert "hot" not in shown.replace("*hot leads*", "")


@shared_world
@pytest.mark.parametrize("typed", ["hot leads sort:score", "process hot leads by score"])
async def test_words_beside_an_order_that_are_no_name_are_explained(
    acme: World, typed: str
) -> None:
    shown = collect_text(await acme.type(f"/chakra {typed}"))
    assert 'Matching "hot", sorted by score' in shown
    assert '"hot" isn\'t a state, so it was searched for as a name.' in shown
