"""A person of the team, and the seed (``people.json``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel, to_snake

SEED_PATH = Path(__file__).with_name("people.json")
MODEL_CONFIG = ConfigDict(
    frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
)

Picture = Literal["", "short", "long", "bun", "curly", "cap", "scarf"]
"""The hair of the drawn picture; "" for none."""


class EmbeddedEmail(BaseModel):
    model_config = MODEL_CONFIG

    address: str
    id: str = ""
    type: str = ""
    is_verified: bool = False


class EmbeddedPhone(BaseModel):
    """A phone number, in digits with the country code.

    ``listed_as`` is its form in ``phones``, whose element type is UNKNOWN: some people have
    objects, others plain strings.
    """

    model_config = MODEL_CONFIG

    number: str
    listed_as: Literal["object", "string"] = "object"


def _find_first_email(fields: dict[str, Any]) -> str | None:
    emails = fields.get("emails")
    return emails[0].address if emails else None


def _find_first_phone(fields: dict[str, Any]) -> str | None:
    phones = fields.get("phones")
    return phones[0].number if phones else None


class EmbeddedUser(BaseModel):
    """A person. Field names are the API's in snake case; the constructor accepts either case.

    ``emails`` and ``phones`` may be plain strings. The first is the primary one unless
    ``primary_email`` or ``primary_phone`` says otherwise (``None``: no primary). ``role`` is a
    short ID; ``reportees`` are user IDs. Times are epoch milliseconds. ``profile_image_url``
    overrides the drawn picture.
    """

    model_config = MODEL_CONFIG

    id: str
    created_at: int = 1631817298108
    updated_at: int = 1631817298108
    username: str = ""
    first_name: str = ""
    last_name: str = ""
    middle_name: str = ""
    display_name: str = ""
    gender: str = ""
    dob: int = 0
    bio: str = ""
    picture: Picture = ""
    profile_image_url: str = ""
    cover_image_url: str = ""
    timezone: str = ""
    is_active: bool = True
    is_deleted: bool = False
    deleted_at: int | None = None
    availability_status: str = "AVAILABLE"
    role: str = "inside_sales"
    emails: tuple[EmbeddedEmail, ...] = ()
    phones: tuple[EmbeddedPhone, ...] = ()
    primary_email: str | None = Field(default_factory=_find_first_email)
    primary_phone: str | None = Field(default_factory=_find_first_phone)
    reportees: tuple[str, ...] = ()

    @field_validator("emails", mode="before")
    @classmethod
    def _parse_emails(cls, given: Any) -> Any:
        return tuple({"address": item} if isinstance(item, str) else item for item in given)

    @field_validator("phones", mode="before")
    @classmethod
    def _parse_phones(cls, given: Any) -> Any:
        return tuple({"number": item} if isinstance(item, str) else item for item in given)

    def derive_id(self, part: str) -> str:
        """Return a stable UUID for a part of this person, such as an email address."""
        return str(uuid5(NAMESPACE_URL, f"{self.id}/{part}"))

    def with_changes(self, **changes: Any) -> EmbeddedUser:
        """Return a validated copy with ``changes``. Raise pydantic's ``ValidationError``."""
        given = self.model_dump(include=self.model_fields_set)
        return EmbeddedUser.model_validate({**given, **to_snake_case(changes)})


def to_snake_case(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with names in snake case."""
    return {to_snake(name): value for name, value in fields.items()}


@cache
def load_users() -> tuple[EmbeddedUser, ...]:
    """Return the seed, in its order. It names reportees by username, for its readers."""
    rows = json.loads(SEED_PATH.read_bytes())
    ids = {row["username"]: row["id"] for row in rows}
    for row in rows:
        row["reportees"] = [ids[username] for username in row.get("reportees", ())]
    return tuple(EmbeddedUser.model_validate(row) for row in rows)


def is_uuid(text: str) -> bool:
    """Return whether ``text`` is a UUID in its usual form with hyphens."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
