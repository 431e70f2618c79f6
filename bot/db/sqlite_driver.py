"""A connection to SQLite whose statements visit its thread once, or never if it is in memory.

aiosqlite visits it for the cursor, the statement, the rows and the end of the cursor. Each visit
costs more than most of our statements.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite

Begin = Callable[[sqlite3.Cursor], None]

# FULL: a committed transaction survives a power cut, and with it the record of a sent message.
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
)

UNUSED_CHUNK_SIZE = 64
"""Rows that aiosqlite's own cursors fetch at a time."""


class SingleVisitCursor:
    """The part of aiosqlite's cursor that SQLAlchemy uses; the rows are read with the statement."""

    def __init__(
        self, run: Callable[..., Any], connection: sqlite3.Connection, begin: Begin
    ) -> None:
        self._run = run
        self._connection = connection
        self._begin = begin
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> Self:
        await self._run(self._visit, sqlite3.Cursor.execute, operation, parameters)
        return self

    async def executemany(self, operation: str, parameters: Sequence[Sequence[Any]]) -> Self:
        await self._run(self._visit, sqlite3.Cursor.executemany, operation, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """There is nothing to close: the cursor ended with its statement."""

    def _visit(self, execute: Callable[..., Any], operation: str, parameters: Any) -> None:
        """Run the statement in SQLite's thread."""
        cursor = self._connection.cursor()
        try:
            self._begin(cursor)
            execute(cursor, operation, parameters)
            self.description = cursor.description
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
            self._rows = cursor.fetchall() if cursor.description else []
        finally:
            cursor.close()


class SingleVisitConnection(aiosqlite.Connection):
    """A connection that closes itself if its process ends without having closed it."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, UNUSED_CHUNK_SIZE)
        self._thread.daemon = True
        self._is_beginning = False
        self._stopping: asyncio.Future[Any] | None = None

    async def _connect(self) -> Self:
        """Connect; if that fails, wait for the thread: its last result needs the running loop."""
        try:
            await super()._connect()
        except sqlite3.Error:
            if self._stopping is not None:
                await self._stopping
            raise
        return self

    def stop(self) -> asyncio.Future[Any] | None:
        """Close the connection and end its thread; return what completes when that has happened.

        It may be called again while SQLAlchemy closes a connection whose statement was cancelled: a
        second request would never be read, and its caller would keep the process from stopping.
        """
        if self._stopping is None:
            self._stopping = super().stop()
        return None if self._stopping is None else asyncio.shield(self._stopping)

    def begin_with_next_statement(self) -> None:
        """Begin a write transaction, without a separate visit."""
        self._is_beginning = True

    def cursor(self) -> SingleVisitCursor:  # type: ignore[override]  # no visit, so no coroutine
        return SingleVisitCursor(self._execute, self._conn, self._begin)

    def _begin(self, cursor: sqlite3.Cursor) -> None:
        if self._is_beginning:
            cursor.execute("BEGIN IMMEDIATE")
            self._is_beginning = False


class InlineConnection(SingleVisitConnection):
    """A connection to a database in memory: statements run in the event loop, not in a thread.

    None waits for a disk, and most take less time than a round trip to a thread. Other tasks
    get their turn after each one.
    """

    def __await__(self) -> Generator[Any, None, Self]:
        return self._open().__await__()

    async def _open(self) -> Self:
        self._connection = self._connector()
        return self

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is None:
            raise ValueError("Connection closed")
        result = fn(*args, **kwargs)
        await asyncio.sleep(0)
        return result

    def stop(self) -> None:
        """Close the connection; there is no thread to stop."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def connect(database: str, **options: Any) -> SingleVisitConnection:
    """Return a connection to await; the arguments are those of ``sqlite3.connect``."""
    return SingleVisitConnection(partial(_connect, database, **options))


def connect_inline(database: str, **options: Any) -> InlineConnection:
    """Return a connection to a database in memory; see `connect`."""
    return InlineConnection(partial(_connect, database, **options))


def _connect(database: str, **options: Any) -> sqlite3.Connection:
    """Return a configured connection that begins no transaction by itself, which would be late."""
    connection: sqlite3.Connection = sqlite3.connect(database, isolation_level=None, **options)
    for pragma in PRAGMAS:
        connection.execute(pragma).close()
    return connection
