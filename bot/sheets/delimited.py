"""CSV and its like -> a sheet, whatever program wrote it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import BytesIO, TextIOWrapper

from bot.sheets import delimiter, encoding
from bot.sheets.sheet import InvalidSheet, Sheet
from bot.sheets.table import RawRow, build_sheet

MAX_CELL_LENGTH = 131_072
"""Characters; Python's own limit. Excel's is 32,767, so that what is longer is a quotation mark
that was never closed."""


def parse_csv(data: bytes) -> Sheet:
    """Raises ``InvalidSheet``."""
    written = encoding.detect(data)
    try:
        return _parse_decoded(data, written)
    except UnicodeDecodeError:
        raise InvalidSheet(encoding.DAMAGED_MESSAGE) from None


def _parse_decoded(data: bytes, detected: encoding.Encoding) -> Sheet:
    with _open_text(data, detected.codec) as opened:
        head = opened.read(delimiter.SAMPLE_LENGTH)
    mark, skipped = delimiter.declared_delimiter(head)
    mark = mark or delimiter.sniff(head)
    said = delimiter.DISPLAY_NAMES.get(mark)
    separated = f"separated by {said}" if said else "one column"
    with _open_text(data, detected.codec) as opened:
        if skipped:
            opened.readline()
        return build_sheet(_iter_rows(opened, mark), f"CSV in {detected.display_name}, {separated}")


def _open_text(data: bytes, codec: str) -> TextIOWrapper:
    """Decoded a little at a time; line breaks are left to the reader of CSV, as it wants them."""
    return TextIOWrapper(BytesIO(data), codec, newline="")


def _iter_rows(lines: Iterable[str], separator: str) -> Iterator[RawRow]:
    """Strict: a quotation mark out of place would join rows, and nobody would be told."""
    number = 0
    try:
        for cells in csv.reader(_reject_nul(lines), delimiter=separator, strict=True):
            number += 1
            yield RawRow(number, cells)
    except csv.Error as error:
        raise InvalidSheet(_describe_csv_error(number + 1, str(error))) from None


def _reject_nul(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise InvalidSheet(encoding.BINARY_MESSAGE)
        yield line


def _describe_csv_error(row: int, reason: str) -> str:
    """``why`` is in the words of Python's csv module, the same in 3.11 to 3.14."""
    if "end of data" in reason:
        return (
            f"A quotation mark opens in row {row} and is never closed. Close or delete it there, "
            "and choose the file again."
        )
    if "field limit" in reason:
        return (
            f"A cell in row {row} has more than {MAX_CELL_LENGTH:,} characters; perhaps a "
            "quotation mark is not closed. Repair that row, and choose the file again."
        )
    return (
        f"The quotation marks in row {row} cannot be read. Inside a quoted cell each is written "
        "twice. Repair that row, or save the table as Excel."
    )
