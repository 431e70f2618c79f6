"""Channels as ``conversations.info`` tells them: whether the bot may post there, and who is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import NotInChannel, SlackError, UsageError
from bot.slack.client.web_api import SlackClient

INFO, MEMBERS = "conversations.info", "conversations.members"
PAGE = 1000
"""docs.slack.dev/reference/methods/conversations.members: under 1,000 a page."""
PAGES = 20
"""Of the members of one channel; who comes after twenty thousand others is not looked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bot may post. ``channel`` is a channel's id, or a member's own for their direct
    messages with the app, ``private`` where nobody else reads."""

    channel: str
    private: bool = False


class Channels:
    """Asked fresh each time: whom a channel lets in may change at any moment."""

    def __init__(self, slack: SlackClient) -> None:
        self._slack = slack

    async def place(self, channel: str, member: str, *, there: bool) -> Place:
        """Where a message that ``member`` asks for can stand. ``there`` when they asked in that
        very channel, and so are in it.

        A conversation between people, where an app has no place, becomes the member's messages with
        the app. Raises ``NotInChannel`` where the bot is not in, ``UsageError`` where the member is
        not, and ``SlackError``.
        """
        if not channel or channel.startswith("D"):
            return Place(member, private=True)
        info = await self._info(channel)
        if info.get("is_mpim") or info.get("is_im"):
            return Place(member, private=True)
        if info.get("is_archived"):
            raise NotInChannel(INFO, "is_archived")
        if not info.get("is_member"):
            raise NotInChannel(INFO, "not_in_channel")
        if not there and not await self.holds(channel, member):
            raise UsageError("You are not in that channel. Join it, or name one that you are in.")
        return Place(channel)

    async def holds(self, channel: str, member: str) -> bool:
        cursor = ""
        for _ in range(PAGES):
            more = {"cursor": cursor} if cursor else {}
            body = await self._slack.call(MEMBERS, channel=channel, limit=PAGE, **more)
            if member in (body.get("members") or ()):
                return True
            cursor = str((body.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return False

    async def _info(self, channel: str) -> Mapping[str, object]:
        body = await self._slack.call(INFO, channel=channel)
        info = body.get("channel")
        if not isinstance(info, Mapping):
            raise SlackError(INFO, "unreadable")
        return info
