"""The WhatsApp side of the embedded Chakra: its resources and their event listeners."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import event_bodies, template_events
from bot.sandbox.chakra.account import load_account
from bot.sandbox.chakra.calls import CallsResource
from bot.sandbox.chakra.chats import ChatsResource
from bot.sandbox.chakra.customer_events import EventPair
from bot.sandbox.chakra.customers import Customers
from bot.sandbox.chakra.delivery_simulator import DeliverySimulator
from bot.sandbox.chakra.media import MediaResource
from bot.sandbox.chakra.messages import MessagesResource
from bot.sandbox.chakra.numbers import NumbersResource
from bot.sandbox.chakra.processes import ProcessesResource, load_leads
from bot.sandbox.chakra.recipients import load_recipients
from bot.sandbox.chakra.team import EmbeddedTeam
from bot.sandbox.chakra.template import EmbeddedTemplate, load_templates
from bot.sandbox.chakra.templates import TemplatesResource
from bot.sandbox.chakra.timers import TimerGroup
from bot.sandbox.chakra.webhooks import WebhookSender


class EmbeddedWhatsApp:
    """The WhatsApp resources.

    ``base_url`` is called when needed: the address is known only once it is served. ``settle``
    processes due job entries.
    """

    def __init__(
        self,
        team: EmbeddedTeam,
        clock: Clock,
        get_base_url: Callable[[], str],
        advance_jobs: Callable[[], None],
    ) -> None:
        team_id = self._team_id = team.team.id
        self.account = load_account()
        self._clock = clock
        self._timers = TimerGroup(clock)
        self.recipients = load_recipients()
        self.webhooks = WebhookSender(clock)
        self.media = MediaResource(self.account, team_id, clock, get_base_url)
        self.customers = Customers(self.account, clock, self._push_pair, self.media.add)
        self.delivery_simulator = DeliverySimulator(
            self.webhooks, self.recipients, self.account, clock, self.customers
        )
        self.templates = TemplatesResource(
            load_templates(), self.account, clock, self._push_template_events
        )
        self.processes = ProcessesResource(load_leads(team), advance_jobs)
        self._calls = CallsResource(self.account, self.delivery_simulator.is_window_open)
        self.messages = MessagesResource(
            self.account,
            team_id,
            self.templates,
            self.processes,
            self.media,
            self.recipients,
            self.delivery_simulator,
            self.customers,
            clock,
        )

    def build_routes(self) -> list[Route]:
        resources = (
            self.templates,
            self.messages,
            self._calls,
            self.media,
            NumbersResource(self.account),
            self.processes,
            ChatsResource(self.account, self._team_id, self.customers),
        )
        return [route for resource in resources for route in resource.build_routes()]

    async def aclose(self) -> None:
        self.templates.close()
        self._timers.cancel_all()
        self.delivery_simulator.close()
        await self.webhooks.aclose()

    def _push_pair(self, event: EventPair) -> None:
        self.webhooks.push("meta", event.meta)
        if event.chakra is not None:
            self.webhooks.push("chakra", event.chakra)

    def _push_template_events(self, before: EmbeddedTemplate, after: EmbeddedTemplate) -> None:
        now = self._clock.time()
        for field, value in template_events.iter_changes(before, after, now):
            self.push_change(field, value)
        if after.correct_category and after.correct_category != before.correct_category:
            self._timers.call_later(
                template_events.CATEGORY_NOTICE_SECONDS,
                lambda: self.templates.apply_correct_category(after.id),
            )

    def push_change(self, field: str, value: Mapping[str, Any]) -> None:
        """Send a account change or a template, in Meta's format; it has a time."""
        change = event_bodies.build_meta_change(field, dict(value))
        self.webhooks.push(
            "meta", event_bodies.build_meta_event(self.account, [change], self._clock.time())
        )
