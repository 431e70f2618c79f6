"""Inspect the database without changing it, to see whether the app can work with it.

It creates no file and no table, takes no lock that a running app needs, and works beside one.
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
from bot.db.migrate import HEAD, read_current_revision
from bot.errors import DatabaseUnavailable

SQLITE_TIMEOUT_SECONDS = 5.0
"""How long to wait for another program's transaction, as the app itself does."""
REQUIRED_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
"""The privileges that the app needs on its tables."""


class SchemaState(Enum):
    """The tables of a database, compared with those of this release."""

    MISSING = "none"  # the first start creates them
    OUTDATED = "older"  # the next start migrates them
    CURRENT = "current"
    NEWER = "newer"  # from a later release, which this one can't use


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """The state of a database. ``location`` names it without user and password.

    ``in_use`` is whether a running app holds the lock of the file.
    """

    location: str
    schema: SchemaState
    in_memory: bool = False
    in_use: bool = False


async def inspect_database(url: str) -> DatabaseStatus:
    """Return the state of the database.

    Raises ``DatabaseUnavailable`` if the app cannot work with it: it does not exist, is not
    writable or does not answer. The reason does not contain the password.
    """
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        return await asyncio.to_thread(_inspect_postgres, address)
    file = address.database or ""
    if file in IN_MEMORY_NAMES:
        return DatabaseStatus(file or ":memory:", SchemaState.MISSING, in_memory=True)
    return await asyncio.to_thread(_inspect_sqlite, Path(file))


def _compare_revision(revision_id: str) -> SchemaState:
    """Compare a revision with the newest one; both are four digits, so text order is enough."""
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
        return DatabaseStatus(str(file), _compare_revision(_read_revision(file)), in_use=in_use)
    except sqlite3.Error as failed:
        raise DatabaseUnavailable(f"{file}: {failed}") from failed


def _check_directory_writable(file: Path) -> None:
    """Raise if no file can be created there: SQLite needs two beside it, and the app its lock."""
    try:
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as refused:
        raise DatabaseUnavailable(f"{file.parent}: {refused.strerror}") from refused


def _is_locked(lock_file: Path) -> bool:
    try:
        lock = os.open(lock_file, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _read_revision(file: Path) -> str:
    uri = f"{file.absolute().as_uri()}?mode=rw"
    with closing(
        sqlite3.connect(uri, SQLITE_TIMEOUT_SECONDS, uri=True, isolation_level=None)
    ) as connection:
        connection.execute("BEGIN IMMEDIATE")  # fails if the file is read-only
        try:
            row = connection.execute(
                "SELECT name FROM sqlite_master WHERE name = 'alembic_version'"
            ).fetchone()
            if row is None:
                return ""
            version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return str(version[0]) if version else ""
        finally:
            connection.execute("ROLLBACK")


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
    location = f"{url.host or 'the local socket'}/{url.database or ''}"
    try:
        with engine.connect() as connection:
            return DatabaseStatus(location, _check_postgres_schema(connection))
    except SQLAlchemyError as lost:
        reason = str(getattr(lost, "orig", None) or lost).strip()
        message = reason.splitlines()[0] if reason else type(lost).__name__
        raise DatabaseUnavailable(message) from lost


def _check_postgres_schema(connection: Connection) -> SchemaState:
    """Return the state of the tables. Raises ``DatabaseUnavailable`` if they aren't writable."""
    if connection.scalar(text("SHOW transaction_read_only")) == "on":
        raise DatabaseUnavailable("It does not accept writes (a standby, or set to read-only).")
    tables = _compare_revision(read_current_revision(connection))
    if tables in (SchemaState.MISSING, SchemaState.OUTDATED):
        query = "SELECT has_schema_privilege(current_schema(), 'CREATE')"
        if not connection.scalar(text(query)):
            raise DatabaseUnavailable("The user may not create tables in it.")
    if tables is not SchemaState.MISSING:
        has_all = " AND ".join(
            f"has_table_privilege('sends', '{privilege}')" for privilege in REQUIRED_PRIVILEGES
        )
        if not connection.scalar(text(f"SELECT {has_all}")):
            raise DatabaseUnavailable("The user may not write to its tables.")
    return tables
