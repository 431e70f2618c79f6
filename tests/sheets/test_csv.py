"""CSV as it comes: every program's own, and what only looks like it."""

from __future__ import annotations

import codecs
import re

import pytest

from bot.sheets.read import read_sheet
from bot.sheets.sheet import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_FILE_BYTES,
    MAX_ROWS,
    CellIssue,
    InvalidSheet,
    RowIssue,
    format_column,
)
from tests.sheets.builders import parse_csv

ROWS = (("Zoë", "+91 98765 43210"), ("Müller, Jörg", "4915550112233"))


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-16-le", "UTF-16 (assumed)"),
        ("utf-16-be", "UTF-16 (assumed)"),
        ("cp1252", "Windows-1252 (assumed)"),
    ],
)
async def test_encoding_is_detected_and_reported(encoding: str, expected: str) -> None:
    data = 'name,phone\nZoë,+91 98765 43210\n"Müller, Jörg",4915550112233\n'.encode(encoding)
    found = await read_sheet(data)
    assert (found.columns, found.rows) == (("name", "phone"), ROWS)
    assert found.format_description == f"CSV in {expected}, separated by commas"


async def test_utf16_with_swapped_bom() -> None:
    found = await read_sheet(codecs.BOM_UTF16_BE + "näme,phone\nZoë,1".encode("utf-16-be"))
    assert (found.columns, found.rows) == (("näme", "phone"), (("Zoë", "1"),))


@pytest.mark.parametrize(
    ("delimiter", "expected"),
    [(",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "pipes")],
)
async def test_delimiter_is_detected_and_reported(delimiter: str, expected: str) -> None:
    lines = [("name", "phone", "city"), ("Asha", "919876543210", ""), ("Ravi", "1", "Goa")]
    found = await read_sheet("\r\n".join(delimiter.join(line) for line in lines).encode())
    assert (found.columns, found.rows) == (lines[0], tuple(lines[1:]))
    assert expected in found.format_description


@pytest.mark.parametrize(
    ("file", "columns", "first"),
    [
        ("name;price\nAsha;1,50\nRavi;2,75", ("name", "price"), ("Asha", "1,50")),
        (
            "name;city, country\nAsha;Pune, India",
            ("name", "city, country"),
            ("Asha", "Pune, India"),
        ),
        ('"name";"city"\n"A,B";"Goa"', ("name", "city"), ("A,B", "Goa")),
        ("a|b,c,d\nx|y,1,2", ("a|b", "c", "d"), ("x|y", "1", "2")),
        ("sep=;\nname;city\nAsha;Goa", ("name", "city"), ("Asha", "Goa")),
        ("sep=,\r\nna|me,city\r\nAs|ha,Goa", ("na|me", "city"), ("As|ha", "Goa")),
        ("lead_id,city\nLEAD-1\nLEAD-2", ("lead_id", "city"), ("LEAD-1", "")),
        ("name,city,,\nAsha,Goa,,\n", ("name", "city"), ("Asha", "Goa")),
        ("\n\nname,city\nAsha,Goa", ("name", "city"), ("Asha", "Goa")),
        ("phone\n919876543210", ("phone",), ("919876543210",)),
        ("note\nPune, India; or Goa", ("note",), ("Pune, India; or Goa",)),
        (" First   name , city\nAsha, Goa", ("First name", "city"), ("Asha", " Goa")),
        ("\ufeff\ufeffname,city\nAsha,Goa", ("name", "city"), ("Asha", "Goa")),
        ('name,note\nAsha,"5"" pipe\nfor Goa"', ("name", "note"), ("Asha", '5" pipe\nfor Goa')),
        ('name,note\nAsha,5" pipe', ("name", "note"), ("Asha", '5" pipe')),
        ("name,city\rAsha,Goa\r", ("name", "city"), ("Asha", "Goa")),
    ],
)
async def test_tables_as_common_programs_write_them(
    file: str, columns: tuple[str, ...], first: tuple[str, ...]
) -> None:
    found = await read_sheet(file.encode())
    assert (found.columns, found.rows[0]) == (columns, first)
    assert not found.issues


async def test_single_column_table_is_reported() -> None:
    assert (
        await parse_csv("phone", "919876543210")
    ).format_description == "CSV in UTF-8, one column"


async def test_row_numbers_match_the_spreadsheet() -> None:
    found = await parse_csv("name,note", "", "Asha,a", ",,", '"Ra\nvi",b', " , ", "Mei,c")
    assert found.row_numbers == (3, 5, 7)


async def test_long_row_is_reported_and_short_row_padded() -> None:
    found = await parse_csv("name,city", "Asha,Pune,India", "Ravi", "Mei,Goa,,")
    assert found.rows == (("Asha", "Pune"), ("Ravi", ""), ("Mei", "Goa"))
    assert found.issues == (RowIssue(2, CellIssue.TOO_MANY_CELLS),)


PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"
ZIP = b"PK\x03\x04\x14\x00"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "This file is empty."),
        (b" \r\n\t ", "This file is empty."),
        (b",,,\n,,", "This file is empty."),
        (b"\xef\xbb\xbf\n", "This file is empty."),
        (codecs.BOM_UTF16_LE, "This file is empty."),
        (codecs.BOM_UTF8 * 2 + b"\n", "This file is empty."),
        (b"name,city", "a header and no rows"),
        (b"name,city\n\n,\n", "a header and no rows"),
        (PDF, "This file is a PDF. Save the table as CSV or Excel"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture"),
        (b"\x1f\x8b\x08\0", "a compressed archive"),
        (ZIP + b"holiday.jpg", "a compressed archive"),
        (ZIP + b"word/document.xml", "a Word document"),
        (ZIP + b"xl/workbook.bin", "a binary Excel file"),
        (ZIP + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "OpenDocument"),
        (ZIP + b"Index/Document.iwa", "Numbers"),
        (OLE + bytes(600), "an old version of Office, such as .xls"),
        (OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "protected with a password"),
        (b"{\\rtf1 name,city", "a text document"),
        (b"<!DOCTYPE html><html><body>", "a web page, whatever its name says"),
        (b"\xef\xbb\xbf \n<table><tr><td>name", "a web page"),
        (b"<?xml version='1.0'?><Workbook>", "This file is XML."),
        (b'{"name": "Asha"}', "This file is JSON."),
        (b'[\n  {"name": "Asha"}]', "This file is JSON."),
        (b"BEGIN:VCARD\nFN:Asha", "contacts"),
        (b"name,city\nAsha\0,Goa", "isn't a CSV or Excel file"),
        ("name,city\nAs\0ha,Goa".encode("utf-16"), "isn't a CSV or Excel file"),
        (bytes(range(128, 256)) * 3 + b"\x01\x02\x03", "isn't a CSV or Excel file"),
        (b"\x7fELF\x02\x01\x01" + bytes(64), "isn't a CSV or Excel file"),
        ("name,city\nZoë,Köln\nJörg,M".encode() + b"\xc3,x", "characters of this file are damaged"),
        (b"name,city\nAsha,\x81\x8d", "characters of this file are damaged"),
        (codecs.BOM_UTF16_LE + b"n\0,\0c\0\n\0\x00\xd8x\0", "characters of this file are damaged"),
    ],
)
async def test_non_table_files_are_identified(data: bytes, expected: str) -> None:
    with pytest.raises(InvalidSheet, match=re.escape(expected)):
        await read_sheet(data)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("a,b,a\n1,2,3", "Columns A and C are both called “a”"),
        ("Phone, phone\n1,2", "Columns A and B are both called “Phone”"),
        ("a,,b\n1,2,3", "Column B has no name in row 1"),
        ("\n,a\n1,2", "Column A has no name in row 2"),
        ("a,,b,,c,,d,,e\n1,2,3", "Columns B, D, F and others have no name"),
        ("Asha,+91 98765 43210\nRavi,919876543211", "row 1, looks like data"),
        ("Asha,asha@example.com\nRavi,x", "row 1, looks like data"),
        ('a,b\n1,2\n3,"4', "A quotation mark opens in row 3 and is never closed"),
        ('a,b\n1,"2" x\n', "The quotation marks in row 2 cannot be read"),
        (f"a,b\n1,{'x' * 131_073}", "A cell in row 2 has more than 131,072 characters"),
        (",".join(f"c{n}" for n in range(MAX_COLUMNS + 1)) + "\n1", "This table has 201 columns"),
    ],
)
async def test_unusable_table_error_gives_location_and_remedy(file: str, expected: str) -> None:
    with pytest.raises(InvalidSheet, match=re.escape(expected)):
        await read_sheet(file.encode())


