"""Chakra as one object: a resource an attribute."""

from __future__ import annotations

from typing import Self

from pydantic import SecretStr

from bot.chakra.config import Configuration
from bot.chakra.health import Health
from bot.chakra.http import Http
from bot.chakra.policies import DEFAULT_LIMITS, Limits, Observe
from bot.chakra.users import Users
from bot.clock import Clock


class Chakra:
    """One pool of connections and one circuit for all resources. `aclose` it, or use `async with`.

    `observe(endpoint, outcome, seconds)` hears of every attempt; see `policies.Observe`. Raises
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
    ) -> None:
        self._http = Http(base_url, token, clock, observe=observe, limits=limits)
        self.users = Users(self._http)
        self.config = Configuration(self._http)
        self.health = Health(self._http)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
