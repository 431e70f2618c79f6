"""Chakra as one object: a resource an attribute."""

from __future__ import annotations

from typing import Self

from pydantic import SecretStr

from bot.aio.clock import Clock
from bot.chakra.config import Configuration
from bot.chakra.health import Health
from bot.chakra.jobs import Jobs
from bot.chakra.media import Files
from bot.chakra.messages import Messages
from bot.chakra.numbers import Numbers
from bot.chakra.processes import Processes
from bot.chakra.templates import Templates
from bot.chakra.transport.http import Http
from bot.chakra.transport.policies import DEFAULT_LIMITS, Limits, Observe
from bot.chakra.users import Users

WHATSAPP_VERSION = "v24.0"
"""Of Meta's API, where Chakra passes a call on to it; the default of the vendor's n8n node."""


class Chakra:
    """One pool of connections and one circuit for all resources. `aclose` it, or use `async with`.

    `observe(endpoint, outcome, seconds)` hears of every attempt; see `policies.Observe`.
    `whatsapp_version` is the version of Meta's API in the paths that Chakra passes on. Raises
    `ValueError` for an address or a token that no request could carry.
    """

    def __init__(
        self,
        base_url: str,
        token: SecretStr,
        clock: Clock,
        *,
        observe: Observe | None = None,
        limits: Limits = DEFAULT_LIMITS,
        whatsapp_version: str = WHATSAPP_VERSION,
    ) -> None:
        self._http = Http(base_url, token, clock, observe=observe, limits=limits)
        self.users = Users(self._http)
        self.config = Configuration(self._http)
        self.health = Health(self._http)
        self.templates = Templates(self._http, whatsapp_version)
        self.messages = Messages(self._http, whatsapp_version)
        self.media = Files(self._http, whatsapp_version)
        self.numbers = Numbers(self._http)
        self.processes = Processes(self._http)
        self.jobs = Jobs(self._http)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
