"""A form that needs responses from Chakra before it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from bot.aio.clock import Clock, finishes_within
from bot.slack import blocks
from bot.slack.commands.reply import OpenForm, UpdateForm

OPEN_SECONDS: Final = 1.5
"""Slack opens a form for 3 seconds after what the person did."""


async def open_when_ready(
    clock: Clock, building: Coroutine[Any, Any, OpenForm], title: str
) -> OpenForm:
    """Return the form; if it takes longer, a placeholder that it then replaces."""
    built = asyncio.ensure_future(building)
    if await finishes_within(clock, built, OPEN_SECONDS):
        return built.result()

    async def show() -> UpdateForm:
        opened = await built
        return UpdateForm(opened.view, opened.state)

    waiting = blocks.info_modal(title, [blocks.section("Chakra is working on it…")])
    return OpenForm(waiting, later=asyncio.ensure_future(show()))
