"""Turns that are shared by all replicas: so many a second, whoever takes them."""

from __future__ import annotations

from sqlalchemy import func, literal, update

from bot.db.engine import Database
from bot.db.tables import rate_limits


class Turns:
    """Raises ``DatabaseUnavailable``. ``a_second`` is how many all replicas take together."""

    def __init__(self, database: Database, name: str, a_second: float, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace
        self._name = name
        self._gap = 1 / a_second
        self._free_at = 0.0

    async def take(self, now: float) -> float:
        """Seconds to wait for one's turn, which is taken by asking: at most one in each gap."""
        if self._database.single_process:
            turn = max(self._free_at, now)
            self._free_at = turn + self._gap
            return turn - now
        later = func.greatest(rate_limits.c.next_slot_at, literal(now)) + self._gap
        taking = (
            update(rate_limits)
            .where(rate_limits.c.workspace == self._workspace, rate_limits.c.name == self._name)
            .values(next_slot_at=later)
            .returning(rate_limits.c.next_slot_at)
        )
        async with self._database.begin() as connection:
            free_at = await connection.scalar(taking)
            if free_at is None:  # the first turn that there ever was
                await connection.execute(
                    self._database.insert(rate_limits)
                    .values(workspace=self._workspace, name=self._name, next_slot_at=now)
                    .on_conflict_do_nothing(
                        index_elements=[rate_limits.c.workspace, rate_limits.c.name]
                    )
                )
                free_at = await connection.scalar(taking)
        return max(0.0, float(free_at or now) - self._gap - now)