async def test_stray_quote_never_merges_rows() -> None:
    lines = ["name,city", 'Asha,"Goa', "Ravi,Pune", 'Mei,"Köln"', "Ana,Porto"]
    with pytest.raises(InvalidSheet, match="row 2 cannot be read"):
        await parse_csv(*lines)


async def test_row_limit_is_enforced() -> None:
    rows = "a,b\n" + "1,2\n" * MAX_ROWS
    assert len((await read_sheet(rows.encode())).rows) == MAX_ROWS
    with pytest.raises(InvalidSheet, match="more than 200,000 rows"):
        await read_sheet(rows.encode() + b"3,4")


async def test_wide_table_is_limited_by_cell_count() -> None:
    header = ",".join(f"c{n}" for n in range(MAX_COLUMNS))
    most = MAX_CELLS // MAX_COLUMNS
    assert len((await read_sheet((header + "\n1" * most).encode())).rows) == most
    with pytest.raises(InvalidSheet, match="more than 3,000,000 cells"):
        await read_sheet((header + "\n1" * (most + 1)).encode())


async def test_oversized_file_is_not_parsed() -> None:
    with pytest.raises(InvalidSheet, match="larger than 20 MB"):
        await read_sheet(b"%PDF" + b"x" * MAX_FILE_BYTES)


@pytest.mark.parametrize(
    ("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")]
)
def test_column_letters_match_spreadsheets(place: int, name: str) -> None:
    assert format_column(place) == name


async def test_cleared_columns_behind_a_single_one_are_left_out() -> None:
    """Excel still writes their commas."""
    found = await read_sheet(b"phone,,\n919876543210,,\n919876543211,,\n")
    assert (found.columns, found.rows) == (("phone",), (("919876543210",), ("919876543211",)))
