"""Opening the database: migrations, one process a file, reasons without secrets."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from bot.db import sqlite_driver
from bot.db.engine import Database, open_database
from bot.db.migrate import HEAD, build_alembic_config
from bot.db.schema import METADATA
from bot.errors import DatabaseLocked, DatabaseUnavailable
from bot.messages.repository import Sends
from tests.clock import settle
from tests.db.builders import start_send
from tests.db.databases import create_database_url, start_postgres

HOLD_DATABASE = """
import sys, time
from bot.db.file_lock import hold_file_lock
with hold_file_lock(sys.argv[1]):
    print("locked", flush=True)
    time.sleep(60)
"""

TABLES = set(METADATA.tables)
SECONDS_TO_CLOSE = 10
SLOW_QUERY = """
WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 500000)
SELECT max(n) FROM counted
"""
"""It takes long enough to be cancelled in the middle."""


async def run_repeatedly(database: Database, statement: str, times: int = 1) -> None:
    async with database.begin() as connection:
        for _ in range(times):
            await connection.execute(text(statement))


def list_tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


@pytest.mark.parametrize("first", [None, "base", "0001", "0002", "0003"])
async def test_new_and_migrated_schemas_are_identical(url: str, first: str | None) -> None:
    """None: as it was made. Their tables, columns, types, defaults and indexes are compared."""

    def compare(connection: Connection) -> list[object]:
        if first is not None:
            command.downgrade(build_alembic_config(connection), first)
            command.upgrade(build_alembic_config(connection), "head")
        compared = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=compared)
        return list(compare_metadata(context, METADATA))

    async with open_database(url) as database, database.begin() as connection:
        schema = await connection.run_sync(describe_schema)
        assert await connection.run_sync(compare) == []
        assert await connection.run_sync(list_tables) == TABLES
        assert await connection.run_sync(describe_schema) == schema


def describe_schema(connection: Connection) -> dict[str, object]:
    """Every table as the database describes it, alembic's own with it, in no order of columns."""
    seen = inspect(connection)
    return {
        table: (
            sorted(repr(sorted(column.items(), key=str)) for column in seen.get_columns(table)),
            seen.get_pk_constraint(table)["constrained_columns"],
            sorted(repr(index) for index in seen.get_indexes(table)),
        )
        for table in seen.get_table_names()
    }


async def test_up_to_date_database_reopens_with_its_data(url: str) -> None:
    async with open_database(url) as database, database.begin() as connection:
        await connection.execute(text("INSERT INTO events (digest, received_at) VALUES ('a', 1)"))
    async with open_database(url) as database, database.begin() as connection:
        assert (await connection.execute(text("SELECT digest FROM events"))).scalar_one() == "a"


async def test_migrations_can_be_downgraded(url: str) -> None:
    def downgrade(connection: Connection) -> set[str]:
        command.downgrade(build_alembic_config(connection), "base")
        return list_tables(connection)

    async with open_database(url) as database, database.begin() as connection:
        assert await connection.run_sync(downgrade) == set()


async def test_concurrent_replicas_migrate_once(tmp_path: Path) -> None:
    url = create_database_url("postgres", tmp_path)

    async def start() -> set[str]:
        async with open_database(url) as database, database.begin() as connection:
            return await connection.run_sync(list_tables)

    assert await asyncio.gather(*(start() for _ in range(5))) == [TABLES] * 5


async def test_failed_transaction_leaves_nothing_behind(url: str) -> None:
    async with open_database(url) as database:
        with pytest.raises(IntegrityError):
            await run_repeatedly(
                database, "INSERT INTO events (digest, received_at) VALUES ('twice', 1)", 2
            )
        async with database.begin() as connection:
            count = text("SELECT count(*) FROM events")
            assert (await connection.execute(count)).scalar_one() == 0


async def test_error_does_not_contain_parameters(url: str) -> None:
    async with open_database(url) as database:
        sends = Sends(database)
        with pytest.raises(IntegrityError) as raised:
            await start_send(sends, "919876543210", template=None)
    assert "919876543210" not in str(raised.value).partition("[SQL")[2]


# --- SQLite ---------------------------------------------------------------------------------------


