"""Channels: whether the bot may post there, and who is a member."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import MISSING_SCOPE, NotInChannel, SlackError, UsageError
from bot.slack.blocks import Markup, bold, markup
from bot.slack.client.web_api import SlackClient
from bot.slack.members import Members

INFO_METHOD, MEMBERS_METHOD = "conversations.info", "conversations.members"
PAGE_SIZE = 1000
"""Slack's page asks for less than 1,000. docs.slack.dev/reference/methods/conversations.members."""
GROUP_NAME_PREFIX, DIRECT_MESSAGE_NAME = "mpdm-", "directmessage"
"""The ``channel_name`` of conversations between people, which an app can't join.

These are a group, such as ``mpdm-john--mei--priya-1``, and a DM. ``conversations.info`` answers
``channel_not_found`` for both. github.com/slackapi/java-slack-sdk/issues/1260
"""
MAX_NAMED_COMPANIES, MAX_NAMED_GUESTS = 2, 3
MAX_PAGES = 20
"""Pages of one channel's member list that are read: 20,000 members."""


@dataclass(frozen=True, slots=True)
class Outsiders:
    """Who reads a channel besides colleagues; at least one of these is the case.

    ``companies`` is "Globex", say, or "". ``guests`` are the names of the workspace's guests;
    ``None`` if Slack doesn't say whether there are any.
    """

    channel_name: str
    companies: str = ""
    guests: tuple[str, ...] | None = ()

    @property
    def sentence(self) -> Markup:
        """``#support has people from Globex and 2 guests (Gita and Arjun)``, without a period."""
        name = bold(f"#{self.channel_name}")
        if not self.companies and self.guests is None:
            return markup(name, " may have guests: Slack doesn't say who reads it")
        return markup(name, " has ", self.people)

    @property
    def people(self) -> str:
        """``people from Globex``, ``2 guests (Gita and Arjun)``, or both; "" if not known."""
        companies = [f"people from {self.companies}"] if self.companies else []
        return " and ".join([*companies, *_describe_guests(self.guests or ())])


@dataclass(frozen=True, slots=True)
class Destination:
    """The location where the bot may post.

    ``channel`` is a channel's ID, or a member's ID for their direct messages with the app;
    ``is_direct_message`` is set in that case, and no one else reads them. ``name`` is the
    channel's; ``has_outsiders``: people from other workspaces read there.
    """

    channel: str
    is_direct_message: bool = False
    name: str = ""
    has_outsiders: bool = False


@dataclass(frozen=True, slots=True)
class Audience:
    """Whether the bot may post in a channel, and whether people from other companies read there."""

    is_member: bool
    is_archived: bool
    has_outsiders: bool


def is_private_conversation(channel: str, name: str = "") -> bool:
    """Return whether a watch that is requested there belongs in the person's own DM.

    This applies to conversations between people, DMs with the app, and no channel at all.
    ``name`` is the name that the request gives the channel, "" if it gives none.
    """
    between_people = name == DIRECT_MESSAGE_NAME or name.startswith(GROUP_NAME_PREFIX)
    return not channel or channel.startswith("D") or between_people


