"""What lines and messages about new leads mean, as their tables have it."""

from __future__ import annotations

from bot.messages.contacts import extract_contacts
from bot.processes.lead_fields import LeadDraft, LeadFields, find_lead_fields
from bot.processes.lead_line import is_new_lead, read_lead_line
from bot.processes.lead_text import read_lead_text
from bot.processes.record_query import QueryField, ValueType
from bot.slack.commands.arguments import parse_arguments
from bot.slack.message_text import extract_text
from bot.text.phones import PhoneParser

NAMES = ("lead_id", "name", "phone_number", "email", "score", "city", "company")


def build_fields(names: tuple[str, ...] = NAMES) -> LeadFields:
    fields = [
        QueryField(
            name,
            name.replace("_", " ").title(),
            ValueType.NUMBER if name == "score" else ValueType.TEXT,
        )
        for name in names
    ]
    return find_lead_fields(fields, frozenset({"phone_number"}))


FIELDS = build_fields()


def read_line(typed: str) -> str:
    """Return what a typed line means: "find", or the fields of the lead."""
    arguments = parse_arguments(typed)
    if not is_new_lead(arguments):
        return "find"
    return describe(read_lead_line(arguments.tokens, FIELDS, PhoneParser("IN")))


def read_message(text: str) -> str:
    message = {"text": text}
    contacts = extract_contacts(message, PhoneParser("IN"))
    numbers = [contact for contact in contacts if contact.startswith("+")]
    emails = [contact for contact in contacts if not contact.startswith("+")]
    return describe(read_lead_text(extract_text(message), FIELDS, numbers, emails))


def describe(draft: LeadDraft) -> str:
    parts = dict(draft.values)
    roots = {"state": draft.state, "status": draft.status, "assignee": draft.assignee}
    parts |= {name: value for name, value in roots.items() if value}
    shown = [f"{name} {value}" for name, value in parts.items()]
    return " | ".join([*shown, *(f"note {note}" for note in draft.notes)]) or "empty"
