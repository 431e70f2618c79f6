"""The database of the work engine, which is its own: beside ours, or in a schema of the same
Postgres."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.db.engine import IN_MEMORY
from bot.errors import StoreUnavailable

SUFFIX = "-work"


@contextmanager
def beside(url: str) -> Iterator[str]:
    """The engine's URL for ours. Where ours is in memory, it is a file that goes with the block.

    Raises ``StoreUnavailable``.
    """
    try:
        address = make_url(url)
    except ArgumentError as odd:
        raise StoreUnavailable("DATABASE_URL cannot be read") from odd
    if address.get_backend_name() != "sqlite":
        yield address.set(drivername="postgresql").render_as_string(hide_password=False)
        return
    if address.database in (None, *IN_MEMORY):
        with tempfile.TemporaryDirectory(prefix="chakra-bot-") as folder:
            yield _ready(Path(folder) / "work.db")
        return
    file = Path(address.database or "")
    yield _ready(file.with_name(f"{file.stem}{SUFFIX}{file.suffix}"))


def _ready(file: Path) -> str:
    """The engine would leave SQLite's journal as it is by default, which is half as fast."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error as odd:
        raise StoreUnavailable(f"{file}: {odd}") from odd
    return f"sqlite:///{file.absolute()}"
