"""Events whose channels can't be decided until Chakra answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from bot.aio.clock import Clock
from bot.notifications.facts import Facts
from bot.notifications.matching import find_first_match, is_undecided
from bot.notifications.planner import is_too_old
from bot.notifications.rule import Rule
from bot.webhooks.recorded_event import RecordedEvent

IDLE_SECONDS = 60.0
RETRY_SECONDS = 15.0
MAX_WAIT_SECONDS = 3_600.0
"""Seconds after which an event is decided by what is known about it."""


@dataclass
class WaitingEvents:
    """They stay pending in the log, and so do later events of the same customers.

    Events up to ``last_event_id`` are decided or wait; 0 if none waits.
    """

    last_event_id: int = 0
    given_up: set[str] = field(default_factory=set)
    """The channels that may be missing events since Chakra didn't answer in time."""
    _has_any: bool = False
    _retry_at: float = 0.0
    _customers: set[int] = field(default_factory=set)

    def retry_if_due(self, now: float) -> None:
        """Check all pending events again if it is time to ask Chakra again."""
        if now >= self._retry_at:
            self.last_event_id, self._has_any = 0, False
            self._customers.clear()

    def compute_seconds_until_retry(self, now: float) -> float:
        return max(0.0, self._retry_at - now) if self.last_event_id else IDLE_SECONDS

    def take_decided(
        self,
        pending: Sequence[RecordedEvent],
        known: Mapping[int, Facts],
        rules_by_channel: Mapping[str, Sequence[Rule]],
        clock: Clock,
    ) -> list[RecordedEvent]:
        """Return the events that can be decided now, in order."""
        decided = []
        for recorded in pending:
            facts = known.get(recorded.id)
            if facts is not None and self._waits(recorded, facts, rules_by_channel, clock.time()):
                self._customers |= {recorded.customer_id} - {0}
            else:
                decided.append(recorded)
        if len(decided) < len(pending) and not self._has_any:
            self._has_any = True
            self._retry_at = clock.monotonic() + RETRY_SECONDS
        return decided

    def pass_by(self, event_id: int) -> None:
        """Record, in the database too, that the events up to this one are decided or waiting."""
        if self._has_any:
            self.last_event_id = event_id

    def _waits(
        self,
        recorded: RecordedEvent,
        facts: Facts,
        rules_by_channel: Mapping[str, Sequence[Rule]],
        now: float,
    ) -> bool:
        if is_too_old(recorded):
            return False
        if recorded.customer_id in self._customers:
            return True
        undecided = {
            channel
            for channel, rules in (rules_by_channel.items() if facts.unknown else ())
            if is_undecided(rules, facts)
        }
        if not undecided:
            return False
        is_expired = now >= recorded.recorded_at + MAX_WAIT_SECONDS
        if is_expired:
            self.given_up |= {
                channel
                for channel in undecided
                if find_first_match(rules_by_channel[channel], facts) is None
            }
            structlog.get_logger("notifier").warning(
                "event_decided_without_chakra", event_id=recorded.id
            )
        return not is_expired
