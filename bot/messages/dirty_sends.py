"""Sends whose status has changed since their report was enqueued in the outbox."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, or_, select, update

from bot.db.engine import Database
from bot.db.tables import sends
from bot.messages.rows import TIME_COLUMNS, send_from_row
from bot.messages.send import Send
from bot.messages.status import SendStatus

_CHANGED = (
    select(sends)
    .where(sends.c.workspace == bindparam("workspace"), sends.c.report_pending)
    .order_by(sends.c.status_at)
    .limit(bindparam("count"))
)


class DirtySends:
    """Each method is one transaction and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def fetch(self, limit: int) -> list[Send]:
        """Return the changed sends, in the order of their change."""
        async with self._database.begin() as connection:
            chosen = {"workspace": self._workspace, "count": limit}
            rows = await connection.execute(_CHANGED, chosen)
            return [send_from_row(row) for row in rows]

    async def fetch_arrived(self, ids: Collection[int]) -> list[Send]:
        """Return those of the sends that are delivered, read or failed."""
        arrived = [status for status in SendStatus if status.has_arrived]
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(sends).where(sends.c.id.in_(ids), sends.c.status.in_(arrived))
            )
            return [send_from_row(row) for row in rows]

    async def clear(self, reported_sends: list[Send]) -> None:
        """Mark the sends as reported, unless their status or one of its times has changed again."""
        if not reported_sends:
            return
        change = update(sends).where(sends.c.id == bindparam("of"))
        shown = ("status", *TIME_COLUMNS.values())
        states = [
            {"of": send.id, **{f"reported_{name}": getattr(send, name) for name in shown}}
            for send in sorted(reported_sends, key=lambda send: send.id)
        ]
        has_changed = or_(*(sends.c[name] != bindparam(f"reported_{name}") for name in shown))
        async with self._database.begin() as connection:
            await connection.execute(change.values(report_pending=has_changed), states)
