"""The embedded Chakra's media over HTTP: public uploads, and files by their ID."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from io import BytesIO
from urllib.parse import urlsplit

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.media import MB
from bot.sandbox.chakra.multipart import FormPart, parse_multipart
from tests.clock import ManualClock
from tests.sandbox.chakra_client import ApiClient, ApiResponse, open_client, read_doc, serve_chakra
from tests.sandbox.chakra_whatsapp import (
    CUSTOMER_NUMBER,
    PLUGIN,
    build_phone_send_path,
    build_send,
    map_positions,
    serve_listener,
)

UPLOAD = f"{PLUGIN}/upload-public-media"
MEDIA = "1037543291543636"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[EmbeddedChakra]:
    async with serve_chakra(clock) as chakra:
        yield chakra


@pytest.fixture
async def client(chakra: EmbeddedChakra) -> AsyncIterator[ApiClient]:
    async with open_client(chakra) as client:
        yield client


async def post_upload(
    client: ApiClient, content: bytes, media_type: str = "", *, file: str = "a.bin", name: str = ""
) -> ApiResponse:
    form = aiohttp.FormData()
    form.add_field("file", BytesIO(content), filename=file, content_type=media_type or None)
    if name:
        form.add_field("filename", name)
    return await client.request("POST", UPLOAD, data=form)


async def upload_and_get_url(
    client: ApiClient, content: bytes, media_type: str, name: str = ""
) -> str:
    heard = await post_upload(client, content, media_type, name=name)
    assert heard.status == 200, heard.text
    return str(heard.json["_data"]["publicMediaUrl"])


async def test_upload_response_is_documented_and_file_is_public(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    heard = await post_upload(client, b"\x89PNG\r\n--x", "image/png", name="Photo One.PNG")
    documented = urlsplit(read_doc("upload-public-media.response")["_data"]["publicMediaUrl"])
    assert (set(heard.json), set(heard.json["_data"])) == ({"_data"}, {"publicMediaUrl"})
    url = heard.json["_data"]["publicMediaUrl"]
    assert url.startswith(f"{chakra.base_url}/media/public/")
    assert url.endswith(".png")
    path = url.removeprefix(chakra.base_url)
    assert path.split("/")[3] == documented.path.split("/")[1]
    assert path.split("/")[4] == "2023-11-14"
    got = await client.get(path, token="")
    assert (got.status, got.headers["content-type"]) == (200, "image/png")
    assert got.headers["content-length"] == "9"
    assert (await client.get(path.replace(".png", ".jpg"), token="")).status == 404
    assert chakra.count() == 1


@pytest.mark.parametrize(
    ("media_type", "most"),
    [
        ("image/png", 5),
        ("image/jpeg", 5),
        ("video/mp4", 16),
        ("audio/ogg", 16),
    ],
)
async def test_files_have_the_limits_of_their_kind(
    client: ApiClient, media_type: str, most: int
) -> None:
    heard = await post_upload(client, bytes(most * MB + 1), media_type)
    assert (heard.status, list(heard.json)) == (413, ["_errors"])
    assert (await post_upload(client, bytes(most * MB), media_type)).status == 200


@pytest.mark.parametrize("media_type", ["application/pdf", "image/gif"])
async def test_large_documents_are_accepted(client: ApiClient, media_type: str) -> None:
    assert (await post_upload(client, bytes(17 * MB), media_type)).status == 200


async def test_media_type_falls_back_to_the_file_extension(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    url = await upload_and_get_url(client, b"x", "application/octet-stream", name="invoice.pdf")
    got = await client.get(url.removeprefix(chakra.base_url), token="")
    assert got.headers["content-type"] == "application/pdf"


async def test_malformed_uploads(client: ApiClient) -> None:
    form = aiohttp.FormData({"filename": "a.png"})
    form.add_field("other", b"x", filename="b")
    answers = [
        await client.request("POST", UPLOAD, data=form),
        await client.request("POST", UPLOAD, data=b"x"),
        await client.request("POST", UPLOAD, json={"file": "x"}),
    ]
    for heard in answers:
        assert (heard.status, list(heard.json)) == (400, ["_errors"])
    assert (await post_upload(client, b"")).status == 400
    assert (await client.request("POST", UPLOAD.replace("d83e1d23", "00000000"))).status == 404


async def test_a_send_with_an_uploaded_file_of_the_wrong_kind_fails_later(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    good = await upload_and_get_url(client, b"x", "image/png")
    wrong = await upload_and_get_url(client, b"x", "application/pdf")
    lost = f"{chakra.base_url}/media/public/nothing.png"
    async with serve_listener() as hook:
        chakra.set_event_webhook(hook.url)
        for link in (good, wrong, lost):
            body = build_send("christmas_promo_23", mapping=map_positions("John"), imageUrl=link)
            assert (
                await client.request("POST", build_phone_send_path(CUSTOMER_NUMBER), json=body)
            ).status == 200
        await clock.advance(0.8)
        await hook.wait_for_requests(3)
        await chakra.settle()
    payloads = [got.json["payload"] for got in hook.requests]
    codes = {
        event["externalId"]: event.get("errorContext", {}).get("providerPayload", {}).get("code")
        for event in payloads
    }
    assert [codes[send.wamid] for send in chakra.sends] == [None, 131053, 131053]


async def test_media_object_url_points_to_the_sandbox(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    heard = await client.get(f"/v1/whatsapp/v24.0/media/{MEDIA}")
    assert (heard.status, set(heard.json)) == (200, set(read_doc("fetch-whatsapp-media.response")))
    url = heard.json["url"]
    assert url == f"{chakra.base_url}/v1/whatsapp/v24.0/attachments?mid={MEDIA}"
    path = url.removeprefix(chakra.base_url)
    details = await client.get(f"/v2/whatsapp/v24.0/media/{MEDIA}/show")
    attached = await client.get(path)
    for got in (details, attached):
        assert (got.status, got.headers["content-type"]) == (200, heard.json["mime_type"])
        assert got.headers["content-length"] == str(heard.json["file_size"])
    assert (await client.get(path, token="")).status == 401
    assert (await client.get(f"/v2/whatsapp/v24.0/media/{MEDIA}/show", token="")).status == 401


async def test_inbound_media(chakra: EmbeddedChakra, client: ApiClient) -> None:
    media_id = chakra.add_media(b"hello", "audio/ogg")
    heard = await client.get(f"/v1/whatsapp/v24.0/media/{media_id}")
    assert heard.json["sha256"] == hashlib.sha256(b"hello").hexdigest()
    details = await client.get(f"/v2/whatsapp/v24.0/media/{media_id}/show")
    assert (details.text, details.headers["content-type"]) == ("hello", "audio/ogg")


async def test_unknown_media_id_is_rejected_like_meta(client: ApiClient) -> None:
    for path in (
        "/v1/whatsapp/v24.0/media/1",
        "/v2/whatsapp/v24.0/media/1/show",
        "/v1/whatsapp/v24.0/attachments",
    ):
        heard = await client.get(path)
        error = heard.json["error"]
        assert (heard.status, error["code"], error["error_subcode"]) == (400, 100, 33)


@given(contents=some.lists(some.binary(max_size=80), max_size=4))
def test_multipart_parts_are_read_byte_for_byte(contents: list[bytes]) -> None:
    mark = b"a-boundary-that-no-content-holds"
    body = b"".join(
        b'--%b\r\nContent-Disposition: form-data; name="p%d"; filename="\xc3\xa9.bin"\r\n'
        b"Content-Type: image/png\r\n\r\n%b\r\n" % (mark, number, content)
        for number, content in enumerate(contents)
    )
    read = parse_multipart(
        f"multipart/form-data; boundary={mark.decode()}", body + b"--%b--\r\n" % mark
    )
    assert [part.content for part in read] == contents
    assert all(part.content_type == "image/png" for part in read)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("", b""),
        ("application/json", b"{}"),
        ("multipart/form-data", b"--b--"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--"),
        ("multipart/form-data; boundary=b", b"--b\r\nX: y\r\n\r\nx\r\n--b--"),
    ],
)
def test_invalid_multipart_bodies(content_type: str, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"multipart|breaks off|no name"):
        parse_multipart(content_type, body)


def test_part_headers_are_optional() -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="n"\r\n\r\nhi\r\n--b--'
    assert parse_multipart('multipart/form-data; boundary="b"', body) == (FormPart("n", b"hi"),)
