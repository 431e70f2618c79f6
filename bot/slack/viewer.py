"""The person who reads a card, as far as the card depends on them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import UsageError
from bot.slack import blocks
from bot.slack.commands.command import Request, RequestChannel
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Block


@dataclass(frozen=True, slots=True)
class Viewer:
    """The reader of a card.

    ``now`` is in seconds since the epoch; ``utc_offset`` is that of the person's time zone in
    seconds, if Slack provides it; ``may_share``: whether there is a channel to share to.
    """

    now: float
    utc_offset: int | None = None
    may_edit: bool = False
    may_share: bool = True

    @classmethod
    def from_request(cls, request: Request) -> Viewer:
        return cls(
            now=request.now,
            utc_offset=request.member.utc_offset if request.member else None,
            may_edit=request.access.allows(Permission.EDIT),
            may_share=is_shareable(request.channel),
        )


def render_show_me(action: str, value: str) -> Block:
    """Return the button on a shared card that shows readers their own version."""
    return blocks.button("Show me", action, value)


def is_shareable(channel: RequestChannel) -> bool:
    """Return whether others can read there: not in direct messages, whose IDs start with D.

    docs.slack.dev/reference/objects/conversation-object
    """
    return bool(channel.id) and not channel.id.startswith("D")


def require_shareable(channel: RequestChannel) -> None:
    """Raise ``UsageError`` in a direct message."""
    if not is_shareable(channel):
        raise UsageError("This is a direct message, so there's no channel to share to.")
