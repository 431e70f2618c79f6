"""The writes table: one row for each write, claimed before its request leaves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.claims import ClaimOutcome, lock_name
from bot.db.engine import Database
from bot.db.rows import read_row
from bot.db.tables import writes


class WriteState(StrEnum):
    STARTED = "started"
    """Claimed; its request may have left."""
    DONE = "done"
    FAILED = "failed"
    """Nothing was written."""
    UNKNOWN = "unknown"
    """It may have been written: there was no response."""


@dataclass(frozen=True, slots=True)
class WriteClaim:
    """``verb`` and ``subject`` name what is done, such as ``user.update`` to ``user:<ID>``."""

    key: str
    member: str
    verb: str
    subject: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class WriteError:
    """``kind`` is that of an error in ``bot.errors``; ``text`` holds no whole phone number."""

    kind: str
    code: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """One row: who did what, when, and how it ended. ``result`` is what the caller stored."""

    id: int
    workspace: str
    key: str
    member: str
    verb: str
    subject: str
    content_hash: str
    process_id: str
    started_at: float
    state: WriteState
    state_at: float
    error_kind: str
    error_code: int | None
    error_text: str
    result: str


_ABANDONED = (
    select(writes)
    .where(
        writes.c.workspace == bindparam("workspace"),
        writes.c.state == WriteState.STARTED,
        or_(
            writes.c.started_at <= bindparam("started_cutoff"),
            writes.c.started_at > bindparam("set_back_cutoff"),
        ),
        writes.c.id.not_in(bindparam("excluded", expanding=True)),
    )
    .order_by(writes.c.id)
)


class Writes:
    """Each method is one transaction, and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def claim(
        self,
        claim: WriteClaim,
        process_id: str,
        now: float,
        *,
        duplicate_since: float,
        confirmed_id: int = 0,
    ) -> tuple[ClaimOutcome, Write]:
        """Return the new row in STARTED, or the row that prevents it.

        A failed write prevents nothing: its own submission may be claimed again. Writes with the
        same content after ``duplicate_since`` prevent it, except the one with ``confirmed_id`` and
        those before it, which the member has been asked about.
        """
        async with self._database.begin() as connection:
            name = f"{self._workspace} write {claim.subject}"
            await lock_name(self._database, connection, name)
            existing = await _fetch_latest(connection, self._has_key(claim.key))
            if existing is not None:
                return await self._claim_again(connection, existing, process_id, now)
            duplicate = await _fetch_latest(
                connection, self._is_duplicate(claim, duplicate_since, confirmed_id)
            )
            if duplicate is not None:
                return ClaimOutcome.DUPLICATE, duplicate
            created = await connection.execute(
                self._database.insert(writes)
                .values(
                    workspace=self._workspace,
                    **asdict(claim),
                    process_id=process_id,
                    started_at=now,
                    state=WriteState.STARTED,
                    state_at=now,
                )
                .on_conflict_do_nothing(index_elements=[writes.c.workspace, writes.c.key])
                .returning(writes)
            )
            row = created.one_or_none()
            if row is not None:
                return ClaimOutcome.CREATED, _write(row)
        concurrent = await self.find_by_key(claim.key)  # claimed a moment ago, for another subject
        assert concurrent is not None  # noqa: S101 - the key is taken, and such rows are not deleted
        return ClaimOutcome.REPLAYED, concurrent

    async def record_outcome(
        self,
        write_id: int,
        state: WriteState,
        now: float,
        *,
        error: WriteError | None = None,
        result: str = "",
    ) -> Write:
        """Set the state unless a final one is recorded, and return the row as it is then."""
        open_states = [WriteState.STARTED]
        if state is not WriteState.UNKNOWN:
            open_states.append(WriteState.UNKNOWN)
        async with self._database.begin() as connection:
            await connection.execute(
                update(writes)
                .where(writes.c.id == write_id, writes.c.state.in_(open_states))
                .values(state=state, state_at=now, result=result, **_build_error_columns(error))
            )
            row = (await connection.execute(select(writes).where(writes.c.id == write_id))).one()
        return _write(row)

    async def list_abandoned(
        self, started_cutoff: float, set_back_cutoff: float, exclude_ids: Collection[int]
    ) -> list[Write]:
        """Return the writes in STARTED that began by the cutoff and aren't excluded.

        Also those that began after ``set_back_cutoff``: the clock has been set back since.
        """
        chosen = {
            "workspace": self._workspace,
            "started_cutoff": started_cutoff,
            "set_back_cutoff": set_back_cutoff,
            "excluded": list(exclude_ids),
        }
        async with self._database.begin() as connection:
            return [_write(row) for row in await connection.execute(_ABANDONED, chosen)]

    async def find_by_key(self, key: str) -> Write | None:
        async with self._database.begin() as connection:
            return await _fetch_latest(connection, self._has_key(key))

    async def find_latest(self, subjects: Collection[str]) -> Write | None:
        """Return the latest write to one of these subjects that was or may be carried out."""
        concerns = and_(
            writes.c.workspace == self._workspace,
            writes.c.subject.in_(subjects),
            writes.c.state != WriteState.FAILED,
        )
        async with self._database.begin() as connection:
            return await _fetch_latest(connection, concerns)

    async def purge(self, started_cutoff: float, limit: int) -> int:
        """Delete up to ``limit`` of the oldest settled writes that began before the cutoff.

        Return how many were deleted.
        """
        old = (
            select(writes.c.id)
            .where(writes.c.state != WriteState.STARTED, writes.c.started_at <= started_cutoff)
            .order_by(writes.c.started_at)
            .limit(limit)
        )
        async with self._database.begin() as connection:
            return (await connection.execute(delete(writes).where(writes.c.id.in_(old)))).rowcount

    async def _claim_again(
        self, connection: AsyncConnection, existing: Write, process_id: str, now: float
    ) -> tuple[ClaimOutcome, Write]:
        restarted = await connection.execute(
            update(writes)
            .where(writes.c.id == existing.id, writes.c.state == WriteState.FAILED)
            .values(
                process_id=process_id,
                started_at=now,
                state=WriteState.STARTED,
                state_at=now,
                **_build_error_columns(None),
            )
            .returning(writes)
        )
        row = restarted.one_or_none()
        if row is None:
            return ClaimOutcome.REPLAYED, existing
        return ClaimOutcome.CREATED, _write(row)

    def _has_key(self, key: str) -> ColumnElement[bool]:
        return and_(writes.c.workspace == self._workspace, writes.c.key == key)

    def _is_duplicate(
        self, claim: WriteClaim, since: float, confirmed_id: int
    ) -> ColumnElement[bool]:
        return and_(
            writes.c.workspace == self._workspace,
            writes.c.subject == claim.subject,
            writes.c.content_hash == claim.content_hash,
            writes.c.started_at > since,
            writes.c.state != WriteState.FAILED,
            writes.c.id > confirmed_id,
        )


def _build_error_columns(error: WriteError | None) -> dict[str, Any]:
    return {
        "error_kind": error.kind if error else "",
        "error_code": error.code if error else None,
        "error_text": error.text if error else "",
    }


def _write(row: Any) -> Write:
    return read_row(Write, row, state=WriteState(row.state))


async def _fetch_latest(
    connection: AsyncConnection, condition: ColumnElement[bool]
) -> Write | None:
    latest = select(writes).where(condition).order_by(writes.c.id.desc()).limit(1)
    row = (await connection.execute(latest)).one_or_none()
    return None if row is None else _write(row)
