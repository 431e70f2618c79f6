"""The IDs of rows that one statement inserted: RETURNING takes longer than the insert itself."""

from __future__ import annotations

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def list_last_ids(
    connection: AsyncConnection, table: Table, workspace: str, count: int
) -> list[int]:
    """Return the IDs of the rows that were inserted last for a workspace, in order.

    They are those of this transaction if it holds a lock for its inserts; see `lock_name`.
    """
    latest = (
        select(table.c.id)
        .where(table.c.workspace == workspace)
        .order_by(table.c.id.desc())
        .limit(count)
    )
    return list((await connection.execute(latest)).scalars())[::-1]
