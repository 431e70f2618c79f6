"""Rows become records: each field from the column of its name, or as it was converted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Row, create_engine, text

from bot.db.rows import read_row


class Color(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Paint:
    name: str
    color: Color
    liters: int = 0


@pytest.fixture
def row() -> Row[*tuple[Any, ...]]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        found = connection.execute(text("SELECT 'Fence' AS name, 'red' AS color, 'x' AS other"))
        row = found.one()
    engine.dispose()
    return row


def test_columns_become_the_fields_of_their_names(row: Row[*tuple[Any, ...]]) -> None:
    paint = read_row(Paint, row, color=Color(row.color), liters=5)
    assert paint == Paint("Fence", Color.RED, 5)
    assert paint.color is Color.RED


def test_a_field_without_its_column_is_an_error_even_if_it_has_a_default(
    row: Row[*tuple[Any, ...]],
) -> None:
    with pytest.raises(KeyError, match="liters"):
        read_row(Paint, row)
