"""Models of Chakra's objects: frozen, and lenient about everything that is not CONFIRMED.

Field names are the API's in snake case; properties are ours. Only ``id`` is required; unknown
fields are ignored.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel

from bot.chakra.fields import (
    Email,
    Emails,
    Flag,
    Phone,
    Phones,
    Reference,
    Text,
    Timestamp,
    parse_timezone,
    to_items,
    to_text,
)
from bot.chakra.text import has_visible_text

Id = Annotated[str, BeforeValidator(to_text), StringConstraints(min_length=1)]


class Resource(BaseModel):
    """An object of a response, in camel case. Fields may be missing or new."""

    model_config = ConfigDict(
        frozen=True,
        defer_build=True,
        extra="ignore",
        alias_generator=to_camel,
        populate_by_name=True,
    )


class IdentifiedResource(Resource):
    """An object with an ID."""

    id: Id


class Reportee(Resource):
    """A person who reports to a user.

    The element type is UNKNOWN (the examples are empty), so ``id`` or ``name`` may be "".
    """

    id: Text = ""
    name: Text = ""


def _parse_reportees(value: object) -> tuple[Reportee, ...]:
    reportees = map(_parse_reportee, to_items(value))
    return tuple(reportee for reportee in reportees if reportee.id or reportee.name)


def _parse_reportee(value: object) -> Reportee:
    if isinstance(value, Reportee):
        return value
    if isinstance(value, dict):
        name = _find_first_visible(_format_full_name(value), to_text(value.get("username")), "")
        return Reportee(id=value.get("id", ""), name=name)
    text = to_text(value)
    if is_uuid(text):
        return Reportee(id=text)
    return Reportee(name=text if has_visible_text(text) else "")


def _format_full_name(user: dict[str, object]) -> str:
    parts = [to_text(user.get(key)) for key in ("firstName", "middleName", "lastName")]
    return _find_first_visible(
        to_text(user.get("displayName")), to_text(user.get("name")), _join_visible(*parts)
    )


class User(IdentifiedResource):
    """A member of the Chakra team, from either version of the API.

    ``team`` and ``role`` are UUIDs in v1, which ``Config`` resolves, and short IDs in v2. The v1
    list has neither ``phones`` nor ``reportees``. Phone numbers are digits only. Unset text is "";
    ``is_active`` and ``is_deleted`` are ``None`` if Chakra does not say.
    """

    username: Text = ""
    first_name: Text = ""
    middle_name: Text = ""
    last_name: Text = ""
    display_name: Text = ""
    bio: Text = ""
    profile_image_url: Text = ""
    timezone: Text = ""
    availability_status: Text = ""
    is_active: Flag = None
    is_deleted: Flag = None
    created_at: Timestamp = None
    updated_at: Timestamp = None
    team: Reference = ""
    role: Reference = ""
    primary_email: Email = ""
    primary_phone: Phone = ""
    listed_emails: Emails = ()
    listed_phones: Phones = ()
    reportees: Annotated[tuple[Reportee, ...], BeforeValidator(_parse_reportees)] = ()

    @model_validator(mode="before")
    @classmethod
    def _rename_list_fields(cls, value: object) -> object:
        # `emails` and `phones` are properties here: the primary one and the listed ones.
        if not isinstance(value, dict):
            return value
        renamed = {"emails": "listedEmails", "phones": "listedPhones"}
        return value | {new: value[old] for old, new in renamed.items() if old in value}

    @cached_property
    def full_name(self) -> str:
        """The first, middle and last name, as far as they are set."""
        return _join_visible(self.first_name, self.middle_name, self.last_name)

    @cached_property
    def name(self) -> str:
        """The name to show; never empty."""
        return _find_first_visible(
            self.display_name, self.full_name, self.username, self.email, self.id
        )

    @cached_property
    def email(self) -> str:
        """The primary address, else the first listed one, else ""."""
        return next(iter(self.emails), "")

    @cached_property
    def emails(self) -> tuple[str, ...]:
        """All addresses, the primary one first."""
        return _merge_unique_values(self.primary_email, self.listed_emails)

    @cached_property
    def phones(self) -> tuple[str, ...]:
        """All numbers, digits only, the primary one first."""
        return _merge_unique_values(self.primary_phone, self.listed_phones)

    @property
    def active(self) -> bool | None:
        """Whether the user is active and not deleted; ``None`` if Chakra does not say."""
        return False if self.is_deleted else self.is_active

    @cached_property
    def zone(self) -> tzinfo | None:
        """The time zone from ``+0530``, as Chakra has it, or from a name; else ``None``."""
        return parse_timezone(self.timezone)

    def compute_utc_offset(self, now: datetime) -> timedelta | None:
        """Return the user's offset from UTC at ``now`` (aware); ``None`` without a time zone."""
        local = self.compute_local_time(now)
        return local.utcoffset() if local else None

    def compute_local_time(self, now: datetime) -> datetime | None:
        """Return ``now`` (aware) in the user's time zone; ``None`` without one."""
        return now.astimezone(self.zone) if self.zone else None


