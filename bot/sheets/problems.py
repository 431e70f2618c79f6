"""Problems of rows: grouped if identical, and written next to their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bot.chakra.text import sanitize_line
from bot.sheets.columns import PROBLEM_COLUMN
from bot.sheets.sheet import Sheet
from bot.text.csv_file import build_csv, unescape_formula

MAX_ROWS_SHOWN = 3
MAX_NAME_LENGTH = 60
"""Characters of a column's name in a sentence."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A problem of one row.

    ``row`` as in the file; ``column`` is its name there, "" for the whole row. ``words`` continue
    it, and never contain a value: others may read them.
    """

    row: int
    column: str
    text: str

    @property
    def subject(self) -> str:
        return sanitize_line(self.column, MAX_NAME_LENGTH) or "The row"

    @property
    def sentence(self) -> str:
        return f"{self.subject}{'' if self.text.startswith(':') else ' '}{self.text}."


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """The same problem in several rows, in the file's order."""

    sentence: str
    rows: tuple[int, ...]

    @property
    def summary(self) -> str:
        """The group in a line: "12 rows · phone: not a number. (Rows 4, 9, 17 … of the sheet)"."""
        if len(self.rows) == 1:
            return f"Row {self.rows[0]} of the sheet · {self.sentence}"
        shown = ", ".join(map(str, self.rows[:MAX_ROWS_SHOWN]))
        more = " …" if len(self.rows) > MAX_ROWS_SHOWN else ""
        return f"{len(self.rows):,} rows · {self.sentence} (Rows {shown}{more} of the sheet)"


def group_problems(problems: Iterable[RowProblem]) -> tuple[ProblemGroup, ...]:
    """Return the groups, the most frequent first."""
    rows: dict[str, list[int]] = defaultdict(list)
    for problem in problems:
        rows[problem.sentence].append(problem.row)
    groups = [ProblemGroup(sentence, tuple(numbers)) for sentence, numbers in rows.items()]
    return tuple(sorted(groups, key=lambda group: -len(group.rows)))


def build_problem_csv(sheet: Sheet, problems: Iterable[RowProblem]) -> bytes:
    """Return the rows with problems as a CSV that Excel opens, to be fixed and uploaded again.

    It has the sheet's columns, and one more for the problems.
    """
    sentences: dict[int, list[str]] = defaultdict(list)
    for problem in problems:
        sentences[problem.row].append(problem.sentence)
    places = [
        place
        for place, name in enumerate(sheet.columns)
        if unescape_formula(name).casefold() != PROBLEM_COLUMN
    ]
    rows = [
        [*(row[place] for place in places), " ".join(sentences[number])]
        for number, row in zip(sheet.row_numbers, sheet.rows, strict=True)
        if number in sentences
    ]
    return build_csv([[*(sheet.columns[place] for place in places), PROBLEM_COLUMN], *rows])
