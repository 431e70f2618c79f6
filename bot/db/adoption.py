"""Assign the rows of a single-workspace release to the workspace that they belong to."""

from __future__ import annotations

from sqlalchemy import delete, update

from bot.db.engine import Database
from bot.db.schema import METADATA
from bot.db.tables import rate_limits


async def adopt_rows(database: Database, workspace: str) -> None:
    """Assign every row without a workspace to ``workspace``, in one transaction.

    Raises ``DatabaseUnavailable``.
    """
    async with database.begin() as connection:
        # Each statement runs once in a process, and its compiled form takes 10 kB.
        await connection.execution_options(compiled_cache=None)
        await connection.execute(delete(rate_limits).where(rate_limits.c.workspace == ""))
        for table in METADATA.sorted_tables:
            if table is not rate_limits:
                await connection.execute(
                    update(table).where(table.c.workspace == "").values(workspace=workspace)
                )
