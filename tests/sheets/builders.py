"""Files of the kinds that people upload, and attributes to match them with."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO, StringIO
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import xlsxwriter

from bot.sheets.columns import ColumnMatches, Purpose, Target, match_columns
from bot.sheets.excel import ParserOutputReader
from bot.sheets.read import read_sheet
from bot.sheets.sheet import Sheet
from bot.sheets.workbook import read_workbook

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
QUOTES = {'"': "&quot;"}
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


def build_cells_workbook(*rows: Sequence[object]) -> bytes:
    """A workbook with these rows from A1; empty cells where there is nothing."""

    def fill(_: Any, sheet: Any) -> None:
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, place, value)
                elif value is not None:
                    sheet.write(number, place, value)

    return build_workbook(fill)


def build_csv_text(rows: Iterable[Sequence[str]], delimiter: str = ",", **options: Any) -> str:
    buffer = StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, **options).writerows(rows)
    return buffer.getvalue()


async def parse_csv(*rows: str) -> Sheet:
    """Lines of a CSV with commas."""
    return await read_sheet("\n".join(rows).encode())


def parse_workbook(data: bytes) -> Sheet:
    """Read a workbook without a process of its own, which takes a quarter of a second."""
    messages = ParserOutputReader()
    for line in read_workbook(data):
        messages.feed(json.dumps(line).encode() + b"\n")
    return messages.finish()


def match_for_create(
    columns: Sequence[str], targets: Sequence[Target] = LEAD_TARGETS
) -> ColumnMatches:
    return match_columns(columns, targets, Purpose.CREATE, primary_key="lead_id")


def match_for_update(
    columns: Sequence[str], targets: Sequence[Target] = LEAD_TARGETS
) -> ColumnMatches:
    return match_columns(columns, targets, Purpose.UPDATE, primary_key="lead_id")


def build_raw_workbook(
    rows: str, *, styles: str = "", calculation: str = "", after: str = ""
) -> bytes:
    """Return a workbook with this XML of rows, as a program writes it that has its own way.

    ``styles`` are format codes separated by newlines: the cells' ``s`` counts them from 1.
    ``after`` is the XML behind the rows.
    """
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    codes = [code for code in styles.split("\n") if code]
    formats = "".join(
        f'<numFmt numFmtId="{number}" formatCode="{escape(code, QUOTES)}"/>'
        for number, code in enumerate(codes, 164)
    )
    cell_styles = "".join(f'<xf numFmtId="{number}"/>' for number, _ in enumerate(codes, 164))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": (
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
            f'<sheet name="Leads" sheetId="1" r:id="rId1"/></sheets>{calculation}</workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
            f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
            f'Type="{office}/styles" Target="styles.xml"/></Relationships>'
        ),
        "xl/styles.xml": (
            f'<styleSheet xmlns="{main}"><numFmts>{formats}</numFmts>'
            f'<cellXfs><xf numFmtId="0"/>{cell_styles}</cellXfs></styleSheet>'
        ),
        "xl/worksheets/sheet1.xml": (
            f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData>{after}</worksheet>'
        ),
    }
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, xml in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}')
    return buffer.getvalue()


def build_raw_row(number: int, *cells: str, attributes: str = "") -> str:
    """Return a row of ``build_raw_workbook``. A cell that isn't XML is a text."""
    made = [
        cell
        if cell.startswith("<")
        else f'<c r="{chr(ord("A") + place)}{number}" t="inlineStr">'
        f"<is><t>{escape(cell)}</t></is></c>"
        for place, cell in enumerate(cells)
        if cell
    ]
    return f'<row r="{number}"{attributes}>{"".join(made)}</row>'


def build_openpyxl_workbook(fill: Callable[[Any], None]) -> bytes:
    """Return a workbook of openpyxl, which pandas uses too. ``fill`` gets its first sheet."""
    book = openpyxl.Workbook()
    book.active.title = "Leads"
    fill(book.active)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()
