"""Which files are photos: by their bytes, without unpacking them."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidFile
from bot.media.content import HEAD_BYTES, identify
from bot.media.picture import MAX_PHOTO_BYTES, read_picture
from bot.sandbox.chakra.pictures import render_picture
from tests.media.pictures import build_gif, build_jpeg, build_png, build_webp


@pytest.mark.parametrize(
    ("content", "media_type", "sides"),
    [
        (build_png(), "image/png", (4, 3)),
        (build_png(padding=100_000), "image/png", (4, 3)),
        (render_picture("cap", 1), "image/png", (192, 192)),
        (build_jpeg(640, 480), "image/jpeg", (640, 480)),
        (build_jpeg() + b"a film that a phone appends", "image/jpeg", (4, 3)),
        (build_gif(10, 20), "image/gif", (10, 20)),
        (build_webp(800, 600), "image/webp", (800, 600)),
    ],
)
def test_whole_pictures_are_taken(content: bytes, media_type: str, sides: tuple[int, int]) -> None:
    picture = read_picture(BytesIO(content), "a.png")
    assert (picture.kind.media_type, (picture.width, picture.height)) == (media_type, sides)
    assert picture.size == len(content)


SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>x()</script></svg>'
REFUSED = [
    (b"", "0 bytes"),
    (b"\0" * (MAX_PHOTO_BYTES + 1), "10.0 MB"),
    (b"hello", "isn't a photo: its content isn't one"),
    (SVG, "an SVG drawing"),
    (b"\xef\xbb\xbf  " + SVG, "an SVG drawing"),
    (SVG.decode().encode("utf-16"), "an SVG drawing"),
    (b"\n<!DOCTYPE html><html><body>", "a web page"),
    (b"%PDF-1.7 \n", "a PDF document"),
    (b"PK\x03\x04" + bytes(30), "a ZIP archive"),
    (b"MZ" + bytes(100), "a program"),
    (b"\0\0\0\x18ftypmp42" + bytes(100), "a video"),
    (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
    (b"\0\0\0\x18ftypheim" + bytes(100), "HEIC"),
    (b"\0\0\0\x18ftyphevs" + bytes(100), "HEIC"),
    (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic" + bytes(100), "HEIC"),
    (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif" + bytes(100), "an AVIF picture"),
    (b"\0\0\0\x18ftypcrx " + bytes(100), "a raw photo"),
    (b"II*\x00" + bytes(100), "a TIFF picture"),
    (build_png()[:-6], "its end is missing"),
    (build_png()[:30], "its end is missing"),
    (build_png()[:8], "its end is missing"),
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "its end is missing"),
    (build_jpeg()[:-2], "its end is missing"),
    (build_jpeg()[:20], "its end is missing"),
    (build_gif()[:-1], "its end is missing"),
    (build_webp()[:-3], "its end is missing"),
    (build_png(60_000, 60_000), "60,000 × 60,000 pixels"),
    (build_png(0, 5), "0 × 5 pixels"),
    (build_jpeg(65_000, 65_000), "65,000 × 65,000"),
]


@pytest.mark.parametrize(("content", "sentence"), REFUSED)
def test_anything_else_is_refused_in_plain_words(content: bytes, sentence: str) -> None:
    with pytest.raises(InvalidFile) as refused:
        read_picture(BytesIO(content), "photo.png")
    assert sentence in refused.value.message
    assert refused.value.message.startswith("photo.png ")


WHOLE = st.sampled_from([build_png(), build_jpeg(), build_gif(), build_webp(), SVG])


@given(WHOLE, st.integers(0, 200), st.binary(max_size=40))
def test_any_bytes_are_a_picture_or_refused(whole: bytes, position: int, junk: bytes) -> None:
    content = whole[:position] + junk + whole[position + len(junk) :]
    with suppress(InvalidFile):
        picture = read_picture(BytesIO(content), "a")
        assert picture.width * picture.height


@given(st.binary(max_size=200))
def test_any_beginning_is_identified_or_not(head: bytes) -> None:
    kind = identify(head[:HEAD_BYTES])
    assert kind is None or kind.noun
