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

from bot.db.engine import CONNECT_SECONDS, DRIVERS, IN_MEMORY, STATEMENT_MS
from bot.db.migrate import HEAD, revision
from bot.errors import StoreUnavailable

WAIT_SECONDS = 5.0
"""For which somebody else's transaction is waited for, as the bot does."""
MINE = ("SELECT", "INSERT", "UPDATE", "DELETE")
"""What the bot does with its tables."""


class Tables(Enum):
    NONE = "none"  # the first start makes them
    OLDER = "older"  # the next start changes them
    CURRENT = "current"
    NEWER = "newer"  # of a later version of the bot, which this one cannot work with


@dataclass(frozen=True, slots=True)
class Look:
    """``place`` names the database without user and password. ``in_use``: a process holds the file,
    which only a bot that runs does."""

    place: str
    tables: Tables
    in_memory: bool = False
    in_use: bool = False


async def look(url: str) -> Look:
    """Raises ``StoreUnavailable`` where the bot could not work there: no such place, no right to
    write, no answer. The reason holds no password."""
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        return await asyncio.to_thread(_at_postgres, address)
    file = address.database or ""
    if file in IN_MEMORY:
        return Look(file or ":memory:", Tables.NONE, in_memory=True)
    return await asyncio.to_thread(_at_file, Path(file))


def _tables(found: str) -> Tables:
    """Revisions are numbers of four digits."""
    if not found:
        return Tables.NONE
    if found == HEAD:
        return Tables.CURRENT
    return Tables.OLDER if found < HEAD else Tables.NEWER


# --- SQLite --------------------------------------------------------------------------------------


def _at_file(file: Path) -> Look:
    _may_write_beside(file)
    in_use = _held(Path(f"{file}-lock"))
    if not file.exists():
        return Look(str(file), Tables.NONE, in_use=in_use)
    try:
        return Look(str(file), _tables(_revision_in(file)), in_use=in_use)
    except sqlite3.Error as odd:
        raise StoreUnavailable(f"{file}: {odd}") from odd


def _may_write_beside(file: Path) -> None:
    """SQLite keeps two more files beside it, and the bot its lock."""
    try:
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as refused:
        raise StoreUnavailable(f"{file.parent}: {refused.strerror}") from refused


def _held(lock: Path) -> bool:
    try:
        held = os.open(lock, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(held)
    return False


def _revision_in(file: Path) -> str:
    uri = f"{file.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, WAIT_SECONDS, uri=True, isolation_level=None)) as opened:
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


def _at_postgres(address: URL) -> Look:
    engine = create_engine(
        address.set(drivername=DRIVERS["postgresql"]),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": f"-c statement_timeout={STATEMENT_MS}",
        },
    )
    place = f"{address.host or 'the local socket'}/{address.database or ''}"
    try:
        with engine.connect() as connection:
            return Look(place, _writable(connection))
    except SQLAlchemyError as lost:
        told = str(getattr(lost, "orig", None) or lost).strip()
        raise StoreUnavailable(told.splitlines()[0] if told else type(lost).__name__) from lost


def _writable(connection: Connection) -> Tables:
    """How the tables stand. Raises ``StoreUnavailable`` where the bot may not write them."""
    if connection.scalar(text("SHOW transaction_read_only")) == "on":
        raise StoreUnavailable("It takes no writes (a standby, or set to read-only).")
    tables = _tables(revision(connection))
    if tables in (Tables.NONE, Tables.OLDER):
        may = connection.scalar(text("SELECT has_schema_privilege(current_schema(), 'CREATE')"))
        if not may:
            raise StoreUnavailable("The user may not make tables in it.")
    if tables is not Tables.NONE:
        asked = " AND ".join(f"has_table_privilege('sends', '{what}')" for what in MINE)
        if not connection.scalar(text(f"SELECT {asked}")):
            raise StoreUnavailable("The user may not write to its tables.")
    return tables
