"""The columns that the tables share, and the metadata that holds the tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Integer, MetaData, Text, text

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID_TYPE = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column whose type is INTEGER."""

EMPTY = text("''")
"""Written the way Alembic reads it from SQLite: it would see a plain "" as a difference."""


def id_column() -> Column[int]:
    """Return the primary key, which the database assigns."""
    return Column("id", ID_TYPE, primary_key=True)


def text_column(name: str) -> Column[str]:
    """Return a text column that a row must fill."""
    return Column(name, Text, nullable=False)


def optional_text(name: str) -> Column[str]:
    """Return a text column that is "" unless a row fills it."""
    return Column(name, Text, nullable=False, server_default=EMPTY)


def optional_time(name: str) -> Column[float]:
    """Return a column of seconds that is 0 unless a row fills it."""
    return Column(name, Double, nullable=False, server_default="0")


def workspace_column() -> Column[str]:
    """Return the column with the Slack team ID of a row."""
    return optional_text("workspace")
