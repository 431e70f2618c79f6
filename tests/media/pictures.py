"""Small pictures of each format, made by hand from their specifications."""

from __future__ import annotations

import struct
import zlib


def _build_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def build_png(width: int = 4, height: int = 3, padding: int = 0) -> bytes:
    """Return a PNG; ``padding`` is the size of a chunk that nothing shows."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(13) if width * height > 12 else (b"\0" + bytes(width)) * height)
    parts = [_build_chunk(b"IHDR", head), _build_chunk(b"IDAT", rows)]
    if padding:
        parts.append(_build_chunk(b"tEXt", bytes(padding)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + _build_chunk(b"IEND", b"")


def build_jpeg(width: int = 4, height: int = 3) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    exif = b"Exif\0\0" + b"\xff\xd9"  # a thumbnail with an end of its own
    return (
        b"\xff\xd8"
         b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
        + b"\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame
        + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x12\xff\x00\x34"
        + b"\xff\xd9"
    )  # fmt: skip


def build_gif(width: int = 4, height: int = 3) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0" + b",\0\0\0\0\x01\0\x01\0\0;"


def build_webp(width: int = 4, height: int = 3) -> bytes:
    sides = (width - 1) | (height - 1) << 14
    data = b"\x2f" + sides.to_bytes(4, "little") + bytes(9)
    body = b"WEBPVP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body
