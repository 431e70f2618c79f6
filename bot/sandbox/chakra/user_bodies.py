"""A person in the three user bodies: listed by v1, fetched by v1, and v2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.chakra.people import Email, Person, Phone
from bot.sandbox.chakra.team import Team

TEAM_OFFSET = "+05:30"
"""The offset of v2's timestamps."""

PLAIN_FIELDS = (
    "id",
    "username",
    "first_name",
    "last_name",
    "middle_name",
    "display_name",
    "gender",
    "dob",
    "bio",
    "cover_image_url",
    "timezone",
    "is_active",
    "is_deleted",
    "availability_status",
)
"""Fields that are the same in every body. ``AVAILABLE`` is the only documented availability; the
seed's ``AWAY`` and ``BUSY`` are guesses, so that clients meet unknown values."""

ALWAYS_NULL = ("data", "onboardingData", "profile")


@dataclass(frozen=True, slots=True)
class UserBodies:
    team: Team
    picture_url: Callable[[Person], str]

    def listed_v1(self, person: Person) -> dict[str, Any]:
        """Return the 25 documented fields of an element of ``GET /v1/ext/users``."""
        return {
            **self._common(person),
            "createdAt": person.created_at,
            "updatedAt": person.updated_at,
            "deletedAt": person.deleted_at,
            "team": self.team.team.id,
            "role": self.team.role_id(person.role),
            "primaryEmail": _primary_email(person),
            "primaryPhone": _primary_phone(person),
        }

    def fetched_v1(self, person: Person) -> dict[str, Any]:
        """Return the listed fields with phones, emails and reportees (INFERRED from v2)."""
        return {**self.listed_v1(person), **_collections(person)}

    def v2(self, person: Person) -> dict[str, Any]:
        """Return short IDs, ISO times and plain primaries, as documented for the v2 fetch.

        That the v2 list has the same elements is INFERRED.
        """
        return {
            **self._common(person),
            **_collections(person),
            "createdAt": iso(person.created_at),
            "updatedAt": iso(person.updated_at),
            "deletedAt": None if person.deleted_at is None else iso(person.deleted_at),
            "team": self.team.team.short_id,
            "role": person.role,
            "primaryEmail": person.primary_email,
            "primaryPhone": person.primary_phone,
        }

    def _common(self, person: Person) -> dict[str, Any]:
        return {
            **person.model_dump(include=set(PLAIN_FIELDS), by_alias=True),
            **dict.fromkeys(ALWAYS_NULL),
            "profileImageUrl": person.profile_image_url or self.picture_url(person),
        }


def iso(milliseconds: int) -> str:
    """Return ``2021-09-16T18:34:58.108+05:30`` for 1631817298108, as documented.

    The digits are UTC's and the offset is the team's: the documented body shows the same wall time
    as its own email's integer, so the two differ by the offset.
    """
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}{TEAM_OFFSET}"


def _collections(person: Person) -> dict[str, Any]:
    return {
        "phones": [_phone(person, phone) for phone in person.phones],
        "emails": [_email(person, email) for email in person.emails],
        # UNKNOWN element type; user IDs are the plainest reading.
        "reportees": list(person.reportees),
    }


def _primary_email(person: Person) -> dict[str, Any] | None:
    if person.primary_email is None:
        return None
    known = (email for email in person.emails if email.address == person.primary_email)
    return _email(person, next(known, Email(address=person.primary_email)))


def _primary_phone(person: Person) -> dict[str, Any] | str | None:
    """Return the primary phone. INFERRED: v1's documented value is null."""
    if person.primary_phone is None:
        return None
    known = (phone for phone in person.phones if phone.number == person.primary_phone)
    return _phone(person, next(known, Phone(number=person.primary_phone)))


def _email(person: Person, email: Email) -> dict[str, Any]:
    return {
        **_part(person, email.id or person.part_id(email.address)),
        "email": email.address,
        "normalizedEmail": email.address.lower(),
        "type": email.type,
        "isVerified": email.is_verified,
    }


def _phone(person: Person, phone: Phone) -> dict[str, Any] | str:
    """Return a phone. Its keys are UNKNOWN, and modelled on the documented email object."""
    if phone.listed_as == "string":
        return phone.number
    return {
        **_part(person, person.part_id(phone.number)),
        "phone": phone.number,
        "normalizedPhone": phone.number,
        "type": "",
        "isVerified": False,
    }


def _part(person: Person, part_id: str) -> dict[str, Any]:
    return {
        "id": part_id,
        "createdAt": person.created_at,
        "updatedAt": person.created_at,
        "user": person.id,
    }
