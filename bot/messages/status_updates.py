"""What events say of messages: kept, matched with the sends that they are about, then let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.engine import Database
from bot.db.tables import sends, unmatched_statuses
from bot.messages.repository import failure_columns, failure_from_row, send_from_row
from bot.messages.send import Failure, Send
from bot.messages.status import SendStatus


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """``wamid`` or ``message_id`` (Chakra's) may be "", not both; ``at`` is in seconds since
    1970, as the sender of the event says it; 0 where it does not."""

    wamid: str
    message_id: str
    status: SendStatus
    occurred_at: float
    failure: Failure | None = None


class StatusUpdates:
    """Every method is one transaction, and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def apply(self, updates: Sequence[StatusUpdate], now: float) -> list[Send]:
        """Moves the sends that ``news`` are about, and drops what was kept of them; what is about
        no send that is known stays. Returns those sends as they are then."""
        if not updates:
            return []
        async with self._database.begin() as connection:
            found = await self._lock_sends(connection, updates)
            if not found:
                return []
            matched = _group_by_send(found, updates)
            await _update_sends(connection, matched, now)
            await self._delete_applied(
                connection, [one for several in matched.values() for one in several]
            )
            rows = await connection.execute(select(sends).where(sends.c.id.in_(matched)))
            return [send_from_row(row) for row in rows]

    async def find_by_message(self, *, wamid: str, message_id: str) -> list[StatusUpdate]:
        """What is kept of one message."""
        named = [
            column == value
            for column, value in (
                (unmatched_statuses.c.wamid, wamid),
                (unmatched_statuses.c.message_id, message_id),
            )
            if value
        ]
        if not named:
            return []
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(unmatched_statuses).where(
                    unmatched_statuses.c.workspace == self._workspace, or_(*named)
                )
            )
            return [_update_from_row(row) for row in rows]

    async def find_applicable(self, limit: int) -> list[StatusUpdate]:
        """What is kept although its send is known: somebody stopped in between."""

        def known_ids(column: ColumnElement[str]) -> Select[str]:
            return select(column).where(sends.c.workspace == self._workspace, column != "")

        known = or_(
            unmatched_statuses.c.wamid.in_(known_ids(sends.c.wamid)),
            unmatched_statuses.c.message_id.in_(known_ids(sends.c.message_id)),
        )
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(unmatched_statuses)
                .where(unmatched_statuses.c.workspace == self._workspace, known)
                .order_by(unmatched_statuses.c.id)
                .limit(limit)
            )
            return [_update_from_row(row) for row in rows]

    async def purge(self, cutoff: float) -> int:
        """Drops what nobody's send was found for; returns how many."""
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(unmatched_statuses).where(
                    unmatched_statuses.c.workspace == self._workspace,
                    unmatched_statuses.c.received_at <= cutoff,
                )
            )
            return gone.rowcount

    async def _lock_sends(
        self, connection: AsyncConnection, updates: Sequence[StatusUpdate]
    ) -> Sequence[Any]:
        """Return the rows of the sends concerned, locked in one order, so that two replicas cannot
        deadlock."""
        wamids = {one.wamid for one in updates if one.wamid}
        message_ids = {one.message_id for one in updates if one.message_id}
        named: list[ColumnElement[bool]] = []
        if wamids:
            named.append(sends.c.wamid.in_(wamids))
        if message_ids:
            named.append(sends.c.message_id.in_(message_ids))
        if not named:
            return []
        rows = await connection.execute(
            select(sends.c.id, sends.c.wamid, sends.c.message_id)
            .where(sends.c.workspace == self._workspace, or_(*named))
            .order_by(sends.c.id)
            .with_for_update()
        )
        return rows.all()

    async def _delete_applied(
        self, connection: AsyncConnection, applied: Sequence[StatusUpdate]
    ) -> None:
        await connection.execute(
            delete(unmatched_statuses).where(
                unmatched_statuses.c.workspace == self._workspace,
                unmatched_statuses.c.wamid == bindparam("of_wamid"),
                unmatched_statuses.c.message_id == bindparam("of_message"),
                unmatched_statuses.c.status == bindparam("of_state"),
            ),
            [
                {"of_wamid": one.wamid, "of_message": one.message_id, "of_state": one.status}
                for one in applied
            ],
        )


def row_values(workspace: str, status_update: StatusUpdate, now: float) -> dict[str, Any]:
    """The row that keeps it."""
    return {
        "workspace": workspace,
        "wamid": status_update.wamid,
        "message_id": status_update.message_id,
        "status": status_update.status,
        "occurred_at": status_update.occurred_at,
        "received_at": now,
        **failure_columns(status_update.failure),
    }


def _update_from_row(row: Row[Any]) -> StatusUpdate:
    return StatusUpdate(
        row.wamid,
        row.message_id,
        SendStatus(row.status),
        row.occurred_at,
        failure_from_row(row),
    )


def _group_by_send(
    send_rows: Sequence[Any], updates: Sequence[StatusUpdate]
) -> dict[int, list[StatusUpdate]]:
    by_wamid = {row.wamid: row.id for row in send_rows if row.wamid}
    by_message = {row.message_id: row.id for row in send_rows if row.message_id}
    matched: dict[int, list[StatusUpdate]] = {}
    for one in updates:
        send_id = by_wamid.get(one.wamid) or by_message.get(one.message_id)
        if send_id is not None:
            matched.setdefault(send_id, []).append(one)
    return matched


async def _update_sends(
    connection: AsyncConnection, updates_by_send: dict[int, list[StatusUpdate]], now: float
) -> None:
    """One statement for each state that is reached, however many reach it."""
    reaching: dict[SendStatus, list[dict[str, Any]]] = {}
    for send_id, several in updates_by_send.items():
        last = max(several, key=lambda one: one.status.rank)
        reaching.setdefault(last.status, []).append(
            {
                "of": send_id,
                "new_at": min(
                    last.occurred_at or now, now
                ),  # a clock that is ahead must not show tomorrow
                "new_wamid": next((one.wamid for one in several if one.wamid), ""),
                **{f"new_{name}": value for name, value in failure_columns(last.failure).items()},
            }
        )
    for state, changes in reaching.items():
        earlier = or_(
            *(sends.c.status == one for one in state.replaceable)
        )  # IN takes no executemany
        await connection.execute(
            update(sends)
            .where(sends.c.id == bindparam("of"), earlier)
            .values(
                status=state,
                status_at=bindparam("new_at"),
                report_pending=True,
                wamid=case((sends.c.wamid == "", bindparam("new_wamid")), else_=sends.c.wamid),
                **{name: bindparam(f"new_{name}") for name in failure_columns(None)},
            ),
            changes,
        )
