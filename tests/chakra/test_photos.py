"""Photos: uploaded as forms, under an ID of ours or not, and fetched whatever Chakra sends."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.photos import PhotoDescription, PhotoFile, PhotosApi, build_photo_form
from bot.errors import (
    ChakraError,
    InvalidResponse,
    OutcomeUnknown,
    Rejected,
    ResourceNotFound,
)
from tests.chakra.test_media import parse_parts
from tests.chakra.upstream import Upstream, await_within, read_example, reply, reply_text
from tests.clock import ManualClock
from tests.media.pictures import build_png

PHOTO = "f03ee609-cd2d-4e61-821d-9b0531e4ad8c"
"""The ID of the documented example."""
CONTENT = build_png(padding=200_000)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def build_form() -> Any:
    return build_photo_form("mobile_screenshot.png", "image/png", "png", BytesIO(CONTENT))


@pytest.mark.parametrize("has_id", [True, False])
async def test_upload_is_a_form_with_the_documented_parts(
    clock: ManualClock, *, has_id: bool
) -> None:
    upstream = Upstream([reply(200, read_example("upload-photo.response"))])
    async with upstream.open_http(clock) as http:
        api = PhotosApi(http)
        photo = await (
            api.upload(build_form(), UUID(PHOTO)) if has_id else api.upload_new(build_form())
        )
    assert (photo.id, photo.filename, photo.filetype) == (PHOTO, "mobile_screenshot", "png")
    assert (photo.width, photo.height) == (None, None)
    (request,) = upstream.requests
    path = f"/v1/ext/photo/{PHOTO}" if has_id else "/v1/ext/photo"
    assert (request.method, request.url.path) == ("POST", path)
    assert request.headers["content-length"] == str(len(request.content))
    parts = parse_parts(request.headers["content-type"], request.content)
    assert set(parts) == {"photo", "filename", "filetype"}
    assert parts["photo"].get_content_type() == "image/png"
    assert parts["photo"].get_payload(decode=True) == CONTENT
    assert parts["filename"].get_payload(decode=True) == b"mobile_screenshot.png"
    assert parts["filetype"].get_payload(decode=True) == b"png"


async def test_retry_sends_the_whole_photo_again(clock: ManualClock) -> None:
    upstream = Upstream([reply(429), reply(200, read_example("upload-photo.response"))])
    async with upstream.open_http(clock) as http:
        await await_within(clock, 2, PhotosApi(http).upload(build_form(), UUID(PHOTO)))
    for request in upstream.requests:
        parts = parse_parts(request.headers["content-type"], request.content)
        assert parts["photo"].get_payload(decode=True) == CONTENT


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(400, {"_errors": ["exists"]}), Rejected),
        (reply(200, {"_errors": ["no"]}), Rejected),
        (reply(500), OutcomeUnknown),
        (reply(200, {"_data": {}}), OutcomeUnknown),
        (reply(200, {"_data": {"id": "00000000-0000-0000-0000-000000000000"}}), OutcomeUnknown),
        (httpx.ReadError(""), OutcomeUnknown),
    ],
)
async def test_failed_upload_raises_the_reason(
    clock: ManualClock, answer: Any, error: type[ChakraError]
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        with pytest.raises(error):
            await await_within(clock, 30, PhotosApi(http).upload(build_form(), UUID(PHOTO)))


def reply_picture(content: bytes = CONTENT, media_type: str = "image/png") -> httpx.Response:
    return httpx.Response(200, content=content, headers={"Content-Type": media_type})


async def fetch(
    clock: ManualClock, *answers: Any, max_bytes: int = 1_000_000
) -> tuple[PhotoFile | PhotoDescription, bytes, Upstream]:
    upstream, sink = Upstream(list(answers)), BytesIO(b"something older and longer" * 20_000)
    async with upstream.open_http(clock) as http:
        found = await PhotosApi(http).fetch(PHOTO, sink, max_bytes=max_bytes)
    return found, sink.getvalue(), upstream


async def test_binary_is_written_as_it_is(clock: ManualClock) -> None:
    found, content, upstream = await fetch(clock, reply_picture())
    assert found == PhotoFile("image/png")
    assert content == CONTENT
    assert upstream.requests[0].url.path == f"/v1/ext/photo/{PHOTO}"


async def test_object_is_returned_as_it_is(clock: ManualClock) -> None:
    found, _, _ = await fetch(clock, reply(200, read_example("upload-photo.response")))
    assert isinstance(found, PhotoDescription)
    assert found.fields == read_example("upload-photo.response")["_data"]


async def test_object_with_a_url_of_chakras_leads_to_the_photo(clock: ManualClock) -> None:
    described = {"_data": {"id": PHOTO, "url": "https://chakra.test/v1/photos/1?key=2"}}
    found, content, upstream = await fetch(clock, reply(200, described), reply_picture())
    assert (found, content) == (PhotoFile("image/png"), CONTENT)
    assert str(upstream.requests[1].url) == "https://chakra.test/v1/photos/1?key=2"


@pytest.mark.parametrize("url", ["https://evil.test/x", "http://chakra.test/x", "//x", "x", ""])
async def test_url_of_another_host_is_only_shown(clock: ManualClock, url: str) -> None:
    found, _, upstream = await fetch(clock, reply(200, {"_data": {"id": PHOTO, "url": url}}))
    assert isinstance(found, PhotoDescription)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply_picture(bytes(1_000_001)), InvalidResponse),
        (reply_text(200, "<html>", "text/html"), InvalidResponse),
        (reply(404, {"_errors": ["no"]}), ResourceNotFound),
        (reply(200, {"_errors": ["no"]}), Rejected),
        (reply(302, None, location="https://evil.test/"), InvalidResponse),
    ],
    ids=["large", "html", "404", "errors", "elsewhere"],
)
async def test_photo_that_cannot_be_fetched_raises_the_reason(
    clock: ManualClock, answer: Any, error: type[ChakraError]
) -> None:
    with pytest.raises(error):
        await fetch(clock, answer)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=8).filter(lambda key: key != "_errors"), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(ANY_JSON)
async def test_description_of_any_shape_is_returned(data: object) -> None:
    found, _, _ = await fetch(ManualClock(), reply(200, {"_data": data}))
    assert isinstance(found, PhotoDescription)
    assert found.fields == data if isinstance(data, Mapping) else found.fields["photo"] == data
