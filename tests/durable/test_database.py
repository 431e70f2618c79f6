"""The database of the work engine lies beside ours, or in a schema of the same Postgres."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.durable.database import workflow_database_url
from bot.errors import DatabaseUnavailable


def test_beside_a_file_lies_another_ready_for_the_engine(tmp_path: Path) -> None:
    with workflow_database_url(f"sqlite:///{tmp_path}/bot.db") as url:
        assert url == f"sqlite:///{tmp_path}/bot-work.db"
    with closing(sqlite3.connect(tmp_path / "bot-work.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_beside_memory_lies_a_file_that_goes_with_the_process(url: str) -> None:
    with workflow_database_url(url) as own:
        file = Path(own.removeprefix("sqlite:///"))
        assert file.exists()
    assert not file.parent.exists()


def test_on_postgres_it_is_the_same_database_by_the_driver_that_the_engine_takes() -> None:
    with workflow_database_url(
        "postgresql+psycopg://bot:pa%40ss@db:5432/chakra?sslmode=require"
    ) as url:
        assert url == "postgresql://bot:pa%40ss@db:5432/chakra?sslmode=require"


@pytest.mark.parametrize("url", ["no address", "sqlite:////proc/nowhere/bot.db"])
def test_what_cannot_be_worked_with_is_said(url: str) -> None:
    with pytest.raises(DatabaseUnavailable), workflow_database_url(url):
        pass
