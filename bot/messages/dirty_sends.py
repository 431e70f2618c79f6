"""Which sends have moved since their report was put into the outbox."""

from __future__ import annotations

from sqlalchemy import bindparam, select, update

from bot.db.engine import Database
from bot.db.tables import sends
from bot.messages.rows import send_from_row
from bot.messages.send import Send


class DirtySends:
    """Every method is one transaction, and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def fetch(self, limit: int) -> list[Send]:
        """Those that have moved; first those that did so first."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(sends)
                .where(sends.c.workspace == self._workspace, sends.c.report_pending)
                .order_by(sends.c.status_at)
                .limit(limit)
            )
            return [send_from_row(row) for row in rows]

    async def clear(self, reported_sends: list[Send]) -> None:
        """They are due no longer, unless they have moved on meanwhile."""
        if not reported_sends:
            return
        change = update(sends).where(sends.c.id == bindparam("of"))
        states = [
            {"of": one.id, "told": one.status} for one in sorted(reported_sends, key=lambda o: o.id)
        ]
        async with self._database.begin() as connection:
            await connection.execute(
                change.values(report_pending=sends.c.status != bindparam("told")), states
            )
