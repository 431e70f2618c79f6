"""The lines of an export: columns, cells, and the length of the file before it is assembled."""

from __future__ import annotations

import csv
import io
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.process import Process
from bot.exports.rows import (
    MAX_FOUND_COLUMNS,
    Layout,
    assemble_header,
    assemble_lines,
    build_header,
    build_rows,
    format_cell,
    measure_file_length,
)

LAYOUT = Layout("lead_id", "Lead ID", (("city", "City"), ("score", "Score")), {"u-1": "Pod A"})


def build_lead(number: int = 1, data: Any = None, **fields: Any) -> Process:
    return Process.model_validate({"id": f"id-{number}", "data": data or {}, **fields})


def assemble(pages: list[list[Process]], layout: Layout = LAYOUT) -> tuple[bytes, int]:
    """Return the file of these pages, and the length that was computed before."""
    found: tuple[str, ...] = ()
    built = []
    for page in pages:
        rows = build_rows(page, layout, found, UTC)
        found = rows.found
        built.append(rows)
    header = build_header(layout, found)
    width = layout.fixed_count + len(found)
    content = assemble_header(header)
    content += b"".join(assemble_lines(rows.lines, rows.width, width) for rows in built)
    counts = [(len(rows.lines), rows.byte_count, rows.width * len(rows.lines)) for rows in built]
    lines, size, cells = (sum(part) for part in zip(*counts, strict=True)) if counts else (0, 0, 0)
    return content, measure_file_length(header, width, lines, size, cells)


def read(content: bytes) -> list[dict[str, str]]:
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    rows = list(csv.reader(text))
    assert len({len(row) for row in rows}) == 1, "all rows have as many cells"
    assert len(set(rows[0])) == len(rows[0]), "no two columns have one name"
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_fields_that_the_configuration_lacks_get_columns_wherever_they_appear() -> None:
    content, length = assemble(
        [
            [build_lead(1, {"lead_id": "L-1", "city": "Pune"})],
            [
                build_lead(2, {"lead_id": "L-2", "budget": 5}),
                build_lead(3, {"lead_id": "L-3"}, closedBy="mei"),
            ],
            [build_lead(4, {"notes": "hi", "budget": 7})],
        ]
    )
    assert len(content) == length
    rows = read(content)
    assert [row["budget"] for row in rows] == ["", "5", "", "7"]
    assert [row["Lead ID"] for row in rows] == ["L-1", "L-2", "L-3", "id-4"]
    assert rows[2]["closedBy"] == "mei"
    assert rows[3]["notes"] == "hi"


def test_a_record_and_its_process_may_differ() -> None:
    process = build_lead(
        1, {"city": "Pune"}, record={"data": {"city": "Delhi", "score": 3}, "id": "r-1"}
    )
    [row] = read(assemble([[process]])[0])
    assert (row["City"], row["City (record)"], row["Score"]) == ("Pune", "Delhi", "3")
    assert row["record.id"] == "r-1"


def test_columns_beyond_the_limit_share_one() -> None:
    pages = [[build_lead(n, {f"key{n}_{k}": k for k in range(90)})] for n in range(4)]
    content, length = assemble(pages)
    assert len(content) == length
    rows = read(content)
    assert len(rows[0]) == LAYOUT.fixed_count + MAX_FOUND_COLUMNS + 1
    assert '"key3_89": 89' in rows[3]["More"]
    assert rows[0]["More"] == ""


def test_labels_that_are_equal_stay_apart() -> None:
    layout = Layout("id", "State", (("a", "City"), ("b", "city"), ("c", "State")))
    content, _ = assemble([[build_lead(1, {"a": 1, "b": 2, "c": 3, "State": 4})]], layout)
    [row] = read(content)
    assert {row["City"], row["city (b)"], row["State (c)"]} == {"1", "2", "3"}


def test_times_have_their_offset() -> None:
    process = build_lead(1, createdAt=1_694_410_000_000)
    rows = build_rows([process], LAYOUT, (), ZoneInfo("Asia/Kolkata"))
    assert "2023-09-11T10:56:40+05:30" in rows.lines[0]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "Yes"),
        (-5, "-5"),
        (5.5, "5.5"),
        ("=1+1", "'=1+1"),
        ("+91 98765 43210", "'+91 98765 43210"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("－x", "'－x"),
        ("u-1", "Pod A"),
        (["a", 2, "u-1"], "a, 2, Pod A"),
        (["=x"], "'=x"),
        ({"a": 1}, '{"a": 1}'),
        ("half \ud83d", "half ?"),
        ("nul\0l", "null"),
    ],
)
def test_cell_is_text_or_a_number(value: object, cell: str) -> None:
    assert format_cell(value, LAYOUT.names) == cell


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.text(alphabet='=+-@\r\n\t",;\0é\U0001f600\ud800x', max_size=8),
    st.lists(st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
RECORDS = st.lists(st.dictionaries(st.text(max_size=6), CELLS, max_size=6), max_size=5)


@given(st.lists(RECORDS, max_size=5))
def test_whatever_records_have_the_file_is_as_long_as_computed_and_readable(
    pages: list[list[dict[str, Any]]],
) -> None:
    content, length = assemble(
        [[build_lead(n, data) for n, data in enumerate(page)] for page in pages]
    )
    assert len(content) == length
    assert len(read(content)) == sum(map(len, pages))
