"""Whether Chakra and Slack answer, and how fast: for ``status``, ``/readyz`` and ``doctor``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.aio.clock import Clock, within
from bot.cache import Cache, Figures
from bot.chakra.client import Chakra
from bot.errors import BotError, SlackError
from bot.slack.client.web_api import SlackClient

KIND = "health"
PATIENCE = 3.0
"""Seconds after which a service that has not answered counts as down."""
REFUSED = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}
)
"""Codes of a bot token that will not work again. docs.slack.dev/reference/methods/auth.test"""


@dataclass(frozen=True, slots=True)
class Reading:
    """``seconds`` is how long the answer took; ``problem`` the error's kind, empty when well.

    ``at`` is when it was read, in seconds since the epoch.
    """

    service: str
    seconds: float
    problem: str
    at: float

    @property
    def well(self) -> bool:
        return not self.problem

    @property
    def token_refused(self) -> bool:
        return self.problem in REFUSED


class Health:
    """Readings are shared and kept for some seconds: a probe a second costs one call in ten."""

    def __init__(
        self,
        chakra: Chakra,
        slack: SlackClient,
        cache: Cache,
        clock: Clock,
        *,
        database: Callable[[], Awaitable[None]],
    ) -> None:
        """``database`` raises where the database does not answer."""
        self._chakra = chakra
        self._slack = slack
        self._ask_database = database
        self._cache = cache
        self._clock = clock
        self._started = clock.monotonic()

    def cache_figures(self) -> Figures:
        return self._cache.figures()

    def uptime(self) -> float:
        """Seconds since the start of the process's services."""
        return self._clock.monotonic() - self._started

    async def chakra(self, *, refresh: bool = False) -> Reading:
        return await self._read("Chakra", self._chakra.health.check, refresh=refresh)

    async def database(self, *, refresh: bool = False) -> Reading:
        return await self._read("Database", self._ask_database, refresh=refresh)

    async def slack(self, *, refresh: bool = False) -> Reading:
        async def ask() -> None:
            await self._slack.call("auth.test")

        return await self._read("Slack", ask, refresh=refresh)

    async def _read(
        self, service: str, ask: Callable[[], Awaitable[object]], *, refresh: bool
    ) -> Reading:
        async def load() -> Reading:
            started = self._clock.monotonic()
            problem = await self._problem(ask)
            seconds = self._clock.monotonic() - started
            return Reading(service, seconds, problem, self._clock.time())

        return (await self._cache.get(KIND, service, load, refresh=refresh)).value

    async def _problem(self, ask: Callable[[], Awaitable[object]]) -> str:
        async def asked() -> None:
            await ask()

        try:
            await within(self._clock, asked(), PATIENCE)
        except TimeoutError:
            return "timeout"
        except SlackError as refused:
            return refused.code
        except BotError as failed:
            return failed.kind
        return ""
