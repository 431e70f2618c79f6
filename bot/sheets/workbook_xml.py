"""Read from a workbook's XML what the value reader leaves out.

These are hidden rows, errors, formulas without a stored value, and formats that add characters.
Source: ECMA-376 part 1, 18.3.1.4 (c), 18.3.1.40 (f), 18.3.1.73 (row), 18.8.45 (xf).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from xml.etree import ElementTree as ET
from xml.parsers import expat

from bot.sheets.number_format import NumberFormat, parse_number_format

CHUNK_BYTES = 256 * 1024
OVERLAP_BYTES = 64
"""Carried from one chunk to the next while looking for a word."""

_SHEET_TAG = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_RELATIONSHIP_TAG = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_RECALCULATED = re.compile(rb"""\bfullCalcOnLoad=["'](?:1|true)["']""")
_UNKNOWN_ERROR = re.compile(
    rb"""(<(?:\w+:)?c\b[^>]*\bt=["']e["'][^>]*>(?:<(?:\w+:)?f\b[^>]*/>|<(?:\w+:)?f\b[^<]*</[^>]*>)?"""
    rb"""<(?:\w+:)?v>)(?!#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!)<)[^<]*"""
)
_TRUE_WORDS = frozenset({"1", "true"})
_ZEROS = frozenset({"0", "0.0"})


@dataclass(frozen=True, slots=True)
class RowMarks:
    """What is known about the row at ``index``, from 0; columns count from 0 too."""

    index: int
    is_hidden: bool = False
    errors: tuple[int, ...] = ()
    uncalculated: tuple[int, ...] = ()
    formats: Mapping[int, NumberFormat] = field(default_factory=dict)


class MarkedRows:
    """The marks of one sheet, requested row by row in the file's order."""

    def __init__(self, data: bytes, sheet_index: int) -> None:
        self._rows = _iter_marked_rows(data, sheet_index)
        self._next = next(self._rows, None)

    def get_marks(self, index: int) -> RowMarks:
        while self._next and self._next.index < index:
            self._next = next(self._rows, None)
        return self._next if self._next and self._next.index == index else RowMarks(index)

    def iter_after(self, index: int) -> Iterator[RowMarks]:
        """Return the marks of the rows from ``index`` on, which have no values."""
        while self._next:
            if self._next.index >= index:
                yield self._next
            self._next = next(self._rows, None)


def _iter_marked_rows(data: bytes, sheet_index: int) -> Iterator[RowMarks]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        wanted = _find_sheet_part(archive, sheet_index).casefold()
        part = next((name for name in archive.namelist() if name.casefold() == wanted), None)
        if part is None:
            return
        formats = _read_formats(archive)
        if not _has_marks(archive, part, formats):
            return
        parser = _SheetParser(formats, is_recalculated=_is_recalculated(archive))
        with archive.open(part) as opened:
            while chunk := opened.read(CHUNK_BYTES):
                yield from parser.feed(chunk)


def _has_marks(archive: zipfile.ZipFile, part: str, formats: Mapping[str, NumberFormat]) -> bool:
    """Search for the keywords before each cell is parsed: most sheets have none of them."""
    styles = b"|".join(re.escape(style.encode()) for style in formats)
    words = [
        rb"<(?:\w+:)?f[\s/>]",
        rb"""\b(?:t=["']e|hidden=["'](?:1|true)|ht=["']0(?:\.0)?)["']""",
    ]
    if styles:
        words.append(rb"""\bs=["'](?:""" + styles + rb""")["']""")
    pattern = re.compile(b"|".join(words))
    end = b""
    with archive.open(part) as opened:
        while chunk := opened.read(CHUNK_BYTES):
            if pattern.search(end + chunk):
                return True
            end = chunk[-OVERLAP_BYTES:]
    return False


class _SheetParser:
    """Collects the marks of each row. Rows and cells may lack their references."""

    def __init__(self, formats: Mapping[str, NumberFormat], *, is_recalculated: bool) -> None:
        self._formats = formats
        self._is_recalculated = is_recalculated
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._names: dict[str, str] = {}
        self._finished: list[RowMarks] = []
        self._row, self._column, self._is_hidden = -1, -1, False
        self._errors: list[int] = []
        self._uncalculated: list[int] = []
        self._cell_formats: dict[int, NumberFormat] = {}
        self._type = ""
        self._has_formula = self._has_value_element = False
        self._value: list[str] = []

    def feed(self, chunk: bytes) -> list[RowMarks]:
        """Return the rows that ``chunk`` finishes."""
        self._parser.Parse(chunk, False)
        finished, self._finished = self._finished, []
        return finished

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = self._names.get(tag) or self._names.setdefault(tag, tag.rpartition(":")[2])
        if name == "c":
            self._start_cell(attributes)
        elif name == "row":
            reference = attributes.get("r", "")
            self._row = int(reference) - 1 if reference.isdecimal() else self._row + 1
            self._column = -1
            self._is_hidden = (
                attributes.get("hidden") in _TRUE_WORDS or attributes.get("ht") in _ZEROS
            )
            self._errors, self._uncalculated, self._cell_formats = [], [], {}
        elif name == "f":
            self._has_formula = True
        elif name == "is":
            self._has_value_element = True
        elif name == "v" and self._has_formula:
            self._has_value_element = True
            self._parser.CharacterDataHandler = self._value.append

    def _start_cell(self, attributes: dict[str, str]) -> None:
        column = _parse_column(attributes.get("r", ""))
        self._column = self._column + 1 if column is None else column
        self._type = attributes.get("t", "n")
        self._has_formula = self._has_value_element = False
        self._value.clear()
        if self._formats and (known := self._formats.get(attributes.get("s", ""))):
            self._cell_formats[self._column] = known

    def _end(self, tag: str) -> None:
        name = self._names.get(tag, "")
        if name == "c":
            if self._type == "e":
                self._errors.append(self._column)
            elif self._has_formula and self._lacks_value():
                self._uncalculated.append(self._column)
        elif name == "v":
            self._parser.CharacterDataHandler = None
        elif name == "row" and (
            self._is_hidden or self._errors or self._uncalculated or self._cell_formats
        ):
            self._finished.append(
                RowMarks(
                    self._row,
                    self._is_hidden,
                    tuple(self._errors),
                    tuple(self._uncalculated),
                    self._cell_formats,
                )
            )

    def _lacks_value(self) -> bool:
        """Return whether no program has calculated the formula.

        An empty text is a value. A zero isn't, if the workbook asks to be calculated when it is
        opened: programs that don't calculate store it in every formula.
        """
        if self._type in ("str", "inlineStr", "s"):
            return not self._has_value_element
        value = "".join(self._value).strip()
        return not value or (self._is_recalculated and self._type == "n" and value in _ZEROS)


def _parse_column(reference: str) -> int | None:
    column = 0
    for sign in reference:
        if not "A" <= sign <= "Z":
            break
        column = column * 26 + ord(sign) - ord("A") + 1
    return column - 1 if column else None


# --- errors --------------------------------------------------------------------------------------


def replace_unknown_errors(data: bytes) -> bytes:
    """Return the workbook with ``#N/A`` for errors that the value reader would fail on.

    Newer versions of Excel add more (``#SPILL!``). Each is a problem of its row.
    """
    written = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(data)) as archive,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy,
    ):
        for name in archive.namelist():
            part = archive.read(name)
            if name.casefold().startswith("xl/worksheets/"):
                part = _UNKNOWN_ERROR.sub(rb"\1#N/A", part)
            copy.writestr(name, part)
    return written.getvalue()


