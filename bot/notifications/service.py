"""What commands can do with a workspace's notifications."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from bot.aio.clock import Clock, wait_for
from bot.db.engine import Database
from bot.errors import BotError, NotFound
from bot.notifications.deliveries import Deliveries
from bot.notifications.dry_run import (
    MAX_EVENTS,
    DryRun,
    SeenEvent,
    build_candidate,
    place_candidate,
    run_dry,
)
from bot.notifications.event_source import EventSource, read_current
from bot.notifications.facts import (
    FactsReader,
    FindCategory,
    FindRecords,
    FindSender,
    FindSends,
)
from bot.notifications.matching import find_filters_to_ask
from bot.notifications.repository import RuleRepository, require_space
from bot.notifications.rule import Rule, RuleSpec
from bot.notifications.rule_values import KnownNames
from bot.notifications.sample import render_sample
from bot.notifications.shown_events import ShownEvents, explain_unposted
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.slack.blocks import Markup
from bot.slack.members import UserGroup
from bot.templates.catalog import TemplateCatalog
from bot.webhooks.recorded_event import RecordedEvent

LOAD_TIMEOUT_SECONDS = 0.5
"""Seconds that a form or a line waits for the names of numbers and templates."""

ListRecentEvents = Callable[[int], Awaitable[Sequence[RecordedEvent]]]
"""Return the latest events of the log, the latest first. Raise ``DatabaseUnavailable``."""
ListGroups = Callable[[], Coroutine[Any, Any, tuple[UserGroup, ...]]]
"""Return the workspace's user groups. Raise ``SlackError``."""


@dataclass(frozen=True, slots=True)
class Notifications:
    """Rules and what they would do. Methods raise ``DatabaseUnavailable``."""

    rules: RuleRepository
    facts: FactsReader
    list_recent_events: ListRecentEvents
    catalog: TemplateCatalog
    outbox: Outbox
    clock: Clock
    shown: ShownEvents
    retry_channel: Callable[[str], None]
    """Post in a channel that had a problem, without waiting for the next attempt."""
    list_groups: ListGroups

    async def load_known(self, member: str, time_zone: str) -> KnownNames:
        """Return the possible meanings of names in a rule, as far as they load in time."""
        senders = self.catalog.get_cached_senders()
        index = self.catalog.get_cached_index()
        try:
            if not senders:
                loaded = wait_for(self.clock, self.catalog.get_senders(), LOAD_TIMEOUT_SECONDS)
                senders = (await loaded).value
            if index is None:
                loading = wait_for(self.clock, self.catalog.get_index(), LOAD_TIMEOUT_SECONDS)
                index = (await loading).value
        except (BotError, TimeoutError):
            pass
        names = tuple(index.by_name) if index else ()
        return KnownNames(senders, names, member, time_zone, await self._load_groups())

    async def _load_groups(self) -> tuple[UserGroup, ...]:
        """Return the user groups; none if Slack doesn't list them, as without usergroups:read."""
        try:
            return await wait_for(self.clock, self.list_groups(), LOAD_TIMEOUT_SECONDS)
        except (BotError, TimeoutError):
            return ()

    async def get(self, rule_id: int) -> Rule:
        """Return a rule. Raise ``NotFound`` if it was removed."""
        rule = await self.rules.get(rule_id)
        if rule is None:
            raise NotFound("rule", "", hint="It was removed.")
        return rule

    async def try_rule(
        self, channel: str, member: str, spec: RuleSpec, rule: Rule | None = None
    ) -> DryRun:
        """Return what a rule would have done with the latest events.

        Raise ``UsageError`` if it can't be saved.
        """
        rules = await self.rules.list_channel(channel)
        require_space(_exclude_rule(rules, rule), spec)
        candidate = build_candidate(channel, member, spec, rule)
        events = await self.read_recent(
            MAX_EVENTS, filters=find_filters_to_ask(place_candidate(rules, candidate))
        )
        return run_dry(rules, candidate, events)

    async def save(
        self, channel: str, member: str, spec: RuleSpec, rule: Rule | None = None
    ) -> Rule:
        """Add a rule, or change one. Raise ``NotFound`` if it was removed, and ``UsageError``.

        A channel has one catch-all.
        """
        now = self.clock.time()
        if rule is None:
            return await self.rules.add(channel, member, spec, now)
        require_space(_exclude_rule(await self.rules.list_channel(channel), rule), spec)
        changed = await self.rules.change(rule.id, spec, now)
        if changed is None:
            raise NotFound("rule", "", hint="It was removed.")
        return changed

    async def read_recent(self, limit: int, *, filters: Collection[str] = ()) -> list[SeenEvent]:
        """Return the latest events with their facts, the latest first."""
        recorded = await self.list_recent_events(limit)
        facts = await self.facts.read(recorded, filters=filters)
        current = await read_current(self.shown.events, recorded)
        return [SeenEvent(*pair) for pair in zip(current, facts, strict=True)]

    async def post_sample(self, rule: Rule, member: str, reference: str) -> None:
        """Post a sample of what a rule receives, once for each ``reference``."""
        message = render_sample(rule, member, self.clock.time())
        key = f"sample:{rule.id}:{reference}"
        await self.outbox.enqueue(OutboxMessage(key, rule.channel, message, member))

    async def find_outcomes(self, events: Sequence[SeenEvent]) -> dict[int, Sequence[Markup]]:
        """Return where each event was posted, or why it wasn't, by its ID."""
        return {
            **{item.recorded.id: (explain_unposted(item.recorded),) for item in events},
            **await self.shown.find_outcomes([item.recorded.id for item in events]),
        }


def _exclude_rule(rules: Sequence[Rule], rule: Rule | None) -> list[Rule]:
    return [item for item in rules if rule is None or item.id != rule.id]


def open_notifications(
    database: Database,
    catalog: TemplateCatalog,
    outbox: Outbox,
    clock: Clock,
    find_sends: FindSends,
    list_recent_events: ListRecentEvents,
    find_records: FindRecords,
    events: EventSource,
    retry_channel: Callable[[str], None],
    list_groups: ListGroups,
    workspace: str = "",
) -> Notifications:
    """Return the notifications of a workspace."""
    rules = RuleRepository(database, workspace)
    facts = FactsReader(
        find_sends, build_category_finder(catalog), find_records, build_sender_finder(catalog)
    )
    return Notifications(
        rules,
        facts,
        list_recent_events,
        catalog,
        outbox,
        clock,
        ShownEvents(Deliveries(database, workspace), events, facts, rules, clock),
        retry_channel,
        list_groups,
    )


def build_category_finder(catalog: TemplateCatalog) -> FindCategory:
    """Return a function that finds a template's category."""

    async def find(name: str, language: str) -> str:
        index = catalog.get_cached_index() or (await catalog.get_index()).value
        found = index.find_by_name(name, language)
        return found[0].category if found else ""

    return find


def build_sender_finder(catalog: TemplateCatalog) -> FindSender:
    """Return what finds the number of an event that names only its business account, or nothing.

    Chakra's own format often does (API.md, Webhooks). With several numbers there it can't be known.
    """

    async def find(waba_id: str) -> str:
        numbers = (await catalog.get_numbers()).value
        ids = {number.id for number in numbers if waba_id in ("", number.waba)}
        return ids.pop() if len(ids) == 1 else ""

    return find