class Channels:
    """Nothing of a channel is cached: its members may change at any moment."""

    def __init__(self, slack: SlackClient, members: Members) -> None:
        self._slack = slack
        self._members = members

    async def resolve_destination(
        self, channel: str, member_id: str, *, is_known_member: bool, channel_name: str = ""
    ) -> Destination:
        """Return where a message that the member requests can be posted.

        ``is_known_member``: the request came from that channel, so they are in it.
        ``channel_name`` is the name that the request gives it. A conversation between people, which
        an app can't join, becomes the member's direct messages with the app, and so does a channel
        that the granted scopes don't show. Raise
        ``NotInChannel`` if the bot is not in the channel, ``UsageError`` if the member is not, and
        ``SlackError``.
        """
        if is_private_conversation(channel, channel_name):
            return Destination(member_id, is_direct_message=True)
        try:
            info = await self._fetch_info(channel)
        except SlackError as error:
            if error.code == MISSING_SCOPE:
                return Destination(member_id, is_direct_message=True)
            raise
        if info.get("is_mpim") or info.get("is_im"):
            return Destination(member_id, is_direct_message=True)
        if info.get("is_archived"):
            raise NotInChannel(INFO_METHOD, "is_archived")
        if not info.get("is_member"):
            raise NotInChannel(INFO_METHOD, "not_in_channel")
        if not is_known_member and not await self.has_member(channel, member_id):
            raise UsageError("You're not in that channel. Join it, or name one that you're in.")
        name = str(info.get("name") or "")
        return Destination(channel, name=name, has_outsiders=_is_shared(info))

    async def has_member(self, channel: str, member_id: str) -> bool:
        """Return whether the member is in the channel. Raises ``SlackError``."""
        async for ids in self._iter_member_ids(channel):
            if member_id in ids:
                return True
        return False

    async def _iter_member_ids(self, channel: str) -> AsyncIterator[frozenset[str]]:
        """Yield the IDs of the channel's members, page by page. Raises ``SlackError``."""
        cursor = ""
        for _ in range(MAX_PAGES):
            more = {"cursor": cursor} if cursor else {}
            body = await self._slack.call(MEMBERS_METHOD, channel=channel, limit=PAGE_SIZE, **more)
            yield frozenset(_list_texts(body.get("members")))
            cursor = str((body.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break

    async def get_audience(self, channel: str) -> Audience:
        """Return who takes part in a channel. Raise ``NotInChannel`` and ``SlackError``."""
        info = await self._fetch_info(channel)
        return Audience(
            is_member=bool(info.get("is_member")),
            is_archived=bool(info.get("is_archived")),
            has_outsiders=_is_shared(info),
        )

    async def find_outsiders(self, channel: str) -> Outsiders | None:
        """Return who reads a channel besides colleagues, ``None`` if no one does.

        They are people from other companies, by Slack Connect (channels that they were invited to
        count as shared), and the workspace's own guests. Raise ``SlackError``.
        docs.slack.dev/reference/objects/conversation-object
        """
        info = await self._fetch_info(channel)
        companies = await self._name_companies(info) if _is_shared(info) else ""
        guests = await self._find_guests(channel)
        if not companies and guests == ():
            return None
        return Outsiders(str(info.get("name") or ""), companies, guests)

    async def _name_companies(self, info: Mapping[str, object]) -> str:
        own = str(info.get("context_team_id") or "")
        ids = [team for team in _list_texts(info.get("connected_team_ids")) if team != own]
        names = [await self._find_company(team) for team in ids[:MAX_NAMED_COMPANIES]]
        known = all(names) and 0 < len(ids) <= MAX_NAMED_COMPANIES
        return " and ".join(names) if known else "outside your company"

    async def _find_guests(self, channel: str) -> tuple[str, ...] | None:
        """Return the names of the guests in a channel, ``None`` if Slack doesn't say them."""
        try:
            guests = (await self._members.list_guests()).value
            found: list[str] = []
            if guests:
                async for ids in self._iter_member_ids(channel):
                    found += [guests[user] for user in ids & guests.keys()]
        except SlackError:
            return None
        return tuple(sorted(found, key=str.casefold))

    async def _find_company(self, team: str) -> str:
        """Return the name of another workspace in a shared channel; "" if Slack doesn't reveal it.

        Without the optional scope team:read it doesn't. docs.slack.dev/reference/methods/team.info
        """
        try:
            found = (await self._slack.call("team.info", team=team)).get("team")
        except SlackError:
            return ""
        return str(found.get("name") or "") if isinstance(found, Mapping) else ""

    async def find_name(self, channel: str) -> str:
        """Return the channel's name; "" if Slack does not show the channel to the bot."""
        try:
            return str((await self._fetch_info(channel)).get("name") or "")
        except NotInChannel:
            return ""

    async def _fetch_info(self, channel: str) -> Mapping[str, object]:
        body = await self._slack.call(INFO_METHOD, channel=channel)
        info = body.get("channel")
        if not isinstance(info, Mapping):
            raise SlackError(INFO_METHOD, "unreadable")
        return info


def _is_shared(info: Mapping[str, object]) -> bool:
    return bool(info.get("is_ext_shared") or info.get("is_pending_ext_shared"))


def _describe_guests(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    count = "a guest" if len(names) == 1 else f"{len(names)} guests"
    if len(names) > MAX_NAMED_GUESTS:
        return [count]
    *others, last = names
    return [f"{count} ({', '.join(others)}{' and ' if others else ''}{last})"]


def _list_texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
