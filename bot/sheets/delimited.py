"""CSV and its like -> a sheet, whatever program wrote it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import BytesIO, TextIOWrapper

from bot.sheets import delimiter, encoding
from bot.sheets.sheet import Sheet, SheetRefused
from bot.sheets.table import Raw, table

LONGEST_CELL = 131_072
"""Characters; Python's own limit. Excel's is 32,767, so that what is longer is a quotation mark
that was never closed."""


def read(data: bytes) -> Sheet:
    """Raises ``SheetRefused``."""
    written = encoding.detect(data)
    try:
        return _read(data, written)
    except UnicodeDecodeError:
        raise SheetRefused(encoding.DAMAGED) from None


def _read(data: bytes, written: encoding.Encoding) -> Sheet:
    with _lines(data, written.codec) as opened:
        head = opened.read(delimiter.SAMPLE)
    mark, skipped = delimiter.told(head)
    mark = mark or delimiter.sniff(head)
    said = delimiter.SAID.get(mark)
    separated = f"separated by {said}" if said else "one column"
    with _lines(data, written.codec) as opened:
        if skipped:
            opened.readline()
        return table(_rows(opened, mark), f"CSV in {written.said}, {separated}")


def _lines(data: bytes, codec: str) -> TextIOWrapper:
    """Decoded a little at a time; line breaks are left to the reader of CSV, as it wants them."""
    return TextIOWrapper(BytesIO(data), codec, newline="")


def _rows(lines: Iterable[str], mark: str) -> Iterator[Raw]:
    """Strict: a quotation mark out of place would join rows, and nobody would be told."""
    number = 0
    try:
        for cells in csv.reader(_without_nul(lines), delimiter=mark, strict=True):
            number += 1
            yield Raw(number, cells)
    except csv.Error as error:
        raise SheetRefused(_broken(number + 1, str(error))) from None


def _without_nul(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise SheetRefused(encoding.BINARY)
        yield line


def _broken(row: int, why: str) -> str:
    """``why`` is in the words of Python's csv module, the same in 3.11 to 3.14."""
    if "end of data" in why:
        return (
            f"A quotation mark opens in row {row} and is never closed. Close or delete it there, "
            "and choose the file again."
        )
    if "field limit" in why:
        return (
            f"A cell in row {row} has more than {LONGEST_CELL:,} characters; perhaps a quotation "
            "mark is not closed. Repair that row, and choose the file again."
        )
    return (
        f"The quotation marks in row {row} cannot be read. Inside a quoted cell each is written "
        "twice. Repair that row, or save the table as Excel."
    )
