"""Turns that are shared by all replicas: so many a second, whoever takes them."""

from __future__ import annotations

from sqlalchemy import func, literal, update

from bot.store.engine import Database
from bot.store.tables import paces


class Turns:
    """Raises ``StoreUnavailable``. ``a_second`` is how many all replicas take together."""

    def __init__(self, database: Database, name: str, a_second: float) -> None:
        self._database = database
        self._name = name
        self._gap = 1 / a_second
        self._free_at = 0.0

    async def take(self, now: float, several: int = 1) -> float:
        """Seconds to wait for one's turn, which is taken by asking: at most one in each gap.
        ``several`` are taken together, for what is asked in a row."""
        taken = self._gap * several
        if self._database.alone:
            turn = max(self._free_at, now)
            self._free_at = turn + taken
            return turn - now
        async with self._database.begin() as connection:
            await connection.execute(
                self._database.insert(paces)
                .values(name=self._name, free_at=now)
                .on_conflict_do_nothing(index_elements=[paces.c.name])
            )
            later = func.greatest(paces.c.free_at, literal(now)) + taken
            free_at = await connection.scalar(
                update(paces)
                .where(paces.c.name == self._name)
                .values(free_at=later)
                .returning(paces.c.free_at)
            )
        return max(0.0, float(free_at or now) - taken - now)
