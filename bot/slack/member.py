"""A member of the workspace, as Slack's ``users.info`` describes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

DAY_SECONDS = 86_400


class MemberKind(Enum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"
    """Single- or multi-channel guest (``is_restricted``, ``is_ultra_restricted``)."""
    EXTERNAL = "external"
    """Someone from elsewhere, through a shared channel (``is_stranger``, or another team)."""
    DEACTIVATED = "deactivated"
    """Deactivated, or a bot."""


MEMBER_KINDS = frozenset({MemberKind.OWNER, MemberKind.ADMIN, MemberKind.MEMBER})
"""The kinds of people who work in the workspace."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member, as far as the app needs to know them.

    ``email`` is empty without the scope ``users:read.email``. ``timezone`` is an IANA name
    ("Asia/Kolkata") or empty; ``utc_offset`` is in seconds. ``locale`` is the language of their
    Slack, such as "pt-BR", or empty.
    """

    id: str
    name: str
    email: str
    kind: MemberKind
    utc_offset: int = 0
    timezone: str = ""
    locale: str = ""

    @property
    def is_admin(self) -> bool:
        """Whether they are an owner or an admin of the workspace."""
        return self.kind in (MemberKind.OWNER, MemberKind.ADMIN)

    @property
    def zone(self) -> tzinfo:
        """The member's time zone; today's offset if its name is unknown here."""
        try:
            return ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            return timezone(timedelta(seconds=self.utc_offset))


def parse_member(user: Mapping[str, Any], team_id: str) -> Member:
    """Parse ``user`` of ``users.info``. ``team_id`` is the workspace that the bot is installed in.

    docs.slack.dev/reference/methods/users.info
    """
    profile = _get_profile(user)
    offset = user.get("tz_offset")
    zone, locale = user.get("tz"), user.get("locale")
    name = profile.get("display_name") or profile.get("real_name") or user.get("name") or ""
    return Member(
        id=str(user.get("id", "")),
        name=str(name),
        email=str(profile.get("email") or ""),
        kind=_classify(user, team_id),
        utc_offset=offset if isinstance(offset, int) and abs(offset) < DAY_SECONDS else 0,
        timezone=zone if isinstance(zone, str) else "",
        locale=locale if isinstance(locale, str) else "",
    )


def _classify(user: Mapping[str, Any], team_id: str) -> MemberKind:
    if user.get("deleted") or user.get("is_bot"):
        return MemberKind.DEACTIVATED
    if user.get("is_stranger") or not _belongs_to_team(user, team_id):
        return MemberKind.EXTERNAL
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return MemberKind.GUEST
    if user.get("is_owner") or user.get("is_primary_owner"):
        return MemberKind.OWNER
    return MemberKind.ADMIN if user.get("is_admin") else MemberKind.MEMBER


def _belongs_to_team(user: Mapping[str, Any], team_id: str) -> bool:
    """Return whether the person belongs to ``team_id``; if Slack names no team, they do not.

    In an Enterprise Grid a person belongs to several workspaces of one organization.
    """
    workspaces = (user.get("enterprise_user") or {}).get("teams") or ()
    home = user.get("team_id") or _get_profile(user).get("team")
    return not team_id or home == team_id or team_id in workspaces


def _get_profile(user: Mapping[str, Any]) -> Mapping[str, Any]:
    profile = user.get("profile")
    return profile if isinstance(profile, Mapping) else {}
