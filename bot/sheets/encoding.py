"""In which encoding a text file was written: told by its mark, else tried, else assumed."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from bot.sheets.sheet import InvalidSheet

SLICE_BYTES = 256 * 1024
"""Bytes decoded at once, so that no other thread waits for long."""
DAMAGED_MESSAGE = (
    "Some characters of this file are damaged. Save it once more as “CSV UTF-8” or as Excel, and "
    "choose it again."
)
BINARY_MESSAGE = (
    "This file is no table of text. Save the table as CSV or Excel and choose it again."
)

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),  # before UTF-16: its mark begins with that one's
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f]")  # 1A may end a file of DOS
_UTF8_SEQUENCE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")


@dataclass(frozen=True, slots=True)
class Encoding:
    """``codec`` is Python's name; ``said`` is for people."""

    codec: str
    display_name: str


def detect(data: bytes) -> Encoding:
    """Raises ``InvalidSheet`` for what is no text, or damaged text.

    UTF-16 and UTF-32 are told, not tried: they may still fail to decode.
    """
    for mark, codec, said in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return Encoding(codec, said)
    if wide := _detect_utf16(data[:SLICE_BYTES]):
        return Encoding(wide, "UTF-16 (assumed)")
    if b"\0" in data:
        raise InvalidSheet(BINARY_MESSAGE)
    at = _find_invalid_offset(data, "utf-8")
    if at is None:
        return Encoding("utf-8", "UTF-8")
    if _CONTROL_BYTES.search(data[:SLICE_BYTES]):
        raise InvalidSheet(BINARY_MESSAGE)
    if _is_mostly_utf8(data[max(0, at - SLICE_BYTES) : at + SLICE_BYTES]):
        raise InvalidSheet(DAMAGED_MESSAGE)
    if _find_invalid_offset(data, "cp1252") is not None:
        raise InvalidSheet(DAMAGED_MESSAGE)
    return Encoding("cp1252", "Windows-1252 (assumed)")


def _detect_utf16(head: bytes) -> str:
    """UTF-16 of mostly Latin letters: every second byte of it is zero, and no other."""
    even, odd = head[::2], head[1::2]
    if not odd:
        return ""
    if odd.count(0) > len(odd) // 2 and not even.count(0):
        return "utf-16-le"
    return "utf-16-be" if even.count(0) > len(even) // 2 and not odd.count(0) else ""


def _find_invalid_offset(data: bytes, codec: str) -> int | None:
    """About where the bytes stop being this encoding; nothing where they never do."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    for start in range(0, len(data), SLICE_BYTES):
        try:
            decoder.decode(
                data[start : start + SLICE_BYTES], final=start + SLICE_BYTES >= len(data)
            )
        except UnicodeDecodeError as error:
            return start + error.start
    return None


def _is_mostly_utf8(sample: bytes) -> bool:
    """A letter of UTF-8 is two or more such bytes in a row, which no text in Windows-1252 has
    often."""
    letters = len(_UTF8_SEQUENCE.findall(sample))
    return letters > len(_UTF8_SEQUENCE.sub(b"", sample).translate(None, bytes(range(0x80))))
