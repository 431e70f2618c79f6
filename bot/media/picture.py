"""Check that a file is a whole picture, by reading its header and its structure only.

Nothing is decompressed: a picture of a few bytes may unpack to gigabytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO, Final

import humanize

from bot.errors import InvalidFile
from bot.media.content import GIF, HEAD_BYTES, HEIC, JPEG, PNG, WEBP, FileType, identify

MEGABYTE: Final = 1024 * 1024
MAX_PHOTO_BYTES: Final = 10 * MEGABYTE
"""The limit of Slack's forms; Chakra's own is UNKNOWN."""
MAX_PIXELS: Final = 100_000_000
"""Pixels of a picture: ten times a phone's camera, and 400 MB uncompressed."""
FORMATS: Final = "JPEG, PNG, GIF or WebP"
FILE_TYPES: Final = ("jpg", "jpeg", "png", "gif", "webp")
_PIECE_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole picture; its sides are in pixels and its size in bytes."""

    kind: FileType
    width: int
    height: int
    size: int

    def describe(self) -> str:
        """Return "PNG, 1,200 × 800, 2.3 MB"."""
        name = self.kind.noun.split()[1]
        return f"{name}, {self.width:,} × {self.height:,}, {format_size(self.size)}"


class _Broken(Exception):
    """The file ends too early, or isn't what its beginning says."""


def format_size(size: int) -> str:
    """Return "2.3 MB"."""
    return humanize.naturalsize(size, binary=True).replace("iB", "B").replace("Bytes", "bytes")


def check_size(size: int, name: str) -> None:
    """Raise ``InvalidFile`` for a file that is empty or too large for a photo."""
    if not size:
        raise InvalidFile(f"{name} is empty: it has 0 bytes.")
    if size > MAX_PHOTO_BYTES:
        raise InvalidFile(
            f"{name} has {format_size(size)}. Photos may have {format_size(MAX_PHOTO_BYTES)}: "
            "make it smaller, or take a screenshot of it."
        )


def read_picture(file: BinaryIO, name: str) -> Picture:
    """Return the picture in ``file``. Raise ``InvalidFile`` with a sentence that has ``name``."""
    size = file.seek(0, SEEK_END)
    check_size(size, name)
    file.seek(0)
    kind = identify(file.read(HEAD_BYTES))
    if kind is HEIC:
        raise InvalidFile(
            f"{name} is a HEIC picture, which many programs can't show. Save it as JPEG or PNG."
        )
    measure = _MEASURES.get(kind) if kind else None
    if kind is None or measure is None:
        content = f"its content is {kind.noun}" if kind else "its content isn't one"
        raise InvalidFile(f"{name} isn't a photo: {content}. Choose a {FORMATS}.")
    try:
        width, height = measure(file, size)
    except (_Broken, struct.error):
        raise InvalidFile(
            f"{name} is damaged or incomplete: its end is missing. Save it again, and choose it "
            "once it opens on your device."
        ) from None
    if not 0 < width * height <= MAX_PIXELS:
        raise InvalidFile(
            f"{name} has {width:,} × {height:,} pixels. "
            f"Photos may have {MAX_PIXELS:,} in all, and at least one."
        )
    return Picture(kind, width, height, size)


# --- one format each: read the sides, and find the end --------------------------------------------


def _measure_png(file: BinaryIO, size: int) -> tuple[int, int]:
    """Walk the chunks. Source: www.w3.org/TR/png-3."""
    sides = (0, 0)
    position, name = 8, b""
    while name != b"IEND":
        file.seek(position)
        length, name = struct.unpack(">I4s", file.read(8))
        if position == 8:
            if name != b"IHDR" or length != 13:
                raise _Broken
            sides = struct.unpack(">II", file.read(8))
        position += 12 + length
        if position > size:
            raise _Broken
    return sides


def _measure_jpeg(file: BinaryIO, size: int) -> tuple[int, int]:
    """Walk the segments up to the picture, then find its end. Source: ITU-T T.81, annex B."""
    sides: tuple[int, int] | None = None
    position = 2
    while position < size:
        file.seek(position)
        prefix, marker = struct.unpack(">BB", file.read(2))
        if prefix != 0xFF:
            raise _Broken
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # these have no length
            position += 2
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            _, height, width = struct.unpack(">BHH", file.read(5))
            sides = (width, height)
        position += 2 + length
        if marker == 0xDA:  # the picture itself, where FF D9 can only be its end
            break
    if sides is None or position > size or not _has_after(file, position, b"\xff\xd9"):
        raise _Broken
    return sides


def _has_after(file: BinaryIO, position: int, wanted: bytes) -> bool:
    file.seek(position)
    last = b""
    while piece := file.read(_PIECE_BYTES):
        if wanted in last + piece:
            return True
        last = piece[1 - len(wanted) :]
    return False


def _measure_gif(file: BinaryIO, size: int) -> tuple[int, int]:
    """Read the logical screen; the last byte is the trailer. Source: the GIF89a specification."""
    file.seek(6)
    width, height = struct.unpack("<HH", file.read(4))
    file.seek(max(13, size - HEAD_BYTES))
    if file.read().rstrip(b"\0")[-1:] != b";":
        raise _Broken
    return width, height


def _measure_webp(file: BinaryIO, size: int) -> tuple[int, int]:
    """Read the first chunk. Source: developers.google.com/speed/webp/docs/riff_container."""
    file.seek(4)
    (length,) = struct.unpack("<I", file.read(4))
    file.seek(12)
    name = file.read(4)
    file.seek(20)
    head = file.read(10)
    if len(head) < 10 or length + 8 > size:
        raise _Broken
    if name == b"VP8X":
        width, height = head[4:7] + b"\0", head[7:10] + b"\0"
        return _read_little_endian(width) + 1, _read_little_endian(height) + 1
    if name == b"VP8L" and head[0] == 0x2F:
        bits = _read_little_endian(head[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 " and head[3:6] == b"\x9d\x01\x2a":
        return _read_little_endian(head[6:8]) & 0x3FFF, _read_little_endian(head[8:10]) & 0x3FFF
    raise _Broken


def _read_little_endian(number: bytes) -> int:
    return int.from_bytes(number, "little")


_MEASURES: Mapping[FileType, Callable[[BinaryIO, int], tuple[int, int]]] = {
    PNG: _measure_png,
    JPEG: _measure_jpeg,
    GIF: _measure_gif,
    WEBP: _measure_webp,
}
