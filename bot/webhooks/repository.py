"""The deliveries to the webhook: each stored once as received, and processed afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.claims import lock_name
from bot.db.engine import Database
from bot.db.parameters import is_one_of
from bot.db.tables import events


@dataclass(frozen=True, slots=True)
class RawEvent:
    """A delivery to store. ``digest`` identifies the body: a repeated delivery is stored once."""

    digest: str
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A stored delivery that is to be processed."""

    id: int
    body: bytes


@dataclass(frozen=True, slots=True)
class WaitingDelivery:
    """A delivery that is not processed yet: when it was received, and the bytes of its body."""

    id: int
    received_at: float
    size: int


@dataclass(frozen=True, slots=True)
class ProcessedBatch:
    """The deliveries of one transaction.

    ``oldest_at`` is when the first of them was received, in seconds since 1970; ``has_more`` is
    whether others were waiting.
    """

    count: int
    oldest_at: float
    has_more: bool


MAX_BATCH_BYTES = 128 * 1024
"""Bodies in one transaction, or a single larger one: some 400 events, a tenth of a second."""

_WAITING = (
    select(events.c.id, events.c.received_at, func.length(events.c.body).label("size"))
    .where(events.c.workspace == bindparam("workspace"), events.c.processed_at.is_(None))
    .order_by(events.c.id)
    .limit(bindparam("count"))
)

Apply = Callable[[AsyncConnection, Sequence[StoredEvent]], Awaitable[set[int]]]
"""Process deliveries within a transaction; return the IDs whose body must be stored further."""


class Events:
    """Each method is one transaction and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def store(self, raw_events: Iterable[RawEvent], now: float) -> None:
        """Store the deliveries that are not stored yet.

        They are read in the transaction, so deliveries that arrive until it starts are included.
        """
        async with self._database.begin() as connection:
            await connection.execute(
                self._database.insert(events).on_conflict_do_nothing(
                    index_elements=[events.c.workspace, events.c.digest]
                ),
                [
                    {
                        "workspace": self._workspace,
                        "digest": event.digest,
                        "body": event.body,
                        "received_at": now,
                        "processed_at": None,
                    }
                    for event in raw_events
                ],
            )

    async def process(
        self, limit: int, now: float, apply: Apply, *, isolate: bool = False
    ) -> ProcessedBatch:
        """Apply the oldest unprocessed deliveries and mark them, in one transaction.

        These are at most ``limit``, with bodies of `MAX_BATCH_BYTES` in total.

        Replicas take turns, so that events are recorded in order. A body is deleted unless
        ``apply`` returns its ID. With ``isolate`` each delivery is applied on its own, and one that
        fails is stored and marked without delaying the others; otherwise an exception leaves all of
        them unprocessed.
        """
        async with self._database.begin() as connection:
            await lock_name(self._database, connection, f"events {self._workspace}")
            waiting = await self._list_waiting(connection, limit)
            ids = _take_bytes(waiting)
            if not ids:
                return ProcessedBatch(0, oldest_at=now, has_more=False)
            rows = await connection.execute(
                select(events.c.id, events.c.body)
                .where(is_one_of(connection, events.c.id, ids))
                .order_by(events.c.id)
            )
            batch = [StoredEvent(row.id, bytes(row.body or b"")) for row in rows]
            retained = await (_apply_each if isolate else _apply_all)(connection, batch, apply)
            await _mark_processed(connection, ids, retained, now)
        has_more = len(ids) < len(waiting) or len(ids) == limit
        return ProcessedBatch(len(ids), oldest_at=waiting[0].received_at, has_more=has_more)

    async def _list_waiting(self, connection: AsyncConnection, limit: int) -> list[WaitingDelivery]:
        """Return the IDs, times and sizes of the oldest unprocessed deliveries."""
        chosen = {"workspace": self._workspace, "count": limit}
        rows = await connection.execute(_WAITING, chosen)
        return [WaitingDelivery(row.id, row.received_at, row.size or 0) for row in rows]

    async def purge(self, cutoff: float) -> int:
        """Delete what was processed by ``cutoff``; the same delivery would then count as new.

        Return how many.
        """
        async with self._database.begin() as connection:
            deleted = await connection.execute(
                delete(events).where(
                    events.c.workspace == self._workspace, events.c.processed_at <= cutoff
                )
            )
            return deleted.rowcount


def _take_bytes(waiting: Sequence[WaitingDelivery]) -> list[int]:
    """Return the IDs of the first deliveries that one transaction processes."""
    ids: list[int] = []
    total = 0
    for delivery in waiting:
        total += delivery.size
        if ids and total > MAX_BATCH_BYTES:
            break
        ids.append(delivery.id)
    return ids


async def _apply_all(
    connection: AsyncConnection, batch: Sequence[StoredEvent], apply: Apply
) -> set[int]:
    return await apply(connection, batch)


async def _apply_each(
    connection: AsyncConnection, batch: Sequence[StoredEvent], apply: Apply
) -> set[int]:
    retained: set[int] = set()
    for event in batch:
        try:
            async with connection.begin_nested():
                retained |= await apply(connection, [event])
        except (OperationalError, InterfaceError):
            raise  # the database fails, not this delivery
        except Exception:  # noqa: BLE001 - it must not delay those after it
            structlog.get_logger("events").exception("event_not_processed", delivery=event.id)
            retained.add(event.id)
    return retained


async def _mark_processed(
    connection: AsyncConnection, ids: Sequence[int], retained: set[int], now: float
) -> None:
    done = [event_id for event_id in ids if event_id not in retained]
    if done:
        is_done = is_one_of(connection, events.c.id, done)
        await connection.execute(update(events).where(is_done).values(processed_at=now, body=None))
    if retained:
        is_retained = is_one_of(connection, events.c.id, retained)
        await connection.execute(update(events).where(is_retained).values(processed_at=now))
