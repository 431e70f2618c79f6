"""Whatever is uploaded, it is a table that was written so, or it is refused with a sentence."""

from __future__ import annotations

import csv
from io import StringIO

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.sheets.check import check
from bot.sheets.read import parse_sheet
from bot.sheets.sheet import InvalidSheet, Sheet
from tests.sheets.builders import build_cells_workbook, match_for_create

LETTERS = st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"])
CELLS = st.text(LETTERS, max_size=12)
ROWS = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6)
WORKBOOK = build_cells_workbook(["name", "phone_number"], ["Asha", 919876543210], ["Ravi", "x"])


def assert_read_or_rejected(data: bytes) -> None:
    try:
        found = parse_sheet(data)
    except InvalidSheet as refusal:
        error = refusal.message
    else:
        assert_consistent(found)
        return
    assert error.endswith(".")


def assert_consistent(found: Sheet) -> None:
    assert len(found.rows) == len(found.row_numbers) > 0
    assert all(len(row) == len(found.columns) for row in found.rows)
    assert list(found.row_numbers) == sorted(set(found.row_numbers))
    assert_checked(found)


def assert_checked(found: Sheet) -> None:
    """Each row is good, or has a problem, and not both."""
    matching = match_for_create(found.columns)
    if not matching.errors:
        checked = check(found, matching)
        assert set(checked.row_numbers).isdisjoint(problem.row for problem in checked.problems)
        assert (
            checked.valid_count + len({problem.row for problem in checked.problems})
            == checked.total
        )


@given(st.binary(max_size=400))
@example(b"a,b\n1,2")
@example(b"\x1a\x80")
@example(b"\xff\xfe\x00")
def test_any_bytes_are_read_or_rejected(data: bytes) -> None:
    assert_read_or_rejected(data)


@given(st.text(max_size=300) | st.text("a1,;\t|\"\n\r\0' =", max_size=100))
@example('name,phone_number\n"a,1')
def test_any_text_is_read_or_rejected(text: str) -> None:
    assert_read_or_rejected(f"phone_number,{text}".encode("utf-8", "replace"))


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, len(WORKBOOK) - 1), st.integers(0, 255)), max_size=4))
def test_corrupt_workbook_is_read_or_rejected(damage: list[tuple[int, int]]) -> None:
    data = bytearray(WORKBOOK)
    for place, byte in damage:
        data[place] = byte
    assert_read_or_rejected(bytes(data))


@given(
    ROWS,
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_csv_round_trips(rows: list[list[str]], delimiter: str, encoding: str, ending: str) -> None:
    header = ["First name", "Phone", "City"]
    buffer = StringIO(newline="")
    # All quoted: so it is certain which of the marks is the delimiter.
    csv.writer(buffer, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL).writerows(
        [header, *rows]
    )
    filled_rows = [
        (number, tuple(row)) for number, row in enumerate(rows, 2) if any(map(str.strip, row))
    ]
    try:
        found = parse_sheet(buffer.getvalue().encode(encoding))
    except InvalidSheet:
        assert not filled_rows
        return
    assert found.columns == tuple(header)
    assert list(zip(found.row_numbers, found.rows, strict=True)) == filled_rows


@given(
    st.lists(st.lists(st.from_regex(r"[\w@.+ -]{1,9}", fullmatch=True), min_size=2, max_size=2)),
    st.sampled_from(",;\t|"),
)
def test_unquoted_csv_round_trips(rows: list[list[str]], delimiter: str) -> None:
    lines = [delimiter.join(cells) for cells in [["name", "city"], ["Asha", "Goa"], *rows]]
    found = parse_sheet("\n".join(lines).encode())
    filled_rows = [tuple(row) for row in rows if any(map(str.strip, row))]
    assert found.rows[1:] == tuple(filled_rows)


@given(st.text("äöüßéèñçàÄÖÜ abcXYZ123", min_size=1, max_size=30))
def test_windows_csv_round_trips(name: str) -> None:
    found = parse_sheet(f"name,city\n{name},München–Süd".encode("cp1252"))
    assert found.rows[0] == (name, "München–Süd")
