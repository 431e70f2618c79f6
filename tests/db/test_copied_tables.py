"""The tables that stories copy are those that production creates."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from bot.db.engine import open_database
from bot.db.schema import METADATA
from tests.db.databases import create_database_url

SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
VERSION = "SELECT version_num FROM alembic_version"
IN_MEMORY_URL = "sqlite:///:memory:"


async def test_copied_tables_are_those_of_a_new_file(tmp_path: Path) -> None:
    url = create_database_url("sqlite", tmp_path)
    async with open_database(url):
        pass
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
        expected = [file.execute(query).fetchall() for query in (SCHEMA, VERSION)]
    assert len(expected[0]) > len(METADATA.tables)
    for _ in range(2):
        async with open_database(IN_MEMORY_URL) as database, database.begin() as connection:
            assert database.is_new
            assert await connection.run_sync(read_schema) == expected


async def test_copies_share_no_rows() -> None:
    table = METADATA.tables["rate_limits"]
    async with open_database(IN_MEMORY_URL) as first, open_database(IN_MEMORY_URL) as second:
        async with first.begin() as connection:
            names = [column.name for column in table.columns if not column.nullable]
            await connection.execute(insert(table).values(dict.fromkeys(names, 1)))
        async with second.begin() as connection:
            assert (await connection.execute(select(table))).all() == []


def read_schema(connection: Connection) -> list[list[Any]]:
    return [
        [tuple(row) for row in connection.exec_driver_sql(query)] for query in (SCHEMA, VERSION)
    ]
