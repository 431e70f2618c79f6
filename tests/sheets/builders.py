"""Files of the kinds that people upload, and attributes to match them with."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter

from bot.sheets.columns import ColumnMatches, Purpose, Target, match_columns
from bot.sheets.read import read_sheet
from bot.sheets.sheet import Sheet

LEAD_TARGETS = (
    Target("lead_id", "Lead Id", "text"),
    Target("name", "Name", "text"),
    Target("phone_number", "Phone Number", "phone_number", required=True),
    Target("email", "Email", "email"),
    Target("score", "Score", "number"),
    Target("city", "City", "text"),
    Target("visits", "Visits", "integer"),
    Target("born", "Born", "date"),
    Target("met_at", "Met at", "datetime"),
    Target("subscribed", "Subscribed", "boolean"),
    Target("remark", "Remark", "an unknown type"),
)
UUID = "1bc10281-5882-43aa-b48d-28c527335e7a"


def build_workbook(
    fill: Callable[[Any, Any], None], *, names: Sequence[str] = ("Leads",), date_1904: bool = False
) -> bytes:
    """``fill`` gets the book and its first sheet; further sheets stay empty."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "date_1904": date_1904})
    sheets = [book.add_worksheet(name) for name in names]
    fill(book, sheets[0])
    book.close()
    return buffer.getvalue()


def cells_workbook(*rows: Sequence[object]) -> bytes:
    """A workbook with these rows from A1; empty cells where there is nothing."""

    def fill(_: Any, sheet: Any) -> None:
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, place, value)
                elif value is not None:
                    sheet.write(number, place, value)

    return build_workbook(fill)


def csv_text(rows: Iterable[Sequence[str]], delimiter: str = ",", **options: Any) -> str:
    buffer = StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, **options).writerows(rows)
    return buffer.getvalue()


async def parse_csv(*rows: str) -> Sheet:
    """Lines of a CSV with commas."""
    return await read_sheet("\n".join(rows).encode())


def match_for_create(
    columns: Sequence[str], targets: Sequence[Target] = LEAD_TARGETS
) -> ColumnMatches:
    return match_columns(columns, targets, Purpose.CREATE, primary_key="lead_id")


def match_for_update(
    columns: Sequence[str], targets: Sequence[Target] = LEAD_TARGETS
) -> ColumnMatches:
    return match_columns(columns, targets, Purpose.UPDATE, primary_key="lead_id")
