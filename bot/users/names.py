"""The names of roles and teams: from Config, or derived from their short IDs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.aio.clock import Clock, wait_for
from bot.cache import Cache, CacheKind
from bot.chakra.client import Chakra
from bot.chakra.config import Config
from bot.chakra.models import NamedResource, is_uuid
from bot.errors import BotError

CACHE_KIND = CacheKind("config_names", fresh_seconds=1800)
CACHE_KEY = "names"
LOAD_TIMEOUT_SECONDS = 0.15
"""Seconds that a card waits for names. An ack waits 0.3 s for the whole answer."""
COOLDOWN_SECONDS = 30.0
"""Seconds for which Config isn't requested after it failed or was slow."""


@dataclass(frozen=True)
class RoleAndTeamNames:
    """Labels by UUID and by short ID; empty until Config is loaded."""

    roles: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)

    def find_role(self, reference: str) -> str:
        return self.roles.get(reference) or humanize_reference(reference)

    def find_team(self, reference: str) -> str:
        return self.teams.get(reference) or humanize_reference(reference)


def parse_names(config: Config) -> RoleAndTeamNames:
    return RoleAndTeamNames(
        _index_labels(config.roles), _index_labels([config.team] if config.team else [])
    )


def _index_labels(items: Iterable[NamedResource]) -> dict[str, str]:
    return {key: item.label for item in items for key in (item.id, item.short_id) if key}


def humanize_reference(reference: str) -> str:
    """Return ``Inside sales`` for ``inside_sales``, and "" for a UUID."""
    if not reference or is_uuid(reference):
        return ""
    spaced = reference.replace("_", " ").strip()
    return f"{spaced[:1].upper()}{spaced[1:]}"


class NamesLoader:
    """Loads the names from Config. Never raises: cards must appear without names, too."""

    def __init__(self, chakra: Chakra, cache: Cache, clock: Clock) -> None:
        self._chakra = chakra
        self._cache = cache
        self._clock = clock
        self._cooldown_until = 0.0

    def get_cached(self) -> RoleAndTeamNames | None:
        """Return fresh names, or during the cooldown whatever is known; else ``None``."""
        cached = self._cache.peek(CACHE_KIND, CACHE_KEY)
        known: RoleAndTeamNames | None = cached.value if cached else None
        if cached and not cached.stale:
            return known
        cooling_down = self._clock.monotonic() < self._cooldown_until
        return (known or RoleAndTeamNames()) if cooling_down else None

    async def load(self, max_wait: float = LOAD_TIMEOUT_SECONDS) -> RoleAndTeamNames:
        """Wait up to ``max_wait`` seconds. A slower load continues and serves later calls."""
        known = self.get_cached()
        if known is not None:
            return known
        try:
            loading = self._cache.get(CACHE_KIND, CACHE_KEY, self._load)
            return (await wait_for(self._clock, loading, max_wait)).value
        except (BotError, TimeoutError):
            self._cooldown_until = self._clock.monotonic() + COOLDOWN_SECONDS
        return self.get_cached() or RoleAndTeamNames()

    async def _load(self) -> RoleAndTeamNames:
        return parse_names(await self._chakra.config.fetch())
