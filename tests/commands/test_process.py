"""Stories of ``/chakra process``: lists by a typed query, their pages, and the card of a record."""

from __future__ import annotations

import json

import pytest

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import visible_text
from commands.process import ROWS_PER_PAGE
from tests.people import MEI
from tests.world import World

LIST = "POST /v1/ext/procedure/{procedureShortId}/process/list"


def last_where(acme: World) -> object:
    requests = [request for request in acme.chakra.requests if request.path.endswith("/list")]
    return requests[-1].json["where"]


async def test_query_is_sent_as_its_where_and_echoed(acme: World) -> None:
    shown = visible_text(await acme.type("/chakra process list lead state:new assigned:me"))
    assert last_where(acme) == {"state": "NEW", "assignedTo": ["johndoe", "john@acme.com"]}
    assert "Leads" in shown
    assert "State NEW, assigned to you" in shown
    assert "LEAD-004038" in shown
    assert "priya" not in shown


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
    shown = visible_text(await acme.type(f"/chakra {typed}"))
    assert found in shown
    assert missing not in shown


async def test_pages_turn_both_ways(acme: World) -> None:
    first = visible_text(await acme.type("/chakra leads"))
    assert f"1–{ROWS_PER_PAGE}" in first
    second = visible_text(await acme.press("process.page:next"))
    assert f"{ROWS_PER_PAGE + 1}–" in second
    assert "Ted Mosby" not in second
    assert "Ted Mosby" in visible_text(await acme.press("process.page:previous"))


@pytest.mark.parametrize("typed", ["lead LEAD-004038", "process LEAD-004038", "lead aarav",
                                   "process show lead lead-004038"])  # fmt: skip
async def test_one_record_is_shown_as_a_card(acme: World, typed: str) -> None:
    shown = visible_text(await acme.type(f"/chakra {typed}"))
    for text in ("Aarav Mehta", "LEAD-004038", "919876543210", "Score", "72", "Pune"):
        assert text in shown


async def test_card_opens_the_send_form_for_its_record(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("process.send")
    assert "lead LEAD-004038" in json.dumps(acme.slack.view("U0JOHN"))


async def test_member_who_may_not_send_has_no_send_button(acme: World) -> None:
    shown = visible_text(await acme.type("/chakra lead LEAD-004038", by=MEI))
    assert "Refresh" in shown
    assert "Send WhatsApp" not in shown


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("leads stat:NEW", 'There\'s no field "stat". Did you mean state?'),
        ("leads created:soon", '"soon" isn\'t a day.'),
        ("leads score:high", 'Score is a number, and "high" isn\'t.'),
        ("leads -aarav", "Words can't be left out of a search"),
        ("process show ticket T-1", 'There are no records called "ticket". There are: lead.'),
        ("lead NOPE-99", "Can't find lead"),
        ("leads assigned:zzqq", 'No one in Chakra is called "zzqq".'),
        ('leads assigned:"Maria Garcia"', 'Several people are called "Maria Garcia".'),
        ("leads state:WON", "No lead matches."),
        ("leads " + "x" * 1_200, "That's too long"),
    ],
)
async def test_what_cannot_be_found_is_named(acme: World, typed: str, sentence: str) -> None:
    assert sentence in visible_text(await acme.type(f"/chakra {typed}"))


async def test_outage_is_explained(acme: World) -> None:
    acme.chakra.fail(LIST, StatusResponse(403))
    assert "Chakra" in visible_text(await acme.type("/chakra leads"))
    assert acme.slack.rejections == []
