"""Build the rows of an export: a line of CSV for each record, padded once all columns are known.

A record may have fields that the configuration lacks, on any page. Columns are only added at the
end, so a line is written with the columns known so far, and gets the missing commas when the file
is assembled. Lines end as in RFC 4180, and no cell can become a formula.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from bot.chakra.fields import move_to_zone, to_text
from bot.chakra.process import Process
from bot.text.csv_file import BYTE_ORDER_MARK, MAX_CELL_LENGTH, clip_cell, escape_formula

LINE_END: Final = "\r\n"
ROOT_LABELS: Final = (
    "ID", "State", "Status", "Assigned to", "Created", "Updated", "Next action",
)  # fmt: skip
"""The columns after the key, before the fields of the configuration."""
MAX_FOUND_COLUMNS: Final = 200
"""Columns for fields that the configuration lacks; others share one column, as JSON."""
OTHER_FIELDS_LABEL: Final = "More"
RECORD_PREFIX: Final = "record."
"""Marks a field of the record if the process has another value under the same name."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns that are known before the first page.

    ``key`` is the field of the primary key, which comes first; ``fields`` are short IDs and labels
    in the order of the configuration; ``names`` are the labels of IDs that occur as values.
    """

    key: str
    key_label: str
    fields: tuple[tuple[str, str], ...]
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def fixed_count(self) -> int:
        """The number of columns that every file has."""
        return 1 + len(ROOT_LABELS) + len(self.fields)


@dataclass(frozen=True, slots=True)
class Rows:
    """The lines of a page, without their ends, all of ``width`` columns.

    ``found`` are the fields beyond the layout that are known after this page; ``cut_count`` is the
    number of values that are too long for a cell.
    """

    lines: tuple[str, ...] = field(repr=False)
    width: int
    found: tuple[str, ...]
    cut_count: int = 0

    @property
    def byte_count(self) -> int:
        """The bytes of the lines, without ends and missing commas."""
        return sum(len(line.encode()) for line in self.lines)


def build_rows(
    processes: Sequence[Process], layout: Layout, found: Sequence[str], zone: tzinfo
) -> Rows:
    """Return the lines of a page; ``found`` are the fields that earlier pages added."""
    fixed = {name for name, _ in layout.fields} | {layout.key}
    values = [_collect_values(process) for process in processes]
    columns = dict.fromkeys(found)
    for known in values:
        columns.update(dict.fromkeys(name for name in known if name not in fixed))
    shown = tuple(columns)[:MAX_FOUND_COLUMNS]
    has_others = len(columns) > MAX_FOUND_COLUMNS
    lines, cut_count = _Lines(), 0
    writer = csv.writer(lines, lineterminator=LINE_END)
    for process, known in zip(processes, values, strict=True):
        cells = [known.get(layout.key) or process.id, *_list_root_cells(process, layout, zone)]
        cells += [known.get(name) for name, _ in layout.fields]
        cells += [known.get(name) for name in shown]
        if has_others:
            others = {k: v for k, v in known.items() if k not in fixed and k not in shown}
            cells.append(others or None)
        texts = [format_cell(cell, layout.names) for cell in cells]
        cut_count += sum(len(text) >= MAX_CELL_LENGTH for text in texts)
        writer.writerow(texts)
    width = layout.fixed_count + len(shown) + has_others
    # One name beyond the limit is remembered: from then on every file has the shared column.
    return Rows(lines.as_tuple(), width, tuple(columns)[: MAX_FOUND_COLUMNS + 1], cut_count)


def build_header(layout: Layout, found: Sequence[str]) -> str:
    """Return the first line, without its end; duplicate labels also get their short IDs."""
    fields = dict(layout.fields)
    pairs = [("", layout.key_label), *(("", label) for label in ROOT_LABELS), *layout.fields]
    pairs += [(name, _find_label(name, fields)) for name in found[:MAX_FOUND_COLUMNS]]
    if len(found) > MAX_FOUND_COLUMNS:
        pairs.append(("", OTHER_FIELDS_LABEL))
    labels: dict[str, str] = {}
    for name, label in pairs:
        unique, number = label, 1
        while unique.casefold() in labels:
            unique = f"{label} ({name})" if number == 1 and name else f"{label} ({number})"
            number += 1
        labels[unique.casefold()] = unique
    lines = _Lines()
    csv.writer(lines, lineterminator=LINE_END).writerow(map(_clean_text, labels.values()))
    return lines.as_tuple()[0]


def measure_file_length(
    header: str, width: int, lines: int, byte_count: int, cell_count: int
) -> int:
    """Return the bytes of a file of ``width`` columns.

    ``byte_count`` and ``cell_count`` are those of all ``lines`` as they were built.
    """
    padding = lines * width - cell_count
    ends = (lines + 1) * len(LINE_END)
    return len(BYTE_ORDER_MARK) + len(header.encode()) + byte_count + padding + ends


def assemble_lines(lines: Iterable[str], width: int, full_width: int) -> bytes:
    """Return lines of ``width`` columns as part of a file of ``full_width``."""
    end = "," * (full_width - width) + LINE_END
    return "".join([line + end for line in lines]).encode()


def assemble_header(header: str) -> bytes:
    """Return the beginning of the file, with a byte-order mark so that Excel knows the encoding."""
    return BYTE_ORDER_MARK + (header + LINE_END).encode()


def format_cell(value: object, names: Mapping[str, str]) -> str:
    """Return a value as text that no spreadsheet reads as a formula; numbers remain numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _clean_text(names.get(value, value))
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return _clean_text(", ".join(_format_plain_text(item, names) for item in value))
    try:
        return _clean_text(json.dumps(value, ensure_ascii=False))
    except (RecursionError, TypeError, ValueError):
        return "…"  # nested too deeply to be read


def _format_plain_text(value: object, names: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return names.get(value, value) if isinstance(value, str) else repr(value)


def _clean_text(text: str) -> str:
    """Return a cell that UTF-8 can encode: half a surrogate pair becomes "?"."""
    return escape_formula(clip_cell(text)).encode("utf-8", "replace").decode()


def _list_root_cells(process: Process, layout: Layout, zone: tzinfo) -> list[Any]:
    moments = (process.created_at, process.updated_at, process.next_action_at)
    return [
        process.id,
        process.state,
        process.status,
        layout.names.get(process.assigned_to, process.assigned_to),
        *(_format_moment(moment, zone) for moment in moments),
    ]


def _format_moment(moment: datetime | None, zone: tzinfo) -> str:
    """Return a time with its offset from UTC, since a file is read in other places too."""
    return move_to_zone(moment, zone).isoformat(timespec="seconds") if moment else ""


def _collect_values(process: Process) -> dict[str, Any]:
    """Return all fields of a process by name, undocumented ones too, but no empty ones.

    A field of the record whose value differs from that of the process has a prefix.
    """
    values = {name: value for name, value in process.data.items() if value is not None}
    for name, value in process.record_data.items():
        if value is None or values.get(name) == value:
            continue
        values[name if values.get(name) in (None, "") else RECORD_PREFIX + name] = value
    for name, value in process.other.items():
        if value not in (None, "", [], {}):
            values.setdefault(name, value)
    return values


def _find_label(name: str, fields: Mapping[str, str]) -> str:
    own = name.removeprefix(RECORD_PREFIX)
    if own != name and own in fields:
        return f"{fields[own]} (record)"
    return to_text(name) or "?"


class _Lines:
    """Collects what a CSV writer writes, a row at a time."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        self._lines.append(line.removesuffix(LINE_END))

    def as_tuple(self) -> tuple[str, ...]:
        """Return the rows."""
        return tuple(self._lines)
