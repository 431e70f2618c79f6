"""The WhatsApp side of the embedded Chakra: its resources and their event listeners."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import event_bodies
from bot.sandbox.chakra.account import read_account
from bot.sandbox.chakra.deliveries import Deliveries
from bot.sandbox.chakra.media import MediaResource
from bot.sandbox.chakra.messages import MessagesResource
from bot.sandbox.chakra.numbers import NumbersResource
from bot.sandbox.chakra.processes import ProcessesResource, read_leads
from bot.sandbox.chakra.recipients import read_recipients
from bot.sandbox.chakra.team import Team
from bot.sandbox.chakra.template import Template, read_templates
from bot.sandbox.chakra.templates import TemplatesResource
from bot.sandbox.chakra.webhooks import Webhooks


class WhatsApp:
    """The WhatsApp resources.

    ``base_url`` is called when needed: the address is known only once it is served. ``settle``
    processes due job entries.
    """

    def __init__(
        self,
        team: Team,
        clock: Clock,
        base_url: Callable[[], str],
        settle: Callable[[], None],
    ) -> None:
        team_id = team.team.id
        self.account = read_account()
        self.recipients = read_recipients()
        self.webhooks = Webhooks(clock)
        self.deliveries = Deliveries(self.webhooks, self.recipients, self.account, clock)
        self.templates = TemplatesResource(read_templates(), self.account, clock, self._reviewed)
        self.media = MediaResource(self.account, team_id, clock, base_url)
        self.processes = ProcessesResource(read_leads(team), settle)
        self._messages = MessagesResource(
            self.account,
            team_id,
            self.templates,
            self.processes,
            self.media,
            self.recipients,
            self.deliveries,
            clock,
        )

    def routes(self) -> list[Route]:
        resources = (
            self.templates,
            self._messages,
            self.media,
            NumbersResource(self.account),
            self.processes,
        )
        return [route for resource in resources for route in resource.routes()]

    async def aclose(self) -> None:
        self.templates.close()
        self.deliveries.close()
        await self.webhooks.aclose()

    def _reviewed(self, template: Template) -> None:
        self.webhooks.push("meta", event_bodies.template_status(template, self.account))
