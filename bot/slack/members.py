"""Slack members as ``users.info`` tells them, and the members of user groups; both cached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.cache import Cache, Cached
from bot.errors import SlackError
from bot.slack.client.web_api import SlackClient

MEMBER_CACHE_KIND = "slack_member"
GROUP_CACHE_KIND = "slack_group"


class MemberKind(Enum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"
    """Single- or multi-channel guest (``is_restricted``, ``is_ultra_restricted``)."""
    EXTERNAL = "stranger"
    """From another workspace, met in a shared channel (``is_stranger``, or another ``team_id``)."""
    DEACTIVATED = "gone"
    """Deactivated, or not a person: a bot."""


@dataclass(frozen=True, slots=True)
class Member:
    """``email`` is empty without the scope ``users:read.email``; ``utc_offset`` is in seconds."""

    id: str
    name: str
    email: str
    kind: MemberKind
    utc_offset: int = 0


class Members:
    """Raises ``SlackError`` when Slack cannot be asked and nothing is remembered."""

    def __init__(self, slack: SlackClient, cache: Cache, *, team_id: str) -> None:
        """``team`` is the workspace that the bot is installed in."""
        self._slack = slack
        self._cache = cache
        self._team_id = team_id

    async def get_member(self, user_id: str) -> Cached[Member]:
        async def load() -> Member:
            user = (await self._slack.call("users.info", user=user_id)).get("user")
            if not isinstance(user, Mapping) or not user.get("id"):
                raise SlackError("users.info", "unreadable")
            return parse_member(user, self._team_id)

        return await self._cache.get(MEMBER_CACHE_KIND, user_id, load)

    async def get_group_member_ids(self, group_id: str) -> Cached[frozenset[str]]:
        """The member ids of a user group. docs.slack.dev/reference/methods/usergroups.users.list"""

        async def load() -> frozenset[str]:
            body = await self._slack.call("usergroups.users.list", usergroup=group_id)
            return frozenset(str(user) for user in body.get("users") or ())

        return await self._cache.get(GROUP_CACHE_KIND, group_id, load)


def parse_member(user: Mapping[str, Any], team_id: str) -> Member:
    """``user`` of ``users.info``. docs.slack.dev/reference/methods/users.info"""
    profile = _profile(user)
    offset = user.get("tz_offset")
    name = profile.get("display_name") or profile.get("real_name") or user.get("name") or ""
    return Member(
        id=str(user.get("id", "")),
        name=str(name),
        email=str(profile.get("email") or ""),
        kind=_classify(user, team_id),
        utc_offset=offset if isinstance(offset, int) else 0,
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
    """In an Enterprise Grid a person belongs to several workspaces of one organisation. Of whom
    Slack names no workspace is not taken for one of ours."""
    workspaces = (user.get("enterprise_user") or {}).get("teams") or ()
    home = user.get("team_id") or _profile(user).get("team")
    return not team_id or home == team_id or team_id in workspaces


def _profile(user: Mapping[str, Any]) -> Mapping[str, Any]:
    profile = user.get("profile")
    return profile if isinstance(profile, Mapping) else {}
