"""What App Home shows one person below the buttons: their last sends, and that Chakra is down."""

from __future__ import annotations

import asyncio
from typing import Final

from bot.aio.clock import Clock
from bot.errors import DatabaseUnavailable
from bot.health import HealthChecker
from bot.messages.report_message import render_send_row
from bot.messages.send_query import Period, SendListQuery
from bot.messages.service import SendService
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, code, markup
from bot.slack.commands.permissions import AccessDecision, Permission
from bot.slack.commands.reply import Block

MAX_SENDS: Final = 5


class HomeDetails:
    def __init__(self, health: HealthChecker, sends: SendService, clock: Clock) -> None:
        self._health = health
        self._sends = sends
        self._clock = clock

    async def render(self, member_id: str, access: AccessDecision) -> list[Block]:
        """Return blocks for one reader; none for a person who may only read the help."""
        if not access.allows(Permission.LOOK):
            return []
        chakra, sends = await asyncio.gather(
            self._health.check_chakra(), self._render_sends(member_id)
        )
        return [*([] if chakra.is_healthy else [_render_outage_note()]), *sends]

    async def _render_sends(self, member_id: str) -> list[Block]:
        try:
            found, _ = await self._sends.list_sends(
                SendListQuery(), member_id, Period(), limit=MAX_SENDS
            )
        except DatabaseUnavailable:
            return [blocks.context("Your last sends can't be read right now.")]
        if not found:
            return []
        rows = [render_send_row(send, details, names_author=False) for send, details in found]
        as_of = markup(
            "As of ", format_date_token(self._clock.time()), ". Open this tab again to update."
        )
        return [
            blocks.divider(),
            blocks.section(bold("Your last sends")),
            *rows,
            blocks.context(as_of),
        ]


def _render_outage_note() -> Block:
    return blocks.section(
        markup(
            Markup(":warning: "),
            "Chakra isn't responding right now, so lookups and sends may fail. ",
            code("/chakra status"),
            " shows when it is back.",
        )
    )
