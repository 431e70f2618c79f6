"""Brings the tables up to date, one process at a time, in the transaction that it is given."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

MIGRATIONS = Path(__file__).with_name("migrations")

LOCK = 0x_C4A_C8A
"""Replicas that start together wait for each other by this number, which is only ours."""


def migrate(connection: Connection, to: str = "head") -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))  # another's may take a while
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    command.upgrade(config(connection), to)


def config(connection: Connection) -> Config:
    """What alembic wants to know; ``migrations/env.py`` takes the connection from it."""
    made = Config(attributes={"connection": connection})
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return made
