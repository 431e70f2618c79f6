"""The lines of people in ``tests/data/typed_lines.txt``, with what each must do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.slack.commands.registry import CommandRegistry
from bot.slack.commands.understanding import Kind, understand

TABLE = Path(__file__).parent / "data" / "typed_lines.txt"
IN_ONE_STEP = ("runs", "tries", "help", "welcome")
"""Outcomes that answer a line without another press."""


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A line of the table: ``number`` is its line in the file."""

    number: int
    typed: str
    expected: str


def read_table(path: Path = TABLE) -> list[TypedLine]:
    """Return the lines ``typed => outcome``; a line that begins with "# " is a heading."""
    return list(_parse(path.read_text(encoding="utf-8")))


def _parse(text: str) -> Iterator[TypedLine]:
    for number, row in enumerate(text.splitlines(), 1):
        typed, arrow, expected = row.partition(" => ")
        if arrow and not row.startswith("# "):
            yield TypedLine(number, typed, expected.strip())


def describe(typed: str, registry: CommandRegistry[object]) -> str:
    """Return what a line does, in the words of the table."""
    meant = understand(typed, registry)
    lines = " | ".join(suggestion.line for suggestion in meant.suggestions)
    text = {
        Kind.COMMAND: f"runs {meant.line}",
        Kind.GUESS: f"tries {meant.line}",
        Kind.SUGGESTION: f"asks {lines}",
        Kind.HELP: f"help {meant.line}",
        Kind.NOT_YET: f"not yet {lines}",
    }
    return text.get(meant.kind, meant.kind.value).strip()


def measure_share_in_one_step(lines: list[TypedLine]) -> float:
    """Return the percentage of understandable lines that are answered without another press."""
    counts = Counter(line.expected.split()[0] for line in lines if line.expected != "unknown")
    return 100 * sum(counts[word] for word in IN_ONE_STEP) / counts.total()
