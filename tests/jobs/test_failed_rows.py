"""The CSV of failed entries: what a spreadsheet reads, and that no cell is a formula."""

from __future__ import annotations

import csv
import io
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.chakra.job import JobEntry
from bot.jobs.failed_rows import (
    MAX_KEY_COLUMNS,
    build_failed_rows_csv,
    iter_csv_chunks,
)
from tests.jobs.builders import build_entry
from tests.text.test_csv_file import FORMULA_PREFIXES, may_be_formula

Rows = list[list[str]]


def parse_csv(content: bytes) -> Rows:
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


async def build_rows(*entries: JobEntry) -> Rows:
    return parse_csv(await build_failed_rows_csv(entries))


async def test_reasons_come_before_unknown_keys() -> None:
    found = await build_rows(
        JobEntry.from_item(
            {"id": "e1", "completionStatus": "ERROR", "statusMessage": "Bad", "row": 7}
        ),
        build_entry(
            "INVALID", "Zoë, “quoted”\nand more", colour="red", row={"a": [1, None]}, yes=True
        ),
    )
    assert found == [
        ["Entry", "State", "Reason", "row", "colour", "yes"],
        ["e1", "ERROR", "Bad", "7", "", ""],
        ["", "INVALID", "Zoë, “quoted” and more", '{"a": [1, null]}', "red", "true"],
    ]


async def test_empty_report_has_only_the_header() -> None:
    assert await build_rows() == [["Entry", "State", "Reason"]]


@pytest.mark.parametrize("first", list("=+-@\t\r\n＝＋－＠"))
async def test_no_cell_and_no_header_can_become_a_formula(first: str) -> None:
    evil = f'{first}HYPERLINK("https://evil.test","x")'
    header, row = await build_rows(JobEntry.from_item({"id": evil, "status": evil, evil: evil}))
    for cell in (*header[3:], row[0], row[3]):
        assert cell.startswith("'") or cell[0] not in FORMULA_PREFIXES
    assert row[3] == f"'{evil}"


async def test_cells_fit_the_spreadsheet_limit() -> None:
    _, row = await build_rows(build_entry(note="x" * 50_000, sign="=" * 50_000))
    assert [len(cell) for cell in row[3:]] == [32_000, 32_001]


async def test_excess_keys_share_a_column() -> None:
    found = await build_rows(
        JobEntry.from_item({f"key{number}": number for number in range(MAX_KEY_COLUMNS)}),
        build_entry(late=1, later="x"),
        build_entry(key0=5),
    )
    assert found[0][3:] == [*(f"key{number}" for number in range(MAX_KEY_COLUMNS)), "More"]
    assert [row[-1] for row in found[1:]] == ["", '{"late": 1, "later": "x"}', ""]
    assert found[3][3] == "5"


async def test_deeply_nested_value_is_serialized() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    assert (await build_rows(build_entry(x=deep)))[1][3] == "…"


def test_report_is_streamed_in_chunks() -> None:
    chunks = list(iter_csv_chunks([build_entry("ERROR", "Bad")] * 1200))
    assert len(chunks) == 4
    assert len(parse_csv(b"".join(chunks))) == 1201


async def test_hundred_thousand_rows_are_exported_in_seconds() -> None:
    one = build_entry(
        "ERROR", "Attribute score is not valid", createdAt=1617966536300, row={"a": 1}
    )
    start = time.process_time()
    assert (await build_failed_rows_csv([one] * 100_000)).count(b"\r\n") == 100_001
    assert time.process_time() - start < 30


ODD_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=5), ODD_JSON, max_size=4), max_size=5))
@example([{"\ud800": "\ud800"}])
def test_any_entries_become_a_table(items: list[dict[str, Any]]) -> None:
    entries = [JobEntry.from_item(item) for item in items]
    found = parse_csv(b"".join(iter_csv_chunks(entries)))
    assert len(found) == len(items) + 1
    assert {len(row) for row in found} == {len(found[0])}
    assert not any(may_be_formula(cell) for row in found for cell in row)
