"""Bring the tables up to date, one process at a time, in the caller's transaction.

A new database gets the current tables; a test checks that the migrations lead to the same ones.
Alembic is imported only if there is something to migrate, since it would occupy 10 MB for the life
of a process that needs it once.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    make_url,
    text,
)
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from bot.db.schema import METADATA
from bot.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS_DIR = Path(__file__).with_name("migrations")

HEAD = "0007"
"""The newest migration; a test checks it against their files."""

MIGRATION_LOCK_ID = 0x_C4A_C8A
"""The advisory lock, used only by this app, on which starting replicas wait for each other."""


def migrate(connection: Connection, target: str = "head") -> bool:
    """Migrate to ``target``; return whether there were no tables.

    Raises ``DatabaseUnavailable`` if a later release made the tables.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SET LOCAL statement_timeout = 0")
        )  # another replica's migration may take a while
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK_ID})
    current = read_current_revision(connection)
    if target == "head" and current == HEAD:
        return False
    if current > HEAD:
        raise DatabaseUnavailable(f"Its tables are from a later version of this app ({current})")
    if target == "head" and not current:
        _create_tables(connection)
        return True
    from alembic import command

    command.upgrade(build_alembic_config(connection), target)
    return not current


def _create_tables(connection: Connection) -> None:
    """Create the current tables, and Alembic's."""
    statements = _compile_tables(connection.dialect.name)
    if connection.dialect.name == "sqlite":
        # One call instead of sixty. It commits first, so the script begins the transaction again.
        script = ";\n".join(("BEGIN IMMEDIATE", *statements))
        dbapi_connection: Any = connection.connection.dbapi_connection
        dbapi_connection.run_async(lambda driver: driver.executescript(script))
    else:
        connection.exec_driver_sql(";\n".join(statements))


@cache
def _compile_tables(dialect_name: str) -> tuple[str, ...]:
    """Return the statements of ``METADATA.create_all``, which would compile them every time.

    Alembic's table and its row follow, as Alembic would make them.
    """
    dialect = make_url(f"{dialect_name}://").get_dialect()()
    statements: list[ExecutableDDLElement] = []
    for table in METADATA.sorted_tables:
        statements.append(CreateTable(table))
        statements += map(CreateIndex, sorted(table.indexes, key=lambda index: str(index.name)))
    version = Table(
        "alembic_version",
        MetaData(naming_convention={"pk": "%(table_name)s_pkc"}),
        Column("version_num", String(32), primary_key=True),
    )
    statements.append(CreateTable(version))
    row = insert(version).values(version_num=HEAD)
    compiled_row = row.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return (
        *(str(statement.compile(dialect=dialect)) for statement in statements),
        str(compiled_row),
    )


def read_current_revision(connection: Connection) -> str:
    """Return Alembic's revision of the tables, four digits; "" for a new database."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def build_alembic_config(connection: Connection) -> Config:
    """Return Alembic's configuration, from which ``migrations/env.py`` takes the connection."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS_DIR).replace("%", "%%"))
    return config
