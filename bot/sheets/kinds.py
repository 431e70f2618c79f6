"""What a file is, by its bytes: names lie, above all the ``.xls`` of web pages."""

from __future__ import annotations

import re
from enum import StrEnum

from bot.sheets.sheet import SheetRefused

AGAIN = "Save the table as CSV or Excel (.xlsx) and choose it again."
HEAD = 4096
"""Bytes in which text shows what it is."""


class Kind(StrEnum):
    TEXT = "text"
    WORKBOOK = "workbook"


_PICTURE = "a picture"
_ARCHIVE = "a compressed archive"
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"II*\0", _PICTURE),
    (b"MM\0*", _PICTURE),
    (b"Rar!", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (b"\x1f\x8b", _ARCHIVE),
    (b"\xfd7zXZ\0", _ARCHIVE),
    (b"{\\rtf", "a text document (.rtf)"),
    (b"SQLite format 3\0", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"BEGIN:VCARD", "a list of contacts (.vcf)"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""[MS-CFB] 2.2: what holds .xls, .doc, and any Office file with a password."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""[MS-OFFCRYPTO] 2.3.4.4: the stream in it that is the encrypted file."""
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_WORKBOOK = b"xl/workbook.xml"
_OFFICE = b"[Content_Types].xml"
"""[ECMA-376] part 2, 10.1: every such file has it, also one that was cut off behind it."""
_INSIDE: tuple[tuple[bytes, str], ...] = (
    (b"xl/workbook.bin", "a binary Excel file (.xlsb)"),
    (b"word/document", "a Word document"),
    (b"ppt/presentation", "a PowerPoint file"),
    (b"opendocument.spreadsheet", "an OpenDocument file (.ods)"),
    (b"Index/Document.iwa", "a Numbers or Pages file"),
)
"""Names of parts, which stand uncompressed in a ZIP archive."""
_PAGE = re.compile(rb"<(?:!doctype|html|head|body|table|meta|style|!--)", re.IGNORECASE)
_XML = re.compile(rb"<\?xml", re.IGNORECASE)
_JSON = re.compile(rb'[\[{]\s*[\[{"]')


def of(data: bytes) -> Kind:
    """Raises ``SheetRefused`` for everything that is known not to be a table."""
    for signature, said in _SIGNATURES:
        if data.startswith(signature):
            raise SheetRefused(f"This file is {said}. {AGAIN}")
    if data.startswith(_OLE):
        raise SheetRefused(_old_office(data))
    if data.startswith(_ZIP):
        return _archive(data)
    start = data[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if _PAGE.match(start):
        raise SheetRefused(
            "This file is a web page, whatever its name says. Open it in Excel, save it as CSV or "
            "Excel (.xlsx), and choose that."
        )
    if _XML.match(start):
        raise SheetRefused(f"This file is XML. {AGAIN}")
    if _JSON.match(start):
        raise SheetRefused(f"This file is JSON. {AGAIN}")
    return Kind.TEXT


def _old_office(data: bytes) -> str:
    if _ENCRYPTED in data:
        return (
            "This file is protected with a password. Save it without one and choose it again, or "
            "save the table as CSV."
        )
    return f"This file is of an old version of Office, as .xls is. {AGAIN}"


def _archive(data: bytes) -> Kind:
    if _WORKBOOK in data:
        return Kind.WORKBOOK
    said = next((said for part, said in _INSIDE if part in data), "")
    if not said and _OFFICE in data:
        return Kind.WORKBOOK
    raise SheetRefused(f"This file is {said or _ARCHIVE}. {AGAIN}")
