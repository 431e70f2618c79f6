"""In which encoding a text file was written: told by its mark, else tried, else assumed."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from bot.sheets.sheet import SheetRefused

SLICE = 256 * 1024
"""Bytes decoded at once, so that no other thread waits for long."""
DAMAGED = (
    "Some characters of this file are damaged. Save it once more as “CSV UTF-8” or as Excel, and "
    "choose it again."
)
BINARY = "This file is no table of text. Save the table as CSV or Excel and choose it again."

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),  # before UTF-16: its mark begins with that one's
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f]")  # 1A may end a file of DOS
_SEQUENCE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")


@dataclass(frozen=True, slots=True)
class Encoding:
    """``codec`` is Python's name; ``said`` is for people."""

    codec: str
    said: str


def detect(data: bytes) -> Encoding:
    """Raises ``SheetRefused`` for what is no text, or damaged text.

    UTF-16 and UTF-32 are told, not tried: they may still fail to decode.
    """
    for mark, codec, said in _MARKS:
        if data.startswith(mark):
            return Encoding(codec, said)
    if wide := _without_mark(data[:SLICE]):
        return Encoding(wide, "UTF-16 (assumed)")
    if b"\0" in data:
        raise SheetRefused(BINARY)
    at = _first_wrong(data, "utf-8")
    if at is None:
        return Encoding("utf-8", "UTF-8")
    if _NO_TEXT.search(data[:SLICE]):
        raise SheetRefused(BINARY)
    if _mostly_utf8(data[max(0, at - SLICE) : at + SLICE]):
        raise SheetRefused(DAMAGED)
    if _first_wrong(data, "cp1252") is not None:
        raise SheetRefused(DAMAGED)
    return Encoding("cp1252", "Windows-1252 (assumed)")


def _without_mark(head: bytes) -> str:
    """UTF-16 of mostly Latin letters: every second byte of it is zero, and no other."""
    even, odd = head[::2], head[1::2]
    if not odd:
        return ""
    if odd.count(0) > len(odd) // 2 and not even.count(0):
        return "utf-16-le"
    return "utf-16-be" if even.count(0) > len(even) // 2 and not odd.count(0) else ""


def _first_wrong(data: bytes, codec: str) -> int | None:
    """About where the bytes stop being this encoding; nothing where they never do."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    for start in range(0, len(data), SLICE):
        try:
            decoder.decode(data[start : start + SLICE], final=start + SLICE >= len(data))
        except UnicodeDecodeError as error:
            return start + error.start
    return None


def _mostly_utf8(around: bytes) -> bool:
    """A letter of UTF-8 is two or more such bytes in a row, which no text in Windows-1252 has
    often."""
    letters = len(_SEQUENCE.findall(around))
    return letters > len(_SEQUENCE.sub(b"", around).translate(None, bytes(range(0x80))))
