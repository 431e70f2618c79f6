"""What the doctor says of the database, and that it leaves everything as it was."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import psycopg
import pytest
from alembic import command
from pydantic import SecretStr
from sqlalchemy import Connection, text

from bot.cli.doctor import run_checks
from bot.cli.serve import StartupError, run
from bot.db.engine import open_database
from bot.db.migrate import HEAD, build_alembic_config
from bot.sandbox.world import Sandbox, build_settings
from commands import COMMANDS
from tests.clock import ManualClock
from tests.db.databases import KINDS, create_database_url, start_postgres
from tests.shared_world import shared_world

SECRET = "very-secret-word"


async def read_database_line(acme: Sandbox, url: str, clock: ManualClock) -> str:
    """The one line."""
    settings = build_settings(acme.slack, acme.chakra, senders=(), socket_mode=False)
    settings = settings.model_copy(update={"database_url": SecretStr(url)})
    lines = [
        str(result) async for result in run_checks(settings, clock) if result.subject == "Database"
    ]
    assert len(lines) == 1
    assert SECRET not in lines[0]
    return lines[0]


def list_files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def create_database(url: str) -> None:
    async with open_database(url):
        pass


async def set_revision(url: str, revision: str) -> None:
    """As another version of the bot leaves the tables."""
    async with open_database(url) as database, database.begin() as connection:
        if revision < HEAD:
            await connection.run_sync(lambda synchronous: downgrade(synchronous, revision))
        else:
            await connection.execute(
                text("UPDATE alembic_version SET version_num = :it").bindparams(it=revision)
            )


def downgrade(connection: Connection, revision: str) -> None:
    command.downgrade(build_alembic_config(connection), revision)


# --- well ----------------------------------------------------------------------------------------


@shared_world
@pytest.mark.parametrize("kind", KINDS)
async def test_new_database_is_not_created_by_the_doctor(
    acme: Sandbox, clock: ManualClock, kind: str, tmp_path: Path
) -> None:
    url = create_database_url(kind, tmp_path)
    line = await read_database_line(acme, url, clock)
    assert line.startswith("ok    Database: ")
    assert line.endswith(" is new; the first start creates its tables.")
    assert list_files(tmp_path) == []
    assert await read_database_line(acme, url, clock) == line


@shared_world
@pytest.mark.parametrize("kind", KINDS)
async def test_up_to_date_database_is_reported(
    acme: Sandbox, clock: ManualClock, kind: str, tmp_path: Path
) -> None:
    url = create_database_url(kind, tmp_path)
    await create_database(url)
    place = tmp_path / "bot.db" if kind == "sqlite" else "the local socket/postgres"
    line = await read_database_line(acme, url, clock)
    assert line == f"ok    Database: {place} is writable and up to date."


@shared_world
@pytest.mark.parametrize("kind", KINDS)
async def test_running_database_can_be_inspected(
    acme: Sandbox, clock: ManualClock, kind: str, tmp_path: Path
) -> None:
    url = create_database_url(kind, tmp_path)
    async with open_database(url) as database:
        line = await read_database_line(acme, url, clock)
        assert line.startswith("ok    Database: ")
        assert ("in use by a running app" in line) is (kind == "sqlite")
        async with database.begin() as connection:
            await connection.execute(text("DELETE FROM events"))
        await database.check()


@shared_world
@pytest.mark.parametrize("kind", KINDS)
async def test_older_schema_is_migrated_by_the_next_start(
    acme: Sandbox, clock: ManualClock, kind: str, tmp_path: Path
) -> None:
    url = create_database_url(kind, tmp_path)
    await set_revision(url, "0001")
    for _ in range(2):
        line = await read_database_line(acme, url, clock)
        assert line.startswith("ok    Database: ")
        assert "an earlier version; the next start brings it up to date." in line
    await create_database(url)
    assert "is writable and up to date." in await read_database_line(acme, url, clock)


# --- wrong ---------------------------------------------------------------------------------------


@shared_world
@pytest.mark.parametrize("kind", KINDS)
async def test_newer_schema_is_rejected_and_untouched(
    acme: Sandbox, clock: ManualClock, kind: str, tmp_path: Path
) -> None:
    url = create_database_url(kind, tmp_path)
    await set_revision(url, "9999")
    line = await read_database_line(acme, url, clock)
    assert "WRONG Database: " in line
    assert "its tables are from a later version of this app. Install that version again" in line
    settings = build_settings(acme.slack, acme.chakra, senders=(), socket_mode=False)
    settings = settings.model_copy(update={"database_url": SecretStr(url), "port": 0})
    with pytest.raises(StartupError, match="Its tables are from a later version of this app"):
        await run(settings, COMMANDS, clock, drain_seconds=0.1)


@shared_world
async def test_in_memory_database_is_warned_about(acme: Sandbox, clock: ManualClock) -> None:
    line = await read_database_line(acme, "sqlite:///:memory:", clock)
    assert line == (
        "WRONG Database: stored in memory: everything in it is lost when this app stops. Set "
        "DATABASE_URL to a file, or to a postgresql:// address."
    )


@shared_world
async def test_missing_directory(acme: Sandbox, clock: ManualClock, tmp_path: Path) -> None:
    line = await read_database_line(acme, f"sqlite:///{tmp_path}/nowhere/bot.db", clock)
    assert line == (
        f"WRONG Database: {tmp_path}/nowhere: No such file or directory. Create that folder, or "
        "set DATABASE_URL to another one."
    )


@shared_world
async def test_read_only_directory(acme: Sandbox, clock: ManualClock) -> None:
    line = await read_database_line(acme, "sqlite:////proc/bot.db", clock)
    assert line.startswith("WRONG Database: /proc: ")


@shared_world
async def test_non_database_file(acme: Sandbox, clock: ManualClock, tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_text("this is a diary\n" * 100)
    line = await read_database_line(acme, f"sqlite:///{tmp_path}/bot.db", clock)
    assert "file is not a database. Set DATABASE_URL to another file" in line
    assert (tmp_path / "bot.db").read_text().startswith("this is a diary")


@shared_world
async def test_read_only_database_file(acme: Sandbox, clock: ManualClock, tmp_path: Path) -> None:
    """SQLite's own mark, which counts for root as well."""
    file = tmp_path / "bot.db"
    await create_database(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("PRAGMA journal_mode=DELETE")
    content = bytearray(file.read_bytes())
    content[18] = 3  # the version of the format for writing: a later one makes the file read-only
    file.write_bytes(content)
    line = await read_database_line(acme, f"sqlite:///{file}", clock)
    assert "readonly database. Let the user that runs this app write to the file" in line


@shared_world
async def test_unreachable_postgres(acme: Sandbox, clock: ManualClock) -> None:
    line = await read_database_line(acme, f"postgresql://bot:{SECRET}@127.0.0.1:1/bot", clock)
    assert line.startswith("WRONG Database: ")
    assert "refused" in line
    assert "Check DATABASE_URL, and that the database is running" in line


@shared_world
@pytest.mark.parametrize(
    ("says", "remedy"),
    [
        ('password authentication failed for user "bot"', "Correct the user and the password"),
        ('role "bot" does not exist', "or create that user"),
        ('database "bot" does not exist', "Create the database"),
        ('no pg_hba.conf entry for host "10.0.0.7", user "bot"', "pg_hba.conf"),
        ("sorry, too many clients already", "Check DATABASE_URL"),
    ],
)
async def test_postgres_connection_error_is_reported(
    acme: Sandbox, clock: ManualClock, says: str, remedy: str
) -> None:
    async with start_rejecting_postgres(says) as port:
        line = await read_database_line(
            acme, f"postgresql://bot:{SECRET}@127.0.0.1:{port}/bot", clock
        )
    assert line.startswith("WRONG Database: ")
    assert f"{says}. " in line
    assert remedy in line


@asynccontextmanager
async def start_rejecting_postgres(message: str) -> AsyncIterator[int]:
    """A Postgres that turns everybody away. postgresql.org/docs/current/protocol-message-formats"""

    async def turn_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(4), "big")
        if length == 8:  # whether it speaks TLS: it does not
            await reader.readexactly(4)
            writer.write(b"N")
            length = int.from_bytes(await reader.readexactly(4), "big")
        await reader.readexactly(length - 4)
        fields = f"SFATAL\0VFATAL\0C28000\0M{message}\0\0".encode()
        writer.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(turn_away, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@shared_world
@pytest.mark.parametrize(
    ("exists", "attribute", "expected"),
    [
        (False, "", "The user may not create tables in it. Grant the user"),
        (True, "", "permission denied for table alembic_version. Grant the user"),
        (
            True,
            "SET default_transaction_read_only = on",
            "It does not accept writes (a standby, or set to read-only). Set DATABASE_URL to the",
        ),
    ],
)
async def test_postgres_user_without_permissions(
    acme: Sandbox,
    clock: ManualClock,
    tmp_path: Path,
    exists: bool,
    attribute: str,
    expected: str,
) -> None:
    url = create_database_url("postgres", tmp_path)
    if exists:
        await create_database(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("GRANT USAGE ON SCHEMA public TO reader")
        if attribute:
            connection.execute(f"ALTER ROLE reader {attribute}")
    try:
        line = await read_database_line(
            acme, start_postgres().replace("postgres:@", "reader:@", 1), clock
        )
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP OWNED BY reader")
            connection.execute("DROP ROLE reader")
    assert line.startswith("WRONG Database: ")
    assert expected in line
