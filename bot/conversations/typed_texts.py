"""Texts typed in a thread that are longer than a button can carry, until they are sent."""

from __future__ import annotations

from sqlalchemy import delete, select

from bot.db.customer_tables import typed_texts
from bot.db.engine import Database
from bot.sealing import Sealer

_KEY_PURPOSE = "typed texts"
RETENTION_SECONDS = 86_400.0
"""Seconds: as long as the window in which they can be sent."""


class TypedTexts:
    """Each method is one transaction and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, key: bytes, workspace: str = "") -> None:
        self._database = database
        self._sealer = Sealer(key, _KEY_PURPOSE)
        self._workspace = workspace

    async def store(self, conversation_id: int, ts: str, text: str, now: float) -> None:
        """Store the text of the message ``ts``, encrypted; delete those that are too old."""
        row = {
            "workspace": self._workspace,
            "conversation_id": conversation_id,
            "ts": ts,
            "content": self._sealer.seal(text),
            "created_at": now,
        }
        stored = self._database.insert(typed_texts).values(**row).on_conflict_do_nothing()
        old = delete(typed_texts).where(
            typed_texts.c.workspace == self._workspace,
            typed_texts.c.created_at <= now - RETENTION_SECONDS,
        )
        async with self._database.begin() as connection:
            await connection.execute(old)
            await connection.execute(stored)

    async def find(self, conversation_id: int, ts: str) -> str:
        """Return the text of the message ``ts``, "" if it is no longer stored."""
        found = select(typed_texts.c.content).where(
            typed_texts.c.workspace == self._workspace,
            typed_texts.c.conversation_id == conversation_id,
            typed_texts.c.ts == ts,
        )
        async with self._database.begin() as connection:
            return self._sealer.open((await connection.execute(found)).scalar_one_or_none()) or ""
