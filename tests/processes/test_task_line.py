"""What lines about tasks mean: a table, and that no word of any line is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.config import Config
from bot.processes.moment_words import find_moments
from bot.processes.task_type import list_task_types
from bot.processes.task_words import FILLERS
from bot.processes.typed_task import TaskLine
from tests.processes.task_lines import MONDAY, describe, load_types, read

TABLE = Path(__file__).parents[1] / "data" / "task_lines.txt"
ROWS = [
    tuple(line.split(" => "))
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
TYPES = load_types()
WORD_LIST = """LEAD-004038 back tomorrow 10am for to me assigned:priya status:done next monday 9
call at in 2 hours remarks:urgent invoice aarav mehta lead 5 dec type:visit yesterday - : site visit
send quote amount:12 +91 98765 43210 a@b.co ago 29 feb 14h"""
WORDS = WORD_LIST.split()


@pytest.mark.parametrize(("typed", "meaning"), ROWS, ids=[row[0][:60] for row in ROWS])
def test_line_means_what_the_table_says(typed: str, meaning: str) -> None:
    assert describe(read(typed, TYPES)) == meaning


def test_table_has_many_lines() -> None:
    assert len(ROWS) >= 100


def collect_used_text(line: TaskLine) -> str:
    """Return all that became of a line, for a person to read."""
    moment = f"{line.moment.day} {line.moment.time}" if line.moment else ""
    kind = f"{line.kind.label} {line.kind.name}" if line.kind else ""
    who = line.person.text if line.person else ""
    parts = (line.record, *line.words, *line.values.values(), *line.notes, moment, kind, who)
    return " ".join(parts).casefold()


@given(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join))
def test_every_word_is_used_or_named(typed: str) -> None:
    line = read(typed, TYPES)
    used = collect_used_text(line)
    in_moments = line.moment is not None or bool(line.notes)
    for word in typed.casefold().split():
        value = re.sub(r"^\w+:", "", word)
        is_known = word in FILLERS or word in {"me", "status:done", "lead", "at", ":"}
        is_time = in_moments and bool(re.fullmatch(
            r"tomorrow|10am|14h|next|monday|9|5|dec|in|2|hours|yesterday|ago|29|feb|at", word
        ))  # fmt: skip
        assert value in used or is_known or is_time or line.notes, (word, describe(line))


@given(st.text(max_size=80))
def test_any_text_is_read(typed: str) -> None:
    read(typed, TYPES)


@given(st.lists(st.text(max_size=8), max_size=10))
def test_any_words_are_read_as_times_or_not(words: list[str]) -> None:
    for moment in find_moments(words, MONDAY):
        assert moment.problem or moment.day
        assert moment.resolve(MONDAY) is None or moment.resolve(MONDAY) > MONDAY  # type: ignore[operator]


@pytest.mark.parametrize(
    "tasks",
    [
        [{"shortId": "call", "name": "Call", "procedureShortId": "lead", "attributeIds": ["1"]}],
        [{"shortId": "call", "procedure": {"id": "p1"}, "attributes": [{"id": "1"}]}],
        [{"shortId": "call", "name": "Call", "state": "NEW", "taskType": "t1"}],
    ],
)
def test_tasks_of_a_configuration_are_read_in_any_usual_shape(tasks: list[object]) -> None:
    config = Config.model_validate(
        {
            "procedures": [{"id": "p1", "shortId": "lead"}],
            "taskTypes": [{"id": "t1", "attributes": ["due_on"]}],
            "stateTasks": tasks,
            "attributes": [{"id": "1", "shortId": "due_on", "type": "LOCAL_DATE"}],
        }
    )
    [kind] = list_task_types(config, "lead")
    assert kind.due is not None
    assert kind.due.name == "due_on"


def test_fields_that_no_task_is_related_to_may_be_any_ones() -> None:
    config = Config.model_validate(
        {
            "stateTasks": [{"shortId": "call"}, {"shortId": "gone", "isDeleted": True}, "odd", {}],
            "attributes": [{"shortId": "remarks", "type": "text"}],
        }
    )
    [kind] = list_task_types(config, "lead")
    assert not kind.is_related
    assert kind.title is not None


def test_tasks_of_other_procedures_are_left_out() -> None:
    config = Config.model_validate(
        {
            "procedures": [{"id": "p1", "shortId": "lead"}, {"id": "p2", "shortId": "ticket"}],
            "stateTasks": [{"shortId": "fix", "procedure": "p2"}],
        }
    )
    assert list_task_types(config, "lead") == ()
    assert [kind.name for kind in list_task_types(config, "ticket")] == ["fix"]
