"""Whether a channel accepts messages and who reads them, checked at most once a minute."""

from __future__ import annotations

from dataclasses import dataclass

from cachetools import TTLCache

from bot.aio.clock import Clock
from bot.errors import MISSING_SCOPE, NotInChannel, SlackError
from bot.slack.channel_mask import is_private
from bot.slack.channels import Channels

FRESH_SECONDS = 60.0
"""Seconds for which an answer is valid: ``conversations.info`` allows about 50 calls a minute."""
MAX_CHANNELS = 1_000

ARCHIVED, NOT_A_MEMBER = "is_archived", "not_in_channel"


@dataclass(frozen=True, slots=True)
class ChannelState:
    """``problem`` is Slack's code if the app can't post there.

    ``has_outsiders``: people from other companies read there, or may.
    """

    problem: str = ""
    has_outsiders: bool = False


class ChannelStates:
    """Raises ``SlackError`` if Slack doesn't answer."""

    def __init__(self, channels: Channels, clock: Clock) -> None:
        self._channels = channels
        self._cache: TTLCache[str, ChannelState] = TTLCache(
            MAX_CHANNELS, FRESH_SECONDS, timer=clock.monotonic
        )

    async def get(self, channel: str) -> ChannelState:
        """Return the state of a channel; a direct message has one reader."""
        if is_private(channel):
            return ChannelState()
        state = self._cache.get(channel)
        if state is None:
            state = self._cache[channel] = await self._fetch(channel)
        return state

    def forget(self, channel: str) -> None:
        """Ask Slack again the next time."""
        self._cache.pop(channel, None)

    async def _fetch(self, channel: str) -> ChannelState:
        try:
            audience = await self._channels.get_audience(channel)
        except NotInChannel as error:
            return ChannelState(error.code)
        except SlackError as error:
            if error.code != MISSING_SCOPE:
                raise
            return ChannelState(has_outsiders=True)
        problem = NOT_A_MEMBER if not audience.is_member else ""
        return ChannelState(ARCHIVED if audience.is_archived else problem, audience.has_outsiders)