# --- the other parts of the archive --------------------------------------------------------------


def _read_formats(archive: zipfile.ZipFile) -> dict[str, NumberFormat]:
    """Return the formats that add characters, by the number of the cell style as it is written."""
    try:
        root = ET.fromstring(archive.read("xl/styles.xml"))  # noqa: S314 - bounded process
    except (KeyError, ET.ParseError):
        return {}
    codes = {
        element.get("numFmtId", ""): element.get("formatCode", "")
        for element in root.iterfind("{*}numFmts/{*}numFmt")
    }
    known = {key: found for key, code in codes.items() if (found := parse_number_format(code))}
    styles = enumerate(root.iterfind("{*}cellXfs/{*}xf"))
    return {
        str(number): known[key]
        for number, style in styles
        if (key := style.get("numFmtId", "")) in known
    }


def _is_recalculated(archive: zipfile.ZipFile) -> bool:
    try:
        return bool(_RECALCULATED.search(archive.read("xl/workbook.xml")))
    except KeyError:
        return False


def _find_sheet_part(archive: zipfile.ZipFile, sheet_index: int) -> str:
    """Return the sheet's file in the archive, or an empty text if the archive doesn't name it."""
    try:
        sheets = _SHEET_TAG.findall(archive.read("xl/workbook.xml"))
        relations = _RELATIONSHIP_TAG.findall(archive.read("xl/_rels/workbook.xml.rels"))
    except KeyError:
        return ""
    key = _find_xml_attribute(sheets[sheet_index], rb"\w+:id") if sheet_index < len(sheets) else ""
    for relation in relations:
        if key and _find_xml_attribute(relation, rb"Id") == key:
            target = _find_xml_attribute(relation, rb"Target")
            return target[1:] if target.startswith("/") else f"xl/{target}"
    return ""


def _find_xml_attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb"\s" + name + rb"""=["']([^"']*)["']""", tag)
    return found[1].decode("utf-8", "replace") if found else ""
