"""What events say of messages: kept, matched with the sends that they are about, then let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.engine import Database
from bot.db.tables import sends, statuses
from bot.messages.repository import Failure, Send, failure_columns, failure_of, send_of
from bot.messages.status import State


@dataclass(frozen=True, slots=True)
class Status:
    """``wamid`` or ``message_id`` (Chakra's) may be "", not both; ``at`` is in seconds since
    1970, as the sender of the event says it; 0 where it does not."""

    wamid: str
    message_id: str
    state: State
    at: float
    failure: Failure | None = None


class Statuses:
    """Every method is one transaction, and raises ``StoreUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def apply(self, news: Sequence[Status], now: float) -> list[Send]:
        """Moves the sends that ``news`` are about, and drops what was kept of them; what is about
        no send that is known stays. Returns those sends as they are then."""
        if not news:
            return []
        async with self._database.begin() as connection:
            found = await _about(connection, news)
            if not found:
                return []
            matched = _matched(found, news)
            await _move(connection, matched, now)
            await _drop(connection, [one for several in matched.values() for one in several])
            rows = await connection.execute(select(sends).where(sends.c.id.in_(matched)))
            return [send_of(row) for row in rows]

    async def of(self, *, wamid: str, message_id: str) -> list[Status]:
        """What is kept of one message."""
        named = [
            column == value
            for column, value in ((statuses.c.wamid, wamid), (statuses.c.message_id, message_id))
            if value
        ]
        if not named:
            return []
        async with self._database.begin() as connection:
            rows = await connection.execute(select(statuses).where(or_(*named)))
            return [_status(row) for row in rows]

    async def unapplied(self, limit: int) -> list[Status]:
        """What is kept although its send is known: somebody stopped in between."""
        known = or_(
            statuses.c.wamid.in_(select(sends.c.wamid).where(sends.c.wamid.is_not(None))),
            statuses.c.message_id.in_(
                select(sends.c.message_id).where(sends.c.message_id.is_not(None))
            ),
        )
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(statuses).where(known).order_by(statuses.c.id).limit(limit)
            )
            return [_status(row) for row in rows]

    async def forget(self, received_by: float) -> int:
        """Drops what nobody's send was found for; returns how many."""
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(statuses).where(statuses.c.received_at <= received_by)
            )
            return gone.rowcount


def columns(status: Status, now: float) -> dict[str, Any]:
    """The row that keeps it."""
    return {
        "wamid": status.wamid,
        "message_id": status.message_id,
        "state": status.state,
        "at": status.at,
        "received_at": now,
        **failure_columns(status.failure),
    }


def _status(row: Row[Any]) -> Status:
    return Status(row.wamid, row.message_id, State(row.state), row.at, failure_of(row))


async def _about(connection: AsyncConnection, news: Sequence[Status]) -> Sequence[Any]:
    """The ids of the sends concerned, locked: in one order, so that two replicas cannot wait for
    each other."""
    wamids = {one.wamid for one in news if one.wamid}
    message_ids = {one.message_id for one in news if one.message_id}
    named: list[ColumnElement[bool]] = []
    if wamids:
        named.append(sends.c.wamid.in_(wamids))
    if message_ids:
        named.append(sends.c.message_id.in_(message_ids))
    if not named:
        return []
    rows = await connection.execute(
        select(sends.c.id, sends.c.wamid, sends.c.message_id)
        .where(or_(*named))
        .order_by(sends.c.id)
        .with_for_update()
    )
    return rows.all()


def _matched(found: Sequence[Any], news: Sequence[Status]) -> dict[int, list[Status]]:
    by_wamid = {row.wamid: row.id for row in found if row.wamid}
    by_message = {row.message_id: row.id for row in found if row.message_id}
    matched: dict[int, list[Status]] = {}
    for one in news:
        send_id = by_wamid.get(one.wamid) or by_message.get(one.message_id)
        if send_id is not None:
            matched.setdefault(send_id, []).append(one)
    return matched


async def _move(connection: AsyncConnection, matched: dict[int, list[Status]], now: float) -> None:
    """One statement for each state that is reached, however many reach it."""
    reaching: dict[State, list[dict[str, Any]]] = {}
    for send_id, several in matched.items():
        last = max(several, key=lambda one: one.state.rank)
        reaching.setdefault(last.state, []).append(
            {
                "of": send_id,
                "new_at": min(last.at or now, now),  # a clock that is ahead must not show tomorrow
                "new_wamid": next((one.wamid for one in several if one.wamid), None),
                **{f"new_{name}": value for name, value in failure_columns(last.failure).items()},
            }
        )
    for state, changes in reaching.items():
        earlier = or_(*(sends.c.state == one for one in state.earlier))  # IN takes no executemany
        await connection.execute(
            update(sends)
            .where(sends.c.id == bindparam("of"), earlier)
            .values(
                state=state,
                state_at=bindparam("new_at"),
                report_due=True,
                wamid=func.coalesce(sends.c.wamid, bindparam("new_wamid")),
                **{name: bindparam(f"new_{name}") for name in failure_columns(None)},
            ),
            changes,
        )


async def _drop(connection: AsyncConnection, applied: Sequence[Status]) -> None:
    await connection.execute(
        delete(statuses).where(
            statuses.c.wamid == bindparam("of_wamid"),
            statuses.c.message_id == bindparam("of_message"),
            statuses.c.state == bindparam("of_state"),
        ),
        [
            {"of_wamid": one.wamid, "of_message": one.message_id, "of_state": one.state}
            for one in applied
        ],
    )
