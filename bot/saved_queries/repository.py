"""The stored queries: each name once, and each due time claimed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.claims import lock_name
from bot.db.engine import Database
from bot.db.record_tables import saved_queries
from bot.db.rows import read_row
from bot.errors import UsageError
from bot.saved_queries.saved_query import SavedQuery, fold_name
from bot.saved_queries.schedule import Schedule
from bot.sealing import Sealer

MAX_PER_MEMBER = 100
UNSCHEDULED: Mapping[str, Any] = {
    "channel": "",
    "schedule": "",
    "scheduler": "",
    "allows_outsiders": False,
    "due_at": 0.0,
    "retry_at": 0.0,
    "failing_since": 0.0,
    "posted_due_at": 0.0,
    "problem": "",
    "problem_at": 0.0,
}

_TIMES = select(saved_queries.c.due_at, saved_queries.c.retry_at).where(
    saved_queries.c.workspace == bindparam("workspace"), saved_queries.c.due_at > 0
)


class NameTaken(UsageError):
    """Another query has this name."""

    kind = "name_taken"

    def __init__(self, taken: SavedQuery) -> None:
        super().__init__(f'The name "{taken.label}" is taken. Choose another.')
        self.taken = taken


class SavedQueryRepository:
    """Each method is one transaction and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, sealer: Sealer, workspace: str = "") -> None:
        self._database = database
        self._sealer = sealer
        self._workspace = workspace

    async def add(
        self, label: str, member: str, record_type: str, text: str, now: float, *, is_shared: bool
    ) -> SavedQuery:
        """Store a new query. Raise ``NameTaken``, and ``UsageError`` if the member has too many."""
        async with self._database.begin() as connection:
            await lock_name(self._database, connection, f"saved queries:{self._workspace}")
            await self._require_free(connection, label)
            own = and_(self._match_workspace(), saved_queries.c.member == member)
            counted = select(func.count()).select_from(saved_queries).where(own)
            if int(await connection.scalar(counted) or 0) >= MAX_PER_MEMBER:
                raise UsageError(
                    f"You have {MAX_PER_MEMBER} saved queries. Delete one first: "
                    "`/chakra process saved` lists them."
                )
            row = {
                "workspace": self._workspace,
                "name": fold_name(label),
                "label": label,
                "member": member,
                "record_type": record_type,
                "query": self._sealer.seal(text),
                "is_shared": is_shared,
                "created_at": now,
                "changed_at": now,
                **UNSCHEDULED,
            }
            inserted = self._database.insert(saved_queries).values(**row).returning(saved_queries)
            return self._from_row((await connection.execute(inserted)).one())

    async def change(
        self,
        query_id: int,
        now: float,
        *,
        label: str | None = None,
        query: tuple[str, str] | None = None,
        is_shared: bool | None = None,
    ) -> SavedQuery | None:
        """Change the given fields; ``query`` is the type and the text. Return None if it is gone.

        Raise ``NameTaken``.
        """
        values: dict[str, Any] = {"changed_at": now}
        if label is not None:
            values |= {"name": fold_name(label), "label": label}
        if query is not None:
            values |= {"record_type": query[0], "query": self._sealer.seal(query[1])}
        if is_shared is not None:
            values["is_shared"] = is_shared
        async with self._database.begin() as connection:
            await lock_name(self._database, connection, f"saved queries:{self._workspace}")
            if label is not None:
                await self._require_free(connection, label, except_id=query_id)
            return await self._update(connection, query_id, values)

    async def schedule(
        self,
        query_id: int,
        schedule: Schedule,
        *,
        channel: str,
        scheduler: str,
        due_at: float,
        allows_outsiders: bool,
    ) -> SavedQuery | None:
        """Post a query from now on; return it, or None if it is gone."""
        values = {
            **UNSCHEDULED,
            "channel": channel,
            "schedule": schedule.model_dump_json(),
            "scheduler": scheduler,
            "allows_outsiders": allows_outsiders,
            "due_at": due_at,
        }
        async with self._database.begin() as connection:
            return await self._update(connection, query_id, values)

    async def unschedule(self, query_id: int) -> SavedQuery | None:
        async with self._database.begin() as connection:
            return await self._update(connection, query_id, UNSCHEDULED)

    async def remove(self, query_id: int) -> bool:
        """Return False if it was already removed."""
        async with self._database.begin() as connection:
            deleted = await connection.execute(delete(saved_queries).where(self._has_id(query_id)))
            return bool(deleted.rowcount)

    # --- due queries ------------------------------------------------------------------------------

    async def list_due(self, now: float, limit: int) -> list[SavedQuery]:
        """Return the queries that are due, the longest due first."""
        due = and_(
            self._match_workspace(), saved_queries.c.due_at > 0, saved_queries.c.due_at <= now,
            saved_queries.c.retry_at <= now,
        )  # fmt: skip
        chosen = select(saved_queries).where(due).order_by(saved_queries.c.due_at).limit(limit)
        async with self._database.begin() as connection:
            return [self._from_row(row) for row in await connection.execute(chosen)]

    async def find_next_time(self) -> float:
        """Return when the next query is due or tried again; 0 if none is."""
        async with self._database.begin() as connection:
            rows = (await connection.execute(_TIMES, {"workspace": self._workspace})).all()
        return min((max(row.due_at, row.retry_at) for row in rows), default=0.0)

    async def settle(self, query: SavedQuery, next_due_at: float, **values: Any) -> bool:
        """Record the outcome of a due time; False if another process or person already did."""
        stored = {"due_at": next_due_at, "retry_at": 0.0, "failing_since": 0.0, **values}
        return await self._settle(query, stored)

    async def retry(self, query: SavedQuery, retry_at: float, failing_since: float) -> bool:
        """Retry a due time later; False if another process or person already settled it."""
        return await self._settle(query, {"retry_at": retry_at, "failing_since": failing_since})

    async def set_problem(self, query_id: int, problem: str, now: float) -> SavedQuery | None:
        async with self._database.begin() as connection:
            values = {"problem": problem, "problem_at": now}
            return await self._update(connection, query_id, values)

    async def _settle(self, query: SavedQuery, values: Mapping[str, Any]) -> bool:
        same = and_(
            self._has_id(query.id),
            saved_queries.c.due_at == query.due_at,
            saved_queries.c.channel == query.channel,
        )
        async with self._database.begin() as connection:
            changed = await connection.execute(update(saved_queries).where(same).values(**values))
            return bool(changed.rowcount)

    # --- reading ----------------------------------------------------------------------------------

    async def get(self, query_id: int) -> SavedQuery | None:
        async with self._database.begin() as connection:
            return await self._find(connection, self._has_id(query_id))

    async def find(self, name: str) -> SavedQuery | None:
        """Return the query with a name, ignoring case."""
        async with self._database.begin() as connection:
            return await self._find(connection, self._has_name(name))

    async def list_visible(self, member: str, channel: str = "") -> list[SavedQuery]:
        """Return the member's queries, shared ones, and those posted to ``channel``, by name."""
        visible = or_(
            saved_queries.c.is_shared,
            saved_queries.c.member == member,
            saved_queries.c.scheduler == member,
            and_(saved_queries.c.channel == channel, saved_queries.c.channel != ""),
        )
        chosen = (
            select(saved_queries)
            .where(self._match_workspace(), visible)
            .order_by(saved_queries.c.name, saved_queries.c.id)
        )
        async with self._database.begin() as connection:
            return [self._from_row(row) for row in await connection.execute(chosen)]

    # --- internal ---------------------------------------------------------------------------------

    async def _require_free(
        self, connection: AsyncConnection, label: str, *, except_id: int = 0
    ) -> None:
        taken = await self._find(connection, self._has_name(label))
        if taken is not None and taken.id != except_id:
            raise NameTaken(taken)

    async def _find(
        self, connection: AsyncConnection, condition: ColumnElement[bool]
    ) -> SavedQuery | None:
        row = (await connection.execute(select(saved_queries).where(condition))).one_or_none()
        return self._from_row(row) if row is not None else None

    async def _update(
        self, connection: AsyncConnection, query_id: int, values: Mapping[str, Any]
    ) -> SavedQuery | None:
        changed = (
            update(saved_queries)
            .where(self._has_id(query_id))
            .values(**values)
            .returning(saved_queries)
        )
        row = (await connection.execute(changed)).one_or_none()
        return self._from_row(row) if row is not None else None

    def _match_workspace(self) -> ColumnElement[bool]:
        return saved_queries.c.workspace == self._workspace

    def _has_id(self, query_id: int) -> ColumnElement[bool]:
        return and_(self._match_workspace(), saved_queries.c.id == query_id)

    def _has_name(self, label: str) -> ColumnElement[bool]:
        return and_(self._match_workspace(), saved_queries.c.name == fold_name(label))

    def _from_row(self, row: Row[Any]) -> SavedQuery:
        text = self._sealer.open(row.query)
        return read_row(
            SavedQuery,
            row,
            text=text if isinstance(text, str) else None,
            schedule=Schedule.model_validate_json(row.schedule) if row.schedule else None,
        )
