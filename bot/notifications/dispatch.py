"""Hand a channel's deliveries to the outbox: each event alone, or many in one message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.aio.clock import Clock
from bot.errors import DatabaseUnavailable
from bot.notifications.bursts import combine
from bot.notifications.deliveries import Deliveries
from bot.notifications.delivery import (
    BURST,
    EACH,
    GATHERED,
    STORM,
    Delivery,
    DeliveryState,
    GatheredPost,
)
from bot.notifications.event_source import EventSource
from bot.notifications.gathered_posts import GatheredPosts, enqueue
from bot.notifications.headlines import render_plain
from bot.notifications.matching import select_mentions
from bot.notifications.planner import MESSAGE_STREAM
from bot.notifications.presenter import Presenter
from bot.notifications.rule import Rule
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.webhooks.amendments import find_target
from bot.webhooks.events import MessageEvent, WebhookEvent
from bot.webhooks.recorded_event import RecordedEvent

MAX_QUEUED = 5
"""Messages of a channel in the outbox at a time: later ones can be combined."""
STORM_SIZE, STORM_WINDOW_SECONDS = 5, 60.0
"""Events of one kind that are shown separately within these seconds; more are combined."""
STORM_MAX_SECONDS = 1_800.0
"""Seconds after which a burst that doesn't end gets another message."""
MAX_MESSAGE_BACKLOG = 30
"""Posting more takes over half a minute: beyond this, messages from one customer are combined."""
MAX_MESSAGES_FETCHED = 200
MAX_ATTEMPTS, RETRY_SECONDS = 3, 5.0
REACTION, REVOKE = "reaction", "revoke"
BUSY_SECONDS, IDLE_SECONDS = 1.0, 30.0
"""Seconds until a channel is checked again, after messages were handed over and otherwise."""


@dataclass(slots=True)
class _Attempt:
    count: int
    retry_at: float
    customer_id: int


@dataclass(frozen=True, slots=True)
class ChannelWork:
    """The arguments of `DeliveryDispatcher.deliver`.

    ``held`` are rules whose customers' messages may not be posted now; ``slots`` is how many
    messages the outbox accepts.
    """

    channel: str
    rules: Mapping[int, Rule]
    held: set[int]
    slots: int
    now: float


