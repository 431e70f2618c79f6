"""The data table: its rows, cells and characters.

docs.slack.dev/reference/block-kit/blocks/data-table-block
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.limits.traversal import count_characters
from bot.sandbox.slack.limits.validation_report import Json, ValidationReport

_CELL_TYPES = ("raw_text", "raw_number", "rich_text")


def check_data_table(report: ValidationReport, block: Json, pointer: str) -> None:
    report.check_length("data_table.caption", block.get("caption"), f"{pointer}/caption")
    if "page_size" in block:
        report.check_integer("data_table.page_size", block["page_size"], f"{pointer}/page_size")
    rows = _read_rows(report, block, pointer)
    if not rows:
        return
    if len({len(row) for row in rows}) > 1:
        report.add("data_table", f"{pointer}/rows", "all rows must have the same number of cells")
    column = block.get("row_header_column_index", 0)
    if not isinstance(column, int) or isinstance(column, bool) or not 0 <= column < len(rows[0]):
        report.add("data_table", f"{pointer}/row_header_column_index", "must be a column")
    for index, row in enumerate(rows):
        for position, cell in enumerate(row):
            _check_cell(report, cell, f"{pointer}/rows/{index}/{position}", is_header=index == 0)
    report.check_total_length("data_table.cells", count_cells(block), f"{pointer}/rows")


def count_cells(block: Json) -> int:
    """Return the characters of all cells."""
    return count_characters(block.get("rows"))


def _read_rows(report: ValidationReport, block: Json, pointer: str) -> list[Sequence[Any]]:
    values = report.require_array(block.get("rows"), f"{pointer}/rows")
    if values is None:
        return []
    report.check_count("data_table.rows", len(values), f"{pointer}/rows")
    rows = []
    for index, value in enumerate(values):
        row = report.require_array(value, f"{pointer}/rows/{index}")
        if row is not None:
            report.check_count("data_table.columns", len(row), f"{pointer}/rows/{index}")
            rows.append(row)
    return rows


def _check_cell(report: ValidationReport, value: object, pointer: str, *, is_header: bool) -> None:
    cell = report.require_object(value, pointer)
    if cell is None:
        return
    kind = cell.get("type")
    if kind not in _CELL_TYPES or (is_header and kind == "rich_text"):
        report.add("data_table", f"{pointer}/type", f"unsupported cell: {kind}")
    elif kind == "rich_text":
        report.require_array(cell.get("elements"), f"{pointer}/elements")
    else:
        report.check_length("data_table.text", cell.get("text"), f"{pointer}/text")
    if kind == "raw_number" and not _is_number(cell.get("value")):
        report.add("data_table", f"{pointer}/value", "must provide a number")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
