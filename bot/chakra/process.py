"""A process: a lead, a ticket, a visit. All but its id is INFERRED, and its attributes are the
team's own, so that a name or a phone number is looked for under the keys that are usual."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from bot.chakra.fields import Flag, Reference, Text, Timestamp, to_email, to_phone, to_text
from bot.chakra.models import IdentifiedResource, is_uuid
from bot.chakra.text import has_visible_text

_PHONE_KEYS = ("phone_number", "phone", "mobile_number", "mobile", "whatsapp_number", "whatsapp")
_PHONE_LIKE_KEY = re.compile(r"(phone|mobile|whatsapp)(_?(number|no))?$|contact_?(number|no)$")
_EMAIL_KEYS = ("email", "email_address", "email_id")
_NAME_KEYS = ("name", "full_name", "display_name", "customer_name", "lead_name", "contact_name")
_FIRST_NAME_KEYS, _LAST_NAME_KEYS = ("first_name", "firstname"), ("last_name", "lastname")
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s-]+")


def _to_attributes(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


Attributes = Annotated[Mapping[str, Any], BeforeValidator(_to_attributes)]


class Process(IdentifiedResource):
    """`data` holds its own attributes, `record_data` those of the record it hangs on; keys are the
    attributes' short ids. `status` is OPEN, COMPLETED or CANCELLED, `state` the procedure's own."""

    state: Text = ""
    status: Text = ""
    procedure: Reference = ""
    assigned_to: Reference = ""
    created_at: Timestamp = None
    updated_at: Timestamp = None
    next_action_at: Timestamp = None
    is_deleted: Flag = None
    data: Attributes = Field(default_factory=dict, repr=False)
    record_data: Attributes = Field(default_factory=dict, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _flatten_record(cls, value: object) -> object:
        record = value.get("record") if isinstance(value, dict) else None
        if isinstance(value, dict) and isinstance(record, Mapping):
            return {**value, "recordData": record.get("data")}
        return value

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Of the process and its record; where both have one, that of the process."""
        return {**self.record_data, **self.data}

    @property
    def phone(self) -> str:
        """Digits as they stand there, the country code perhaps missing. "" where none is found, or
        several under unusual keys: one of them may be the agent's."""
        known = self._normalized_attributes()
        usual = (_phone_unless_uuid(known.get(key)) for key in _PHONE_KEYS)
        if found := next(filter(None, usual), ""):
            return found
        like = {
            _phone_unless_uuid(value) for key, value in known.items() if _PHONE_LIKE_KEY.search(key)
        } - {""}
        return like.pop() if len(like) == 1 else ""

    @property
    def email(self) -> str:
        known = self._normalized_attributes()
        return next((found for key in _EMAIL_KEYS if (found := to_email(known.get(key)))), "")

    @property
    def name(self) -> str:
        """The first visible of the usual keys, else first and last name, else ""."""
        known = self._normalized_attributes()
        first = _first_visible(known, _FIRST_NAME_KEYS)
        last = _first_visible(known, _LAST_NAME_KEYS)
        return _first_visible(known, _NAME_KEYS) or f"{first} {last}".strip()

    def _normalized_attributes(self) -> Mapping[str, Any]:
        """Keys in lower case with underscores: `phoneNumber` and `Phone Number` are one."""
        return {
            _WORD_BOUNDARY.sub("_", name).lower(): value for name, value in self.attributes.items()
        }


def _phone_unless_uuid(value: object) -> str:
    return "" if is_uuid(to_text(value)) else to_phone(value)


def _first_visible(known: Mapping[str, Any], keys: Iterable[str]) -> str:
    found = (to_text(known.get(key)) for key in keys)
    return next((words for words in found if has_visible_text(words)), "")
