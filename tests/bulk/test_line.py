"""What people type after ``/chakra bulk``, and what the form then has."""

from __future__ import annotations

import pytest

from bot.bulk.line import BulkLine, find_refused_word, parse_line
from bot.chakra.attributes import Procedure
from bot.sheets.columns import Purpose

CREATE, UPDATE = Purpose.CREATE, Purpose.UPDATE


def build_procedures(**names: str) -> list[Procedure]:
    return [
        Procedure.model_validate({"id": short_id, "shortId": short_id, "name": name})
        for short_id, name in names.items()
    ]


PROCEDURES = build_procedures(
    lead="Lead", ticket="Ticket", fieldvisit="Field Visit", policy="Policy", kyc_file="KYC File"
)


@pytest.mark.parametrize(
    ("line", "purpose", "procedure"),
    [
        ("", None, "lead"),
        ("leads", None, "lead"),
        ("Leads", None, "lead"),
        ("lead", None, "lead"),
        ("tickets", None, "ticket"),
        ("ticket create", CREATE, "ticket"),
        ("create lead", CREATE, "lead"),
        ("create leads from csv", CREATE, "lead"),
        ("new tickets please", CREATE, "ticket"),
        ("add some field visits", CREATE, "fieldvisit"),
        ("fieldvisit", None, "fieldvisit"),
        ("field-visits", None, "fieldvisit"),
        ("policies", None, "policy"),
        ("kyc files", None, "kyc_file"),
        ("update", UPDATE, "lead"),
        ("change tickets", UPDATE, "ticket"),
        ("edit my leads in excel", UPDATE, "lead"),
        ("upload a list of tickets", None, "ticket"),
        ("all the data", None, "lead"),
    ],
)
def test_line_is_understood_without_a_note(
    line: str, purpose: Purpose | None, procedure: str
) -> None:
    assert parse_line(line.split(), PROCEDURES) == BulkLine(purpose, procedure)


@pytest.mark.parametrize(
    ("line", "procedure", "note"),
    [
        ("leds", "lead", "There is no record type “leds”. Lead is chosen; is that right?"),
        ("create tikets", "ticket", "There is no record type “tikets”. Ticket is chosen"),
        ("spaceship", "", "There is no record type “spaceship”. Available: Lead, Ticket, Field"),
        ("leads tomorrow", "lead", "Not understood, and not used: “tomorrow”."),
        ("leads and tickets", "lead", "One record type at a time: Lead is chosen, not Ticket."),
        ("may.csv", "lead", "Choose may.csv below: a typed command can't attach a file."),
        ("create or update leads", "lead", "separate uploads. This one will create records."),
    ],
)
def test_unclear_line_is_named_and_the_rest_is_used(line: str, procedure: str, note: str) -> None:
    read = parse_line(line.split(), PROCEDURES)
    assert read.procedure == procedure
    assert note in " ".join(read.notes)


def test_no_type_is_guessed_where_several_are_possible() -> None:
    assert parse_line([], build_procedures(ticket="Ticket", policy="Policy")).procedure == ""
    assert parse_line([], build_procedures(ticket="Ticket")).procedure == "ticket"


def test_type_is_as_typed_while_the_types_are_unknown() -> None:
    assert parse_line(["create", "Tickets"], []) == BulkLine(CREATE, "ticket")
    assert parse_line([], []) == BulkLine()


def test_uploads_delete_nothing() -> None:
    assert find_refused_word(["Delete", "leads"]) == "Delete"
    assert find_refused_word(["create", "leads"]) == ""
