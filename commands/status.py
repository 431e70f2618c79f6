"""``/chakra status``: the version, whether Chakra and Slack answer, the cache, and your role."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import humanize

from bot.context import Desk
from bot.errors import UsageError
from bot.health import Reading
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup
from bot.slack.commands.command import Action, ActionRequest, Command, CommandRequest, Role
from bot.slack.commands.help import ROLE_SUMMARIES
from bot.slack.commands.reply import Message

REFRESH = "status.refresh"

PROBLEMS = {
    "timeout": "no answer within 3 seconds",
    "unavailable": "cannot be reached",
    "unreachable": "cannot be reached",
    "throttled": "asked too often, it wants a pause",
    "key_refused": "refuses this app’s access token",
    "role_too_small": "does not let this app look: the role of its key is too small",
    "ratelimited": "asked too often, it wants a pause",
}
"""By the problem of a reading; what is not here is shown as it is."""


async def run(request: CommandRequest, desk: Desk) -> Message:
    if request.arguments.tokens:
        raise UsageError("Status takes no words.", example=STATUS.example)
    return await _card(desk, request.role, refresh=False)


async def refresh(request: ActionRequest, desk: Desk) -> Message:
    card = await _card(desk, request.role, refresh=True)
    return Message(text=card.text, blocks=card.blocks, replace_original=True)


async def _card(desk: Desk, role: Role, *, refresh: bool) -> Message:
    chakra, slack = await asyncio.gather(
        desk.health.chakra(refresh=refresh), desk.health.slack(refresh=refresh)
    )
    down = [reading.service for reading in (chakra, slack) if not reading.well]
    summary = f"{' and '.join(down)} cannot be used right now." if down else "All is well."
    figures = desk.health.cache_figures()
    kept = "entry" if figures.items == 1 else "entries"
    size = humanize.naturalsize(figures.bytes, binary=True, format="%.0f")
    table = blocks.fields(
        [
            ("Chakra", _told(chakra)),
            ("Slack", _told(slack)),
            ("Cache", f"{figures.items} {kept}, {size}"),
            ("Watched jobs", str(desk.work.watching.active_count)),
            ("Running for", humanize.naturaldelta(timedelta(seconds=desk.health.uptime()))),
        ]
    )
    return Message(
        text=markup("Chakra for Slack: ", summary),
        blocks=(
            blocks.section(blocks.lines([bold(f"Chakra for Slack {desk.version}"), summary])),
            *table,
            blocks.context(markup(ROLE_SUMMARIES[role])),
            blocks.actions(blocks.button("Refresh", REFRESH)),
        ),
    )


def _told(reading: Reading) -> Markup:
    if not reading.well:
        return markup(":red_circle: ", PROBLEMS.get(reading.problem, reading.problem))
    return markup(f":large_green_circle: answers in {max(1, round(reading.seconds * 1000))} ms")


STATUS: Command[Desk] = Command(
    name="status",
    summary="whether Chakra and Slack answer, and what you may do here",
    usage="status",
    example="/chakra status",
    run=run,
    button=("Status", ""),
    actions=(Action(REFRESH, refresh),),
)
