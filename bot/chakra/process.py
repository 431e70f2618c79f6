"""A process: a lead, a ticket, a visit. All but its id is INFERRED, and its attributes are the
team's own, so that a name or a phone number is looked for under the keys that are usual."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from bot.chakra.fields import Flag, Moment, Reference, Text, email, phone, text
from bot.chakra.models import Identified, is_uuid
from bot.chakra.text import visible

_PHONES = ("phone_number", "phone", "mobile_number", "mobile", "whatsapp_number", "whatsapp")
_LIKE_A_PHONE = re.compile(r"(phone|mobile|whatsapp)(_?(number|no))?$|contact_?(number|no)$")
_EMAILS = ("email", "email_address", "email_id")
_NAMES = ("name", "full_name", "display_name", "customer_name", "lead_name", "contact_name")
_FIRST, _LAST = ("first_name", "firstname"), ("last_name", "lastname")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s-]+")


def _attributes(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


Attributes = Annotated[Mapping[str, Any], BeforeValidator(_attributes)]


class Process(Identified):
    """`data` holds its own attributes, `record_data` those of the record it hangs on; keys are the
    attributes' short ids. `status` is OPEN, COMPLETED or CANCELLED, `state` the procedure's own."""

    state: Text = ""
    status: Text = ""
    procedure: Reference = ""
    assigned_to: Reference = ""
    created_at: Moment = None
    updated_at: Moment = None
    next_action_at: Moment = None
    is_deleted: Flag = None
    data: Attributes = Field(default_factory=dict, repr=False)
    record_data: Attributes = Field(default_factory=dict, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _record_laid_open(cls, value: object) -> object:
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
        known = self._tidy()
        usual = (_phone(known.get(key)) for key in _PHONES)
        if found := next(filter(None, usual), ""):
            return found
        like = {_phone(value) for key, value in known.items() if _LIKE_A_PHONE.search(key)} - {""}
        return like.pop() if len(like) == 1 else ""

    @property
    def email(self) -> str:
        known = self._tidy()
        return next((found for key in _EMAILS if (found := email(known.get(key)))), "")

    @property
    def name(self) -> str:
        """The first visible of the usual keys, else first and last name, else ""."""
        known = self._tidy()
        whole = _first(known, _NAMES)
        return whole or f"{_first(known, _FIRST)} {_first(known, _LAST)}".strip()

    def _tidy(self) -> Mapping[str, Any]:
        """Keys in lower case with underscores: `phoneNumber` and `Phone Number` are one."""
        return {_WORD.sub("_", name).lower(): value for name, value in self.attributes.items()}


def _phone(value: object) -> str:
    return "" if is_uuid(text(value)) else phone(value)


def _first(known: Mapping[str, Any], keys: Iterable[str]) -> str:
    found = (text(known.get(key)) for key in keys)
    return next((words for words in found if visible(words)), "")
