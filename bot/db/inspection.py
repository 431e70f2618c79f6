"""A look at the database that changes nothing in it: whether the bot can work there.

It makes no file and no table, takes no lock that a running bot would miss, and works beside one.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.db.engine import CONNECT_TIMEOUT_SECONDS, DRIVERS, IN_MEMORY_NAMES, STATEMENT_TIMEOUT_MS
from bot.db.migrate import HEAD, current_revision
from bot.errors import DatabaseUnavailable

SQLITE_TIMEOUT_SECONDS = 5.0
"""For which somebody else's transaction is waited for, as the bot does."""
REQUIRED_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
"""What the bot does with its tables."""


class SchemaState(Enum):
    MISSING = "none"  # the first start makes them
    OUTDATED = "older"  # the next start changes them
    CURRENT = "current"
    NEWER = "newer"  # of a later version of the bot, which this one cannot work with


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """``place`` names the database without user and password. ``in_use``: a process holds the file,
    which only a bot that runs does."""

    location: str
    schema: SchemaState
    in_memory: bool = False
    in_use: bool = False


async def inspect_database(url: str) -> DatabaseStatus:
    """Raises ``DatabaseUnavailable`` where the bot could not work there: no such place, no right to
    write, no answer. The reason holds no password."""
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        return await asyncio.to_thread(_inspect_postgres, address)
    file = address.database or ""
    if file in IN_MEMORY_NAMES:
        return DatabaseStatus(file or ":memory:", SchemaState.MISSING, in_memory=True)
    return await asyncio.to_thread(_inspect_sqlite, Path(file))


def _schema_state(revision_id: str) -> SchemaState:
    """Revisions are numbers of four digits."""
    if not revision_id:
        return SchemaState.MISSING
    if revision_id == HEAD:
        return SchemaState.CURRENT
    return SchemaState.OUTDATED if revision_id < HEAD else SchemaState.NEWER


# --- SQLite --------------------------------------------------------------------------------------


def _inspect_sqlite(file: Path) -> DatabaseStatus:
    _check_directory_writable(file)
    in_use = _is_locked(Path(f"{file}-lock"))
    if not file.exists():
        return DatabaseStatus(str(file), SchemaState.MISSING, in_use=in_use)
    try:
        return DatabaseStatus(str(file), _schema_state(_read_revision(file)), in_use=in_use)
    except sqlite3.Error as odd:
        raise DatabaseUnavailable(f"{file}: {odd}") from odd


def _check_directory_writable(file: Path) -> None:
    """SQLite keeps two more files beside it, and the bot its lock."""
    try:
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as refused:
        raise DatabaseUnavailable(f"{file.parent}: {refused.strerror}") from refused


def _is_locked(lock_file: Path) -> bool:
    try:
        held = os.open(lock_file, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(held)
    return False


def _read_revision(file: Path) -> str:
    uri = f"{file.absolute().as_uri()}?mode=rw"
    with closing(
        sqlite3.connect(uri, SQLITE_TIMEOUT_SECONDS, uri=True, isolation_level=None)
    ) as opened:
        opened.execute("BEGIN IMMEDIATE")  # fails where nothing can be written
        try:
            row = opened.execute(
                "SELECT name FROM sqlite_master WHERE name = 'alembic_version'"
            ).fetchone()
            if row is None:
                return ""
            found = opened.execute("SELECT version_num FROM alembic_version").fetchone()
            return str(found[0]) if found else ""
        finally:
            opened.execute("ROLLBACK")


# --- Postgres ------------------------------------------------------------------------------------


def _inspect_postgres(url: URL) -> DatabaseStatus:
    engine = create_engine(
        url.set(drivername=DRIVERS["postgresql"]),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
        },
    )
    place = f"{url.host or 'the local socket'}/{url.database or ''}"
    try:
        with engine.connect() as connection:
            return DatabaseStatus(place, _check_postgres_schema(connection))
    except SQLAlchemyError as lost:
        told = str(getattr(lost, "orig", None) or lost).strip()
        raise DatabaseUnavailable(told.splitlines()[0] if told else type(lost).__name__) from lost


def _check_postgres_schema(connection: Connection) -> SchemaState:
    """How the tables stand. Raises ``DatabaseUnavailable`` where the bot may not write them."""
    if connection.scalar(text("SHOW transaction_read_only")) == "on":
        raise DatabaseUnavailable("It takes no writes (a standby, or set to read-only).")
    tables = _schema_state(current_revision(connection))
    if tables in (SchemaState.MISSING, SchemaState.OUTDATED):
        may = connection.scalar(text("SELECT has_schema_privilege(current_schema(), 'CREATE')"))
        if not may:
            raise DatabaseUnavailable("The user may not make tables in it.")
    if tables is not SchemaState.MISSING:
        asked = " AND ".join(
            f"has_table_privilege('sends', '{what}')" for what in REQUIRED_PRIVILEGES
        )
        if not connection.scalar(text(f"SELECT {asked}")):
            raise DatabaseUnavailable("The user may not write to its tables.")
    return tables
