"""Which sends have moved since their report was put into the outbox."""

from __future__ import annotations

from sqlalchemy import bindparam, select, update

from bot.db.engine import Database
from bot.db.tables import sends
from bot.messages.repository import Send, send_of


class ReportMarks:
    """Every method is one transaction, and raises ``StoreUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, limit: int) -> list[Send]:
        """Those that have moved; first those that did so first."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(sends).where(sends.c.report_due).order_by(sends.c.state_at).limit(limit)
            )
            return [send_of(row) for row in rows]

    async def reported(self, those: list[Send]) -> None:
        """They are due no longer, unless they have moved on meanwhile."""
        if not those:
            return
        change = update(sends).where(sends.c.id == bindparam("of"))
        states = [{"of": one.id, "told": one.state} for one in sorted(those, key=lambda o: o.id)]
        async with self._database.begin() as connection:
            await connection.execute(
                change.values(report_due=sends.c.state != bindparam("told")), states
            )
