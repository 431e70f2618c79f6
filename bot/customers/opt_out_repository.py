"""Opt-outs in the database: who wants no more messages, and who lifted the opt-out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.customers.opt_out import OptOut, OptOutScope, OptOutSource
from bot.db.customer_tables import customers, opt_outs
from bot.db.engine import Database
from bot.db.rows import read_row
from bot.sealing import Sealer

_KEY_PURPOSE = "opt-outs"


class OptOutRepository:
    """The rows of one workspace. Methods run in their caller's transaction.

    A customer's rows include those of customers merged into theirs, or that theirs was merged into.
    """

    def __init__(self, database: Database, key: bytes, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace
        self._sealer = Sealer(key, _KEY_PURPOSE)

    async def insert(
        self,
        connection: AsyncConnection,
        customer_id: int,
        source: OptOutSource,
        scope: OptOutScope,
        at: float,
        *,
        words: str = "",
        by: str = "",
    ) -> int:
        """Insert an opt-out; return its ID."""
        result = await connection.execute(
            self._database.insert(opt_outs)
            .values(
                workspace=self._workspace,
                customer_id=customer_id,
                source=source,
                scope=scope,
                noted_at=at,
                note=self._sealer.seal(words),
                noted_by=by,
            )
            .returning(opt_outs.c.id)
        )
        return int(result.scalar_one())

    async def repeat(self, connection: AsyncConnection, opt_out_id: int, at: float) -> None:
        """Record that the customer repeated it."""
        await connection.execute(
            update(opt_outs)
            .where(
                opt_outs.c.workspace == self._workspace,
                opt_outs.c.id == opt_out_id,
                opt_outs.c.repeated_at < at,
            )
            .values(repeated_at=at)
        )

    async def lift(
        self,
        connection: AsyncConnection,
        ids: Collection[int],
        at: float,
        *,
        by: str = "",
        reason: str = "",
    ) -> int:
        """Lift the active ones; return how many there were. ``reason`` is stored encrypted."""
        lifted = await connection.execute(
            update(opt_outs)
            .where(
                opt_outs.c.workspace == self._workspace,
                opt_outs.c.id.in_(ids),
                opt_outs.c.lifted_at == 0,
            )
            .values(lifted_at=at, lifted_by=by, lift_reason=self._seal_text(reason))
        )
        return lifted.rowcount

    async def list_of_customer(self, connection: AsyncConnection, customer_id: int) -> list[OptOut]:
        """Return all opt-outs of a customer, including lifted ones, the earliest first."""
        same_person = self._select_same_person(customer_id)
        rows = await connection.execute(
            select(opt_outs)
            .where(
                opt_outs.c.workspace == self._workspace,
                or_(
                    opt_outs.c.customer_id == customer_id,
                    opt_outs.c.customer_id.in_(same_person),
                ),
            )
            .order_by(opt_outs.c.noted_at, opt_outs.c.id)
        )
        return [self._read(row) for row in rows]

    async def list_all(self, connection: AsyncConnection, *, lifted: bool) -> list[OptOut]:
        """Return the active opt-outs, or the lifted ones, the latest first."""
        is_lifted = opt_outs.c.lifted_at != 0 if lifted else opt_outs.c.lifted_at == 0
        rows = await connection.execute(
            select(opt_outs)
            .where(opt_outs.c.workspace == self._workspace, is_lifted)
            .order_by(opt_outs.c.noted_at.desc(), opt_outs.c.id.desc())
        )
        return [self._read(row) for row in rows]

    async def get(self, connection: AsyncConnection, opt_out_id: int) -> OptOut | None:
        rows = await connection.execute(
            select(opt_outs).where(
                opt_outs.c.workspace == self._workspace, opt_outs.c.id == opt_out_id
            )
        )
        row = rows.one_or_none()
        return None if row is None else self._read(row)

    def _select_same_person(self, customer_id: int) -> Select[Any]:
        """Return a query of the IDs of every row of ``customers`` that is this person."""
        own = customers.c.workspace == self._workspace
        start = select(customers.c.id, customers.c.merged_into).where(
            own, customers.c.id == customer_id
        )
        up = start.cte("up", recursive=True)
        up = up.union(
            select(customers.c.id, customers.c.merged_into).where(
                own, customers.c.id == up.c.merged_into
            )
        )
        down = select(up.c.id).cte("down", recursive=True)
        down = down.union(select(customers.c.id).where(own, customers.c.merged_into == down.c.id))
        return select(down.c.id)

    def _seal_text(self, text: str) -> str:
        return self._sealer.seal(text).decode() if text else ""

    def _read(self, row: Row[Any]) -> OptOut:
        return read_row(
            OptOut,
            row,
            source=OptOutSource(row.source),
            scope=OptOutScope(row.scope),
            words=self._sealer.open(row.note) or "",
            lift_reason=self._sealer.open(row.lift_reason.encode()) or "",
        )
