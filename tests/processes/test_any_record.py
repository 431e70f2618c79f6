"""Any JSON object in the place of a record is shown: as a row, and as a card."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.process import Process
from bot.processes.card import render_record_card, render_record_row
from bot.processes.directory import Record
from bot.processes.query_schema import QuerySchema
from bot.processes.search import ROOT_FIELDS, RecordType

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=400),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=40), children, max_size=4)
    ),
    max_leaves=12,
)
KEYS_OF_A_PROCESS = st.sampled_from(
    ["id", "data", "record", "state", "status", "assignedTo", "createdAt", "nextActionAt",
     "procedure", "isDeleted", "x"]
)  # fmt: skip


@given(st.dictionaries(KEYS_OF_A_PROCESS, ANY_JSON))
def test_any_object_is_a_row_and_a_card(body: dict[str, Any]) -> None:
    process = Process.model_validate(body)
    record = Record("lead", process.id, process)
    record_type = RecordType("lead", "Lead", "lead_id", QuerySchema(ROOT_FIELDS))
    card = render_record_card(record, record_type, may_send=True, may_edit=True, note="")
    assert render_record_row(record)["text"]["text"].strip()
    assert len(card.blocks) <= 50
