"""What a typed line about a task asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.processes.moment_words import FoundMoment
from bot.processes.record_query import Person
from bot.processes.task_type import TaskType
from bot.processes.task_words import FILLERS


@dataclass(frozen=True, slots=True)
class TaskLine:
    """What a line asks for.

    ``record`` is a key, a number or an address, with ``record_type`` if the line names it. If it is
    "", ``spans`` are the places in ``words`` that may be a record's name, the likeliest first.
    ``words`` are those without another meaning. ``moment`` is when it is due; ``notes`` are
    sentences for the person.
    """

    record: str = ""
    record_type: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    kind: TaskType | None = None
    person: Person | None = None
    moment: FoundMoment | None = None
    status: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    has_quoted_name: bool = False
    notes: tuple[str, ...] = ()

    def get_name(self, span: tuple[int, int]) -> str:
        """Return the words of a span."""
        return " ".join(word.strip(":,;.!?") for word in self.words[span[0] : span[1]])

    def get_text_without(self, span: tuple[int, int]) -> str:
        """Return what is to be done: the words outside a span."""
        left = [*self.words[: span[0]], *self.words[span[1] :]]
        while left and left[0].casefold() in FILLERS:
            left.pop(0)
        while left and left[-1].casefold() in FILLERS:
            left.pop()
        return " ".join(left)


NO_SPAN: Final = (0, 0)
