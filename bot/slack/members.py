"""Slack members as ``users.info`` tells them, and the members of user groups; both cached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.cache import Cache, Cached
from bot.errors import SlackError
from bot.slack.client.web_api import SlackClient

MEMBER = "slack_member"
GROUP = "slack_group"


class Kind(Enum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"
    """Single- or multi-channel guest (``is_restricted``, ``is_ultra_restricted``)."""
    STRANGER = "stranger"
    """From another workspace, met in a shared channel (``is_stranger``, or another ``team_id``)."""
    GONE = "gone"
    """Deactivated, or not a person: a bot."""


@dataclass(frozen=True, slots=True)
class Member:
    """``email`` is empty without the scope ``users:read.email``; ``utc_offset`` is in seconds."""

    id: str
    name: str
    email: str
    kind: Kind
    utc_offset: int = 0


class Members:
    """Raises ``SlackError`` when Slack cannot be asked and nothing is remembered."""

    def __init__(self, slack: SlackClient, cache: Cache, *, team: str) -> None:
        """``team`` is the workspace that the bot is installed in."""
        self._slack = slack
        self._cache = cache
        self._team = team

    async def member(self, user_id: str) -> Cached[Member]:
        async def load() -> Member:
            user = (await self._slack.call("users.info", user=user_id)).get("user")
            if not isinstance(user, Mapping) or not user.get("id"):
                raise SlackError("users.info", "unreadable")
            return read_member(user, self._team)

        return await self._cache.get(MEMBER, user_id, load)

    async def group(self, group_id: str) -> Cached[frozenset[str]]:
        """The member ids of a user group. docs.slack.dev/reference/methods/usergroups.users.list"""

        async def load() -> frozenset[str]:
            body = await self._slack.call("usergroups.users.list", usergroup=group_id)
            return frozenset(str(user) for user in body.get("users") or ())

        return await self._cache.get(GROUP, group_id, load)


def read_member(user: Mapping[str, Any], team: str) -> Member:
    """``user`` of ``users.info``. docs.slack.dev/reference/methods/users.info"""
    profile = _profile(user)
    offset = user.get("tz_offset")
    name = profile.get("display_name") or profile.get("real_name") or user.get("name") or ""
    return Member(
        id=str(user.get("id", "")),
        name=str(name),
        email=str(profile.get("email") or ""),
        kind=_kind(user, team),
        utc_offset=offset if isinstance(offset, int) else 0,
    )


def _kind(user: Mapping[str, Any], team: str) -> Kind:
    if user.get("deleted") or user.get("is_bot"):
        return Kind.GONE
    if user.get("is_stranger") or not _ours(user, team):
        return Kind.STRANGER
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Kind.GUEST
    if user.get("is_owner") or user.get("is_primary_owner"):
        return Kind.OWNER
    return Kind.ADMIN if user.get("is_admin") else Kind.MEMBER


def _ours(user: Mapping[str, Any], team: str) -> bool:
    """In an Enterprise Grid a person belongs to several workspaces of one organisation. Of whom
    Slack names no workspace is not taken for one of ours."""
    workspaces = (user.get("enterprise_user") or {}).get("teams") or ()
    home = user.get("team_id") or _profile(user).get("team")
    return not team or home == team or team in workspaces


def _profile(user: Mapping[str, Any]) -> Mapping[str, Any]:
    profile = user.get("profile")
    return profile if isinstance(profile, Mapping) else {}
