"""Buttons that run a command line, as if it were typed."""

from __future__ import annotations

from collections.abc import Iterable

from bot.errors import SuggestedLine
from bot.slack import blocks
from bot.slack.commands.arguments import parse_arguments
from bot.slack.commands.reply import Block

RUN_ACTION = "help.run"
"""``action_id`` of a button that runs the command line in its value."""


def run_buttons(suggested: Iterable[SuggestedLine]) -> list[Block]:
    """Return the row of buttons, as zero or one block. A line too long for a button has none."""
    buttons = [
        blocks.button(
            item.label or f"/chakra {parse_arguments(item.line).join_from()}",
            f"{RUN_ACTION}:{position}",
            item.line,
        )
        for position, item in enumerate(suggested)
        if len(item.line) <= blocks.MAX_BUTTON_VALUE_LENGTH
    ]
    return [blocks.actions(*buttons)] if buttons else []
