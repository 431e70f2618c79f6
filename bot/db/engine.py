"""The database: SQLite in one file, for one process, or Postgres for several replicas."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from bot.aio.clock import Clock
from bot.db.locks import LeaderLock, advisory_lock, local_lock
from bot.db.migrate import migrate
from bot.errors import DatabaseLocked, DatabaseUnavailable

T = TypeVar("T")

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
IN_MEMORY_NAMES = ("", ":memory:")

CONNECT_TIMEOUT_SECONDS = 5
POOL_TIMEOUT_SECONDS = 5.0
STATEMENT_TIMEOUT_MS = 10_000
POOL_SIZE = 5
POOL_RECYCLE_SECONDS = 1_800
"""Some networks drop a connection that idles for longer, without telling."""

# FULL: what a transaction wrote survives a power cut, and with it that a message was sent.
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
)


class Database:
    """``begin`` is the way in. ``alone`` where no other process can share the database.

    ``sessions`` makes connections that are nobody else's, where there are other processes.
    """

    def __init__(self, engine: AsyncEngine, session_engine: AsyncEngine | None = None) -> None:
        self._engine = engine
        self._session_engine = session_engine
        self._held_locks: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._transactions = 0
        self._leader_locks: set[LeaderLock] = set()
        self.single_process = engine.dialect.name == "sqlite"

    @property
    def in_use(self) -> bool:
        """Whether a transaction is open, a connection is being made or returned, or a leader lock
        is being taken or checked."""
        checking = any(lock.is_checking for lock in self._leader_locks)
        return self._transactions > 0 or checking or bool(self._tasks)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed when the block ends. Raises ``DatabaseUnavailable``."""
        try:
            async with self._acquire_connection() as connection, connection.begin():
                yield connection
        except (OperationalError, InterfaceError, PoolTimeout) as lost:
            raise DatabaseUnavailable(_error_reason(lost)) from lost

    @asynccontextmanager
    async def _acquire_connection(self) -> AsyncIterator[AsyncConnection]:
        """One of the pool's. Who is cancelled while it is made or goes back does not break that
        off: aiosqlite's thread would be left with an answer that nobody waits for."""
        taking = self._spawn(self._engine.connect().start())
        self._transactions += 1
        try:
            yield await asyncio.shield(taking)
        finally:
            self._transactions -= 1
            await asyncio.shield(self._spawn(_release(taking)))

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def aclose(self) -> None:
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._engine.dispose()
        if self._session_engine is not None:
            await self._session_engine.dispose()

    @asynccontextmanager
    async def try_lead(self, name: str, clock: Clock) -> AsyncIterator[LeaderLock | None]:
        """Makes this process the one that does the work of that name, until the block ends; None
        where another one does it. Returns at once, and raises ``DatabaseUnavailable`` where the
        database cannot be asked.

        The block must watch ``lost``, and ``confirm`` the lead before it does what may not be done
        twice.
        """
        if self._session_engine is None:
            async with local_lock(self._held_locks, name) as lead:
                yield lead
            return
        async with AsyncExitStack() as stack:
            self._transactions += 1
            try:
                lead = await stack.enter_async_context(
                    advisory_lock(self._session_engine, name, clock)
                )
            except (DBAPIError, OSError) as lost:
                raise DatabaseUnavailable(_error_reason(lost)) from lost
            finally:
                self._transactions -= 1
            if lead is not None:
                self._leader_locks.add(lead)
                stack.callback(self._leader_locks.discard, lead)
            yield lead

    async def check(self) -> None:
        """Raises ``DatabaseUnavailable`` where the database does not answer."""
        async with self.begin() as connection:
            await connection.execute(text("SELECT 1"))

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An insert that knows ``on_conflict_do_nothing``, which both spell alike."""
        return sqlite.insert(table) if self.single_process else postgresql.insert(table)


async def _release(acquiring: asyncio.Task[AsyncConnection]) -> None:
    try:
        connection = await acquiring
    except Exception:  # noqa: BLE001 - it never came, which who wanted it was told
        return
    await connection.close()


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """``sqlite:///file.db`` or ``postgresql://…``; its tables are made or brought up to date.

    Raises ``DatabaseLocked``, or ``DatabaseUnavailable`` with a reason that holds no password.
    """
    address = make_url(url)
    address = address.set(drivername=DRIVERS[address.get_backend_name()])
    if address.get_backend_name() == "postgresql":
        async with _open(
            _create_postgres_engine(address), _create_session_engine(address)
        ) as database:
            yield database
        return
    if (address.database or "") in IN_MEMORY_NAMES:
        with _memory_database() as shared:
            async with _open(_create_sqlite_engine(address.set(**shared))) as database:
                yield database
        return
    with _hold_file_lock(address.database or ""):
        async with _open(_create_sqlite_engine(address)) as database:
            yield database


@asynccontextmanager
async def _open(
    engine: AsyncEngine, session_engine: AsyncEngine | None = None
) -> AsyncIterator[Database]:
    database = Database(engine, session_engine)
    try:
        await _migrate(database)
        yield database
    finally:
        await database.aclose()


async def _migrate(database: Database) -> None:
    try:
        async with database.begin() as connection:
            await connection.run_sync(migrate)
    except DatabaseError as odd:  # no database, a spoilt one, or one without the rights
        raise DatabaseUnavailable(_error_reason(odd)) from odd


def _create_postgres_engine(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_pre_ping=True,
        pool_recycle=POOL_RECYCLE_SECONDS,
        hide_parameters=True,  # an error must not tell what was written
        connect_args=_POSTGRES_CONNECT_ARGS,
    )


def _create_session_engine(url: URL) -> AsyncEngine:
    """Each connection is made for its user, and ends with the use."""
    return create_async_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",  # a transaction that idles would be in others' way
        hide_parameters=True,
        connect_args=_POSTGRES_CONNECT_ARGS,
    )


_POSTGRES_CONNECT_ARGS = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
}


def _create_sqlite_engine(url: URL) -> AsyncEngine:
    """One connection: SQLite has one writer at a time, and who waits here waits in order."""
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _configure_connection)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    event.listen(engine.sync_engine, "invalidate", _rollback)
    return engine


def _configure_connection(connection: Any, _: object) -> None:
    connection.isolation_level = None  # sqlite3 would begin by itself, and too late
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _rollback(connection: Any, _: object, __: object) -> None:
    """Of a connection whose work was cancelled. To close it is not enough: while a cursor of it is
    somewhere in memory, SQLite keeps its lock, and nobody else could write."""
    with suppress(sqlite3.Error, DBAPIError):
        connection.rollback()


@contextmanager
def _memory_database() -> Iterator[dict[str, Any]]:
    """What names a database of this process alone. It lives as long as a connection to it does:
    one is held here, as work that is cancelled may end the other.

    sqlite.org/src/doc/trunk/src/memdb.c: unlike with a shared cache, who meets a lock waits.
    """
    name, query = f"file:/{secrets.token_hex(8)}", {"vfs": "memdb", "uri": "true"}
    with closing(sqlite3.connect(f"{name}?vfs=memdb", uri=True)):
        yield {"database": name, "query": query}


@contextmanager
def _hold_file_lock(file: str) -> Iterator[None]:
    """Holds a lock beside ``file`` that ends with the process, however that ends."""
    lock = _acquire_file_lock(Path(f"{file}-lock"))
    try:
        yield
    finally:
        os.close(lock)


def _acquire_file_lock(lock_file: Path) -> int:
    try:
        lock = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as refused:
        raise DatabaseUnavailable(f"{lock_file}: {refused.strerror}") from refused
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as held:
        os.close(lock)
        raise DatabaseLocked(f"Another process holds {lock_file}.") from held
    return lock


def _error_reason(error: Exception) -> str:
    told = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(told).strip().splitlines()[0] if str(told).strip() else type(told).__name__
