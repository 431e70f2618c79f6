"""How far the report of each send is: whether it is due, who posts it, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update

from bot.store.engine import Database
from bot.store.sends import Send, send_of
from bot.store.states import State
from bot.store.tables import sends


class ReportMarks:
    """Every method is one transaction, and raises ``StoreUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, changed_by: float, limit: int) -> list[Send]:
        """Reports that do not show their send's state, which it has had since ``changed_by`` or
        before; the oldest first."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(sends)
                .where(sends.c.report_due, sends.c.state_at <= changed_by)
                .order_by(sends.c.state_at)
                .limit(limit)
            )
            return [send_of(row) for row in rows]

    async def set_out(self, send_id: int, boot: str, now: float, abandoned_by: float) -> bool:
        """Whether posting the report is the caller's: nobody else's since ``abandoned_by``."""
        free = and_(
            sends.c.report_ts.is_(None),
            or_(
                sends.c.report_boot.is_(None),
                sends.c.report_boot == boot,
                sends.c.report_tried_at <= abandoned_by,
            ),
        )
        return await self._set(send_id, {"report_boot": boot, "report_tried_at": now}, free)

    async def not_posted(self, send_id: int) -> None:
        """Slack certainly has no such message."""
        await self._set(send_id, {"report_boot": None, "report_tried_at": None})

    async def stands(self, send_id: int, channel: str, ts: str) -> None:
        await self._set(send_id, {"report_channel": channel, "report_ts": ts})

    async def shows(self, send_id: int, state: State) -> None:
        """It is due no longer, unless the send has moved on meanwhile."""
        still = sends.c.state != state
        await self._set(send_id, {"report_state": state, "report_due": still})

    async def give_up(self, send_id: int, state: State) -> None:
        """Nothing more is tried for this state."""
        await self._set(send_id, {"report_due": sends.c.state != state})

    async def _set(
        self, send_id: int, values: Mapping[str, Any], only: ColumnElement[bool] | None = None
    ) -> bool:
        change = update(sends).where(sends.c.id == send_id).values(**values)
        async with self._database.begin() as connection:
            done = await connection.execute(change if only is None else change.where(only))
            return done.rowcount == 1
