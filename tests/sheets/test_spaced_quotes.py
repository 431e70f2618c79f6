"""CSV with spaces between the delimiter and the quotation mark."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sheets.read import parse_sheet, read_sheet
from bot.sheets.sheet import InvalidSheet


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        (
            '"Lead Id", "First Name"\n"E1", "Asha"\n"E2", "Rao, Ravi"',
            ("Lead Id", "First Name"),
            (("E1", "Asha"), ("E2", "Rao, Ravi")),
        ),
        ('id, name\nE1, "Rao, Ravi"', ("id", "name"), (("E1", "Rao, Ravi"),)),
        ('"id" ; "name"\n"E1" ; "a;b"', ("id", "name"), (("E1", "a;b"),)),
        ('id|   "name"\nE1|   "a|b"', ("id", "name"), (("E1", "a|b"),)),
        ('id\t "name"\nE1\t "a\tb"', ("id", "name"), (("E1", "a\tb"),)),
        (' "id", "name"\r\n "E1", "a, b"\r\n', ("id", "name"), (("E1", "a, b"),)),
        (
            '"id", "name"\n"E1", "said ""yes"", twice"',
            ("id", "name"),
            (("E1", 'said "yes", twice'),),
        ),
        ('"id", "note"\n"E1", "two\nlines, here"', ("id", "note"), (("E1", "two\nlines, here"),)),
        ('"id",\u00a0"name"\n"E1",\u00a0"a, b"', ("id", "name"), (("E1", "a, b"),)),
        ('"id", "name"\n"E1", ""', ("id", "name"), (("E1", ""),)),
        ('"id",\u2009"name"\n"E1",\u3000"a, b"', ("id", "name"), (("E1", "a, b"),)),
        ('"name"\n "Rao, Ravi"\n "Asha" ', ("name",), (("Rao, Ravi",), ("Asha",))),
        (
            'Leads of July\n"Lead Id", "Name"\n"E1", "Rao, Ravi"',
            ("Lead Id", "Name"),
            (("E1", "Rao, Ravi"),),
        ),
    ],
)
async def test_spaces_around_quotation_marks_are_not_part_of_the_cell(
    text: str, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]
) -> None:
    found = await read_sheet(text.encode())
    assert (found.columns, found.rows, found.issues) == (columns, rows, ())


async def test_spaced_quotation_marks_are_found_far_down() -> None:
    text = "id,name\n" + "E1,Asha\n" * 20_000 + 'E2, "Rao, Ravi"\n'
    assert (await read_sheet(text.encode())).rows[-1] == ("E2", "Rao, Ravi")


@pytest.mark.parametrize("cell", ["a" * 3_000_000, 'a""' * 1_000_000])
async def test_long_quoted_cell_takes_little_time_and_memory(cell: str) -> None:
    """A pattern that could give each character back took gigabytes."""
    started = time.process_time()
    with pytest.raises(InvalidSheet, match="more than 131,072 characters"):
        await read_sheet(f'"id", "name"\n"E1", "{cell}"\n'.encode())
    assert time.process_time() - started < 0.7


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ('name,note\nAsha,5" pipe', '5" pipe'),
        ('name,note\nAsha, 5" pipe', ' 5" pipe'),
        ('name,note\nAsha,"a, ""b"", c"', 'a, "b", c'),
        ('name,note\nAsha,"says ""x"" , y"', 'says "x" , y'),
    ],
)
async def test_other_quotation_marks_stay_as_they_are(text: str, cell: str) -> None:
    assert (await read_sheet(text.encode())).rows == (("Asha", cell),)


CELLS = st.text(st.characters(codec="ascii", exclude_characters="\0\x1a\r"), max_size=12)


@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5),
    st.sampled_from(",;|"),
    st.integers(1, 3),
)
def test_any_quoted_cells_survive_spaces_before_them(
    rows: list[tuple[str, str]], delimiter: str, spaces: int
) -> None:
    def write(cells: tuple[str, ...]) -> str:
        quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
        return (delimiter + " " * spaces).join(quoted)

    text = "\n".join([write(("id", "name", "note")), *(write(("x", *row)) for row in rows)])
    assert parse_sheet(text.encode()).rows == tuple(("x", *row) for row in rows)
