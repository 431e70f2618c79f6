"""Files: uploaded as forms, downloaded within limits, and never from another host than Chakra's."""

from __future__ import annotations

import asyncio
import email.message
import email.parser
import email.policy

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.media import MediaApi
from bot.chakra.models import Media
from bot.chakra.transport.exchange import MultipartFile
from bot.errors import (
    AuthenticationError,
    ChakraError,
    InvalidResponse,
    OutcomeUnknown,
    Rejected,
    ResourceNotFound,
    Unavailable,
)
from tests.chakra.upstream import (
    CONNECTION_REFUSED,
    Hang,
    Reply,
    Upstream,
    await_within,
    read_example,
    reply,
    reply_text,
)
from tests.clock import ManualClock

PLUGIN = "d83e1d23-50b8-4d87-8f92-842a0ac516f6"
MEDIA = "1037543291543636"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PICTURE = MultipartFile("Über uns.png", "image/png", PNG)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def parse_parts(content_type: str, body: bytes) -> dict[str, email.message.EmailMessage]:
    """Read by the standard library, as a stranger would."""
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        f"Content-Type: {content_type}\r\n\r\n".encode() + body
    )
    assert not message.defects
    parts = {}
    for part in message.iter_parts():
        assert isinstance(part, email.message.EmailMessage)
        parts[str(part.get_param("name", header="content-disposition"))] = part
    return parts


async def upload_file(clock: ManualClock, file: MultipartFile) -> httpx.Request:
    """Upload a file and return the request that arrived."""
    upstream = Upstream([reply(200, read_example("upload-public-media.response"))])
    async with upstream.open_http(clock) as http:
        await MediaApi(http, "v24.0").upload(PLUGIN, file)
    (request,) = upstream.requests
    return request


def read_parts(request: httpx.Request) -> dict[str, email.message.EmailMessage]:
    return parse_parts(request.headers["content-type"], request.content)


async def test_an_upload_is_a_form_with_the_file_and_its_name(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("upload-public-media.response"))])
    async with upstream.open_http(clock) as http:
        address = await MediaApi(http, "v24.0").upload(PLUGIN, PICTURE)
    assert address.startswith("https://chakra-public-media.chakrahq.com/")
    (request,) = upstream.requests
    assert request.method == "POST"
    assert request.url.path == f"/v1/ext/plugin/whatsapp/{PLUGIN}/upload-public-media"
    assert request.headers["authorization"] == "Bearer secret-token"
    assert request.headers["content-length"] == str(len(request.content))
    assert "transfer-encoding" not in request.headers
    parts = parse_parts(request.headers["content-type"], request.content)
    assert parts["file"].get_content_type() == "image/png"
    assert parts["file"].get_payload(decode=True) == PNG
    assert 'filename="Über uns.png"'.encode() in request.content
    assert parts["filename"].get_payload(decode=True) == "Über uns.png".encode()


