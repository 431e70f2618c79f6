"""``/chakra status``: whether Chakra and Slack respond, our numbers, and your access."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import humanize

from bot.context import Context
from bot.errors import DatabaseUnavailable
from bot.health import ServiceHealth
from bot.messages.sender_numbers import (
    NumbersReport,
    describe_accounts,
    describe_numbers,
)
from bot.notifications.rule_text import summarize_rules
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, markup
from bot.slack.channels import is_private_conversation
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    NotYet,
    Request,
)
from bot.slack.commands.help import describe_access
from bot.slack.commands.permissions import AccessDecision
from bot.slack.commands.reply import Block, Message
from bot.slack.commands.unused_words import find_unused, name_unused

REFRESH = "status.refresh"

UNDERSTOOD = frozenset({"chakra", "slack", "of", "the", "app", "bot", "me", "my"})
"""Words for what the card shows anyway."""
PROBLEM_TEXT = {
    "timeout": "no response within 3 seconds",
    "unavailable": "can't be reached",
    "unreachable": "can't be reached",
    "rate_limited": "is rate limiting requests",
    "authentication_error": "doesn't accept this app's access token",
    "permission_denied": "the API key's role doesn't have permission",
    "no_socket": "isn't connected: nothing typed in Slack arrives here",
    "ratelimited": "is rate limiting requests",
}
"""Problem of a health check -> text; others are shown as they are."""


async def run(request: CommandRequest, context: Context) -> Message:
    card = await _render_card(request, context, refresh=False)
    return name_unused(card, find_unused(request.arguments.tokens, UNDERSTOOD))


async def refresh(request: ActionRequest, context: Context) -> Message:
    card = await _render_card(request, context, refresh=True)
    return Message(text=card.text, blocks=card.blocks, replace_original=True)


async def _render_card(request: Request, context: Context, *, refresh: bool) -> Message:
    access = request.access
    chakra, slack, numbers = await asyncio.gather(
        context.health.check_chakra(refresh=refresh),
        context.health.check_slack(refresh=refresh),
        context.numbers.read(refresh=refresh),
    )
    down = [reading.service for reading in (chakra, slack) if not reading.is_healthy]
    summary = f"{' and '.join(down)} can't be used right now." if down else "Everything is working."
    stats = context.health.get_cache_stats()
    noun = "entry" if stats.items == 1 else "entries"
    size = humanize.naturalsize(stats.bytes, binary=True, format="%.0f")
    table = blocks.fields(
        [
            ("Chakra", _render_service_status(chakra)),
            ("Slack", _render_service_status(slack)),
            ("Cache", f"{stats.items} {noun}, {size}"),
            ("Watched jobs", str(context.workflows.watcher.active_count)),
            ("Notifications waiting", await _count_waiting(context)),
            (
                "Running for",
                humanize.naturaldelta(timedelta(seconds=context.health.measure_uptime())),
            ),
        ]
    )
    return Message(
        text=markup("Chakra for Slack: ", summary),
        blocks=(
            blocks.section(blocks.lines([bold(f"Chakra for Slack {context.version}"), summary])),
            *table,
            *_render_numbers(numbers),
            *_render_declined_scopes(context, access),
            blocks.context(await _describe_rules(request, context)),
            blocks.context(markup(describe_access(access))),
            blocks.actions(blocks.button("Refresh", REFRESH)),
        ),
    )


def _render_numbers(report: NumbersReport | None) -> list[Block]:
    """Return our WhatsApp numbers, each with its quality and limit."""
    if report is None:
        return [blocks.context("Chakra doesn't list our WhatsApp numbers right now.")]
    if not report.numbers:
        return [blocks.context("Chakra lists no WhatsApp numbers for us.")]
    shown = [blocks.section(text) for text in describe_numbers(report)]
    return [*shown, blocks.context(describe_accounts(report))]


async def _count_waiting(context: Context) -> str:
    """Return how many notifications of the workspace are not posted yet."""
    try:
        return f"{await context.notifications.shown.deliveries.count_waiting():,}"
    except DatabaseUnavailable:
        return "unknown"


async def _describe_rules(request: Request, context: Context) -> Markup:
    """Return what arrives in this channel, in one line."""
    is_private = is_private_conversation(request.channel.id, request.channel.name)
    channel = request.actor.id if is_private else request.channel.id
    try:
        rules = await context.notifications.rules.list_channel(channel)
    except DatabaseUnavailable:
        return Markup("This channel's notifications can't be read right now.")
    place = "to you" if is_private else "here"
    if not rules:
        return markup(
            f"Nothing from WhatsApp is posted {place}. Choose what: ", code("/chakra notify")
        )
    return markup(f"What arrives {place}: {summarize_rules(rules)}. ", code("/chakra notify list"))


def _render_declined_scopes(context: Context, access: AccessDecision) -> list[Block]:
    """Return, for a workspace admin, what is off because Slack's permission was declined."""
    declined = context.health.scopes.declined
    if not declined or access.member is None or not access.member.is_admin:
        return []
    rows = [markup(code(scope), ": ", off) for scope, off in declined.items()]
    heading = "Off, because these permissions were declined when the app was installed:"
    return blocks.sections(blocks.lines([heading, *rows]))


def _render_service_status(reading: ServiceHealth) -> Markup:
    if not reading.is_healthy:
        return markup(":red_circle: ", PROBLEM_TEXT.get(reading.problem, reading.problem))
    return markup(
        f":large_green_circle: responds in {max(1, round(reading.latency_seconds * 1000))} ms"
    )


STATUS: Command[Context] = Command(
    name="status",
    takes_no_words=True,
    summary="show whether Chakra and Slack respond, our WhatsApp numbers, and what you can do",
    usage="status",
    example="/chakra status",
    run=run,
    phrases=dict.fromkeys(
        (
            "version",
            "who can send",
            "who may send",
            "who has access",
            "who is allowed to send",
            "am i allowed to send",
            "am i allowed",
            "are we connected",
            "is it connected",
            "health",
            "about",
            "uptime",
            "is it working",
            "is chakra down",
            "is it down",
            "is chakra working",
            "is chakra up",
            "--version",
            "-v",
            "system status",
            "my access",
            "my permissions",
            "what am i allowed to do",
            "what may i do",
            "are you there",
            "numbers",
            "phone number",
            "phone numbers",
            "our numbers",
            "sender numbers",
            "business account",
            "business accounts",
            "messaging limit",
            "quality of our number",
            "quality of our numbers",
            "how many messages can we send",
            "estado",
        ),
        "",
    ),
    not_yet={
        "access": NotYet(
            "Access can't be changed from Slack yet. Status shows what you can do.", "status"
        ),
        "audit": NotYet("Who did what can't be seen from Slack yet."),
    },
    actions=(Action(REFRESH, refresh),),
)
