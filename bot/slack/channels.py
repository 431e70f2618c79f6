"""Channels as ``conversations.info`` tells them: whether the bot may post there, and who is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import NotInChannel, SlackError, UsageError
from bot.slack.client.web_api import SlackClient

INFO_METHOD, MEMBERS_METHOD = "conversations.info", "conversations.members"
PAGE_SIZE = 1000
"""docs.slack.dev/reference/methods/conversations.members: under 1,000 a page."""
MAX_PAGES = 20
"""Of the members of one channel; who comes after twenty thousand others is not looked for."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the bot may post. ``channel`` is a channel's id, or a member's own for their direct
    messages with the app, ``private`` where nobody else reads."""

    channel: str
    is_direct_message: bool = False


class Channels:
    """Asked fresh each time: whom a channel lets in may change at any moment."""

    def __init__(self, slack: SlackClient) -> None:
        self._slack = slack

    async def resolve_destination(
        self, channel: str, member_id: str, *, is_known_member: bool
    ) -> Destination:
        """Where a message that ``member`` asks for can stand. ``there`` when they asked in that
        very channel, and so are in it.

        A conversation between people, where an app has no place, becomes the member's messages with
        the app. Raises ``NotInChannel`` where the bot is not in, ``UsageError`` where the member is
        not, and ``SlackError``.
        """
        if not channel or channel.startswith("D"):
            return Destination(member_id, is_direct_message=True)
        info = await self._fetch_info(channel)
        if info.get("is_mpim") or info.get("is_im"):
            return Destination(member_id, is_direct_message=True)
        if info.get("is_archived"):
            raise NotInChannel(INFO_METHOD, "is_archived")
        if not info.get("is_member"):
            raise NotInChannel(INFO_METHOD, "not_in_channel")
        if not is_known_member and not await self.has_member(channel, member_id):
            raise UsageError("You are not in that channel. Join it, or name one that you are in.")
        return Destination(channel)

    async def has_member(self, channel: str, member_id: str) -> bool:
        cursor = ""
        for _ in range(MAX_PAGES):
            more = {"cursor": cursor} if cursor else {}
            body = await self._slack.call(MEMBERS_METHOD, channel=channel, limit=PAGE_SIZE, **more)
            if member_id in (body.get("members") or ()):
                return True
            cursor = str((body.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return False

    async def _fetch_info(self, channel: str) -> Mapping[str, object]:
        body = await self._slack.call(INFO_METHOD, channel=channel)
        info = body.get("channel")
        if not isinstance(info, Mapping):
            raise SlackError(INFO_METHOD, "unreadable")
        return info
