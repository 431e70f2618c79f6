"""The names of our numbers, as threads show them."""

from __future__ import annotations

from contextlib import suppress

from bot.aio.clock import Clock
from bot.aio.tasks import TaskSet
from bot.errors import ChakraError
from bot.templates.catalog import TemplateCatalog

RELOAD_SECONDS = 600.0


class OurNumbers:
    """Names from the cache; they are loaded in the background if they aren't there."""

    def __init__(self, catalog: TemplateCatalog, tasks: TaskSet, clock: Clock) -> None:
        self._catalog = catalog
        self._tasks = tasks
        self._clock = clock
        self._next_load_at = clock.monotonic()

    def find_name(self, phone_number_id: str) -> str:
        """Return the name of a number; "" if we have only one, or if the names aren't loaded."""
        numbers = self._catalog.get_cached_senders()
        if not numbers:
            self._load()
        if len(numbers) < 2 or not phone_number_id:
            return ""
        names = {number.id: number.name for number in numbers}
        return names.get(phone_number_id, "")

    def _load(self) -> None:
        now = self._clock.monotonic()
        if now >= self._next_load_at:
            self._next_load_at = now + RELOAD_SECONDS
            self._tasks.spawn(self._load_quietly())

    async def _load_quietly(self) -> None:
        with suppress(ChakraError, TimeoutError):  # until then threads lack the names
            await self._catalog.get_senders()
