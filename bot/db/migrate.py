"""Brings the tables up to date, one process at a time, in the transaction that it is given.

A new database gets them as they are now; a test holds that to what the migrations make of an old
one. Alembic is imported only where there is something to migrate: it would stay in memory, 10 MB of
it, for the life of a process that needs it once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, text

from bot.db.tables import METADATA
from bot.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS_DIR = Path(__file__).with_name("migrations")

HEAD = "0004"
"""The newest of the migrations; a test holds it to them."""

MIGRATION_LOCK_ID = 0x_C4A_C8A
"""Replicas that start together wait for each other by this number, which is only ours."""


def migrate(connection: Connection, target: str = "head") -> None:
    """Raises ``DatabaseUnavailable`` for tables of a later version of the bot."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))  # another's may take a while
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK_ID})
    found = current_revision(connection)
    if target == "head" and found == HEAD:
        return
    if found > HEAD:
        raise DatabaseUnavailable(f"A later version of this app made its tables ({found})")
    if target == "head" and not found:
        _create_tables(connection)
        return
    from alembic import command

    command.upgrade(alembic_config(connection), target)


def _create_tables(connection: Connection) -> None:
    """What alembic would leave behind, its own table with it."""
    METADATA.create_all(connection, checkfirst=False)
    version = Column("version_num", String(32), primary_key=True)
    table = Table(
        "alembic_version", MetaData(naming_convention={"pk": "%(table_name)s_pkc"}), version
    )
    table.create(connection)
    connection.execute(insert(table).values(version_num=HEAD))


def current_revision(connection: Connection) -> str:
    """Where alembic left the tables, a number of four digits; "" for a database that is new."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def alembic_config(connection: Connection) -> Config:
    """What alembic wants to know; ``migrations/env.py`` takes the connection from it."""
    from alembic.config import Config

    made = Config(attributes={"connection": connection})
    made.set_main_option("script_location", str(MIGRATIONS_DIR).replace("%", "%%"))
    return made
