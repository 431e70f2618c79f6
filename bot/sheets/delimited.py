"""Read CSV and similar files from any program."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import BytesIO, StringIO, TextIOWrapper

from bot.sheets import delimiter, encoding
from bot.sheets.header import RawRow
from bot.sheets.sheet import InvalidSheet, ReadOptions, Sheet, Source
from bot.sheets.table import build_sheet

OVERLAP_LENGTH = 256
"""Characters carried from one part to the next while looking for quotation marks."""


def parse_csv(data: bytes, options: ReadOptions) -> Sheet:
    """Raise ``InvalidSheet``."""
    detected = encoding.detect(data, options.encoding)
    try:
        return _parse_decoded(data, detected)
    except UnicodeDecodeError:
        raise InvalidSheet(encoding.DAMAGED_MESSAGE) from None


def _parse_decoded(data: bytes, detected: encoding.Encoding) -> Sheet:
    with _open_text(data, detected.codec) as opened:
        head = opened.read(delimiter.SAMPLE_LENGTH)
    mark, declared_length = delimiter.read_declared_delimiter(head)
    mark = mark or delimiter.sniff(head)
    name = delimiter.DISPLAY_NAMES.get(mark)
    separated = f"separated by {name}" if name else "one column"
    source = Source(
        f"CSV in {detected.display_name}, {separated}", detected.codec, detected.is_guess
    )
    with _open_text(data, detected.codec) as opened:
        if declared_length:
            opened.readline()
        lines: Iterable[str] = opened
        if _has_spaced_quotes(data, detected.codec, mark):
            lines = StringIO(delimiter.remove_spaces_around_quotes(opened.read(), mark), newline="")
        return build_sheet(_iter_rows(lines, mark), source)


def _has_spaced_quotes(data: bytes, codec: str, mark: str) -> bool:
    """Inspect the whole file: many programs quote only the cells that need it."""
    if b'"' not in data:
        return False
    end = ""
    with _open_text(data, codec) as opened:
        while part := opened.read(delimiter.SAMPLE_LENGTH):
            if delimiter.has_spaced_quotes(end + part, mark):
                return True
            end = part[-OVERLAP_LENGTH:]
    return False


def _open_text(data: bytes, codec: str) -> TextIOWrapper:
    """Decode in small steps; line breaks are left to the CSV reader, as it requires."""
    return TextIOWrapper(BytesIO(data), codec, newline="")


def _iter_rows(lines: Iterable[str], separator: str) -> Iterator[RawRow]:
    """Be strict: a misplaced quotation mark would silently join rows."""
    number = 0
    try:
        for cells in csv.reader(_reject_nul(lines), delimiter=separator, strict=True):
            number += 1
            yield RawRow(number, cells)
    except csv.Error as error:
        is_divided = separator != delimiter.SINGLE_COLUMN
        raise InvalidSheet(
            _describe_csv_error(number + 1, str(error), is_divided=is_divided)
        ) from None


def _reject_nul(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise InvalidSheet(encoding.BINARY_MESSAGE)
        yield line


def _describe_csv_error(row: int, reason: str, *, is_divided: bool) -> str:
    """``reason`` is a message of Python's csv module, the same in 3.11 to 3.14."""
    if "end of data" in reason:
        return (
            f"A quotation mark opens in row {row} and is never closed. Close or delete it there, "
            "and choose the file again."
        )
    if "field limit" in reason:
        return (
            f"A cell in row {row} has more than {delimiter.MAX_CELL_LENGTH:,} characters; perhaps "
            "a quotation mark is not closed. Fix that row, and choose the file again."
        )
    if not is_divided:
        return (
            "The first row has one cell, so it was read as the name of a single column, and row "
            f"{row} does not fit. Delete the rows above the column names, or save the table as "
            "Excel, and choose it again."
        )
    return (
        f"The quotation marks in row {row} cannot be read. Inside a quoted cell each is written "
        "twice. Fix that row, or save the table as Excel."
    )
