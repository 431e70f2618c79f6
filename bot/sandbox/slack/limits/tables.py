"""The two table blocks: rows, columns and the characters of their cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.limits.report import Json, Report
from bot.sandbox.slack.limits.walk import characters


def check_table(report: Report, block: Json, at: str) -> None:
    rows = _rows(report, block, at, "table")
    if rows is None:
        return
    if len({len(row) for row in rows}) > 1:
        report.add("table.ragged", f"{at}/rows", "rows differ in length")
    settings = block.get("column_settings", [])
    columns = report.array(settings, f"{at}/column_settings")
    if columns is not None:
        report.count("table.settings", len(columns), f"{at}/column_settings")
    report.characters("table.cells", cell_characters(block), f"{at}/rows")


def check_data_table(report: Report, block: Json, at: str) -> None:
    report.length("data_table.caption", block.get("caption"), f"{at}/caption")
    if "page_size" in block:
        report.number("data_table.page_size", block["page_size"], f"{at}/page_size")
    rows = _rows(report, block, at, "data_table")
    if not rows:
        return
    if len({len(row) for row in rows}) > 1:
        report.add("data_table", f"{at}/rows", "all rows must have the same number of cells")
    for cell in rows[0]:
        if isinstance(cell, dict) and cell.get("type") == "rich_text":
            report.add("data_table", f"{at}/rows/0", "rich_text is not available in the header")
    report.characters("table.cells", cell_characters(block), f"{at}/rows")


def cell_characters(block: Json) -> int:
    return characters(block.get("rows"))


def _rows(report: Report, block: Json, at: str, kind: str) -> list[Sequence[Any]] | None:
    values = report.array(block.get("rows"), f"{at}/rows")
    if values is None:
        return None
    report.count(f"{kind}.rows", len(values), f"{at}/rows")
    rows = []
    for index, value in enumerate(values):
        row = report.array(value, f"{at}/rows/{index}")
        if row is not None:
            report.count(f"{kind}.columns", len(row), f"{at}/rows/{index}")
            rows.append(row)
    return rows
