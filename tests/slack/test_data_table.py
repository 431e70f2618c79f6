"""Tables of any content: Slack takes them, and a channel reads no number or address in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.limits import check_message
from bot.slack.channel_mask import mask_for_channel
from bot.slack.commands.reply import Message
from bot.slack.data_table import MAX_CHARACTERS, Cell, data_table

CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.text(max_size=80),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(["", " ", "\u200b", "\n", "<!channel>", "x" * 500]),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[Cell]]]:
    width = draw(st.integers(1, 20))
    few = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=6))
    header = draw(st.lists(st.text(max_size=30), min_size=width, max_size=width))
    return header, few * draw(st.sampled_from([1, 5, 16]))


@given(tables(), st.text(max_size=300))
def test_every_table_is_one_that_slack_takes(
    table: tuple[list[str], list[list[Cell]]], caption: str
) -> None:
    header, rows = table
    block = data_table(caption, header, rows[:100], page_size=10)
    found = check_message({"text": "Leads", "blocks": [block]})
    assert [finding for finding in found if finding.is_error] == []
    assert len(json.loads(json.dumps(block, allow_nan=False))["rows"]) == len(rows[:100]) + 1


def test_widest_table_leaves_room_for_other_blocks() -> None:
    block = data_table("x", ["x" * 60] * 11, [["y" * 300] * 11] * 50, page_size=10)
    assert sum(len(cell["text"]) for row in block["rows"] for cell in row) <= MAX_CHARACTERS


@pytest.mark.parametrize(
    "cell", ["+91 98765 43210", 919876543210, 9876543210.0, "ravi.k@acme.com", "a 98765-43210 b"]
)
def test_number_or_address_in_a_cell_is_masked_for_a_channel(cell: Cell) -> None:
    block = data_table("Leads", ["Phone", "Score"], [[cell, 1], [cell, 20]], page_size=10)
    raw = {"type": "raw_number", "value": 919876543210, "text": "919876543210"}
    block["rows"].append([raw, {"type": "raw_number", "value": 5, "text": "5"}])
    [masked] = mask_for_channel(Message("Leads", (block,))).blocks
    seen = json.dumps(masked, ensure_ascii=False)
    for whole in ("9876543210", "98765", "ravi.k"):
        assert whole not in seen
    assert '"value": 20' in seen