class DeliveryDispatcher:
    """Hands over each delivery once.

    The message that shows it is decided in the database before the outbox has it: a crash loses
    nothing and posts nothing twice.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        events: EventSource,
        gathered: GatheredPosts,
        presenters: Mapping[type[WebhookEvent], Presenter],
        fallback: Presenter,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._deliveries = deliveries
        self._events = events
        self._gathered = gathered
        self._presenters = presenters
        self._fallback = fallback
        self._outbox = outbox
        self._clock = clock
        self._attempts: dict[int, _Attempt] = {}
        self._handed_over = False
        self._rules_seen: dict[str, frozenset[int]] = {}
        self._log = structlog.get_logger("notifier")

    async def deliver(self, work: ChannelWork) -> float:
        """Hand over what may be posted now; return the seconds until more may be.

        Raise ``DatabaseUnavailable``.
        """
        self._handed_over = work.slots <= 0
        await self._cancel_removed(work)
        slots = await self._decide_streams(work)
        await self._decide_messages(replace(work, slots=slots))
        waits = [await self._post_gathered(work), await self._post_each(work)]
        usual = BUSY_SECONDS if self._handed_over else IDLE_SECONDS
        return min([usual, *(seconds for seconds in waits if seconds is not None)])

    async def _cancel_removed(self, work: ChannelWork) -> None:
        rule_ids = frozenset(work.rules)
        if self._rules_seen.get(work.channel) != rule_ids:
            await self._deliveries.cancel_removed(work.channel, rule_ids, work.now)
            self._rules_seen[work.channel] = rule_ids

    async def revise(
        self,
        recorded: RecordedEvent,
        rules: Mapping[int, Rule],
        may_show: Callable[[str], Awaitable[bool]],
    ) -> None:
        """Show an edit, a deletion or a reaction in messages that show several events.

        New text is shown only if the channel ``may_show`` it. Raise ``DatabaseUnavailable``.
        """
        for shown in await self._find_gathered(recorded):
            rule = rules.get(shown.rule_id)
            if rule is None or shown.state not in (DeliveryState.QUEUED, DeliveryState.DONE):
                continue
            if recorded.event.kind != REVOKE and not await may_show(shown.channel):
                continue
            if shown.post_key.startswith(f"{BURST}:"):
                own = await self._deliveries.list_shown(shown.post_key, limit=MAX_MESSAGES_FETCHED)
                await self._enqueue_burst(shown.post_key, own, rule)
            elif recorded.event.kind != REACTION:
                await self._gathered.revise(shown.post_key, rule)

    async def _find_gathered(self, recorded: RecordedEvent) -> list[Delivery]:
        """Return the deliveries of the changed message that are in messages of several events."""
        event = recorded.event
        target = find_target(event) if isinstance(event, MessageEvent) else ""
        if not target:
            return []
        for prefix in ("message", "echo"):
            earlier = await self._events.find_by_key(f"{prefix}:{target}")
            if earlier is not None:
                found = await self._deliveries.list_of_events([earlier.id])
                return [each for each in found if each.post_key.partition(":")[0] in GATHERED]
        return []

    # --- which message shows an event -------------------------------------------------------------

    async def _decide_streams(self, work: ChannelWork) -> int:
        """Decide for everything except customers' messages; return how many slots are left."""
        slots, since = work.slots, work.now - STORM_WINDOW_SECONDS
        for stream in await self._deliveries.list_streams(work.channel, work.now):
            storm = await self._deliveries.find_storm(
                work.channel, stream.rule_id, stream.stream, since
            )
            if not storm or work.now - _parse_storm_start(storm) > STORM_MAX_SECONDS:
                shown = await self._deliveries.count_since(
                    work.channel, stream.rule_id, stream.stream, since
                )
                is_storm = shown + stream.count > STORM_SIZE
                storm = _build_storm_key(stream.rule_id, stream.first_event_id, work.now)
                storm = storm if is_storm else ""
            if storm:
                await self._deliveries.assign_stream(work.channel, stream, storm, work.now)
            elif slots > 0:
                await self._deliveries.assign_stream(
                    work.channel, stream, EACH, work.now, limit=slots
                )
                slots -= min(slots, stream.count)
        return slots

    async def _decide_messages(self, work: ChannelWork) -> None:
        """Decide for customers' messages: those of one customer stay in order."""
        if work.slots <= 0:
            return
        due = await self._deliveries.list_messages(
            work.channel, work.now, MAX_MESSAGES_FETCHED, work.held
        )
        if not due:
            return
        gathers = len(due) > MAX_MESSAGE_BACKLOG
        customers = await self._group_by_customer(due if gathers else due[: work.slots])
        for own in list(customers)[: work.slots]:
            ids = [delivery.id for delivery in own]
            is_burst = gathers and len(own) > 1
            key = f"{BURST}:{own[0].rule_id}:{own[0].event_id}" if is_burst else EACH
            await self._deliveries.assign(ids, key)

    async def _group_by_customer(self, due: Sequence[Delivery]) -> list[list[Delivery]]:
        """Return each customer's deliveries, except for customers with an earlier one in retry."""
        events = await self._events.get([delivery.event_id for delivery in due])
        customer_of = {recorded.id: recorded.customer_id for recorded in events}
        held = {attempt.customer_id for attempt in self._attempts.values()} - {0}
        grouped: dict[int, list[Delivery]] = {}
        for delivery in due:
            customer = customer_of.get(delivery.event_id, 0)
            if customer not in held:
                grouped.setdefault(customer or -delivery.event_id, []).append(delivery)
        return list(grouped.values())

    # --- messages of several events ---------------------------------------------------------------

    async def _post_gathered(self, work: ChannelWork) -> float | None:
        waits: list[float] = []
        for post in await self._deliveries.list_gathered(work.channel, work.now):
            rule = work.rules.get(post.rule_id)
            if rule is None or rule.id in work.held:
                continue
            if post.post_key.startswith(f"{BURST}:"):
                await self._post_burst(post, rule, work)
                continue
            wait = await self._gathered.post(post, rule)
            self._handed_over |= not wait
            if wait > 0:
                waits.append(wait)
        return min(waits) if waits else None

    async def _post_burst(self, post: GatheredPost, rule: Rule, work: ChannelWork) -> None:
        """Post the messages of one customer as one, in their thread."""
        own = await self._deliveries.list_assigned(
            work.channel, work.now, post.post_key, MAX_MESSAGES_FETCHED
        )
        await self._enqueue_burst(post.post_key, own, rule)
        await self._deliveries.mark_gathered(post)
        self._handed_over = True

    async def _enqueue_burst(self, post_key: str, own: Sequence[Delivery], rule: Rule) -> None:
        presented: list[OutboxMessage] = []
        for recorded in await self._events.get([delivery.event_id for delivery in own]):
            presented += await self._present_or_plain(recorded, rule)
        known = await self._outbox.get_statuses([message.key for message in presented])
        await enqueue(self._outbox, combine(post_key, presented, set(known)))

    # --- events alone -----------------------------------------------------------------------------

    async def _post_each(self, work: ChannelWork) -> float | None:
        due = await self._deliveries.list_assigned(
            work.channel, work.now, EACH, MAX_MESSAGES_FETCHED
        )
        events = {
            recorded.id: recorded
            for recorded in await self._events.get([delivery.event_id for delivery in due])
        }
        now = self._clock.monotonic()
        waits: list[float] = []
        blocked: set[int] = set()
        for delivery in due:
            recorded = events.get(delivery.event_id)
            rule = work.rules[delivery.rule_id]
            if rule.id in work.held and delivery.stream == MESSAGE_STREAM:
                continue
            if recorded is None:
                await self._deliveries.close([delivery.id], work.now, DeliveryState.CANCELED)
                continue
            attempt = self._attempts.get(delivery.id)
            if recorded.customer_id in blocked or (attempt and attempt.retry_at > now):
                blocked |= {recorded.customer_id} - {0}
                waits.append(attempt.retry_at - now if attempt else RETRY_SECONDS)
                continue
            if not await self._post_one(delivery, recorded, rule, work.now):
                blocked |= {recorded.customer_id} - {0}
                waits.append(self._attempts[delivery.id].retry_at - now)
        return min(waits) if waits else None

    async def _post_one(
        self, delivery: Delivery, recorded: RecordedEvent, rule: Rule, now: float
    ) -> bool:
        """Hand the messages of one event to the outbox; return False if they are to be retried."""
        try:
            messages = await self._present(recorded, rule)
            if await self._is_in_burst(recorded, rule):
                messages = [message for message in messages if message.announces]
        except DatabaseUnavailable:
            raise
        except Exception:  # noqa: BLE001 - it is logged
            if self._note_failure(delivery, recorded):
                return False
            messages = [_render_plain(recorded, rule)]
        if messages:
            await enqueue(
                self._outbox, await self._gathered.place_in_thread(rule, delivery, messages)
            )
            await self._deliveries.mark_queued([delivery.id], messages[-1].key)
            self._handed_over = True
        else:
            await self._deliveries.close([delivery.id], now)
        self._attempts.pop(delivery.id, None)
        return True

    async def _is_in_burst(self, recorded: RecordedEvent, rule: Rule) -> bool:
        """Return whether an edit or the like is shown in the message of a burst; see `revise`."""
        return any(
            shown.channel == rule.channel and shown.post_key.startswith(f"{BURST}:")
            for shown in await self._find_gathered(recorded)
        )

    def _note_failure(self, delivery: Delivery, recorded: RecordedEvent) -> bool:
        """Log that an event can't be presented; return whether to try again."""
        earlier = self._attempts.get(delivery.id)
        count = (earlier.count if earlier else 0) + 1
        self._log.exception("event_not_presented", event_id=recorded.id, attempt=count)
        if count >= MAX_ATTEMPTS:
            return False
        retry_at = self._clock.monotonic() + RETRY_SECONDS * 2 ** (count - 1)
        self._attempts[delivery.id] = _Attempt(count, retry_at, recorded.customer_id)
        return True

    async def _present_or_plain(
        self, recorded: RecordedEvent, rule: Rule
    ) -> Sequence[OutboxMessage]:
        try:
            return await self._present(recorded, rule)
        except DatabaseUnavailable:
            raise
        except Exception:  # noqa: BLE001 - one event must not lose the others
            self._log.exception("event_not_presented", event_id=recorded.id)
            return [_render_plain(recorded, rule)]

    async def _present(self, recorded: RecordedEvent, rule: Rule) -> Sequence[OutboxMessage]:
        mentions: Sequence[str] = ()
        if rule.spec.mentions:
            mentions = select_mentions(rule.spec, await self._gathered.collect_facts([recorded]))
        presenter = self._presenters.get(type(recorded.event), self._fallback)
        return await presenter.present(
            recorded,
            channel=rule.channel,
            member="",  # the notifier itself notifies the rule's author, once
            takes_replies=rule.spec.takes_replies,
            mentions=mentions,
        )


def _render_plain(recorded: RecordedEvent, rule: Rule) -> OutboxMessage:
    key = f"event:{rule.channel}:{recorded.id}:plain"
    return OutboxMessage(key, rule.channel, render_plain(f"E-{recorded.id}"), "")


def _build_storm_key(rule_id: int, event_id: int, now: float) -> str:
    return f"{STORM}:{rule_id}:{event_id}:{int(now)}"


def _parse_storm_start(key: str) -> float:
    return float(key.rpartition(":")[2])
