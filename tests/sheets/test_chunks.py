"""Items cut into requests that know their rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.sheets.check import check
from bot.sheets.chunks import ItemBatch, iter_batches
from tests.sheets.making import sheet, to_update


def cut(items: Sequence[Mapping[str, object]], **limits: int) -> list[ItemBatch]:
    return list(iter_batches(items, range(2, 2 + len(items)), **limits))


async def test_a_checked_sheet_goes_in_chunks_that_tell_the_rows_of_the_file() -> None:
    made = await sheet("lead_id,city", "A,Goa", "B,", "C,Köln", "", "D,Pune")
    found = check(made, to_update(made.columns))
    first, second = iter_batches(found.items, found.row_numbers, max_items=2)
    assert (first.number, first.row_numbers, first.first_row, first.last_row) == (1, (2, 4), 2, 4)
    assert (second.number, second.row_numbers, second.first_row, second.last_row) == (2, (6,), 6, 6)
    assert first.body.decode() == (
        '[{"lead_id":"A","update":{"data":{"city":"Goa"}}},'
        '{"lead_id":"C","update":{"data":{"city":"Köln"}}}]'
    )
    assert json.loads(second.body) == list(second.items) == list(found.items)[2:]


def test_no_items_make_no_chunk() -> None:
    assert cut([]) == []


def test_a_thousand_go_together() -> None:
    assert [len(one.items) for one in cut([{"a": 1}] * 2500)] == [1000, 1000, 500]


def test_an_item_that_is_too_large_goes_alone() -> None:
    items = [{"a": "x"}, {"a": "x" * 100}, {"a": "x"}, {"a": "y"}]
    assert [len(one.items) for one in cut(items, max_bytes=40)] == [1, 1, 2]


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), max_size=30),
    st.integers(1, 7),
    st.integers(1, 200),
)
def test_nothing_is_lost_doubled_or_moved(
    items: list[Mapping[str, object]], max_items: int, max_bytes: int
) -> None:
    made = cut(items, max_items=max_items, max_bytes=max_bytes)
    assert [item for one in made for item in one.items] == items
    assert [row for one in made for row in one.row_numbers] == list(range(2, 2 + len(items)))
    assert [one.number for one in made] == list(range(1, 1 + len(made)))
    for one in made:
        assert json.loads(one.body) == list(one.items)
        assert len(one.items) <= max_items
        assert len(one.body) <= max_bytes or len(one.items) == 1
