"""A process: a lead, a ticket, a visit (API.md, Processes).

Everything is INFERRED, so each field may be missing or of another type. The attributes are defined
by the team, so the name, the phone number and the email address are searched under the usual keys.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from bot.chakra.fields import (
    Flag,
    Reference,
    Text,
    Timestamp,
    to_email,
    to_international_phone,
    to_text,
)
from bot.chakra.models import Resource, is_uuid
from bot.chakra.text import has_visible_text

_PHONE_KEYS = ("phone_number", "phone", "mobile_number", "mobile", "whatsapp_number", "whatsapp")
_PHONE_LIKE_KEY = re.compile(r"(phone|mobile|whatsapp)(_?(number|no))?$|contact_?(number|no)$")
_EMAIL_KEYS = ("email", "email_address", "email_id")
_NAME_KEYS = ("name", "full_name", "display_name", "customer_name", "lead_name", "contact_name")
_FIRST_NAME_KEYS, _LAST_NAME_KEYS = ("first_name", "firstname"), ("last_name", "lastname")
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s-]+")

_KNOWN_FIELDS = frozenset(
    {
        "id", "createdAt", "updatedAt", "procedure", "state", "status", "assignedTo",
        "nextActionAt", "isDeleted", "data", "record", "team",
    }
)  # fmt: skip
"""The documented fields of a process."""


_USER_KEYS = ("username", "email", "primaryEmail", "displayName", "name", "shortId", "id")


def _to_attributes(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _to_user(value: object) -> str:
    """Return a username (CONFIRMED), or the user's name from an object in its place."""
    if not isinstance(value, Mapping):
        return to_text(value)
    texts = (to_text(value.get(key)) or to_email(value.get(key)) for key in _USER_KEYS)
    return next(filter(None, texts), "")


Attributes = Annotated[Mapping[str, Any], BeforeValidator(_to_attributes)]
Assignee = Annotated[str, BeforeValidator(_to_user)]


class Process(Resource):
    """A process.

    ``data`` has its attributes and ``record_data`` those of its record, by short ID. ``status`` is
    OPEN, COMPLETED or CANCELLED; the values of ``state`` are the procedure's. ``other`` has the
    fields that aren't documented, those of the record as "record.name".
    """

    id: Text = ""
    state: Text = ""
    status: Text = ""
    procedure: Reference = ""
    assigned_to: Assignee = ""
    created_at: Timestamp = None
    updated_at: Timestamp = None
    next_action_at: Timestamp = None
    is_deleted: Flag = None
    data: Attributes = Field(default_factory=dict, repr=False)
    record_data: Attributes = Field(default_factory=dict, repr=False)
    other: Attributes = Field(default_factory=dict, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _flatten_record(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        record = value.get("record")
        flat = {**value, "other": _collect_undocumented_fields(value)}
        return {**flat, "recordData": record.get("data")} if isinstance(record, Mapping) else flat

    @property
    def identity(self) -> str:
        """The ID, which may be missing; then whatever distinguishes this process from others."""
        if self.id:
            return self.id
        content = json.dumps([self.data, self.record_data, self.other], sort_keys=True, default=str)
        return hashlib.blake2s(content.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes of the process and its record; those of the process take precedence."""
        return {**self.record_data, **self.data}

    @property
    def phone(self) -> str:
        """The phone number, digits only, perhaps without a country code; else ""."""
        return self.international_phone.removeprefix("+")

    @property
    def international_phone(self) -> str:
        """The phone number, with a plus if it is stored with one.

        It is "" if there is none, or if there are several under unusual keys: one may be the
        agent's.
        """
        attributes = self._normalize_attributes()
        phones = (_parse_phone(attributes.get(key)) for key in _PHONE_KEYS)
        if phone := next(filter(None, phones), ""):
            return phone
        other_phones = {
            _parse_phone(value) for key, value in attributes.items() if _PHONE_LIKE_KEY.search(key)
        } - {""}
        unique = {phone.removeprefix("+") for phone in other_phones}
        return max(other_phones, key=len) if len(unique) == 1 else ""

    @property
    def email(self) -> str:
        """The email address, or ""."""
        attributes = self._normalize_attributes()
        emails = (to_email(attributes.get(key)) for key in _EMAIL_KEYS)
        return next(filter(None, emails), "")

    @property
    def name(self) -> str:
        """The name under the usual keys, else the first and last name, else ""."""
        attributes = self._normalize_attributes()
        first = _find_first_visible(attributes, _FIRST_NAME_KEYS)
        last = _find_first_visible(attributes, _LAST_NAME_KEYS)
        return _find_first_visible(attributes, _NAME_KEYS) or f"{first} {last}".strip()

    def _normalize_attributes(self) -> Mapping[str, Any]:
        """Return the attributes by keys in lower case with underscores.

        ``phoneNumber`` and ``Phone Number`` become the same key.
        """
        return {
            _WORD_BOUNDARY.sub("_", name).lower(): value for name, value in self.attributes.items()
        }


def _collect_undocumented_fields(value: Mapping[str, Any]) -> Mapping[str, Any]:
    other = {name: item for name, item in value.items() if name not in _KNOWN_FIELDS}
    for name in ("data", "record"):
        if value.get(name) and not isinstance(value[name], Mapping):
            other[name] = value[name]
    record = value.get("record")
    if isinstance(record, Mapping):
        other |= {f"record.{name}": item for name, item in record.items() if name != "data"}
    return other


def _parse_phone(value: object) -> str:
    return "" if is_uuid(to_text(value)) else to_international_phone(value)


def _find_first_visible(attributes: Mapping[str, Any], keys: Iterable[str]) -> str:
    texts = (to_text(attributes.get(key)) for key in keys)
    return next((text for text in texts if has_visible_text(text)), "")
