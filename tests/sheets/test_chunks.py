"""Items cut into requests that know their rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.sheets.check import check
from bot.sheets.chunks import ItemBatch, iter_batches
from tests.sheets.builders import match_for_update, parse_csv


def split_items(items: Sequence[Mapping[str, object]], **limits: int) -> list[ItemBatch]:
    return list(iter_batches(items, range(2, 2 + len(items)), **limits))


async def test_chunks_keep_their_row_numbers() -> None:
    sheet = await parse_csv("lead_id,city", "A,Goa", "B,", "C,Köln", "", "D,Pune")
    found = check(sheet, match_for_update(sheet.columns))
    first, second = iter_batches(found.items, found.row_numbers, max_items=2)
    assert (first.number, first.row_numbers, first.first_row, first.last_row) == (1, (2, 4), 2, 4)
    assert (second.number, second.row_numbers, second.first_row, second.last_row) == (2, (6,), 6, 6)
    assert first.body.decode() == (
        '[{"lead_id":"A","update":{"data":{"city":"Goa"}}},'
        '{"lead_id":"C","update":{"data":{"city":"Köln"}}}]'
    )
    assert json.loads(second.body) == list(second.items) == list(found.items)[2:]


def test_no_items_yield_no_chunk() -> None:
    assert split_items([]) == []


def test_chunk_size_is_a_thousand() -> None:
    assert [len(batch.items) for batch in split_items([{"a": 1}] * 2500)] == [1000, 1000, 500]


def test_oversized_item_gets_its_own_chunk() -> None:
    items = [{"a": "x"}, {"a": "x" * 100}, {"a": "x"}, {"a": "y"}]
    assert [len(batch.items) for batch in split_items(items, max_bytes=40)] == [1, 1, 2]


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), max_size=30),
    st.integers(1, 7),
    st.integers(1, 200),
)
def test_chunking_preserves_every_item_in_order(
    items: list[Mapping[str, object]], max_items: int, max_bytes: int
) -> None:
    batches = split_items(items, max_items=max_items, max_bytes=max_bytes)
    assert [item for batch in batches for item in batch.items] == items
    assert [row for batch in batches for row in batch.row_numbers] == list(range(2, 2 + len(items)))
    assert [batch.number for batch in batches] == list(range(1, 1 + len(batches)))
    for batch in batches:
        assert json.loads(batch.body) == list(batch.items)
        assert len(batch.items) <= max_items
        assert len(batch.body) <= max_bytes or len(batch.items) == 1
