"""The fields of a new lead: those of the configuration, name and contact details first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bot.processes.query import (
    EMAIL_KEYS,
    FIRST_NAME_KEYS,
    LAST_NAME_KEYS,
    NAME_KEYS,
    is_phone_key,
    normalize_key,
)
from bot.processes.query_schema import QuerySchema, fold
from bot.processes.record_query import QueryField
from bot.processes.search import ROOT_FIELDS, RecordType

CONFIRMED_FIELDS: Final = (
    QueryField("name", "Name"),
    QueryField("phone_number", "Phone number"),
    QueryField("email", "Email"),
)
"""The fields of a lead if the configuration has none (API.md, Processes)."""
NAME_WORDS: Final = frozenset(
    ("name", "fullname", "customer", "customername", "contactname", "client", "clientname", "lead",
     "leadname", "contactperson", "person", "nombre", "naam", "fn")
)  # fmt: skip
PHONE_WORDS: Final = frozenset(
    ("phone", "phoneno", "phonenumber", "mobile", "mobileno", "mobilenumber", "cell", "tel", "ph",
     "telephone", "whatsapp", "whatsappnumber", "number", "contactno", "contactnumber", "call",
     "mob", "m", "t", "p")
)  # fmt: skip
EMAIL_WORDS: Final = frozenset(("email", "emailid", "emailaddress", "mail", "mailid", "e"))
OTHER_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "city": ("city", "town", "location", "place", "area"),
    "company": ("company", "companyname", "organization", "organisation", "org", "business"),
    "address": ("address", "addr"),
    "source": ("source", "leadsource"),
    "designation": ("designation", "title", "jobtitle", "role", "position"),
}  # fmt: skip
"""Synonyms: a label in a text, and the name of a field."""


@dataclass(frozen=True, slots=True)
class LeadFields:
    """The fields for a lead's name, number and address; None if there is none."""

    fields: tuple[QueryField, ...]
    name: QueryField | None = None
    first_name: QueryField | None = None
    last_name: QueryField | None = None
    phone: QueryField | None = None
    email: QueryField | None = None

    def find(self, typed: str) -> QueryField | None:
        """Return the field that a typed name or a label in a text means."""
        folded = fold(typed)
        for known in self.fields:
            if folded in (fold(known.name), fold(known.label)):
                return known
        if folded in NAME_WORDS:
            return self.name or self.first_name
        if folded in PHONE_WORDS:
            return self.phone
        if folded in EMAIL_WORDS:
            return self.email
        words = next((group for group in OTHER_WORDS.values() if folded in group), ())
        return next((known for known in self.fields if fold(known.label) in words), None)

    def split_name(self, name: str) -> dict[str, str]:
        """Return a person's name by field: one for the whole name, or two."""
        if self.name is not None:
            return {self.name.name: name}
        first, _, last = name.partition(" ")
        if self.first_name is None or (last and self.last_name is None):
            target = self.first_name or self.last_name
            return {target.name: name} if target else {}
        return {self.first_name.name: first} | (
            {self.last_name.name: last} if last and self.last_name else {}
        )


@dataclass(frozen=True, slots=True)
class LeadDraft:
    """A lead that is being entered: ``values`` by field, sentences in ``notes``.

    ``state`` and ``status`` are Chakra's values. ``assignee`` is as typed.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    state: str = ""
    status: str = ""
    assignee: str = ""
    notes: tuple[str, ...] = field(default=(), repr=False)


def add_confirmed_fields(record_type: RecordType) -> RecordType:
    """Return the lead type, with the fields that the API confirms if the configuration has none."""
    if record_type.attributes:
        return record_type
    roots = tuple(known for known in record_type.schema.fields if known in ROOT_FIELDS)
    schema = QuerySchema(
        (*(roots or ROOT_FIELDS), *CONFIRMED_FIELDS), record_type.schema.kind_words
    )
    return replace(record_type, schema=schema, phone_fields=frozenset({"phone_number"}))


def find_lead_fields(fields: Sequence[QueryField], phones: frozenset[str]) -> LeadFields:
    """Return the fields, ordered for the form; ``phones`` are those whose type is a number."""
    by_key = {normalize_key(known.name): known for known in fields}

    def find(keys: frozenset[str]) -> QueryField | None:
        return next((known for key, known in by_key.items() if key in keys), None)

    phone = next((known for known in fields if known.name in phones), None)
    phone = phone or next((known for key, known in by_key.items() if is_phone_key(key)), None)
    found = (
        find(NAME_KEYS), find(FIRST_NAME_KEYS), find(LAST_NAME_KEYS), phone, find(EMAIL_KEYS),
    )  # fmt: skip
    usual = [known for known in found if known is not None]
    ordered = (*usual, *(known for known in fields if known not in usual))
    return LeadFields(ordered, *found)


def order_fields(fields: Sequence[QueryField], phones: frozenset[str]) -> list[QueryField]:
    """Return the fields of a new record as its forms show them, required ones first."""
    return sorted(find_lead_fields(fields, phones).fields, key=lambda known: not known.is_required)
