"""Members of the workspace and of its user groups, read from Slack and cached."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bot.cache import Cache, Cached, CacheKind
from bot.errors import SlackError, UnknownMember
from bot.slack.client.web_api import SlackClient
from bot.slack.member import Member, MemberKind, parse_member

MEMBER_CACHE_KIND = CacheKind("slack_member", fresh_seconds=300, is_of_slack=True)
GROUP_CACHE_KIND = CacheKind("slack_group", fresh_seconds=300, is_of_slack=True)
GUEST_CACHE_KIND = CacheKind("slack_guests", fresh_seconds=300, is_of_slack=True)
ALL = "all"
UNKNOWN_MEMBER_CODES = frozenset({"user_not_found", "user_not_visible"})
"""Slack's answers about a person that this workspace does not know.

docs.slack.dev/reference/methods/users.info"""

LIST_METHOD = "users.list"
PAGE_SIZE, MAX_PAGES = 1_000, 20
"""Accounts in an answer of ``users.list``, and the answers that are read: it allows 20 calls a
minute. docs.slack.dev/reference/methods/users.list"""

UNNAMED_MEMBER = "a member"


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A user group, as the menus of forms show it."""

    id: str
    name: str


class Members:
    """Read members. Methods raise ``SlackError`` if Slack and the cache have nothing."""

    def __init__(self, slack: SlackClient, cache: Cache, *, team_id: str) -> None:
        """``team_id`` is the workspace that the bot is installed in."""
        self._slack = slack
        self._cache = cache
        self._team_id = team_id

    async def get_member(
        self, user_id: str, *, max_age_seconds: float = math.inf
    ) -> Cached[Member]:
        """Return a member. The actor of a request is in ``Request.member`` already.

        Raise ``UnknownMember`` if Slack does not know or show them.
        """

        async def load() -> Member:
            try:
                answer = await self._slack.call("users.info", user=user_id, include_locale="true")
                user = answer.get("user")
            except SlackError as error:
                if error.code in UNKNOWN_MEMBER_CODES:
                    raise UnknownMember(user_id) from None
                raise
            if not isinstance(user, Mapping) or not user.get("id"):
                raise SlackError("users.info", "unreadable")
            return parse_member(user, self._team_id)

        return await self._cache.get(
            MEMBER_CACHE_KIND, user_id, load, max_age_seconds=max_age_seconds
        )

    async def get_name(self, user_id: str) -> str:
        """Return a member's name, which notifies no one; "a member" if Slack doesn't provide it."""
        try:
            return (await self.get_member(user_id)).value.name or UNNAMED_MEMBER
        except (SlackError, UnknownMember):
            return UNNAMED_MEMBER

    async def list_guests(self) -> Cached[Mapping[str, str]]:
        """Return the workspace's guests: their names by their IDs.

        Raise ``SlackError`` also if there are too many accounts to read them all.
        """

        async def load() -> Mapping[str, str]:
            guests: dict[str, str] = {}
            cursor = ""
            for _ in range(MAX_PAGES):
                more = {"cursor": cursor} if cursor else {}
                body = await self._slack.call(LIST_METHOD, limit=PAGE_SIZE, **more)
                users = (user for user in body.get("members") or () if isinstance(user, Mapping))
                members = [parse_member(user, self._team_id) for user in users]
                guests |= {m.id: m.name for m in members if m.kind is MemberKind.GUEST}
                cursor = str((body.get("response_metadata") or {}).get("next_cursor") or "")
                if not cursor:
                    return guests
            raise SlackError(LIST_METHOD, "too_many_members")

        return await self._cache.get(GUEST_CACHE_KIND, ALL, load)

    async def list_groups(self) -> tuple[UserGroup, ...]:
        """Return the workspace's user groups by name.

        docs.slack.dev/reference/methods/usergroups.list
        """

        async def load() -> tuple[UserGroup, ...]:
            body = await self._slack.call("usergroups.list")
            found = [
                UserGroup(str(item["id"]), str(item.get("name") or item["id"]))
                for item in body.get("usergroups") or ()
                if isinstance(item, dict) and item.get("id") and not item.get("date_delete")
            ]
            return tuple(sorted(found, key=lambda group: group.name.casefold()))

        return (await self._cache.get(GROUP_CACHE_KIND, ALL, load)).value

    async def get_group_member_ids(
        self, group_id: str, *, max_age_seconds: float = math.inf
    ) -> Cached[frozenset[str]]:
        """Return the member IDs of a user group.

        docs.slack.dev/reference/methods/usergroups.users.list
        """

        async def load() -> frozenset[str]:
            body = await self._slack.call("usergroups.users.list", usergroup=group_id)
            return frozenset(str(user) for user in body.get("users") or ())

        return await self._cache.get(
            GROUP_CACHE_KIND, group_id, load, max_age_seconds=max_age_seconds
        )
