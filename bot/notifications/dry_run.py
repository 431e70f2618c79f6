"""What a rule would have done with the latest events, before it is saved. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.notifications.facts import Facts
from bot.notifications.matching import find_first_match, matches
from bot.notifications.planner import is_too_old
from bot.notifications.rule import Rule, RuleSpec
from bot.webhooks.recorded_event import RecordedEvent

NEW_RULE_ID = 0
MAX_EVENTS = 100
MAX_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """A recorded event, with the facts that rules match."""

    recorded: RecordedEvent
    facts: Facts


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a rule would have done: of ``total`` events it matches ``taken``, the latest first.

    ``by_rule`` counts those that it asks for but that rules above it take, by position.
    """

    total: int
    taken: tuple[SeenEvent, ...]
    by_rule: dict[int, int]

    @property
    def follow_ups(self) -> int:
        """How many of ``taken`` are shown only in an existing customer thread."""
        return sum(item.facts.is_follow_up for item in self.taken)


def place_candidate(rules: Sequence[Rule], candidate: Rule) -> list[Rule]:
    """Return a channel's rules with the candidate in its place: a new one comes last."""
    changed = [candidate if rule.id == candidate.id else rule for rule in rules]
    if candidate.id == NEW_RULE_ID:
        changed.append(replace(candidate, position=len(rules) + 1))
    return changed


def run_dry(rules: Sequence[Rule], candidate: Rule, events: Sequence[SeenEvent]) -> DryRun:
    """Return what the candidate would have done among the channel's rules."""
    changed = place_candidate(rules, candidate)
    taken: list[SeenEvent] = []
    by_rule: Counter[int] = Counter()
    for item in events:
        winner = None if is_too_old(item.recorded) else find_first_match(changed, item.facts)
        if winner is None:
            continue
        if winner.id == candidate.id:
            taken.append(item)
        elif matches(candidate.spec, item.facts):
            by_rule[winner.position] += 1
    return DryRun(len(events), tuple(taken), dict(by_rule))


def build_candidate(channel: str, member: str, spec: RuleSpec, rule: Rule | None = None) -> Rule:
    """Return the rule as it would be saved, in place of ``rule`` if that is being edited."""
    if rule is not None:
        return replace(rule, spec=spec)
    return Rule(NEW_RULE_ID, channel, 0, member, spec)
