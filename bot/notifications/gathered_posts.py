"""Keep messages of several events up to date: bursts, digests, and the parents of threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cachetools import LRUCache

from bot.aio.clock import Clock
from bot.messages.send import Send
from bot.notifications.deliveries import Deliveries
from bot.notifications.delivery import Delivery, GatheredPost
from bot.notifications.event_source import EventSource, read_current
from bot.notifications.facts import Facts, FactsReader, list_sent_message_ids
from bot.notifications.gathering import Tally, render_gathered, render_thread
from bot.notifications.planner import MESSAGE_STREAM
from bot.notifications.rule import Grouping, Rule
from bot.notifications.schedule import find_zone, format_local_date
from bot.outbox.error_policy import LOST_ROOT_CODES
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.webhooks.recorded_event import RecordedEvent

UPDATE_INTERVAL_SECONDS = 4.0
"""Seconds between two updates of one message."""
MAX_TALLIES = 200
READ_BATCH_SIZE = 500


class GatheredPosts:
    """Counts come from the database; those so far are remembered."""

    def __init__(
        self,
        deliveries: Deliveries,
        events: EventSource,
        facts: FactsReader,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._deliveries = deliveries
        self._events = events
        self._facts = facts
        self._outbox = outbox
        self._clock = clock
        self._tallies: LRUCache[str, Tally] = LRUCache(MAX_TALLIES)
        self._updated_at: LRUCache[str, float] = LRUCache(MAX_TALLIES)

    async def collect_facts(self, recorded: Sequence[RecordedEvent]) -> list[Facts]:
        """Return the facts of events that don't need Chakra."""
        return await self._facts.read(recorded)

    async def post(self, post: GatheredPost, rule: Rule) -> float:
        """Post or update a message of several events.

        Return 0, or the seconds until it may be updated again. Raise ``DatabaseUnavailable``.
        """
        if (wait := self._compute_seconds_until_update(post.post_key)) > 0:
            return wait
        await self._enqueue(post.post_key, rule)
        await self._deliveries.mark_gathered(post)
        self._updated_at[post.post_key] = self._clock.monotonic()
        return 0.0

    async def revise(self, post_key: str, rule: Rule) -> None:
        """Show a message's current events: a customer changed or deleted their text."""
        self._tallies.pop(post_key, None)
        await self._enqueue(post_key, rule)

    async def _enqueue(self, post_key: str, rule: Rule) -> None:
        tally = await self._count(post_key)
        message = render_gathered(post_key, rule, tally, _list_mentions(rule, tally))
        own = OutboxMessage(post_key, rule.channel, message, "")
        [first, *_] = await self._deliveries.list_shown(post_key, limit=1)
        await enqueue(self._outbox, await self.place_in_thread(rule, first, [own]))

    async def place_in_thread(
        self, rule: Rule, delivery: Delivery, messages: Sequence[OutboxMessage]
    ) -> list[OutboxMessage]:
        """Return the messages, in the day's thread if the rule has one, after its parent."""
        if rule.spec.grouping is not Grouping.THREADED or delivery.stream == MESSAGE_STREAM:
            return list(messages)
        parent = await self._render_thread_parent(rule, delivery.created_at)
        replies = [
            message if message.thread_key else replace(message, thread_key=parent.key)
            for message in messages
        ]
        return [parent, *replies]

    async def _render_thread_parent(self, rule: Rule, at: float) -> OutboxMessage:
        day = format_local_date(at, rule.spec.time_zone)
        zone = find_zone(rule.spec.time_zone)
        start = datetime.fromisoformat(day).replace(tzinfo=zone)
        end = (start + timedelta(days=1)).timestamp()
        count = await self._deliveries.count_of_rule(rule.id, start.timestamp(), end)
        message = render_thread(rule, count, start.timestamp())
        key = f"thread:{rule.id}:{day}"
        if (await self._outbox.get_status(key)).error_code in LOST_ROOT_CODES:
            await self._outbox.forget(key)
        return OutboxMessage(key, rule.channel, message, "")

    async def _count(self, post_key: str) -> Tally:
        """Return the tally with every event of the message."""
        tally = self._tallies.get(post_key) or Tally()
        while True:
            shown = await self._deliveries.list_shown(
                post_key, after=tally.last_event_id, limit=READ_BATCH_SIZE
            )
            if not shown:
                break
            await self._add(tally, shown)
        self._tallies[post_key] = tally
        return tally

    async def _add(self, tally: Tally, shown: Sequence[Delivery]) -> None:
        read = await self._events.get([delivery.event_id for delivery in shown])
        events = {recorded.id: recorded for recorded in await read_current(self._events, read)}
        sends = await self._find_sends(list(events.values()))
        for delivery in shown:
            recorded = events.get(delivery.event_id)
            if recorded is None:
                tally.add_unreadable(delivery.event_id, delivery.stream)
            else:
                keys = list_sent_message_ids(recorded.event)
                send = next((sends[key] for key in keys if key in sends), None)
                tally.add(recorded, delivery.stream, send)

    async def _find_sends(self, recorded: Sequence[RecordedEvent]) -> dict[str, Send]:
        keys = dict.fromkeys(key for item in recorded for key in list_sent_message_ids(item.event))
        return dict(await self._facts.find_sends(list(keys))) if keys else {}

    def _compute_seconds_until_update(self, post_key: str) -> float:
        updated_at = self._updated_at.get(post_key)
        if updated_at is None:
            return 0.0
        return max(0.0, updated_at + UPDATE_INTERVAL_SECONDS - self._clock.monotonic())


async def enqueue(outbox: Outbox, messages: Sequence[OutboxMessage]) -> None:
    """Enqueue the messages that begin threads before their replies: the outbox sorts by key."""
    roots = [message for message in messages if not message.thread_key]
    replies = [message for message in messages if message.thread_key]
    for part in (roots, replies):
        if part:
            await outbox.enqueue(*part)


def _list_mentions(rule: Rule, tally: Tally) -> tuple[str, ...]:
    """Return the mentions of the message: no one about their own actions."""
    own = next(iter(tally.members)) if len(tally.members) == 1 else ""
    return tuple(target for target in rule.spec.mentions if target != own)
