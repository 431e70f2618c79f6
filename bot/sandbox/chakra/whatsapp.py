"""The WhatsApp side of the embedded Chakra: its resources and their event listeners."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import event_bodies
from bot.sandbox.chakra.account import load_account
from bot.sandbox.chakra.calls import CallsResource
from bot.sandbox.chakra.delivery_simulator import DeliverySimulator
from bot.sandbox.chakra.media import MediaResource
from bot.sandbox.chakra.messages import MessagesResource
from bot.sandbox.chakra.numbers import NumbersResource
from bot.sandbox.chakra.processes import ProcessesResource, load_leads
from bot.sandbox.chakra.recipients import load_recipients
from bot.sandbox.chakra.team import EmbeddedTeam
from bot.sandbox.chakra.template import EmbeddedTemplate, load_templates
from bot.sandbox.chakra.templates import TemplatesResource
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
        team_id = team.team.id
        self.account = load_account()
        self.recipients = load_recipients()
        self.webhooks = WebhookSender(clock)
        self.delivery_simulator = DeliverySimulator(
            self.webhooks, self.recipients, self.account, clock
        )
        self.templates = TemplatesResource(
            load_templates(), self.account, clock, self._push_template_events
        )
        self.media = MediaResource(self.account, team_id, clock, get_base_url)
        self.processes = ProcessesResource(load_leads(team), advance_jobs)
        self._calls = CallsResource(self.account, self.delivery_simulator.is_window_open)
        self._messages = MessagesResource(
            self.account,
            team_id,
            self.templates,
            self.processes,
            self.media,
            self.recipients,
            self.delivery_simulator,
            clock,
        )

    def routes(self) -> list[Route]:
        resources = (
            self.templates,
            self._messages,
            self._calls,
            self.media,
            NumbersResource(self.account),
            self.processes,
        )
        return [route for resource in resources for route in resource.routes()]

    async def aclose(self) -> None:
        self.templates.close()
        self.delivery_simulator.close()
        await self.webhooks.aclose()

    def _push_template_events(self, before: EmbeddedTemplate, after: EmbeddedTemplate) -> None:
        for body in event_bodies.template_events(before, after, self.account):
            self.webhooks.push("meta", body)
