"""Role and team as people call them: from Config, or from their short ids where it is silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.aio.clock import Clock, within
from bot.cache import Cache
from bot.chakra.client import Chakra
from bot.chakra.config import Config
from bot.chakra.models import Named, is_uuid
from bot.errors import BotError

KIND = "config"
KEY = "names"
PATIENCE = 0.15
"""Seconds that a card waits for these names. An ack waits 0.3 for the whole answer."""
REST = 30.0
"""Seconds for which Config is left alone after it failed or was slow."""


@dataclass(frozen=True)
class Names:
    """Label by UUID and by short id. Empty until Config has been read."""

    roles: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)

    def role(self, reference: str) -> str:
        return self.roles.get(reference) or readable(reference)

    def team(self, reference: str) -> str:
        return self.teams.get(reference) or readable(reference)


def names_in(config: Config) -> Names:
    return Names(_labels(config.roles), _labels([config.team] if config.team else []))


def _labels(items: Iterable[Named]) -> dict[str, str]:
    return {key: item.label for item in items for key in (item.id, item.short_id) if key}


def readable(reference: str) -> str:
    """``inside_sales`` -> ``Inside sales``; nothing for a UUID, which tells a person nothing."""
    if not reference or is_uuid(reference):
        return ""
    spaced = reference.replace("_", " ").strip()
    return f"{spaced[:1].upper()}{spaced[1:]}"


class NamesReader:
    """Config read for its names alone. It never fails: names are a nicety, cards must appear."""

    def __init__(self, chakra: Chakra, cache: Cache, clock: Clock) -> None:
        self._chakra = chakra
        self._cache = cache
        self._clock = clock
        self._rests_until = 0.0

    def at_hand(self) -> Names | None:
        """What needs no waiting: names that are fresh, or whatever there is while Config rests."""
        held = self._cache.peek(KIND, KEY)
        known: Names | None = held.value if held else None
        if held and not held.stale:
            return known
        resting = self._clock.monotonic() < self._rests_until
        return (known or Names()) if resting else None

    async def get(self, patience: float = PATIENCE) -> Names:
        """Waits for ``patience`` seconds at the most; a slow load goes on and serves the next."""
        known = self.at_hand()
        if known is not None:
            return known
        try:
            loading = self._cache.get(KIND, KEY, self._load)
            return (await within(self._clock, loading, patience)).value
        except (BotError, TimeoutError):
            self._rests_until = self._clock.monotonic() + REST
        return self.at_hand() or Names()

    async def _load(self) -> Names:
        return names_in(await self._chakra.config.fetch())
