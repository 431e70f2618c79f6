"""Messages that show several events: a counting burst, a digest, the parent of a thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.messages.send import Send
from bot.notifications.cards import prepend_mentions
from bot.notifications.delivery import STORM
from bot.notifications.headlines import describe, get_event_time
from bot.notifications.planner import LATE
from bot.notifications.rule import EventGroup, Grouping, Rule
from bot.notifications.shown_events import SHOW_ALL, ShownQuery
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.reply import Block, Message
from bot.webhooks.recorded_event import RecordedEvent

MAX_LABELS, MAX_LINES = 6, 5
NOUNS = {
    EventGroup.MESSAGE: ("message from a customer", "messages from customers"),
    EventGroup.FAILED: ("message wasn't delivered", "messages weren't delivered"),
    EventGroup.STATUS: ("delivery report", "delivery reports"),
    EventGroup.TEMPLATE: ("template change", "template changes"),
    EventGroup.ACCOUNT: ("account change", "account changes"),
    EventGroup.ALL: ("other event", "other events"),
}


@dataclass(slots=True)
class Tally:
    """What the events of one message have in common, counted as they come.

    Times are in seconds since 1970. ``last_event_id`` is that of the last event counted.
    """

    streams: Counter[str] = field(default_factory=Counter)
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    first_lines: list[Markup] = field(default_factory=list)
    members: set[str] = field(default_factory=set)
    first_at: float = 0.0
    last_at: float = 0.0
    last_event_id: int = 0

    @property
    def count(self) -> int:
        return self.streams.total()

    def add(self, recorded: RecordedEvent, stream: str, send: Send | None) -> None:
        """Count an event."""
        headline = describe(recorded.event, send)
        at = get_event_time(recorded)
        self.labels[stream, headline.label] += 1
        self.members.add(send.member if send else "")
        if len(self.first_lines) < MAX_LINES:
            self.first_lines.append(headline.text)
        self.first_at = min(self.first_at or at, at)
        self.last_at = max(self.last_at, at)
        self._count(recorded.id, stream)

    def add_unreadable(self, event_id: int, stream: str) -> None:
        """Count an event whose content can't be read any more."""
        self._count(event_id, stream)

    def _count(self, event_id: int, stream: str) -> None:
        self.streams[stream] += 1
        self.last_event_id = max(self.last_event_id, event_id)


def render_gathered(
    post_key: str, rule: Rule, tally: Tally, mentions: Sequence[str] = ()
) -> Message:
    """Return a message that counts its events, shows the first, and lists all on request."""
    title = _render_title(post_key, rule, tally)
    content: list[Block] = [
        blocks.section(prepend_mentions(bold(title), mentions)),
        *blocks.sections(lines(_render_breakdown(tally))),
    ]
    if tally.first_lines:
        more = tally.count - len(tally.first_lines)
        rest = [markup(f"… and {more:,} more")] if more > 0 else []
        content += blocks.sections(lines([*tally.first_lines, *rest]))
    content.append(blocks.context(*_render_notes(post_key, tally)))
    content.append(blocks.actions(render_show_all_button(post_key)))
    return Message(prepend_mentions(markup(title), mentions), tuple(content))


def render_thread(rule: Rule, count: int, start: float) -> Message:
    """Return the message that begins a day's thread and counts its events."""
    asked = ", ".join(_render_plural(group) for group in rule.spec.events)
    noun = "event" if count == 1 else "events"
    line = markup(bold(f"{count:,} {noun} today"), "  ·  ", asked)
    note = markup("Since ", format_date_token(start), ". Each is a reply to this message.")
    return Message(line, (blocks.section(line), blocks.context(note)))


def render_show_all_button(post_key: str) -> Block:
    """Return the button that lists every event of a message privately."""
    return blocks.button("Show all", SHOW_ALL, ShownQuery(post_key=post_key).to_value())


def count_text(stream: str, count: int) -> str:
    """Return "3,000 messages weren't delivered"."""
    one, many = NOUNS[EventGroup(stream)]
    return f"{count:,} {one if count == 1 else many}"


def _render_plural(group: EventGroup) -> str:
    return "all events" if group is EventGroup.ALL else NOUNS[group][1]


def _render_title(post_key: str, rule: Rule, tally: Tally) -> str:
    if len(tally.streams) == 1:
        [(stream, count)] = tally.streams.items()
        counted = count_text(stream, count)
    else:
        counted = f"{tally.count:,} events"
    if post_key.startswith(f"{STORM}:"):
        return counted
    if post_key.startswith(f"{LATE}:"):
        return f"During quiet hours: {counted}"
    return f"{'Hourly' if rule.spec.grouping is Grouping.HOURLY else 'Daily'} digest: {counted}"


def _render_breakdown(tally: Tally) -> list[Markup]:
    """Return the counts by group, and in each by what happened."""
    rows: list[Markup] = []
    many = len(tally.streams) > 1
    for stream, count in tally.streams.most_common():
        labels = [
            (label, number)
            for (of, label), number in tally.labels.most_common()
            if of == stream and (many or number < count or label)
        ]
        if many:
            rows.append(markup(bold(count_text(stream, count))))
        shown = labels[:MAX_LABELS]
        rows += [markup(f"• {number:,} × ", label) for label, number in shown]
        if len(labels) > len(shown):
            rest = sum(number for _, number in labels[MAX_LABELS:])
            rows.append(markup(f"• {rest:,} × other"))
    return rows


def _render_notes(post_key: str, tally: Tally) -> list[Markup]:
    notes = []
    if tally.first_at:
        notes.append(
            markup(format_date_token(tally.first_at), " to ", format_date_token(tally.last_at))
        )
    if post_key.startswith(f"{STORM}:"):
        notes.append(markup("Many came at the same time, so this message counts them."))
    return notes
