"""Problems of rows: shown together where they are the same, and written beside their rows."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO

from bot.chakra.text import plain
from bot.sheets.columns import PROBLEM
from bot.sheets.guarding import guarded, unguarded
from bot.sheets.sheet import Sheet

ROWS_SHOWN = 3
LONGEST = 60
"""Characters of a column's name in a sentence."""


@dataclass(frozen=True, slots=True)
class Problem:
    """``row`` as in the file; ``column`` is its name there, "" for the whole row. ``words`` go on
    from it, and never hold a value: they may be shown where others read."""

    row: int
    column: str
    words: str

    @property
    def subject(self) -> str:
        return plain(self.column, LONGEST) or "The row"

    @property
    def sentence(self) -> str:
        return f"{self.subject} {self.words}."


@dataclass(frozen=True, slots=True)
class Group:
    """The same problem of ``rows``, in the file's order."""

    sentence: str
    rows: tuple[int, ...]

    @property
    def told(self) -> str:
        """ "12 rows: phone is no phone number. (Rows 4, 9, 17 …)" """
        if len(self.rows) == 1:
            return f"Row {self.rows[0]}: {self.sentence}"
        shown = ", ".join(map(str, self.rows[:ROWS_SHOWN]))
        more = " …" if len(self.rows) > ROWS_SHOWN else ""
        return f"{len(self.rows):,} rows: {self.sentence} (Rows {shown}{more})"


def grouped(problems: Iterable[Problem]) -> tuple[Group, ...]:
    """The most frequent first."""
    rows: dict[str, list[int]] = defaultdict(list)
    for problem in problems:
        rows[problem.sentence].append(problem.row)
    groups = [Group(sentence, tuple(numbers)) for sentence, numbers in rows.items()]
    return tuple(sorted(groups, key=lambda group: -len(group.rows)))


def problem_file(sheet: Sheet, problems: Iterable[Problem]) -> bytes:
    """The rows with problems as a CSV that Excel opens, to be repaired and chosen again: the
    sheet's columns and one more with the sentences."""
    sentences: dict[int, list[str]] = defaultdict(list)
    for problem in problems:
        sentences[problem.row].append(problem.sentence)
    kept = [
        place for place, name in enumerate(sheet.columns) if unguarded(name).casefold() != PROBLEM
    ]
    written = StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([*(guarded(sheet.columns[place]) for place in kept), PROBLEM])
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        if number in sentences:
            told = " ".join(sentences[number])
            writer.writerow([*(guarded(row[place]) for place in kept), guarded(told)])
    return written.getvalue().encode("utf-8-sig")
