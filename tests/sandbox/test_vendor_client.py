"""What ChakraHQ's own TypeScript client relies on: it must work here unchanged.

Facts of `@chakrahq/chakra-chat-sdk` 1.1.3: its paths, its headers and multipart bodies as Node's
fetch serializes them, and how it reads a response. It was run against the embedded Chakra once;
these tests keep what that showed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.accepted_send import SEND_META_MESSAGE, SEND_TO_PHONE
from bot.sandbox.chakra.faults import (
    EmptyBody,
    ErrorsWithStatus200,
    Fault,
    Hang,
    HtmlErrorPage,
    InvalidJsonBody,
    MetaErrorResponse,
    ResetBeforeHandling,
    StatusResponse,
    TooManyRequests,
)
from tests.clock import ManualClock
from tests.sandbox.chakra_client import read_doc, serve_chakra
from tests.sandbox.chakra_whatsapp import CUSTOMER_NUMBER, OTHER_SENDER, PLUGIN, SENDER

TO, WINDOW_OPEN = "919999999999", "12025550134"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
BOUNDARY = "----formdata-undici-046052663611"


class VendorError(Exception):
    """The client's error: its message, the status and the strings of ``_errors``."""

    def __init__(self, message: str, status: int, errors: list[str]) -> None:
        super().__init__(message)
        self.status = status
        self.errors = errors


@dataclass(frozen=True)
class VendorClient:
    """Requests and reads exactly as the client does."""

    chakra: EmbeddedChakra
    session: aiohttp.ClientSession
    token: str = ""

    async def send_template(self, to: str = TO, plugin: str = PLUGIN, **body: Any) -> Any:
        path = f"{plugin}/phoneNumber/{quote(to, safe='')}/send-template-message"
        sent = {"whatsappPhoneNumberId": SENDER, **body}
        return await self._post(path, json.dumps(sent).encode(), "application/json")

    async def send_session_message(self, message: dict[str, Any]) -> Any:
        path = f"{PLUGIN}/api/v19.0/{SENDER}/messages"
        return await self._post(path, json.dumps(message).encode(), "application/json")

    async def upload(self, content: bytes, media_type: str, filename: str | None) -> Any:
        """Without a name it sends "undefined", and leaves the second part out."""
        parts = [
            f'Content-Disposition: form-data; name="file"; filename="{filename or "undefined"}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n".encode()
            + content
        ]
        if filename:
            named = f'Content-Disposition: form-data; name="filename"\r\n\r\n{filename}'
            parts.append(named.encode())
        begin = f"--{BOUNDARY}\r\n".encode()
        body = b"".join(begin + part + b"\r\n" for part in parts)
        body += f"--{BOUNDARY}--\r\n".encode()
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return await self._post(f"{PLUGIN}/upload-public-media", body, kind)

    async def _post(self, path: str, body: bytes, content_type: str) -> Any:
        headers = {
            "Authorization": f"Bearer {self.token or self.chakra.access_token}",
            "Accept": "application/json",
            "X-Chakra-SDK": "@chakrahq/chakra-chat-sdk/1.1.3",
            "Content-Type": content_type,
            "Accept-Language": "*",
            "Sec-Fetch-Mode": "cors",
            "User-Agent": "node",
            "Accept-Encoding": "gzip, deflate",
        }
        url = self.chakra.base_url + path
        async with self.session.post(url, data=body, headers=headers) as answer:
            read = _parse_body(answer.headers.get("content-type", ""), await answer.text())
            if not 200 <= answer.status < 300:
                raise _build_error(answer.status, read)
            return read["_data"] if isinstance(read, dict) and "_data" in read else None


def _parse_body(content_type: str, text: str) -> Any:
    """Return JSON if the type says so, whatever is in it; else JSON or the text itself."""
    if "application/json" in content_type:
        return json.loads(text)
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _build_error(status: int, read: Any) -> VendorError:
    given = read.get("_errors") if isinstance(read, dict) else None
    errors = given if isinstance(given, list) else []
    assert all(isinstance(error, str) for error in errors)  # its type for them: string[]
    otherwise = read if isinstance(read, str) else f"Request failed with status {status}"
    return VendorError(errors[0] if errors else otherwise, status, errors)


@pytest.fixture
async def chakra() -> AsyncIterator[EmbeddedChakra]:
    async with serve_chakra(ManualClock()) as chakra:
        yield chakra


@pytest.fixture
async def vendor(chakra: EmbeddedChakra) -> AsyncIterator[VendorClient]:
    async with aiohttp.ClientSession() as session:
        yield VendorClient(chakra, session)


def build_mapping(*values: str) -> list[dict[str, str]]:
    return [
        {"schemaPropertyName": str(number), "schemaPropertyValue": value}
        for number, value in enumerate(values, 1)
    ]


# --- what works ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {
            "templateName": "christmas_promo_23",
            "mapping": build_mapping("John"),
            "imageUrl": "LINK",
        },
        {"templateName": "login_otp", "otpCode": "496093", "whatsappPhoneNumberId": OTHER_SENDER},
        {
            "templateName": "appointment_reminder",
            "language": "en",
            "mapping": build_mapping("Jane", "May 3", "10:00"),
        },
    ],
    ids=lambda body: body["templateName"],
)
async def test_vendor_send_returns_its_message_type(
    vendor: VendorClient, body: dict[str, Any]
) -> None:
    link = read_doc("send-template-phone.request")["imageUrl"]
    sent = {**body, "imageUrl": link} if "imageUrl" in body else body
    message = await vendor.send_template(**sent)
    documented = read_doc("send-template-phone.response")["_data"]
    assert {name: type(value) for name, value in message.items()} == {
        name: type(value) for name, value in documented.items()
    }
    assert message["externalId"].startswith("wamid.")
    [request] = vendor.chakra.requests
    assert (f"{request.method} {request.endpoint}", request.status) == (SEND_TO_PHONE, 200)
    assert request.headers["x-chakra-sdk"] == "@chakrahq/chakra-chat-sdk/1.1.3"


