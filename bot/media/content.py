"""What a file is, by its first bytes: its name and its declared type can't be trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 1_024
"""How much of a file is inspected."""


@dataclass(frozen=True, slots=True)
class FileType:
    """A type of files; ``noun`` names one within a sentence, with its article."""

    media_type: str
    extension: str
    noun: str

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")


PNG: Final = FileType("image/png", "png", "a PNG picture")
JPEG: Final = FileType("image/jpeg", "jpg", "a JPEG picture")
GIF: Final = FileType("image/gif", "gif", "a GIF picture")
WEBP: Final = FileType("image/webp", "webp", "a WebP picture")
HEIC: Final = FileType("image/heic", "heic", "a HEIC picture")
AVIF: Final = FileType("image/avif", "avif", "an AVIF picture")
RAW: Final = FileType("image/x-canon-cr3", "cr3", "a raw photo")
TIFF: Final = FileType("image/tiff", "tiff", "a TIFF picture")
BMP: Final = FileType("image/bmp", "bmp", "a BMP picture")
SVG: Final = FileType("image/svg+xml", "svg", "an SVG drawing")
HTML: Final = FileType("text/html", "html", "a web page")
XML: Final = FileType("text/xml", "xml", "an XML file")
PDF: Final = FileType("application/pdf", "pdf", "a PDF document")
ZIP: Final = FileType("application/zip", "zip", "a ZIP archive")
OFFICE: Final = FileType("application/x-ole-storage", "doc", "an Office document")
PROGRAM: Final = FileType("application/x-executable", "bin", "a program")
VIDEO: Final = FileType("video/mp4", "mp4", "a video")
VIDEO_3GP: Final = FileType("video/3gpp", "3gp", "a video")
AUDIO_M4A: Final = FileType("audio/mp4", "m4a", "an audio file")
OGG: Final = FileType("audio/ogg", "ogg", "an audio file")
MP3: Final = FileType("audio/mpeg", "mp3", "an audio file")
AMR: Final = FileType("audio/amr", "amr", "an audio file")
AAC: Final = FileType("audio/aac", "aac", "an audio file")

_MAGIC: Final[tuple[tuple[bytes, FileType], ...]] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"%PDF-", PDF),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"\xd0\xcf\x11\xe0", OFFICE),
    (b"MZ", PROGRAM),
    (b"\x7fELF", PROGRAM),
    (b"OggS", OGG),
    (b"ID3", MP3),
    (b"#!AMR", AMR),
    (b"\xff\xf1", AAC),
    (b"\xff\xf9", AAC),
    (b"\xff\xfb", MP3),
    (b"\xff\xf3", MP3),
    (b"\xff\xf2", MP3),
)
"""The signatures of files. Sources: the formats' specifications."""
_BRANDS: Final[tuple[tuple[bytes, FileType], ...]] = (
    (b"hei", HEIC),
    (b"hev", HEIC),
    (b"mif1", HEIC),
    (b"msf1", HEIC),
    (b"avi", AVIF),
    (b"crx ", RAW),
    (b"M4A ", AUDIO_M4A),
    (b"3g", VIDEO_3GP),
)
"""The brands of an ISO media file (ISO/IEC 14496-12); any other is a video."""
_ANY_PICTURE: Final = (b"mif1", b"msf1")
"""Brands that HEIC and AVIF share; the compatible brands say which of the two it is."""
_SVG_TAG = re.compile(rb"<svg[\s>]", re.IGNORECASE)
_HTML_TAG = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|iframe)[\s>]", re.IGNORECASE)


def identify(head: bytes) -> FileType | None:
    """Return the type of a file with this beginning, ``None`` if it is unknown."""
    for beginning, kind in _MAGIC:
        if head.startswith(beginning):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _ANY_PICTURE and b"avif" in head[16 : int.from_bytes(head[:4], "big")]:
            return AVIF
        return next((kind for start, kind in _BRANDS if brand.startswith(start)), VIDEO)
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return BMP
    return _identify_text(head)


def _identify_text(head: bytes) -> FileType | None:
    text = head.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe \t\r\n")
    if not text.startswith(b"<"):
        return None
    if _SVG_TAG.search(text):
        return SVG
    if _HTML_TAG.search(text):
        return HTML
    return XML if text.startswith(b"<?xml") else None