@pytest.mark.parametrize("trouble", [CONNECTION_REFUSED, reply(429)])
async def test_a_retry_sends_the_whole_file_again(clock: ManualClock, trouble: Reply) -> None:
    upstream = Upstream([trouble, reply(200, read_example("upload-public-media.response"))])
    async with upstream.open_http(clock) as http:
        await await_within(clock, 2, MediaApi(http, "v24.0").upload(PLUGIN, PICTURE))
    for request in upstream.requests:
        assert request.headers["content-length"] == str(len(request.content))
        assert read_parts(request)["file"].get_payload(decode=True) == PNG
    assert len(upstream.requests) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(413, {"_errors": ["too large"]}), Rejected),
        (reply(401), AuthenticationError),
        (reply(200, {"_errors": ["no"]}), Rejected),
        (reply(500), OutcomeUnknown),
        (reply(200, {"_data": {}}), OutcomeUnknown),
        (reply(200, {"_data": {"publicMediaUrl": "javascript:x"}}), OutcomeUnknown),
        (httpx.ReadError(""), OutcomeUnknown),
        (CONNECTION_REFUSED, Unavailable),
    ],
)
async def test_failed_upload_raises_the_reason(
    clock: ManualClock, answer: Reply, error: type[ChakraError]
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        with pytest.raises(error):
            await await_within(clock, 30, MediaApi(http, "v24.0").upload(PLUGIN, PICTURE))


async def test_an_upload_may_take_two_minutes_and_no_more(clock: ManualClock) -> None:
    async with Upstream([Hang]).open_http(clock) as http:
        asking = asyncio.ensure_future(MediaApi(http, "v24.0").upload(PLUGIN, PICTURE))
        await clock.advance(119)
        assert not asking.done()
        await clock.advance(1)
        with pytest.raises(OutcomeUnknown):
            await asking


@pytest.mark.parametrize(
    ("media_type", "sent"),
    [
        ("image/png", "image/png"),
        ("", "application/octet-stream"),
        ("image/png\r\nX-Evil: 1", "application/octet-stream"),
        ("image", "application/octet-stream"),
        ("image/" + "x" * 100, "application/octet-stream"),
    ],
)
async def test_a_malformed_media_type_is_not_sent(
    clock: ManualClock, media_type: str, sent: str
) -> None:
    request = await upload_file(clock, MultipartFile("a", media_type, b"x"))
    assert read_parts(request)["file"].get_content_type() == sent


NAMES = st.text(max_size=300) | st.sampled_from(['a"b.png', "a\r\nX-Evil: 1", "", "..", "\ud800"])


@given(NAMES, st.binary(max_size=300))
async def test_any_name_and_content_make_one_part(name: str, content: bytes) -> None:
    request = await upload_file(ManualClock(), MultipartFile(name, "image/png", content))
    body = request.content
    assert request.headers["content-length"] == str(len(body))
    _, _, boundary = request.headers["content-type"].partition("boundary=")
    mark = f"--{boundary}\r\n".encode()
    assert body.startswith(mark)
    _, head_of_name, file_part = body.split(mark, 2)
    assert head_of_name.startswith(b'Content-Disposition: form-data; name="filename"\r\n\r\n')
    head, _, rest = file_part.partition(b"\r\n\r\n")
    assert head.count(b"\r\n") == 1
    assert head.count(b'"') == 4
    assert rest == content + f"\r\n--{boundary}--\r\n".encode()


async def test_media_metadata_can_be_fetched(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("fetch-whatsapp-media.response"))])
    async with upstream.open_http(clock) as http:
        media = await MediaApi(http, "v24.0").fetch(MEDIA)
    assert (media.id, media.mime_type, media.file_size) == (MEDIA, "image/jpeg", 12345)
    assert upstream.requests[0].url.path == f"/v1/whatsapp/v24.0/media/{MEDIA}"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(200, {"id": MEDIA}), InvalidResponse),
        (reply(200, {"_data": None}), InvalidResponse),
        (reply(404, {"_errors": ["no"]}), ResourceNotFound),
    ],
)
async def test_media_metadata_errors(
    clock: ManualClock, answer: httpx.Response, error: type[ChakraError]
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        with pytest.raises(error):
            await MediaApi(http, "v24.0").fetch(MEDIA)


@pytest.mark.parametrize(
    ("size", "read"), [("12345", 12345), (None, None), ("x", None), (-1, None)]
)
def test_file_size_is_a_number_or_none(size: object, read: int | None) -> None:
    media = Media.model_validate({"url": "https://a.test/", "file_size": size})
    assert media.file_size == read


def reply_picture(content: bytes = PNG, media_type: str = "image/png") -> httpx.Response:
    return httpx.Response(200, content=content, headers={"Content-Type": media_type})


async def test_media_content_is_downloaded_unchanged(clock: ManualClock) -> None:
    upstream = Upstream([reply_picture()])
    async with upstream.open_http(clock) as http:
        media = await MediaApi(http, "v24.0").download(MEDIA)
    assert (media.media_type, media.content) == ("image/png", PNG)
    (request,) = upstream.requests
    assert request.url.path == f"/v2/whatsapp/v24.0/media/{MEDIA}/show"
    assert request.headers["accept"] == "*/*"
    assert request.headers["authorization"] == "Bearer secret-token"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply_picture(b"x" * 1001), InvalidResponse),
        (reply_text(200, "<html>", "text/html"), InvalidResponse),
        (reply(200, {"url": "x"}), InvalidResponse),
        (httpx.Response(200, content=PNG), InvalidResponse),
        (reply(200, {"_errors": ["no"]}), Rejected),
        (reply(404, {"_errors": ["no"]}), ResourceNotFound),
        (reply(302, None, location="https://evil.test/"), InvalidResponse),
    ],
    ids=["large", "html", "json", "untyped", "errors", "404", "elsewhere"],
)
async def test_invalid_or_oversized_media_is_rejected(
    clock: ManualClock, answer: httpx.Response, error: type[ChakraError]
) -> None:
    upstream = Upstream([answer])
    async with upstream.open_http(clock) as http:
        with pytest.raises(error):
            await MediaApi(http, "v24.0").download(MEDIA, max_bytes=1000)
    assert len(upstream.requests) == 1


def build_media(address: str) -> Media:
    return Media.model_validate({"url": address})


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("https://chakra.test", "https://chakra.test/v1/whatsapp/v24.0/attachments?mid=1&a=b%2Fc"),
        ("https://chakra.test", "https://CHAKRA.test:443/v1/x?mid=1"),
        ("https://chakra.test:443/base", "https://chakra.test/base/v1/x"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/x"),
    ],
)
async def test_media_url_of_chakra_is_followed(
    clock: ManualClock, base_url: str, address: str
) -> None:
    upstream = Upstream([reply_picture()])
    async with upstream.open_http(clock, base_url=base_url) as http:
        media = await MediaApi(http, "v24.0").download_from_url(build_media(address))
    assert media.content == PNG
    (request,) = upstream.requests
    assert request.url == httpx.URL(address)
    assert request.headers["authorization"] == "Bearer secret-token"


@pytest.mark.parametrize(
    "address",
    [
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
        "http://chakra.test/v1/x",
        "https://chakra.test:8443/v1/x",
        "https://chakra.test.evil.test/v1/x",
        "https://chakra.test@evil.test/v1/x",
        "https://user@chakra.test/v1/x",
        "https://evil.test\\@chakra.test/v1/x",
        "https://chakra.test/base/../v1/x",
        "//evil.test/v1/x",
        "/v1/x",
        "file:///etc/passwd",
        "https://[bad",
        "https://chakra.test:99999999/",
        "",
    ],
)
async def test_token_is_never_sent_to_another_host(clock: ManualClock, address: str) -> None:
    upstream = Upstream([reply_picture()])
    async with upstream.open_http(clock) as http:
        with pytest.raises(InvalidResponse):
            await http.fetch_url("/media", address, max_bytes=1000)
    assert upstream.requests == []