async def test_second_process_on_the_same_file_is_rejected(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    async with open_database(url):
        with pytest.raises(DatabaseLocked, match="Another process"):
            async with open_database(url):
                pass
    async with open_database(url):
        pass


async def test_killed_process_releases_the_file_lock(tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD_DATABASE, str(file), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"locked\n"
    with pytest.raises(DatabaseLocked):
        async with open_database(f"sqlite:///{file}"):
            pass
    child.kill()
    await child.communicate()
    async with open_database(f"sqlite:///{file}") as database:
        await database.check()


async def test_sqlite_uses_wal_and_full_sync(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    async with open_database(url) as database, database.begin() as connection:
        assert database.single_process
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
        assert (await connection.execute(text("PRAGMA synchronous"))).scalar_one() == 2


async def test_a_database_in_memory_needs_no_lock() -> None:
    async with open_database("sqlite:///:memory:") as database:
        async with open_database("sqlite:///:memory:"):
            pass
        async with database.begin() as connection:
            assert await connection.run_sync(list_tables) == TABLES


async def test_statements_in_memory_use_no_thread_and_let_others_run() -> None:
    threads, turns = threading.active_count(), 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with open_database("sqlite:///:memory:") as database:
        counting = asyncio.create_task(count_turns())
        await run_repeatedly(database, "SELECT 1", 50)
        counting.cancel()
        assert threading.active_count() == threads
    assert turns > 50


async def test_a_database_is_new_to_the_process_that_made_its_tables(url: str) -> None:
    for is_new in (True, False):
        async with open_database(url) as database:
            assert database.is_new is is_new


@pytest.mark.parametrize("where", ["memory", "file"])
async def test_cancellation_keeps_tables_and_releases_locks(where: str, tmp_path: Path) -> None:
    started = asyncio.Event()

    async def do_work(database: Database) -> None:
        async with database.begin() as connection:
            started.set()
            await connection.execute(text(SLOW_QUERY))

    file = ":memory:" if where == "memory" else str(tmp_path / "bot.db")
    async with open_database(f"sqlite:///{file}") as database:
        working = asyncio.create_task(do_work(database))
        await started.wait()
        if where == "file":  # in memory the statement has ended already, not its transaction
            await settle()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        assert working.cancelled()
        async with database.begin() as connection:
            assert await connection.run_sync(list_tables) == TABLES


async def test_a_connection_stopped_while_it_is_closed_ends(tmp_path: Path) -> None:
    """SQLAlchemy does so if a statement is cancelled again while it closes the connection."""
    connection = await sqlite_driver.connect(str(tmp_path / "bot.db"))
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)
    connection.stop()
    await asyncio.wait_for(closing, SECONDS_TO_CLOSE)


async def test_close_waits_for_a_transaction_in_flight_and_refuses_later_ones(url: str) -> None:
    proceed = asyncio.Event()

    async def write(database: Database) -> None:
        async with database.begin() as connection:
            await proceed.wait()
            await connection.execute(text("INSERT INTO rate_limits VALUES ('T0ACME', 'late', 1)"))

    async with open_database(url) as database:
        writing = asyncio.create_task(write(database))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.05, proceed.set)
    assert writing.done()
    with pytest.raises(DatabaseUnavailable, match="closed"):
        await database.check()
    async with open_database(url) as again, again.begin() as connection:
        assert await connection.scalar(text("SELECT name FROM rate_limits")) == "late"


async def test_missing_directory_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="No such file or directory"):
        async with open_database(f"sqlite:///{tmp_path / 'missing' / 'bot.db'}"):
            pass


async def test_non_database_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_text("this is a diary\n" * 100)
    with pytest.raises(DatabaseUnavailable, match="not a database"):
        async with open_database(f"sqlite:///{tmp_path / 'bot.db'}"):
            pass


def test_no_thread_of_a_failed_open_outlives_its_loop(tmp_path: Path) -> None:
    async def fail() -> None:
        connection = sqlite_driver.connect(str(tmp_path / "missing" / "bot.db"))
        with pytest.raises(sqlite3.OperationalError):
            await connection

    for _ in range(200):
        asyncio.run(fail())  # a thread that outlives it raises, which pytest reports


# --- Postgres -------------------------------------------------------------------------------------


async def test_unreachable_postgres_is_reported_without_the_password() -> None:
    with pytest.raises(DatabaseUnavailable) as raised:
        async with open_database("postgresql://bot:very-secret-word@127.0.0.1:1/bot"):
            pass
    assert "very-secret-word" not in raised.value.message
    assert raised.value.retryable


async def test_dead_connections_are_replaced(tmp_path: Path) -> None:
    url = create_database_url("postgres", tmp_path)
    async with open_database(url) as database:
        await database.check()
        async with open_database(url) as other, other.begin() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            )
        await database.check()
    assert not database.single_process
    assert start_postgres() == url


async def test_head_revision_is_the_latest_migration(database: Database) -> None:
    async with database.begin() as connection:
        heads = await connection.run_sync(
            lambda synchronous: ScriptDirectory.from_config(
                build_alembic_config(synchronous)
            ).get_heads()
        )
    assert heads == [HEAD]
