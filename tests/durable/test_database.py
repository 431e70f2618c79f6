"""The database of the work engine lies beside ours, or in a schema of the same Postgres."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.durable.database import workflow_database
from bot.errors import DatabaseUnavailable


def test_sqlite_file_gets_a_sibling_workflow_database(tmp_path: Path) -> None:
    with workflow_database(f"sqlite:///{tmp_path}/bot.db") as get_url:
        assert get_url() == f"sqlite:///{tmp_path}/bot-work.db"
    with closing(sqlite3.connect(tmp_path / "bot-work.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_in_memory_database_gets_a_temporary_workflow_file(url: str) -> None:
    with workflow_database(url) as get_url:
        file = Path(get_url().removeprefix("sqlite:///"))
        assert file.exists()
        assert get_url() == f"sqlite:///{file}"
    assert not file.parent.exists()


def test_postgres_shares_the_database_with_the_engines_driver() -> None:
    with workflow_database(
        "postgresql+psycopg://bot:pa%40ss@db:5432/chakra?sslmode=require"
    ) as get_url:
        assert get_url() == "postgresql://bot:pa%40ss@db:5432/chakra?sslmode=require"


@pytest.mark.parametrize("url", ["no address", "sqlite:////proc/nowhere/bot.db"])
def test_unusable_workflow_database_is_reported(url: str) -> None:
    with pytest.raises(DatabaseUnavailable), workflow_database(url):
        pass
