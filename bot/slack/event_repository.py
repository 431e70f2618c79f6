"""The IDs of Slack's events that were received, so that each is handled once."""

from __future__ import annotations

from sqlalchemy import delete

from bot.db.engine import Database
from bot.db.tables import slack_events
from bot.slack.events import SlackEvent


class SlackEventRepository:
    """Every method is one transaction and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, event: SlackEvent, now: float) -> bool:
        """Record the event. Return whether it is new.

        Every later delivery of it, to any replica, gets ``False``.
        """
        async with self._database.begin() as connection:
            inserted = await connection.execute(
                self._database.insert(slack_events)
                .values(
                    workspace=event.workspace,
                    event_id=event.id,
                    event_type=event.name,
                    received_at=now,
                )
                .on_conflict_do_nothing()
                .returning(slack_events.c.event_id)
            )
            return inserted.first() is not None

    async def purge(self, cutoff: float) -> int:
        """Delete the events received before ``cutoff``; return how many."""
        async with self._database.begin() as connection:
            deleted = await connection.execute(
                delete(slack_events).where(slack_events.c.received_at < cutoff)
            )
            return deleted.rowcount
