"""The team's configuration (contract section 7.3)."""

from __future__ import annotations

from bot.chakra.envelope import read
from bot.chakra.http import Http
from bot.chakra.models import Config

CONFIG = "/v1/ext/config"


class Configuration:
    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(self) -> Config:
        """Names for the UUIDs and short ids of teams and roles. The body may be large: cache it.

        Raises the `ChakraError`s of `Http.get`.
        """
        return read(await self._http.get(CONFIG)).one(Config)
