"""CSV files: no cell is a formula, from any writer."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.bulk.rows import build_rows_csv
from bot.text.csv_file import (
    build_csv,
    clip_cell,
    encode_rows,
    escape_formula,
    unescape_formula,
)

FORMULA_PREFIXES = tuple("=+-@\t\r\n＝＋－＠")


def may_be_formula(cell: str) -> bool:
    """Return whether a spreadsheet may calculate a cell: all that isn't a negative number."""
    return cell.startswith(FORMULA_PREFIXES) and not re.fullmatch(r"-[0-9.]+", cell)


def parse_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bad",
        "12",
        "a=b",
        " =1",
        "'=1",
        "(+91) 98765",
        "-5",
        "-2.5",
        "a; =1",
        "1;-5;-6.5",
        "a;b",
    ],
)
def test_harmless_text_is_unchanged(text: str) -> None:
    assert escape_formula(text) == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("\0=1", "'=1"),
        ("a\0b", "ab"),
        ("-5+3", "'-5+3"),
        ("-", "'-"),
        ("-5\n", "'-5\n"),
        ("-٣", "'-٣"),
        ("＋91", "'＋91"),
        ("\t=1", "'\t=1"),
        ("a;=1+1", "a;'=1+1"),
        (';"=1+1"', ';"\'=1+1"'),
        (";;@x;-5;-5+1", ";;'@x;-5;'-5+1"),
        ("a\n=1\r\n+1", "a\n'=1\r\n'+1"),
        ("\n=1", "'\n'=1"),
    ],
)
def test_what_may_be_a_formula_is_guarded(text: str, cell: str) -> None:
    assert escape_formula(text) == cell


@given(st.text("a;\n\r=-+@1.", max_size=12))
def test_no_cell_is_a_formula_where_the_separator_is_a_semicolon(text: str) -> None:
    (cell,) = next(csv.reader(io.StringIO(encode_rows([[text]]).decode(), newline="")))
    pieces = re.split(r"[;\r\n]", f"x,{cell},y")[1:]
    assert not any(may_be_formula(piece.removesuffix(",y")) for piece in pieces)
    assert unescape_formula(cell) == text


def test_cell_is_cut_before_it_is_guarded() -> None:
    assert len(escape_formula(clip_cell("=" * 50_000))) == 32_001


@given(st.lists(st.lists(st.text(max_size=6), min_size=2, max_size=2), min_size=1, max_size=4))
@example([["\ud800", "-1"]])
@example([["\0\t=1", "-1e5"]])
def test_no_cell_of_any_file_is_a_formula(rows: list[list[str]]) -> None:
    records = [{"id": first, "update": {"data": {second: first}}} for first, second in rows]
    for content in (build_csv(rows), build_rows_csv(records)):
        assert not any(may_be_formula(cell) for row in parse_csv(content) for cell in row)
