"""Who looks at a card, as far as the card depends on it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import SlackError
from bot.slack.commands.command import Request, RequestChannel, Role
from bot.slack.members import Members


@dataclass(frozen=True, slots=True)
class Viewer:
    """``now`` in seconds since the epoch; ``utc_offset`` of the person's own clock, in seconds,
    where Slack told it; ``may_share``: whether there is a channel to share to."""

    now: float
    utc_offset: int | None = None
    may_edit: bool = False
    may_share: bool = True


async def build_viewer(request: Request, members: Members) -> Viewer:
    """Asks Slack nothing new: the access check has just read the same member."""
    try:
        offset: int | None = (await members.get_member(request.actor.id)).value.utc_offset
    except SlackError:
        offset = None
    return Viewer(
        now=request.now,
        utc_offset=offset,
        may_edit=request.role >= Role.SENDER,
        may_share=is_shareable(request.channel),
    )


def is_shareable(place: RequestChannel) -> bool:
    """Not in direct messages: ``D…`` ids. docs.slack.dev/reference/objects/conversation-object"""
    return bool(place.id) and not place.id.startswith("D")
