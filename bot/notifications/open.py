"""The notifier of a workspace, built on its clients."""

from __future__ import annotations

from collections.abc import Mapping

from bot.aio.clock import Clock
from bot.db.engine import Database
from bot.notifications.cards import CardPresenter
from bot.notifications.channel_states import ChannelStates
from bot.notifications.deliveries import Deliveries
from bot.notifications.dispatch import DeliveryDispatcher
from bot.notifications.event_source import CachedEvents, EventSource
from bot.notifications.facts import FactsReader
from bot.notifications.gathered_posts import GatheredPosts
from bot.notifications.notifier import Notifier
from bot.notifications.presenter import Presenter
from bot.notifications.problems import ChannelProblems
from bot.notifications.repository import RuleRepository
from bot.notifications.settlement import Settlement
from bot.outbox.outbox import Outbox
from bot.slack.channels import Channels
from bot.webhooks.events import WebhookEvent


def build_notifier(
    database: Database,
    events: EventSource,
    facts: FactsReader,
    presenters: Mapping[type[WebhookEvent], Presenter],
    outbox: Outbox,
    channels: Channels,
    clock: Clock,
    *,
    workspace: str = "",
) -> Notifier:
    """Return the notifier; the caller starts its ``run``.

    ``presenters`` present the events of their types; others get a card.
    """
    deliveries, events = Deliveries(database, workspace), CachedEvents(events)
    rules = RuleRepository(database, workspace)
    problems = ChannelProblems(rules, ChannelStates(channels, clock), outbox, clock)
    gathered = GatheredPosts(deliveries, events, facts, outbox, clock)
    dispatcher = DeliveryDispatcher(
        deliveries,
        events,
        gathered,
        presenters,
        CardPresenter(facts.find_sends),
        outbox,
        clock,
    )
    settlement = Settlement(deliveries, problems, outbox, clock)
    return Notifier(
        database,
        deliveries,
        rules,
        events,
        facts,
        dispatcher,
        settlement,
        problems,
        clock,
        workspace=workspace,
    )
