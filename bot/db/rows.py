"""Turn rows into dataclasses whose fields have the names of the columns."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Row

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

RecordT = TypeVar("RecordT", bound="DataclassInstance")


def read_row(record: type[RecordT], row: Row[*tuple[Any, ...]], /, **converted: object) -> RecordT:
    """Return a record with the columns of a row; ``converted`` has the fields that differ.

    Raise ``KeyError`` if the row lacks the column of a field.
    """
    columns = row._mapping
    names = (field.name for field in fields(record) if field.name not in converted)
    return record(**{name: columns[name] for name in names}, **converted)
