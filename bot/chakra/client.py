"""The client of one Chakra, with one attribute per resource. Facts about the API: ``API.md``."""

from __future__ import annotations

from typing import Self

from pydantic import SecretStr

from bot.aio.clock import Clock
from bot.chakra.chats import ChatsApi
from bot.chakra.config import ConfigApi
from bot.chakra.health import HealthApi
from bot.chakra.jobs import JobsApi
from bot.chakra.media import MediaApi
from bot.chakra.messages import MessagesApi
from bot.chakra.numbers import PhoneNumbersApi
from bot.chakra.photos import PhotosApi
from bot.chakra.processes import ProcessesApi
from bot.chakra.tasks import TasksApi
from bot.chakra.templates import TemplatesApi
from bot.chakra.transport.http import Http
from bot.chakra.transport.policies import DEFAULT_LIMITS, Limits, OnAttempt
from bot.chakra.users import UsersApi

DEFAULT_WHATSAPP_API_VERSION = "v24.0"
"""The version of Meta's API in calls passed on to Meta; the default of the vendor's n8n node."""


class Chakra:
    """All resources, with one connection pool and one circuit breaker. Close it, or ``async with``.

    ``on_attempt(endpoint, outcome, seconds)`` is called after every attempt; see
    ``policies.OnAttempt``. Raise ``ValueError`` for a base URL or a token that cannot be part of a
    request.
    """

    def __init__(
        self,
        base_url: str,
        token: SecretStr,
        clock: Clock,
        *,
        on_attempt: OnAttempt | None = None,
        limits: Limits = DEFAULT_LIMITS,
        whatsapp_api_version: str = DEFAULT_WHATSAPP_API_VERSION,
    ) -> None:
        self._http = Http(base_url, token, clock, on_attempt=on_attempt, limits=limits)
        self.users = UsersApi(self._http)
        self.config = ConfigApi(self._http)
        self.health = HealthApi(self._http)
        self.templates = TemplatesApi(self._http, whatsapp_api_version)
        self.messages = MessagesApi(self._http, whatsapp_api_version)
        self.chats = ChatsApi(self._http)
        self.media = MediaApi(self._http, whatsapp_api_version)
        self.photos = PhotosApi(self._http)
        self.numbers = PhoneNumbersApi(self._http)
        self.processes = ProcessesApi(self._http)
        self.tasks = TasksApi(self._http)
        self.jobs = JobsApi(self._http)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
