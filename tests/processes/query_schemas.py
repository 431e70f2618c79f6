"""The schema of the typed queries in the tests, and how their ``where`` is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from bot.processes.query_parser import parse_query
from bot.processes.query_schema import QuerySchema
from bot.processes.record_query import (
    Person,
    QueryField,
    RecordQuery,
    ValueType,
    Where,
    WhereBuilder,
)
from bot.slack.commands.arguments import parse_arguments

TODAY = date(2026, 11, 29)
"""A Sunday."""
ZONE = ZoneInfo("Asia/Kolkata")
SCHEMA = QuerySchema(
    (
        QueryField(
            "status",
            "Status",
            choices=("OPEN", "COMPLETED", "CANCELLED"),
            synonyms=(("done", "COMPLETED"), ("closed", "COMPLETED"), ("canceled", "CANCELLED")),
        ),
        QueryField(
            "state",
            "State",
            aliases=("stage",),
            choices=("NEW", "IN_PROGRESS", "CONVERTED", "NOT_INTERESTED"),
        ),
        QueryField("createdAt", "Created", ValueType.TIME, ("created", "created_at", "date")),
        QueryField(
            "assignedTo",
            "Assigned to",
            ValueType.PERSON,
            ("assigned", "assignee", "owner", "assigned_to"),
        ),
        QueryField("lead_id", "Lead Id"),
        QueryField("name", "Name"),
        QueryField("firstname", "First Name"),
        QueryField("lastname", "Last Name"),
        QueryField("phone_number", "Phone Number", aliases=("phone",)),
        QueryField("email", "Email"),
        QueryField("score", "Score", ValueType.NUMBER),
        QueryField("city", "City"),
        QueryField("visited", "Visited", ValueType.BOOLEAN),
        QueryField("follow_up", "Follow-up", ValueType.DATE),
    ),
    frozenset({"lead", "leads"}),
)


def parse(typed: str) -> RecordQuery:
    return parse_query(parse_arguments(typed).tokens, SCHEMA, TODAY)


def build_where(query: RecordQuery) -> Where:
    """Return the ``where``; each person is their own username, and words are ``{"words": …}``."""
    usernames: Mapping[Person, Sequence[str]] = {
        person: ("john@acme.com" if person == Person("me") else person.text,)
        for person in query.people
    }
    return WhereBuilder(ZONE, usernames, {text: {"words": text} for text in query.words}).build(
        query
    )
