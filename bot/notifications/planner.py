"""Decide which channels receive an event, and when. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.notifications.facts import Facts
from bot.notifications.matching import find_first_match
from bot.notifications.rule import EventGroup, Rule
from bot.notifications.schedule import find_due_time
from bot.webhooks.recorded_event import RecordedEvent

MAX_EVENT_AGE_SECONDS = 86_400.0
"""An event that is older on arrival is recorded, but doesn't post anything itself."""
DIGEST, LATE = "digest", "late"
"""Prefixes of the keys of messages that show several events: digests and quiet hours."""
MESSAGE_STREAM = EventGroup.MESSAGE.value


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """An event that a channel will receive.

    ``stream`` is its group. ``post_key`` is the message that shows it among others, "" if that
    isn't decided yet.
    """

    event_id: int
    rule_id: int
    channel: str
    stream: str
    due_at: float
    post_key: str = ""


def plan_deliveries(
    recorded: Sequence[RecordedEvent],
    facts: Sequence[Facts],
    rules_by_channel: Mapping[str, Sequence[Rule]],
    now: float,
) -> list[PlannedDelivery]:
    """Return what each channel receives of the events, in their order."""
    return [
        _plan(item, known, rule, now)
        for item, known in zip(recorded, facts, strict=True)
        if not is_too_old(item)
        for rules in rules_by_channel.values()
        if (rule := find_first_match(rules, known)) is not None
    ]


def is_too_old(recorded: RecordedEvent) -> bool:
    """Return whether an event happened too long before it arrived to post anything."""
    at = recorded.event.occurred_at
    return 0 < at < recorded.recorded_at - MAX_EVENT_AGE_SECONDS


def group_by_channel(rules: Sequence[Rule]) -> dict[str, list[Rule]]:
    """Return the rules of each channel, in their order."""
    grouped: dict[str, list[Rule]] = {}
    for rule in rules:
        grouped.setdefault(rule.channel, []).append(rule)
    return grouped


def _plan(recorded: RecordedEvent, facts: Facts, rule: Rule, now: float) -> PlannedDelivery:
    slot = find_due_time(rule.spec, facts.group, now)
    post_key = ""
    if slot.is_digest:
        post_key = f"{DIGEST}:{rule.id}:{int(slot.due_at)}"
    elif slot.is_late and facts.group is not EventGroup.MESSAGE:
        post_key = f"{LATE}:{rule.id}:{int(slot.due_at)}"
    return PlannedDelivery(
        recorded.id, rule.id, rule.channel, facts.group.value, slot.due_at, post_key
    )
