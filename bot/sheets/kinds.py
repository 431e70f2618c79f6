"""Detect what a file is by its bytes: names mislead, especially the ``.xls`` of web pages."""

from __future__ import annotations

import re
from enum import StrEnum

from bot.sheets.sheet import InvalidSheet

SAVE_AS_TABLE_HINT = "Save the table as CSV or Excel (.xlsx) and choose it again."
HEAD_BYTES = 4096
"""Bytes at the start of a text in which its format is recognized."""


class FileKind(StrEnum):
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
_OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""[MS-CFB] 2.2: the container of .xls, .doc, and any Office file with a password."""
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
"""[MS-OFFCRYPTO] 2.3.4.4: the stream in it that is the encrypted file."""
_ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
_WORKBOOK_PART = b"xl/workbook.xml"
_CONTENT_TYPES_PART = b"[Content_Types].xml"
"""[ECMA-376] part 2, 10.1: every such file has it, even a truncated one."""
_KNOWN_PARTS: tuple[tuple[bytes, str], ...] = (
    (b"xl/workbook.bin", "a binary Excel file (.xlsb)"),
    (b"word/document", "a Word document"),
    (b"ppt/presentation", "a PowerPoint file"),
    (b"opendocument.spreadsheet", "an OpenDocument file (.ods)"),
    (b"Index/Document.iwa", "a Numbers or Pages file"),
)
"""Names of parts, which are not compressed in a ZIP archive."""
_HTML_START = re.compile(rb"<(?:!doctype|html|head|body|table|meta|style|!--)", re.IGNORECASE)
_XML_DECLARATION = re.compile(rb"<\?xml", re.IGNORECASE)
_JSON_START = re.compile(rb'[\[{]\s*[\[{"]')


def detect_file_kind(data: bytes) -> FileKind:
    """Raise ``InvalidSheet`` for a file that is known not to be a table."""
    for signature, description in _SIGNATURES:
        if data.startswith(signature):
            raise InvalidSheet(f"This file is {description}. {SAVE_AS_TABLE_HINT}")
    if data.startswith(_OLE_SIGNATURE):
        raise InvalidSheet(_describe_ole_file(data))
    if data.startswith(_ZIP_SIGNATURES):
        return _detect_archive_kind(data)
    start = data[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
    if _HTML_START.match(start):
        raise InvalidSheet(
            "This file is a web page, whatever its name says. Open it in Excel, save it as CSV or "
            "Excel (.xlsx), and choose that."
        )
    if _XML_DECLARATION.match(start):
        raise InvalidSheet(f"This file is XML. {SAVE_AS_TABLE_HINT}")
    if _JSON_START.match(start):
        raise InvalidSheet(f"This file is JSON. {SAVE_AS_TABLE_HINT}")
    return FileKind.TEXT


def _describe_ole_file(data: bytes) -> str:
    if _ENCRYPTED_STREAM in data:
        return (
            "This file is protected with a password. Save it without one and choose it again, or "
            "save the table as CSV."
        )
    return f"This file is from an old version of Office, such as .xls. {SAVE_AS_TABLE_HINT}"


def _detect_archive_kind(data: bytes) -> FileKind:
    if _WORKBOOK_PART in data:
        return FileKind.WORKBOOK
    description = next((description for part, description in _KNOWN_PARTS if part in data), "")
    if not description and _CONTENT_TYPES_PART in data:
        return FileKind.WORKBOOK
    raise InvalidSheet(f"This file is {description or _ARCHIVE}. {SAVE_AS_TABLE_HINT}")
