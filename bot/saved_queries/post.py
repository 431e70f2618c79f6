"""The scheduled post to a channel, and the messages to the member who scheduled it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from bot.processes.directory import Record
from bot.processes.list_message import render_records
from bot.processes.record_query import QueryField
from bot.processes.search import RecordType
from bot.saved_queries.saved_query import Problem, SavedQuery
from bot.saved_queries.schedule import describe_with_zone
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, channel_mention, code, lines, markup
from bot.slack.channel_mask import is_private
from bot.slack.commands.reply import Message

OPEN: Final = "process.saved_open"
ALLOW: Final = "process.saved_allow"
STOP: Final = "process.saved_stop"
SCHEDULE: Final = "process.saved_schedule"
FIRST_ROWS: Final = 10
LATE_SECONDS: Final = 180.0
MAX_MISSED: Final = 50


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of a query.

    ``is_more``: there are more than ``count``. ``missed`` is how many later times have passed.
    """

    record_type: RecordType
    records: Sequence[Record]
    count: int
    is_more: bool
    echo: str
    fields: Sequence[QueryField]
    missed: int = 0


def render_post(
    query: SavedQuery, result: QueryResult, zone: tzinfo, scheduler: str, now: float
) -> Message:
    """Return the post: the count, the first rows, and the button that opens the whole list.

    ``scheduler`` is the name of the member; a mention would notify them each time.
    """
    counted = f"{result.count:,}{'+' if result.is_more else ''}"
    is_one = result.count == 1 and not result.is_more
    noun = (result.record_type.label if is_one else result.record_type.plural).lower()
    title = markup(bold(query.label), f"  ·  {counted} {noun}")
    content = [blocks.section(lines([title, result.echo] if result.echo else [title]))]
    if result.records:
        shown = result.records[:FIRST_ROWS]
        caption = f"{result.record_type.plural} 1–{len(shown)} of {counted}"
        content += render_records(result.record_type, shown, result.fields, zone, caption)
    if late := _describe_late(query, result.missed, now):
        content.append(blocks.context(late))
    when = describe_with_zone(query.schedule) if query.schedule else ""
    content.append(blocks.context(markup(f"Posted {when}. Scheduled by {scheduler}.")))
    content.append(blocks.actions(blocks.button("Open", OPEN, str(query.id))))
    return Message(title, tuple(content))


def _describe_late(query: SavedQuery, missed: int, now: float) -> Markup:
    if now - query.due_at < LATE_SECONDS:
        return Markup("")
    sentence = markup(
        "This was due at ", format_date_token(query.due_at), " and couldn't be posted then."
    )
    if not missed:
        return sentence
    counted = f"{missed}+" if missed >= MAX_MISSED else str(missed)
    times = "later time was" if missed == 1 else "later times were"
    return markup(sentence, f" {counted} {times} missed and won't be posted.")


# --- problems -------------------------------------------------------------------------------------

_CHANNEL_REASONS: Final = {
    "not_in_channel": ("this app isn't in the channel", "Type `/invite @Chakra` there."),
    "is_archived": ("the channel is archived", "Unarchive it, or choose another channel."),
    "channel_not_found": (
        "the channel is private or was deleted",
        "Type `/invite @Chakra` there, or choose another channel.",
    ),
}


def describe_problem(query: SavedQuery) -> tuple[str, str]:
    """Return why a query isn't posted, and what to do."""
    match query.problem:
        case Problem.OUTSIDERS:
            return (
                "people outside your company now read the channel",
                "Agree to it, or choose another channel.",
            )
        case Problem.CHAKRA | Problem.SLACK:
            name = "Chakra" if query.problem == Problem.CHAKRA else "Slack"
            return f"{name} didn't answer for an hour", "It is tried again at its next time."
        case Problem.QUERY:
            return "the query can't be read any more", "Run it to see why, then change it."
        case Problem.LEFT_CHANNEL:
            return (
                "the person who scheduled it isn't in the channel any more",
                "Schedule it again from a channel that you're in.",
            )
        case Problem.NO_ACCESS:
            return (
                "the person who scheduled it may no longer choose what channels receive",
                "A person with *sender* access can schedule it again.",
            )
        case Problem.LEFT:
            return (
                "the account of the person who scheduled it is deactivated",
                "Schedule it again.",
            )
    reason = _CHANNEL_REASONS.get(query.problem)
    return reason or (f"Slack refused it ({query.problem})", "Contact your admin.")


def render_problem(query: SavedQuery, detail: str = "") -> Message:
    """Return the message to the member who scheduled a query, sent once for each problem."""
    reason, remedy = describe_problem(query)
    place = Markup("here") if is_private(query.channel) else channel_mention(query.channel)
    where = place if is_private(query.channel) else markup("in ", place)
    verb = "is no longer posted" if query.is_stopped else "wasn't posted"
    what = markup(bold(query.label), f" {verb} ", where, f": {reason}.")
    text = [what, *([markup(detail)] if detail else []), markup(Markup(remedy))]
    buttons = []
    if query.problem == Problem.OUTSIDERS:
        buttons.append(blocks.button("Post it there anyway", ALLOW, str(query.id)))
    if query.problem not in (Problem.CHAKRA, Problem.SLACK):
        buttons.append(blocks.button("Schedule…", SCHEDULE, str(query.id)))
    if not query.is_stopped:
        buttons.append(blocks.button("Stop", STOP, str(query.id), style="danger"))
    content = [blocks.section(lines(text))]
    if buttons:
        content.append(blocks.actions(*buttons))
    return Message(markup(what, " ", remedy), tuple(content))


def render_ended(query: SavedQuery) -> Message:
    """Return the message to a channel if the member who scheduled a query has left."""
    what = markup(
        bold(query.label), " is no longer posted here: ",
        "the account of the person who scheduled it is deactivated.",
    )  # fmt: skip
    remedy = markup("To post it again: ", code("/chakra process saved"))
    return Message(markup(what, " ", remedy), (blocks.section(lines([what, remedy])),))
