"""Find where rules post: the person's current or named channel, or their direct messages."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.errors import NotInChannel
from bot.slack.blocks import Markup, channel_mention, markup
from bot.slack.channels import Channels, Destination
from bot.slack.commands.command import Request
from bot.slack.commands.tokens import ChannelMention


@dataclass(frozen=True, slots=True)
class Place:
    """Where rules post, and where the person is; ``problem`` is Slack's code if they can't."""

    destination: Destination
    here: str
    problem: str = ""

    @property
    def location(self) -> Markup:
        return describe_location(self.destination, self.here)


async def find_place(
    channels: Channels, request: Request, channel: ChannelMention | None = None
) -> Place:
    """Return the named channel, or where the person is.

    Raise ``NotInChannel`` if the bot can't post there and ``UsageError`` if the person isn't in it.
    """
    is_here = channel is None or channel.id == request.channel.id
    channel_id = request.channel.id if channel is None else channel.id
    destination = await channels.resolve_destination(
        channel_id,
        request.actor.id,
        is_known_member=is_here,
        channel_name=request.channel.name if is_here else "",
    )
    return Place(destination, request.channel.id)


async def find_listed_place(
    channels: Channels, request: Request, channel: ChannelMention | None = None
) -> Place:
    """Return a place whose rules are listed or removed: the bot may have left it.

    Raise ``NotInChannel`` if it is unknown whether the person is in it, ``UsageError`` if they
    aren't.
    """
    try:
        return await find_place(channels, request, channel)
    except NotInChannel as error:
        channel_id = channel.id if channel else request.channel.id
        is_here = channel_id == request.channel.id
        if not is_here and not await channels.has_member(channel_id, request.actor.id):
            raise
        return Place(Destination(channel_id), request.channel.id, error.code)


async def find_stored_place(channels: Channels, request: Request, channel_id: str) -> Place:
    """Return the place stored in a form or button; "" is where the person is."""
    if channel_id == request.actor.id:
        return Place(Destination(channel_id, is_direct_message=True), request.channel.id)
    return await find_place(channels, request, ChannelMention(channel_id) if channel_id else None)


def describe_location(destination: Destination, here: str) -> Markup:
    """Return ``here``, ``in #sales`` or ``in your DM with Chakra``."""
    if destination.is_direct_message:
        return Markup("in your DM with Chakra")
    if destination.channel == here:
        return Markup("here")
    return markup("in ", channel_mention(destination.channel))


def find_time_zone(request: Request) -> str:
    """Return the name of the person's time zone; UTC if it is unknown here."""
    zone = request.member.zone if request.member else None
    return zone.key if isinstance(zone, ZoneInfo) else "UTC"
