"""Check whether Chakra, Slack and the database respond, and how fast."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.aio.clock import Clock, wait_for
from bot.cache import Cache, CacheKind, CacheStats
from bot.chakra.client import Chakra
from bot.errors import BotError, SlackError
from bot.slack.client.web_api import SlackClient
from bot.slack.scopes import GrantedScopes

CACHE_KIND = CacheKind("health", fresh_seconds=10, stale_seconds=0, negative_seconds=0)
CHECK_TIMEOUT_SECONDS = 3.0
"""A service that doesn't respond within this time counts as down."""
NO_SOCKET = "no_socket"
"""Our own code: in Socket Mode, no socket is open."""
INVALID_TOKEN_CODES = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}
)
"""Codes of a bot token that will not work again. docs.slack.dev/reference/methods/auth.test"""


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """The result of one check. ``problem`` is the error's kind, or "" if the service is healthy.

    ``checked_at`` is in seconds since the epoch.
    """

    service: str
    latency_seconds: float
    problem: str
    checked_at: float
    is_stopped: bool = False

    @property
    def is_healthy(self) -> bool:
        return not self.problem

    @property
    def is_unreachable(self) -> bool:
        """Whether no request from Slack can arrive."""
        return self.problem == NO_SOCKET

    @property
    def is_token_rejected(self) -> bool:
        return self.is_stopped or self.problem in INVALID_TOKEN_CODES


class HealthChecker:
    """Health checks, cached for ten seconds: a probe every second costs one call in ten."""

    def __init__(
        self,
        chakra: Chakra,
        slack: SlackClient,
        cache: Cache,
        clock: Clock,
        *,
        check_database: Callable[[], Awaitable[None]],
        scopes: GrantedScopes,
    ) -> None:
        """``check_database`` raises if the database does not answer."""
        self.scopes = scopes
        self._chakra = chakra
        self._slack = slack
        self._check_database = check_database
        self._cache = cache
        self._clock = clock
        self._started = clock.monotonic()
        self._stop_reason = ""
        self._is_socket_lost: Callable[[], bool] = lambda: False

    def mark_stopped(self, reason: str) -> None:
        """Report ``reason`` as Slack's problem from now on: the workspace has been stopped."""
        self._stop_reason = reason

    def watch_socket(self, is_lost: Callable[[], bool]) -> None:
        """Report a lost socket as Slack's problem: no request from Slack can arrive then."""
        self._is_socket_lost = is_lost

    def get_cache_stats(self) -> CacheStats:
        return self._cache.get_stats()

    def measure_uptime(self) -> float:
        """Return the seconds since the application was opened."""
        return self._clock.monotonic() - self._started

    async def check_chakra(self, *, refresh: bool = False) -> ServiceHealth:
        return await self._check("Chakra", self._chakra.health.check, refresh=refresh)

    async def check_database(self, *, refresh: bool = False) -> ServiceHealth:
        return await self._check("Database", self._check_database, refresh=refresh)

    async def check_slack(self, *, refresh: bool = False) -> ServiceHealth:
        if self._stop_reason:
            return ServiceHealth(
                "Slack", 0.0, self._stop_reason, self._clock.time(), is_stopped=True
            )

        if self._is_socket_lost():
            return ServiceHealth("Slack", 0.0, NO_SOCKET, self._clock.time())

        async def call_auth_test() -> None:
            response = await self._slack.call("auth.test")
            self.scopes.update(str(response["_scopes"]))

        return await self._check("Slack", call_auth_test, refresh=refresh)

    async def _check(
        self, service: str, call: Callable[[], Awaitable[object]], *, refresh: bool
    ) -> ServiceHealth:
        async def load() -> ServiceHealth:
            started = self._clock.monotonic()
            problem = await self._find_problem(call)
            seconds = self._clock.monotonic() - started
            return ServiceHealth(service, seconds, problem, self._clock.time())

        return (await self._cache.get(CACHE_KIND, service, load, refresh=refresh)).value

    async def _find_problem(self, call: Callable[[], Awaitable[object]]) -> str:
        async def run_check() -> None:
            await call()

        try:
            await wait_for(self._clock, run_check(), CHECK_TIMEOUT_SECONDS)
        except TimeoutError:
            return "timeout"
        except SlackError as refused:
            return refused.code
        except BotError as failed:
            return failed.kind
        return ""
