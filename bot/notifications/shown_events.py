"""All events of a message that counts several, and where each was posted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from bot.aio.clock import Clock
from bot.errors import NotFound
from bot.notifications.deliveries import Deliveries
from bot.notifications.delivery import Delivery, DeliveryState
from bot.notifications.event_source import EventSource, read_current
from bot.notifications.event_text import describe_event
from bot.notifications.facts import FactsReader, list_sent_message_ids
from bot.notifications.headlines import describe, get_event_time
from bot.notifications.planner import is_too_old
from bot.notifications.problems import OUTSIDERS
from bot.notifications.repository import RuleRepository
from bot.notifications.rule import Rule
from bot.privacy import mask_text
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, channel_mention, markup
from bot.slack.channel_mask import is_private
from bot.slack.commands.reply import Message
from bot.slack.paging import FilterText, ListQuery, Page, render_list_page
from bot.webhooks.recorded_event import RecordedEvent

SHOW_ALL, PAGE_ACTION = "notify.events", "notify.events_page"
"""``action_id``s: of the button on the message, and of the paging buttons."""
ROWS_PER_PAGE = 12


class ShownQuery(ListQuery):
    """The message whose events are listed."""

    command: ClassVar[str] = "/chakra notify recent"

    post_key: FilterText = ""


@dataclass(frozen=True, slots=True)
class ShownEvents:
    """Methods raise ``DatabaseUnavailable``."""

    deliveries: Deliveries
    events: EventSource
    facts: FactsReader
    rules: RuleRepository
    clock: Clock

    async def render_page(
        self, query: ShownQuery, channels: Collection[str], *, masked: bool
    ) -> Message:
        """Return a page of a message's events, oldest first.

        ``channels`` are those in which the reader may see it: raise ``NotFound`` if it is posted
        elsewhere, or too old. ``masked``: without whole numbers.
        """
        total = await self.deliveries.count_shown(query.post_key)
        count = max(1, -(-total // ROWS_PER_PAGE))
        number = min(max(1, query.page), count)
        shown = await self.deliveries.list_shown(
            query.post_key, skip=(number - 1) * ROWS_PER_PAGE, limit=ROWS_PER_PAGE
        )
        if not shown or shown[0].channel not in channels:
            raise NotFound("list", "", hint="Lists are stored for a week.")
        rows = await self._render_rows(shown, masked=masked)
        page = Page(tuple(rows), number, count, total)
        return render_list_page(
            page,
            query.with_page(number),
            heading=[bold(f"{total:,} event{'' if total == 1 else 's'}")],
            row=blocks.section,
            empty_text="",
            note="Only you can see this.",
            page_action=PAGE_ACTION,
            labels=("Earlier", "Later"),
        )

    async def find_outcomes(self, event_ids: Collection[int]) -> dict[int, Sequence[Markup]]:
        """Return where each event was posted, or why it wasn't, by its ID."""
        rules = {rule.id: rule for rule in await self.rules.list_all()}
        now = self.clock.time()
        outcomes: defaultdict[int, list[Markup]] = defaultdict(list)
        for delivery in await self.deliveries.list_of_events(event_ids):
            rule = rules.get(delivery.rule_id)
            outcomes[delivery.event_id].append(describe_outcome(delivery, rule, now))
        return dict(outcomes)

    async def _render_rows(self, shown: Sequence[Delivery], *, masked: bool) -> list[Markup]:
        ids = [delivery.event_id for delivery in shown]
        read = await self.events.get(ids)
        events = {recorded.id: recorded for recorded in await read_current(self.events, read)}
        readable = list(events.values())
        facts = dict(zip(events, await self.facts.read(readable), strict=True))
        keys = dict.fromkeys(key for item in readable for key in list_sent_message_ids(item.event))
        sends = await self.facts.find_sends(list(keys)) if keys else {}
        rows = []
        for event_id in ids:
            recorded = events.get(event_id)
            if recorded is None:
                rows.append(markup("This event can't be read any more."))
                continue
            own = list_sent_message_ids(recorded.event)
            send = next((sends[key] for key in own if key in sends), None)
            headline = describe(recorded.event, send)
            whole = describe_event(recorded.event, facts[event_id])
            line = Markup(mask_text(headline.text)) if masked else whole
            rows.append(markup(format_date_token(get_event_time(recorded)), "  ·  ", line))
        return rows


def describe_outcome(delivery: Delivery, rule: Rule | None, now: float) -> Markup:
    """Return where an event was posted and by which rule, or what it is waiting for."""
    channel = (
        markup("direct messages")
        if is_private(delivery.channel)
        else channel_mention(delivery.channel)
    )
    where = markup(channel, f" by rule {rule.position}") if rule else channel
    if delivery.state == DeliveryState.DONE:
        return markup("Posted in ", where)
    if delivery.state == DeliveryState.CANCELED:
        return markup("Not posted in ", where, ": the rule was removed")
    if rule is not None and rule.problem == OUTSIDERS:
        return markup("Not posted in ", where, " yet: people outside your company read it")
    if rule is not None and rule.problem:
        return markup("Not posted in ", where, " yet: it doesn't accept messages")
    if delivery.due_at > now:
        return markup("Will be posted in ", where, ", ", format_date_token(delivery.due_at))
    return markup("Being posted in ", where)


def explain_unposted(recorded: RecordedEvent) -> Markup:
    """Return why no channel receives an event."""
    if is_too_old(recorded):
        return markup("Not posted: it arrived more than a day late")
    return markup("Not posted: no channel asked for it")
