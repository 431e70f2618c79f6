"""The common part of the ledgers: an effect happens once, because a row claims it first."""

from __future__ import annotations

from enum import Enum, auto

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.engine import Database


class ClaimOutcome(Enum):
    """How claiming a submission went."""

    CREATED = auto()  # the caller carries it out
    REPLAYED = auto()  # this submission was claimed before
    DUPLICATE = auto()  # a recent submission has the same content


async def lock_name(database: Database, connection: AsyncConnection, name: str) -> None:
    """Hold ``name`` until the transaction ends, so that concurrent claims don't miss each other.

    SQLite runs one transaction at a time anyway.
    """
    if not database.single_process:
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        await connection.execute(lock, {"name": name})
