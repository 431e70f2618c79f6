"""A person in the three user bodies: listed by v1, fetched by v1, and v2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.chakra.team import EmbeddedTeam
from bot.sandbox.chakra.user import EmbeddedEmail, EmbeddedPhone, EmbeddedUser

TEAM_UTC_OFFSET = "+05:30"
"""The offset of v2's timestamps."""

COMMON_FIELDS = (
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

NULL_FIELDS = ("data", "onboardingData", "profile")


@dataclass(frozen=True, slots=True)
class UserSerializer:
    team: EmbeddedTeam
    picture_url: Callable[[EmbeddedUser], str]

    def to_list_item_v1(self, user: EmbeddedUser) -> dict[str, Any]:
        """Return the 25 documented fields of an element of ``GET /v1/ext/users``."""
        return {
            **self._build_common_fields(user),
            "createdAt": user.created_at,
            "updatedAt": user.updated_at,
            "deletedAt": user.deleted_at,
            "team": self.team.team.id,
            "role": self.team.find_role_id(user.role),
            "primaryEmail": _find_primary_email(user),
            "primaryPhone": _find_primary_phone(user),
        }

    def to_detail_v1(self, user: EmbeddedUser) -> dict[str, Any]:
        """Return the listed fields with phones, emails and reportees (INFERRED from v2)."""
        return {**self.to_list_item_v1(user), **_build_collection_fields(user)}

    def to_v2(self, user: EmbeddedUser) -> dict[str, Any]:
        """Return short IDs, ISO times and plain primaries, as documented for the v2 fetch.

        That the v2 list has the same elements is INFERRED.
        """
        return {
            **self._build_common_fields(user),
            **_build_collection_fields(user),
            "createdAt": to_iso_timestamp(user.created_at),
            "updatedAt": to_iso_timestamp(user.updated_at),
            "deletedAt": None if user.deleted_at is None else to_iso_timestamp(user.deleted_at),
            "team": self.team.team.short_id,
            "role": user.role,
            "primaryEmail": user.primary_email,
            "primaryPhone": user.primary_phone,
        }

    def _build_common_fields(self, user: EmbeddedUser) -> dict[str, Any]:
        return {
            **user.model_dump(include=set(COMMON_FIELDS), by_alias=True),
            **dict.fromkeys(NULL_FIELDS),
            "profileImageUrl": user.profile_image_url or self.picture_url(user),
        }


def to_iso_timestamp(milliseconds: int) -> str:
    """Return ``2021-09-16T18:34:58.108+05:30`` for 1631817298108, as documented.

    The digits are UTC's and the offset is the team's: the documented body shows the same wall time
    as its own email's integer, so the two differ by the offset.
    """
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}{TEAM_UTC_OFFSET}"


def _build_collection_fields(user: EmbeddedUser) -> dict[str, Any]:
    return {
        "phones": [_build_phone_value(user, phone) for phone in user.phones],
        "emails": [_build_email_object(user, email) for email in user.emails],
        # UNKNOWN element type; user IDs are the plainest reading.
        "reportees": list(user.reportees),
    }


def _find_primary_email(user: EmbeddedUser) -> dict[str, Any] | None:
    if user.primary_email is None:
        return None
    known = (email for email in user.emails if email.address == user.primary_email)
    return _build_email_object(user, next(known, EmbeddedEmail(address=user.primary_email)))


def _find_primary_phone(user: EmbeddedUser) -> dict[str, Any] | str | None:
    """Return the primary phone. INFERRED: v1's documented value is null."""
    if user.primary_phone is None:
        return None
    known = (phone for phone in user.phones if phone.number == user.primary_phone)
    return _build_phone_value(user, next(known, EmbeddedPhone(number=user.primary_phone)))


def _build_email_object(user: EmbeddedUser, email: EmbeddedEmail) -> dict[str, Any]:
    return {
        **_build_owned_fields(user, email.id or user.derive_id(email.address)),
        "email": email.address,
        "normalizedEmail": email.address.lower(),
        "type": email.type,
        "isVerified": email.is_verified,
    }


def _build_phone_value(user: EmbeddedUser, phone: EmbeddedPhone) -> dict[str, Any] | str:
    """Return a phone. Its keys are UNKNOWN, and modeled on the documented email object."""
    if phone.listed_as == "string":
        return phone.number
    return {
        **_build_owned_fields(user, user.derive_id(phone.number)),
        "phone": phone.number,
        "normalizedPhone": phone.number,
        "type": "",
        "isVerified": False,
    }


def _build_owned_fields(user: EmbeddedUser, owned_id: str) -> dict[str, Any]:
    return {
        "id": owned_id,
        "createdAt": user.created_at,
        "updatedAt": user.created_at,
        "user": user.id,
    }