class UserChanges(BaseModel):
    """Changes to a user. A field that is ``None`` is not changed.

    These are the two fields of the documented body; which others can be written is UNKNOWN.
    """

    model_config = ConfigDict(
        frozen=True,
        defer_build=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
    )

    first_name: str | None = None
    last_name: str | None = None

    @model_validator(mode="after")
    def _require_change(self) -> Self:
        if not self.to_body():
            raise ValueError("nothing would be changed")
        return self

    def to_body(self) -> dict[str, str]:
        """Return the JSON body."""
        return self.model_dump(by_alias=True, exclude_none=True)


class NamedResource(Resource):
    """An object of the configuration. That it has these three fields is INFERRED."""

    id: Text = ""
    short_id: Text = ""
    name: Text = ""

    @property
    def label(self) -> str:
        """The name to show: the name, else the short ID, else the ID."""
        return _find_first_visible(self.name, self.short_id, self.id)

    def matches(self, reference: str) -> bool:
        """Return whether the reference is its UUID or its short ID."""
        return bool(reference) and reference in {self.id, self.short_id}


def _to_score(value: object) -> str:
    return to_text(value.get("score") if isinstance(value, dict) else value)


_LIMIT_FIELDS = (
    "messagingLimit",
    "messaging_limit",
    "whatsappBusinessManagerMessagingLimit",
    "whatsapp_business_manager_messaging_limit",
    "messagingLimitTier",
    "messaging_limit_tier",
)


def _find_problems(health: object) -> str:
    """Return why a number can't send freely, from Meta's health status; else ""."""
    entities = health.get("entities") if isinstance(health, dict) else None
    found: list[str] = []
    for entity in to_items(entities):
        if isinstance(entity, dict):
            reasons = to_items(entity.get("additional_info") or entity.get("additionalInfo"))
            errors = to_items(entity.get("errors"))
            described = [
                error.get("error_description") for error in errors if isinstance(error, dict)
            ]
            found += map(to_text, (*reasons, *described))
    return " ".join(dict.fromkeys(filter(None, found)))


class PhoneNumber(IdentifiedResource):
    """A phone number of the business. All INFERRED.

    ``id`` is Meta's ID, which sends use; ``waba`` is the ID of its WhatsApp Business Account.
    """

    waba: Reference = ""
    display_phone_number: Text = ""
    verified_name: Text = ""
    status: Text = ""
    chakra_status: Text = ""
    account_mode: Text = ""
    quality: Annotated[str, BeforeValidator(_to_score)] = Field(default="", alias="qualityScore")
    messaging_limit: Text = ""
    name_status: Text = ""
    problems: Annotated[str, BeforeValidator(_find_problems)] = Field(
        default="", alias="healthStatus"
    )

    @model_validator(mode="before")
    @classmethod
    def _find_limit(cls, value: object) -> object:
        # The portfolio's limit replaces the number's, which Meta is going to remove.
        if not isinstance(value, dict):
            return value
        texts = (to_text(value.get(name)) for name in _LIMIT_FIELDS)
        return {**value, "messagingLimit": next(filter(None, texts), "")}

    @property
    def is_sandbox(self) -> bool:
        return self.account_mode.upper() == "SANDBOX"

    @property
    def is_connected(self) -> bool:
        """Whether no status but CONNECTED is given, the only value that has been seen."""
        statuses = {self.status.upper(), self.chakra_status.upper()} - {""}
        return statuses <= {"CONNECTED"}

    @property
    def name(self) -> str:
        """The name to show; never empty."""
        return _find_first_visible(self.verified_name, self.display_phone_number, self.id)


class BusinessAccount(IdentifiedResource):
    """A WhatsApp Business Account. INFERRED."""

    name: Text = ""
    chakra_status: Text = ""


class PublicMedia(Resource):
    """The response to an upload."""

    public_media_url: Text = ""


def _to_byte_count(value: object) -> int | None:
    text = to_text(value)
    return int(text) if text.isascii() and text.isdigit() else None


class Media(BaseModel):
    """A file on WhatsApp, in Meta's shape. INFERRED.

    ``url`` is on Chakra's host; ``file_size`` is in bytes, or ``None``.
    """

    model_config = ConfigDict(frozen=True, defer_build=True, extra="ignore")

    id: Text = ""
    url: Text = Field(default="", repr=False)
    mime_type: Text = ""
    sha256: Text = ""
    file_size: Annotated[int | None, BeforeValidator(_to_byte_count)] = None

    @model_validator(mode="after")
    def _require_url(self) -> Self:
        if not self.url:
            raise ValueError("url")
        return self


def is_uuid(value: str) -> bool:
    """Return whether a string is a UUID of 36 characters, in either case."""
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False


def _join_visible(*parts: str) -> str:
    return " ".join(part for part in parts if has_visible_text(part))


def _find_first_visible(*names: str) -> str:
    """Return the first name with a visible character, else the last one."""
    return next((name for name in names if has_visible_text(name)), names[-1])


def _merge_unique_values(first: str, others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in (first, *others) if value))