@pytest.mark.parametrize("name", ["imageUrl", "filename", "language", "otpCode", "locationName"])
async def test_empty_values_of_the_vendors_node_count_as_not_given(
    vendor: VendorClient, name: str
) -> None:
    values: dict[str, Any] = {name: "", "locationLatitude": 0, "locationLongitude": 0}
    assert (await vendor.send_template(templateName="hello_world", **values))["id"]


async def test_vendor_session_message_returns_a_wamid(vendor: VendorClient) -> None:
    text = {"type": "text", "text": {"body": "Hello from Chakra!"}}
    template = {
        "recipient_type": "individual",
        "type": "template",
        "template": {
            "name": "hello_world",
            "language": {"policy": "deterministic", "code": "en_US"},
            "components": [{"type": "body", "parameters": []}],
        },
    }
    for kind in (text, template):
        given = {"messaging_product": "whatsapp", "to": WINDOW_OPEN, **kind}
        assert (await vendor.send_session_message(given))["whatsappMessageId"].startswith("wamid.")
    assert [f"{request.method} {request.endpoint}" for request in vendor.chakra.requests] == [
        SEND_META_MESSAGE,
        SEND_META_MESSAGE,
    ]


async def test_vendor_upload_can_be_downloaded_and_sent(vendor: VendorClient) -> None:
    """Bytes are sent as application/octet-stream: the image type comes from the content."""
    uploaded = await vendor.upload(PNG, "application/octet-stream", "im ä.png")
    assert list(uploaded) == ["publicMediaUrl"]
    async with vendor.session.get(uploaded["publicMediaUrl"]) as answer:
        assert await answer.read() == PNG
    values = {"mapping": build_mapping("John"), "imageUrl": uploaded["publicMediaUrl"]}
    assert (await vendor.send_template(templateName="christmas_promo_23", **values))["id"]


async def test_vendor_upload_needs_no_file_name(vendor: VendorClient) -> None:
    uploaded = await vendor.upload(b"x", "text/plain", None)
    async with vendor.session.get(uploaded["publicMediaUrl"]) as answer:
        assert await answer.read() == b"x"


# --- what fails, as the client reads it ----------------------------------------------------------


async def catch_rejection(vendor: VendorClient, **asked: Any) -> VendorError:
    with pytest.raises(VendorError) as raised:
        await vendor.send_template(**{"templateName": "hello_world", **asked})
    return raised.value


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({"to": "+919999999999"}, 400, "phoneNumber"),
        ({"plugin": PLUGIN.replace("d83e1d23", "00000000")}, 404, "Plugin not found"),
        ({"templateName": "appointment_reminder"}, 400, "language is required"),
    ],
)
async def test_vendor_sees_chakra_rejections_as_one_string(
    vendor: VendorClient, asked: dict[str, Any], status: int, says: str
) -> None:
    failed = await catch_rejection(vendor, **asked)
    assert (failed.status, len(failed.errors)) == (status, 1)
    assert says in str(failed)


async def test_a_wrong_token_is_a_401_with_a_string(
    chakra: EmbeddedChakra, vendor: VendorClient
) -> None:
    failed = await catch_rejection(VendorClient(chakra, vendor.session, "wrong"))
    assert (failed.status, len(failed.errors)) == (401, 1)


async def test_vendor_finds_no_string_in_meta_rejections(vendor: VendorClient) -> None:
    """It looks for ``_errors`` only: of Meta's error object only the status remains."""
    failed = await catch_rejection(vendor, templateName="no_such_template")
    assert (str(failed), failed.errors) == ("Request failed with status 400", [])


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [
        (TooManyRequests(message_ms=850), 429, "Too many requests, retry after 850 ms"),
        (StatusResponse(500), 500, "status 500"),
        (HtmlErrorPage(502), 502, HtmlErrorPage(502).page),
        (MetaErrorResponse(131026), 400, "Request failed with status 400"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_vendor_failure_has_status_and_message(
    vendor: VendorClient, fault: Fault, status: int, says: str
) -> None:
    vendor.chakra.fail(SEND_TO_PHONE, fault)
    failed = await catch_rejection(vendor)
    assert (failed.status, str(failed)) == (status, says)


async def test_vendor_sees_no_message_for_errors_in_a_200(vendor: VendorClient) -> None:
    """It doesn't look for them there, and returns nothing to its caller."""
    vendor.chakra.fail(SEND_TO_PHONE, ErrorsWithStatus200())
    assert await vendor.send_template(templateName="hello_world") is None


@pytest.mark.parametrize("fault", [InvalidJsonBody(), EmptyBody()])
async def test_vendor_fails_on_mislabeled_json(vendor: VendorClient, fault: Fault) -> None:
    vendor.chakra.fail(SEND_TO_PHONE, fault)
    with pytest.raises(ValueError, match="Expecting value"):
        await vendor.send_template(templateName="hello_world")


async def test_vendor_must_detect_resets_and_timeouts_itself(vendor: VendorClient) -> None:
    vendor.chakra.fail(SEND_TO_PHONE, ResetBeforeHandling(), times=1)
    vendor.chakra.fail(SEND_TO_PHONE, Hang(), times=1)
    with pytest.raises(aiohttp.ClientError):
        await vendor.send_template(templateName="hello_world")
    waiting = asyncio.create_task(
        vendor.send_template(to=CUSTOMER_NUMBER, templateName="hello_world")
    )
    await vendor.chakra.wait_for_requests(2)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert vendor.chakra.sends == []
