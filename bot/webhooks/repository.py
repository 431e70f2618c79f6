"""Chakra's events: stored as they came, each once, and processed afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from bot.db.engine import Database
from bot.db.tables import events, unmatched_statuses
from bot.messages.status_updates import StatusUpdate, row_values


@dataclass(frozen=True, slots=True)
class RawEvent:
    """``digest`` names the body: the same event delivered twice is stored once."""

    digest: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ProcessedEvents:
    """How many events, and the news in them."""

    count: int
    updates: list[StatusUpdate]


class Events:
    """Every method is one transaction, and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def store(self, raw_events: Sequence[RawEvent], now: float) -> None:
        async with self._database.begin() as connection:
            await connection.execute(
                self._database.insert(events).on_conflict_do_nothing(
                    index_elements=[events.c.workspace, events.c.digest]
                ),
                [
                    {
                        "workspace": self._workspace,
                        "digest": one.digest,
                        "body": one.body,
                        "received_at": now,
                        "processed_at": None,
                    }
                    for one in raw_events
                ],
            )

    async def process(
        self, limit: int, now: float, parse: Callable[[bytes], list[StatusUpdate]]
    ) -> ProcessedEvents:
        """Keeps the news of the oldest events, and lets their bodies go. ``read`` must not raise.

        Replicas take different ones.
        """
        async with self._database.begin() as connection:
            rows = (
                await connection.execute(
                    select(events.c.id, events.c.body)
                    .where(events.c.workspace == self._workspace, events.c.processed_at.is_(None))
                    .order_by(events.c.id)
                    .limit(limit)
                    .with_for_update(skip_locked=True)
                )
            ).all()
            if not rows:
                return ProcessedEvents(0, [])
            news = [one for row in rows for one in parse(bytes(row.body or b""))]
            if news:
                await connection.execute(
                    self._database.insert(unmatched_statuses).on_conflict_do_nothing(),
                    [row_values(self._workspace, one, now) for one in news],
                )
            await connection.execute(
                update(events)
                .where(events.c.id.in_([row.id for row in rows]))
                .values(processed_at=now, body=None)
            )
        return ProcessedEvents(len(rows), news)

    async def purge(self, cutoff: float) -> int:
        """Drops the marks of old events; an event that is replayed later than that counts as new.
        Returns how many."""
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(events).where(
                    events.c.workspace == self._workspace, events.c.processed_at <= cutoff
                )
            )
            return gone.rowcount
