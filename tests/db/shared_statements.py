"""SQLite's dialect for tests: statements are compiled once, not once for each story's database.

Hundreds of stories open a database of their own. SQLAlchemy keeps what it compiled by engine and
by dialect, and compiling took an eighth of a story's processor time. Those in memory copy their
tables (``copied_tables``).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

from bot.db.sqlite_driver import connect_inline
from tests.db.copied_tables import connect_copying

_COMPILED: dict[Any, Any] = {}


class SharedDialect(SQLiteDialect_aiosqlite):
    """Equal to every other of its kind: they are all configured alike."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SharedDialect)

    def __hash__(self) -> int:
        return hash(SharedDialect)

    def connect(self, *arguments: Any, **options: Any) -> Any:
        if options.get("async_creator_fn") is connect_inline:
            options["async_creator_fn"] = connect_copying
        return super().connect(*arguments, **options)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_COMPILED)


def share_compiled_statements() -> None:
    """Use it for every SQLite database of this process."""
    registry.register("sqlite.aiosqlite", __name__, SharedDialect.__name__)
