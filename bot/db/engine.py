"""The database: SQLite in one file, for one process, or Postgres for several replicas."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from bot.aio.clock import Clock
from bot.db import sqlite_driver
from bot.db.file_lock import hold_file_lock, resolve_file
from bot.db.locks import LeaderLock, advisory_lock, local_lock
from bot.db.migrate import migrate
from bot.db.sqlite_driver import SingleVisitConnection
from bot.errors import DatabaseUnavailable

T = TypeVar("T")

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
IN_MEMORY_NAMES = ("", ":memory:")

CONNECT_TIMEOUT_SECONDS = 5
POOL_TIMEOUT_SECONDS = 5.0
STATEMENT_TIMEOUT_MS = 10_000
POOL_SIZE = 5
POOL_RECYCLE_SECONDS = 1_800
"""Some networks silently drop connections that are idle for longer."""


class Database:
    """An open database. ``single_process`` is whether no other process can use it.

    ``is_new`` is whether this process has created the tables.
    ``session_engine`` opens the dedicated connections of leader locks, if other processes can.
    """

    def __init__(self, engine: AsyncEngine, session_engine: AsyncEngine | None = None) -> None:
        self._engine = engine
        self._session_engine = session_engine
        self._held_locks: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._transactions = 0
        self._transaction_ended = asyncio.Event()
        self._is_closed = False
        self._leader_locks: set[LeaderLock] = set()
        self.single_process = engine.dialect.name == "sqlite"
        self.is_new = False

    @property
    def in_use(self) -> bool:
        """Whether a transaction, a connection change or the check of a leader lock is in flight."""
        checking = any(lock.is_checking for lock in self._leader_locks)
        return self._transactions > 0 or checking or bool(self._tasks)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction and commit it when the block ends. Raises ``DatabaseUnavailable``."""
        try:
            async with self._acquire_connection() as connection, connection.begin():
                yield connection
        except (OperationalError, InterfaceError, PoolTimeout) as lost:
            raise DatabaseUnavailable(_describe_error(lost)) from lost

    @asynccontextmanager
    async def _acquire_connection(self) -> AsyncIterator[AsyncConnection]:
        """Take a connection from the pool, and return it when the block ends.

        Cancelling the caller interrupts neither: otherwise aiosqlite's thread would be left with a
        result that no one awaits.
        """
        if self._is_closed:
            raise DatabaseUnavailable("closed")
        acquiring = self._spawn(self._engine.connect().start())
        self._transactions += 1
        try:
            yield await asyncio.shield(acquiring)
        finally:
            self._end_transaction()
            await asyncio.shield(self._spawn(_release(acquiring)))

    def _end_transaction(self) -> None:
        self._transactions -= 1
        self._transaction_ended.set()

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def aclose(self) -> None:
        """Wait for the transactions in flight, such as those of cancelled tasks, and disconnect.

        A connection in use would never be closed. Later transactions are refused: on SQLite the
        file may already belong to another process.
        """
        while self._tasks or self._transactions:
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._transactions:
                self._transaction_ended.clear()
                await self._transaction_ended.wait()
        self._is_closed = True
        await self._engine.dispose()
        if self._session_engine is not None:
            await self._session_engine.dispose()

    @asynccontextmanager
    async def try_lead(self, name: str, clock: Clock) -> AsyncIterator[LeaderLock | None]:
        """Try to become the leader for ``name`` until the block ends; None if there is another.

        This doesn't wait for the other leader. The block must watch ``lost``, and must call
        ``ensure_held`` before an effect that must happen only once. Raise ``DatabaseUnavailable``.
        """
        if self._session_engine is None:
            async with local_lock(self._held_locks, name) as lock:
                yield lock
            return
        async with AsyncExitStack() as stack:
            self._transactions += 1
            try:
                lock = await stack.enter_async_context(
                    advisory_lock(self._session_engine, name, clock)
                )
            except (DBAPIError, OSError) as lost:
                raise DatabaseUnavailable(_describe_error(lost)) from lost
            finally:
                self._end_transaction()
            if lock is not None:
                self._leader_locks.add(lock)
                stack.callback(self._leader_locks.discard, lock)
            yield lock

    async def check(self) -> None:
        """Raise ``DatabaseUnavailable`` if the database does not answer."""
        async with self.begin() as connection:
            await connection.execute(text("SELECT 1"))

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """Return an insert with ``on_conflict_do_nothing``, which both dialects spell alike."""
        return sqlite.insert(table) if self.single_process else postgresql.insert(table)


async def _release(acquiring: asyncio.Task[AsyncConnection]) -> None:
    try:
        connection = await acquiring
    except Exception:  # noqa: BLE001 - there is no connection, and its caller got the error
        return
    await connection.close()


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Open ``sqlite:///file.db`` or ``postgresql://…``, and create or migrate its tables.

    Raises ``DatabaseLocked``, or ``DatabaseUnavailable`` with a reason without the password.
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
            in_memory = _create_sqlite_engine(address.set(**shared), sqlite_driver.connect_inline)
            async with _open(in_memory) as database:
                yield database
        return
    with hold_file_lock(resolve_file(address)):
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
            database.is_new = await connection.run_sync(migrate)
    except DatabaseError as failed:  # no such database, a corrupt one, or missing permissions
        raise DatabaseUnavailable(_describe_error(failed)) from failed


def _create_postgres_engine(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_pre_ping=True,
        pool_recycle=POOL_RECYCLE_SECONDS,
        hide_parameters=True,  # an error must not contain the values written
        connect_args=_POSTGRES_CONNECT_ARGS,
    )


def _create_session_engine(url: URL) -> AsyncEngine:
    """Return an engine without a pool: a connection is opened for one use and then closed."""
    return create_async_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",  # an idle transaction would block others
        hide_parameters=True,
        connect_args=_POSTGRES_CONNECT_ARGS,
    )


_POSTGRES_CONNECT_ARGS = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
}


def _create_sqlite_engine(
    url: URL, connect: Callable[..., SingleVisitConnection] = sqlite_driver.connect
) -> AsyncEngine:
    """Return an engine with one connection: SQLite has one writer, and the pool is a fair queue."""
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_reset_on_return=None,  # ``Database.begin`` commits or rolls back
        hide_parameters=True,
        connect_args={"async_creator_fn": connect},
    )
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    event.listen(engine.sync_engine, "invalidate", _rollback)
    return engine


def _begin_immediate(connection: Connection) -> None:
    driver_connection = connection.connection.driver_connection
    assert isinstance(driver_connection, SingleVisitConnection)  # noqa: S101
    driver_connection.begin_with_next_statement()


def _rollback(connection: Any, _: object, __: object) -> None:
    """Roll back a connection whose work was cancelled.

    Closing it is not enough: SQLite keeps its lock while one of its cursors is in memory, and no
    one else could write.
    """
    with suppress(sqlite3.Error, DBAPIError):
        connection.rollback()


@contextmanager
def _memory_database() -> Iterator[dict[str, Any]]:
    """Yield the URL parts of a database in memory that only this process can open.

    It exists as long as a connection to it does. One is open here, since cancelled work may close
    the other. Unlike with a shared cache, a connection waits for a lock
    (sqlite.org/src/doc/trunk/src/memdb.c).
    """
    name, query = f"file:/{secrets.token_hex(8)}", {"vfs": "memdb", "uri": "true"}
    with closing(sqlite3.connect(f"{name}?vfs=memdb", uri=True)):
        yield {"database": name, "query": query}


def _describe_error(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__
