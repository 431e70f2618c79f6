"""Delivery statuses, applied to their sends in the transaction that processes their events.

Whatever the order and the number of the events, a send ends with the same status: see
``bot.messages.status``. A status whose send is not known yet is stored, and applied in the
transaction that records the IDs of the send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    bindparam,
    case,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chakra.meta import error_from_status
from bot.db.engine import Database
from bot.db.tables import sends, unmatched_statuses
from bot.errors import BotError
from bot.messages.error_codec import serialize_error
from bot.messages.rows import TIME_COLUMNS, build_failure_columns, failure_from_row, has_message_id
from bot.messages.send import Failure
from bot.messages.status import SendStatus
from bot.webhooks.events import StatusEvent

STATUS_BY_KIND: Mapping[str, SendStatus] = {
    "sent": SendStatus.SENT,
    "delivered": SendStatus.DELIVERED,
    "read": SendStatus.READ,
    "played": SendStatus.READ,  # a voice message
    "failed": SendStatus.FAILED,
}
BATCH_SIZE = 500
_ANY_STORED = select(exists().where(unmatched_statuses.c.workspace == bindparam("workspace")))


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """A status of one message; one of ``wamid`` (Meta's ID) and ``message_id`` may be "".

    ``occurred_at`` is in seconds since 1970 by the sender's clock, 0 if unknown.
    """

    wamid: str
    message_id: str
    status: SendStatus
    occurred_at: float
    failure: Failure | None = None


class StatusUpdates:
    """Applies statuses; ``on_status_change`` is called when sends have a new one.

    ``on_failure`` is called with the error of each failed status, after the commit.
    `handle` is part of its caller's transaction; `sweep` is one, and raises
    ``DatabaseUnavailable``.
    """

    def __init__(
        self,
        database: Database,
        workspace: str = "",
        *,
        on_status_change: Callable[[], None] = lambda: None,
        on_failure: Callable[[BotError], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._workspace = workspace
        self._on_status_change = on_status_change
        self._on_failure = on_failure

    async def handle(
        self, connection: AsyncConnection, events: Sequence[StatusEvent], now: float
    ) -> Callable[[], None] | None:
        """Apply the events to their sends and store those without one; see `EventHandler`."""
        errors = {
            index: error_from_status(event.error)
            for index, event in enumerate(events)
            if event.kind == "failed"
        }
        updates = [
            item
            for index, event in enumerate(events)
            if (item := build_update(event, errors.get(index)))
        ]
        unmatched = await apply_updates(connection, self._workspace, updates, now)
        if unmatched:
            await connection.execute(
                self._database.insert(unmatched_statuses).on_conflict_do_nothing(),
                [_build_row(self._workspace, item, now) for item in unmatched],
            )
        failures = list(errors.values())
        has_news = len(unmatched) < len(updates)
        return partial(self._notify, failures, has_news) if failures or has_news else None

    def _notify(self, failures: Sequence[BotError], has_news: bool) -> None:
        for error in failures:
            self._on_failure(error)
        if has_news:
            self._on_status_change()

    async def sweep(self, cutoff: float, now: float) -> int:
        """Apply stored statuses whose send is known now; delete those from before ``cutoff``.

        On Postgres a status can be stored while another transaction records the IDs of its send:
        neither sees the other. Return how many statuses were applied.
        """
        table = unmatched_statuses
        async with self._database.begin() as connection:
            if not await connection.scalar(_ANY_STORED, {"workspace": self._workspace}):
                return 0
            rows = await connection.execute(
                select(table)
                .where(table.c.workspace == self._workspace, self._has_send())
                .order_by(table.c.id)
                .limit(BATCH_SIZE)
            )
            stored = rows.all()
            updates = [_update_from_row(row) for row in stored]
            if updates:
                await apply_updates(connection, self._workspace, updates, now)
                ids = [row.id for row in stored]
                await connection.execute(delete(table).where(table.c.id.in_(ids)))
            await connection.execute(
                delete(table).where(
                    table.c.workspace == self._workspace, table.c.received_at <= cutoff
                )
            )
        if updates:
            self._on_status_change()
        return len(updates)

    def _has_send(self) -> ColumnElement[bool]:
        def select_known(column: ColumnElement[str]) -> Select[str]:
            return select(column).where(sends.c.workspace == self._workspace, column != "")

        return or_(
            unmatched_statuses.c.wamid.in_(select_known(sends.c.wamid)),
            unmatched_statuses.c.message_id.in_(select_known(sends.c.message_id)),
        )


def build_update(event: StatusEvent, error: BotError | None) -> StatusUpdate | None:
    """Return the update that an event means, a failure with its error.

    None if its status is irrelevant.
    """
    status = STATUS_BY_KIND.get(event.kind)
    if status is None:
        return None
    failure = serialize_error(error) if error is not None else None
    return StatusUpdate(event.wamid, event.message_id, status, event.occurred_at, failure)


async def apply_updates(
    connection: AsyncConnection, workspace: str, updates: Sequence[StatusUpdate], now: float
) -> list[StatusUpdate]:
    """Apply the updates to their sends; return those that have none, in a stable order."""
    rows = await _lock_sends(connection, workspace, updates)
    by_wamid = {row.wamid: row.id for row in rows if row.wamid}
    by_message_id = {row.message_id: row.id for row in rows if row.message_id}
    matched: dict[int, list[StatusUpdate]] = {}
    unmatched: list[StatusUpdate] = []
    for status_update in updates:
        send_id = by_wamid.get(status_update.wamid) or by_message_id.get(status_update.message_id)
        if send_id is None:
            unmatched.append(status_update)
        else:
            matched.setdefault(send_id, []).append(status_update)
    await _update_sends(connection, matched, now, is_reported=True)
    # In a fixed order, so that two replicas can't deadlock.
    return sorted(unmatched, key=lambda item: (item.wamid, item.message_id, item.status))


async def apply_stored(
    connection: AsyncConnection,
    workspace: str,
    send_id: int,
    *,
    wamid: str,
    message_id: str,
    now: float,
    is_reported: bool,
) -> None:
    """Apply to a send the statuses that were stored under its IDs before they were known.

    ``is_reported``: a status of the send was committed before, so its report may be posted.
    """
    table = unmatched_statuses
    names = [
        column == value
        for column, value in ((table.c.wamid, wamid), (table.c.message_id, message_id))
        if value
    ]
    if not names:
        return
    rows = await connection.execute(
        delete(table).where(table.c.workspace == workspace, or_(*names)).returning(table)
    )
    if updates := [_update_from_row(row) for row in rows]:
        await _update_sends(connection, {send_id: updates}, now, is_reported=is_reported)


async def _lock_sends(
    connection: AsyncConnection, workspace: str, updates: Sequence[StatusUpdate]
) -> Sequence[Row[Any, Any, Any]]:
    """Return the IDs of the affected sends, locked in a fixed order to avoid deadlocks."""
    message_ids = {name for item in updates for name in (item.wamid, item.message_id) if name}
    if not message_ids:
        return []
    rows = await connection.execute(
        select(sends.c.id, sends.c.wamid, sends.c.message_id)
        .where(has_message_id(connection, workspace, message_ids))
        .order_by(sends.c.id)
        .with_for_update()
    )
    return rows.all()


async def _update_sends(
    connection: AsyncConnection,
    updates_by_send: dict[int, list[StatusUpdate]],
    now: float,
    *,
    is_reported: bool,
) -> None:
    """Give each send the latest of its statuses, with one statement for each status reached.

    A failure gets a message of its own if the send ``is_reported``: the report's edit notifies no
    one.
    """
    await _record_times(connection, updates_by_send, now)
    changes_by_status: dict[SendStatus, list[dict[str, Any]]] = {}
    for send_id, updates in updates_by_send.items():
        last = max(updates, key=lambda item: item.status.rank)
        changes_by_status.setdefault(last.status, []).append(
            {
                "of": send_id,
                "new_at": _compute_time(last, now),
                "new_wamid": next((item.wamid for item in updates if item.wamid), ""),
                **{
                    f"new_{name}": value
                    for name, value in build_failure_columns(last.failure).items()
                },
            }
        )
    for status, changes in changes_by_status.items():
        earlier = or_(*(sends.c.status == replaced for replaced in status.replaceable))
        notice = {"has_failure_notice": True} if status is SendStatus.FAILED and is_reported else {}
        await connection.execute(
            update(sends)
            .where(sends.c.id == bindparam("of"), earlier)  # IN cannot be used with executemany
            .values(
                status=status,
                status_at=bindparam("new_at"),
                report_pending=True,
                wamid=case((sends.c.wamid == "", bindparam("new_wamid")), else_=sends.c.wamid),
                **{name: bindparam(f"new_{name}") for name in build_failure_columns(None)},
                **notice,
            ),
            changes,
        )


async def _record_times(
    connection: AsyncConnection, updates_by_send: dict[int, list[StatusUpdate]], now: float
) -> None:
    """Record when each status was first reported, also of one that a later status has replaced."""
    for status, name in TIME_COLUMNS.items():
        column = sends.c[name]
        times = [
            {"of": send_id, "new_at": _compute_time(item, now)}
            for send_id, updates in updates_by_send.items()
            for item in updates
            if item.status is status
        ]
        if times:
            await connection.execute(
                update(sends)
                .where(sends.c.id == bindparam("of"), column == 0)
                .values({name: bindparam("new_at"), "report_pending": True}),
                times,
            )


def _compute_time(status_update: StatusUpdate, now: float) -> float:
    """Return the time of the update; a clock that is ahead must not lead to a future time."""
    return min(status_update.occurred_at or now, now)


def _build_row(workspace: str, status_update: StatusUpdate, now: float) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "wamid": status_update.wamid,
        "message_id": status_update.message_id,
        "status": status_update.status,
        "occurred_at": status_update.occurred_at,
        "received_at": now,
        **build_failure_columns(status_update.failure),
    }


def _update_from_row(row: Row[Any]) -> StatusUpdate:
    return StatusUpdate(
        row.wamid,
        row.message_id,
        SendStatus(row.status),
        row.occurred_at,
        failure_from_row(row),
    )
