"""What App Home shows one person below the buttons."""

from __future__ import annotations

from bot.aio.clock import Clock
from bot.health import HealthChecker
from bot.slack import blocks
from bot.slack.blocks import Markup, code, markup
from bot.slack.commands.permissions import AccessDecision, Permission
from bot.slack.commands.reply import Block


class HomeDetails:
    def __init__(self, health: HealthChecker, clock: Clock) -> None:
        self._health = health
        self._clock = clock

    async def render(self, member_id: str, access: AccessDecision) -> list[Block]:  # noqa: ARG002
        """Return blocks for one reader; none for a person who may only read the help."""
        if not access.allows(Permission.LOOK):
            return []
        chakra = await self._health.check_chakra()
        return [] if chakra.is_healthy else [_outage_note()]


def _outage_note() -> Block:
    return blocks.section(
        markup(
            Markup(":warning: "),
            "Chakra isn't responding right now, so lookups and sends may fail. ",
            code("/chakra status"),
            " shows when it is back.",
        )
    )
