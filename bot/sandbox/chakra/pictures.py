"""Profile pictures: small drawn faces, as PNG because Slack shows no SVG, made on request."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from colorsys import hls_to_rgb
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.user import EmbeddedUser, Picture

IMAGE_SIZE_PX: Final = 192
"""Pixels. Displayed at a quarter of it, so that edges look smooth."""
CACHE_CONTROL = "public, max-age=31536000, immutable"

BACKGROUND, DARK, FACE, CLOTH = range(4)
"""Indices into the palette: background; hair, eyes and mouth; face; clothes."""


@dataclass(frozen=True, slots=True)
class Oval:
    """Center and half axes in hundredths of the side, painted from ``top`` to ``bottom``."""

    color: int
    x: float
    y: float
    half_width: float
    half_height: float
    top: float = 0
    bottom: float = 100


BODY = (Oval(CLOTH, 50, 104, 36, 32),)
HEAD = (Oval(FACE, 50, 68, 8, 13), Oval(FACE, 50, 46, 20, 23))
FACIAL_FEATURES = (
    Oval(DARK, 42.5, 46, 2.2, 2.8),
    Oval(DARK, 57.5, 46, 2.2, 2.8),
    Oval(DARK, 50, 54, 7, 6, top=55.5),
    Oval(FACE, 50, 52, 7, 5, top=54, bottom=57),
)
HAIR: Mapping[Picture, tuple[tuple[Oval, ...], tuple[Oval, ...]]] = {
    "short": ((), (Oval(DARK, 50, 38, 21.5, 19, bottom=35),)),
    "long": ((Oval(DARK, 50, 54, 27, 36, bottom=82),), (Oval(DARK, 50, 38, 22, 19, bottom=34),)),
    "bun": ((Oval(DARK, 50, 15, 10, 9),), (Oval(DARK, 50, 38, 22, 20, bottom=34),)),
    "curly": (
        tuple(
            Oval(DARK, x, y, 11, 11) for x, y in ((29, 38), (33, 25), (50, 19), (67, 25), (71, 38))
        ),
        (Oval(DARK, 50, 31, 19, 9, bottom=34),),
    ),
    "cap": ((), (Oval(CLOTH, 50, 36, 22, 20, bottom=32), Oval(CLOTH, 62, 32, 22, 3.5))),
    "scarf": (
        (Oval(CLOTH, 50, 50, 27, 34),),
        (Oval(CLOTH, 50, 38, 22, 20, bottom=33), Oval(CLOTH, 50, 80, 20, 14)),
    ),
}
"""What is painted behind the face, and over it."""


def build_picture_path(user: EmbeddedUser) -> str:
    return f"/media/avatars/{user.id}.png"


class PicturesResource:
    def __init__(self, users: Mapping[str, EmbeddedUser]) -> None:
        self._users = users

    def build_routes(self) -> list[Route]:
        return [Route("/media/avatars/{id}.png", self._fetch, methods=["GET"])]

    async def _fetch(self, request: Request) -> Response:
        person = self._users.get(request.path_params["id"])
        if person is None or not person.picture:
            raise envelope.RequestError(404, envelope.NOT_FOUND_MESSAGE)
        picture = render_picture(person.picture, UUID(person.id).int)
        return Response(picture, media_type="image/png", headers={"Cache-Control": CACHE_CONTROL})


@lru_cache(maxsize=64)
def render_picture(picture: Picture, seed: int) -> bytes:
    """Return a PNG file; the same ``seed`` gives the same colors."""
    behind, over = HAIR[picture]
    rows = [bytearray(IMAGE_SIZE_PX) for _ in range(IMAGE_SIZE_PX)]
    for oval in (*behind, *BODY, *HEAD, *FACIAL_FEATURES, *over):
        _paint(rows, oval)
    return _encode_png(rows, _build_palette(seed))


def _paint(rows: list[bytearray], oval: Oval) -> None:
    scale = IMAGE_SIZE_PX / 100
    for number, row in enumerate(rows):
        height = (number + 0.5) / scale
        off_centre = abs(height - oval.y) / oval.half_height
        if off_centre < 1 and oval.top <= height <= oval.bottom:
            half = oval.half_width * sqrt(1 - off_centre**2)
            left = max(0, round((oval.x - half) * scale))
            right = min(IMAGE_SIZE_PX, round((oval.x + half) * scale))
            row[left:right] = bytes([oval.color]) * (right - left)


def _build_palette(seed: int) -> bytes:
    hue = seed % 360 / 360
    clothes = (hue + (0.12, 0.42, 0.58)[seed // 360 % 3]) % 1
    colors = ((hue, 0.72, 0.6), (hue, 0.22, 0.45), (hue + 0.03, 0.93, 0.7), (clothes, 0.52, 0.55))
    return b"".join(
        bytes(round(255 * part) for part in hls_to_rgb(color[0] % 1, color[1], color[2]))
        for color in colors
    )


def _encode_png(rows: list[bytearray], palette: bytes) -> bytes:
    """Return a PNG of one palette byte per pixel (PNG 1.2, color type 3), rows unfiltered."""
    header = struct.pack(">IIBBBBB", IMAGE_SIZE_PX, len(rows), 8, 3, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _build_png_chunk(kind, content) for kind, content in chunks
    )


def _build_png_chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
