"""The order of a list: what people type for it, and what it does to records."""

from __future__ import annotations

import pytest

from bot.chakra.process import Process
from bot.errors import UsageError
from bot.processes.directory import Record
from bot.processes.sorting import NAME, Sort, describe_sort, sort_records, split_sort
from bot.slack.commands.arguments import parse_arguments
from tests.processes.query_schemas import SCHEMA

SORTS = [
    ("sort:score", "", "sort:score"),
    ("sort=score", "", "sort:score"),
    ("sort: score", "", "sort:score"),
    ("sort:-score", "", "sort:-score"),
    ("sort:score:desc", "", "sort:-score"),
    ("sort:score,desc", "", "sort:-score"),
    ("sort:score desc", "", "sort:-score"),
    ("sort:score descending state:NEW", "state:NEW", "sort:-score"),
    ("state:NEW sort by score", "state:NEW", "sort:score"),
    ("sorted by score highest first", "", "sort:-score"),
    ("order by created desc city:Pune", "city:Pune", "sort:-createdAt"),
    ("orderby:created", "", "sort:createdAt"),
    ("sort_by:created", "", "sort:createdAt"),
    ("sort by assigned to", "", "sort:assignedTo"),
    ("sort by assigned to city:Pune", "city:Pune", "sort:assignedTo"),
    ("newest first", "", "sort:-createdAt"),
    ("state:NEW latest first", "state:NEW", "sort:-createdAt"),
    ("oldest first", "", "sort:createdAt"),
    ("sort by newest", "", "sort:-createdAt"),
    ("sort:name", "", "sort:name"),
    ("sort by key asc", "", "sort:key"),
    ("sort:score sort:city", "", "sort:city"),
    ("newest", "newest", ""),
    ('"sort by score"', '"sort by score"', ""),
    ("sort", "sort", ""),
    ("state:NEW", "state:NEW", ""),
    ("state:NEW highest score first", "state:NEW", "sort:-score"),
    ("lowest score", "", "sort:score"),
    ("top score state:NEW", "state:NEW", "sort:-score"),
    ("state:NEW by score", "state:NEW", "sort:score"),
    ("by first name desc city:Pune", "city:Pune", "sort:-firstname"),
    ("order by city asc, state:NEW", "state:NEW", "sort:city"),
    ("owned by name", "owned by name", ""),
    ("first 5 days", "first 5 days", ""),
    ("highest", "highest", ""),
]


@pytest.mark.parametrize(("typed", "rest", "order"), SORTS)
def test_order_is_read_and_taken_out(typed: str, rest: str, order: str) -> None:
    tokens, sort = split_sort(parse_arguments(typed).tokens, SCHEMA)
    assert tokens == parse_arguments(rest).tokens
    assert (sort.words if sort else "") == order


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("sort:scor", 'There\'s no field "scor". Did you mean score?'),
        ("sort by zzqq", 'There\'s no field "zzqq".'),
        ("sort by", "Sort by which field?"),
        ("sort by city asc, score desc", "A list is sorted by one field."),
        ("order by city, score", "A list is sorted by one field."),
        ("top 10 by score", '"top 10" isn\'t understood'),
        ("state:NEW limit 5", '"limit 5" isn\'t understood'),
        ("first 5", '"first 5" isn\'t understood'),
        ("sort:", "Sort by which field?"),
    ],
)
def test_unknown_order_is_named(typed: str, sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        split_sort(parse_arguments(typed).tokens, SCHEMA)
    assert sentence in raised.value.message


def record(key: str, **data: object) -> Record:
    return Record("lead", key, Process.model_validate({"id": key, "data": data}))


@pytest.mark.parametrize(
    ("values", "descending", "order"),
    [
        ([5, 72, 8], False, "021"),
        ([5, 72, 8], True, "120"),
        (["5", "72", "8"], False, "021"),
        (["b", None, "A"], False, "201"),
        (["b", "", "A"], True, "021"),
        (["nan", 2, "inf"], False, "120"),
        ([True, False, None], True, "012"),
        ([5, 5, 1], False, "201"),
    ],
)
def test_records_are_sorted_by_value_and_empty_ones_come_last(
    values: list[object], descending: bool, order: str
) -> None:
    score = SCHEMA.find("score")
    assert score
    records = [record(str(index), score=value) for index, value in enumerate(values)]
    found = sort_records(records, Sort(score, descending))
    assert "".join(item.key for item in found) == order


def test_order_is_described() -> None:
    created = SCHEMA.find("created")
    assert created
    assert describe_sort(Sort(created, descending=True)) == "created, newest first"
    assert describe_sort(Sort(NAME)) == "name"
