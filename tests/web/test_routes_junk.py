"""Junk at the bot's doors, signed and unsigned: a 4xx or a sentence, never a 5xx."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.request_client import EVENTS_PATH, JSON_TYPE, RequestClient, open_request_client
from tests.shared_world import SharedWorld

MEI, SALES = "U0MEI", "C0SALES"
USER = {"id": MEI, "team_id": "T0ACME"}
MENU = {
    "type": "message_action",
    "callback_id": "send.from_message",
    "trigger_id": "1.2.x",
    "user": {**USER, "id": "U0JOHN"},
}
VIEW = {"id": "V1", "callback_id": "user.edit", "blocks": [], "state": {"values": {}}}
SEND = {**VIEW, "callback_id": "send.submit"}
SENDER = {"id": "U0JOHN", "team_id": "T0ACME"}
FILES: list[Any] = ["F1", 5, {"id": "F1"}, ["F1"], [None], [{}], [{"id": 5}], [{"size": "x"}]]
WITH_FILES = [{"file": {"send.file": {"type": "file_input", "files": files}}} for files in FILES]


pytestmark = pytest.mark.asyncio(loop_scope="module")
REPLAY_SECONDS = 301
"""After which the same signed request is no longer a replay."""


@pytest_asyncio.fixture(loop_scope="module")
async def client(module_world: SharedWorld) -> AsyncIterator[RequestClient]:
    await module_world.world.clock.jump(REPLAY_SECONDS)
    async with open_request_client(module_world.world) as client:
        yield client


async def is_alive(client: RequestClient) -> bool:
    """A person's command right now."""
    delivered = await client.world.slack.type(MEI, SALES, "/chakra help")
    return delivered.status == 200 and "/chakra user" in str(delivered.body)


COMMAND = urlencode({"command": "/chakra", "text": "help", "user_id": MEI}).encode()


async def test_unsigned_request_is_rejected(client: RequestClient) -> None:
    plain = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await client.request(EVENTS_PATH)).status == 405
    assert (await client.request(EVENTS_PATH, "POST", data=COMMAND, headers=plain)).status == 401
    forged = client.world.slack.sign_request(b"something else")
    assert (await client.request(EVENTS_PATH, "POST", data=COMMAND, headers=forged)).status == 401
    for age in (-301, 301, 86_400):
        assert (
            await client.post_signed(COMMAND, signed_at=client.world.clock.time() - age)
        ).status == 401
    assert (await client.post_signed(COMMAND)).status == 200
    assert (await client.post_signed(COMMAND)).status == 409
    assert await is_alive(client)


async def test_twenty_megabyte_body_is_rejected_and_the_bot_survives(client: RequestClient) -> None:
    huge = b"command=%2Fchakra&text=" + b"x" * 20_000_000

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(huge), 1_000_000):
            yield huge[start : start + 1_000_000]

    headers = client.world.slack.sign_request(huge)
    assert await post_status(client, data=io.BytesIO(huge), headers=headers) in (413, None)
    assert await post_status(client, data=chunks(), headers=headers) in (413, None)
    assert await is_alive(client)


async def post_status(client: RequestClient, **request: Any) -> int | None:
    """The status; None where the bot closed the connection on a sender who went on sending."""
    try:
        return (await client.request(EVENTS_PATH, "POST", **request)).status
    except (ConnectionError, OSError):
        return None


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"command=/chakra&text=\xff\xfe", "application/x-www-form-urlencoded"),
        (b'{"a": "\xff"}', JSON_TYPE),
        (b"", "application/x-www-form-urlencoded"),
        (b"", JSON_TYPE),
        (b"a=b", "application/x-www-form-urlencoded"),
        (b"{", JSON_TYPE),
        (b"[]", JSON_TYPE),
        (b"null", JSON_TYPE),
        (b'{"a": "\\ud800"}', JSON_TYPE),
        (b"[" * 100_000, JSON_TYPE),
        (b'{"a":' * 100_000, JSON_TYPE),
        (b"payload=", "application/x-www-form-urlencoded"),
        (b"payload=%7B", "application/x-www-form-urlencoded"),
        (b"payload=[]", "application/x-www-form-urlencoded"),
        (b"payload=%FF", "application/x-www-form-urlencoded"),
        (b"<xml/>", "text/xml"),
        (b"x", "multipart/form-data; boundary=x"),
    ],
)
async def test_malformed_signed_body_is_a_4xx(
    client: RequestClient, body: bytes, content_type: str
) -> None:
    answer = await client.post_signed(body, content_type)
    assert 400 <= answer.status < 500
    assert answer.text
    assert await is_alive(client)


ODD_PAYLOADS: list[Any] = [
    {},
    {"type": "event_callback"},
    {"type": "event_callback", "event": "x"},
    {"type": "event_callback", "event": {"type": {"a": 1}}},
    {"type": "url_verification"},
    {"type": "url_verification", "challenge": {"a": [1]}},
    {"authorizations": {"a": 1}},
    {"authorizations": [1]},
    {"authorizations": []},
    {"team": "T1"},
    {"team": [], "user": 3, "enterprise": "x"},
    {"type": ["block_actions"]},
    {"type": None},
    {"is_enterprise_install": {"a": 1}, "enterprise_id": [1]},
    {"response_urls": 5},
    {"response_urls": [None]},
    {"ssl_check": "1", "token": {"a": 1}},
    {"command": 7},
    {"command": "/chakra", "text": {"a": 1}},
    {"command": "/chakra", "text": None},
    {"type": "block_actions"},
    {"type": "block_actions", "actions": []},
    {"type": "block_actions", "actions": {}},
    {"type": "block_actions", "actions": "x"},
    {"type": "block_actions", "actions": ["x"]},
    {"type": "block_actions", "actions": [{}]},
    {"type": "block_actions", "actions": [{"action_id": None}]},
    {"type": "block_actions", "actions": [{"action_id": 5}]},
    {"type": "block_actions", "actions": [{"action_id": "user.refresh"}], "user": USER},
    {"type": "block_actions", "actions": [{"action_id": "user.refresh"}], "user": ""},
    {"type": "block_actions", "actions": [{"action_id": "user.refresh"}], "user": {"id": ""}},
    {"type": "block_actions", "actions": [{"action_id": "user.refresh"}], "response_url": 5},
    {"type": "block_actions", "actions": [{"action_id": "user.refresh"}], "response_url": "x"},
    {"type": "block_actions", "actions": [{"action_id": "user.refresh"}], "view": {}, "user": USER},
    {"type": "block_actions", "actions": [{"action_id": "user.refresh"}], "view": []},
    {"type": "block_actions", "actions": [{"action_id": "user.refresh"}], "view": None},
    {"type": "block_actions", "actions": [{"action_id": "no.such"}], "user": USER},
    {"type": "block_actions", "actions": [{"action_id": "help.run:x", "value": 5}], "user": USER},
    {"type": "view_submission"},
    {"type": "view_submission", "view": None},
    {"type": "view_submission", "view": "callback_id"},
    {"type": "view_submission", "view": ["callback_id"]},
    {"type": "view_submission", "view": {}},
    {"type": "view_submission", "view": {"callback_id": "user.edit"}, "user": USER},
    {"type": "view_submission", "view": {"callback_id": {}, "type": 5}, "user": USER},
    {"type": "view_submission", "view": {**VIEW, "callback_id": "no.such"}, "user": USER},
    {"type": "view_submission", "view": {**VIEW, "state": []}, "user": USER},
    {"type": "view_submission", "view": {**VIEW, "state": {"values": [1]}}, "user": USER},
    {"type": "view_submission", "view": {**VIEW, "blocks": None, "submit": {}}, "user": USER},
    {"type": "view_submission", "view": {**VIEW, "blocks": ["x"], "submit": {}}, "user": USER},
    {"type": "view_submission", "view": {**VIEW, "private_metadata": "{"}, "user": USER},
    {"type": "view_submission", "view": {**VIEW, "private_metadata": 5}, "user": USER},
    {"type": "view_submission", "view": {**VIEW, "id": {"a": 1}}, "user": USER},
    *(
        {"type": "view_submission", "view": {**SEND, "state": {"values": files}}, "user": SENDER}
        for files in WITH_FILES
    ),
    {"type": "view_submission", "view": VIEW},
    {"type": "view_submission", "view": VIEW, "user": {}},
    {"type": "view_submission", "view": VIEW, "user": {"id": None}},
    {"type": "view_closed", "view": VIEW, "user": USER},
    {"type": "view_closed", "view": 5},
    {"type": "block_suggestion"},
    {"type": "block_suggestion", "action_id": None},
    {"type": "block_suggestion", "action_id": ["user.pick"]},
    {"type": "block_suggestion", "action_id": "no.such", "value": 5, "user": USER},
    {"type": "shortcut", "callback_id": "x"},
    {"type": "message_action", "callback_id": None},
    {**MENU, "callback_id": "no.such", "message": {"text": "x"}},
    {**MENU, "message": {"text": 5, "blocks": [None, {"type": []}], "attachments": {"a": 1}}},
    {
        **MENU,
        "message": {"text": "+91 98765 43210", "blocks": {}},
        "response_url": 5,
        "channel": None,
    },
    {"type": "dialog_submission", "callback_id": "x"},
    {"type": "interactive_message", "callback_id": "x"},
    {"type": "workflow_step_edit", "callback_id": "x"},
]


@pytest.mark.parametrize("odd", ODD_PAYLOADS, ids=json.dumps)
async def test_oddly_shaped_signed_payload_is_never_a_5xx(client: RequestClient, odd: Any) -> None:
    for answer in (await client.post_json(odd), await client.post_payload(odd)):
        assert answer.status < 500, answer.text
        assert "Traceback" not in answer.text
    await client.world.settle()
    assert await is_alive(client)


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "/chakra"},
        {"command": "/chakra", "text": "user", "user_id": ""},
        {"command": "/other", "text": "user me", "user_id": MEI},
        {"command": "", "text": "user me", "user_id": MEI},
        {"command": "/chakra", "text": "user me", "user_id": "U0STRANGER"},
        {"command": "/chakra", "text": "user me", "user_id": MEI, "response_url": "ftp://x"},
        {"command": "/chakra", "text": "\x00" * 50, "user_id": MEI},
        {"command": "/chakra", "text": "x" * 100_000, "user_id": MEI},
        {"command": "/chakra", "text": "payload", "user_id": MEI},
    ],
)
async def test_incomplete_signed_form_is_answered_with_an_error(
    client: RequestClient, fields: dict[str, str]
) -> None:
    answer = await client.post_command(**fields)
    assert answer.status == 200
    assert len(answer.json["text"]) > 20
    assert await is_alive(client)


async def test_slack_ssl_check_is_answered(client: RequestClient) -> None:
    assert (await client.post_command(ssl_check="1", token="x")).status == 200


@pytest.mark.parametrize("host", ["[", "a b", "\x7f", "x" * 5_000, "[::1", ""])
@pytest.mark.parametrize("path", ["/readyz", "/nowhere", EVENTS_PATH])
async def test_odd_host_headers_break_nothing(client: RequestClient, host: str, path: str) -> None:
    line = await send_raw(
        client, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    assert b" 5" not in line[:12]


@pytest.mark.parametrize("path", ["/healthz", EVENTS_PATH, "/"])
async def test_websocket_upgrade_is_rejected(client: RequestClient, path: str) -> None:
    line = await send_raw(
        client,
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )
    assert line.startswith(b"HTTP/1.1 403")
    assert await is_alive(client)


@pytest.mark.parametrize(
    "sent", ["\x16\x03\x01\x02\x00\x01", "GET\r\n\r\n", "BREW / HTTP/1.1\r\n\r\n", "\r\n\r\n\r\n"]
)
async def test_non_http_bytes_break_nothing(client: RequestClient, sent: str) -> None:
    assert b" 5" not in (await send_raw(client, sent, end=True))[:12]
    assert await is_alive(client)


async def send_raw(client: RequestClient, sent: str, *, end: bool = False) -> bytes:
    """The first line that comes back for these very bytes."""
    bot = urlsplit(client.world.bot_url)
    reader, writer = await asyncio.open_connection(bot.hostname, bot.port)
    try:
        writer.write(sent.encode("latin-1"))
        if end:
            writer.write_eof()
        return await reader.readline()
    finally:
        writer.transport.abort()


LEAVES = st.none() | st.booleans() | st.integers(-9, 10**12) | st.text(max_size=8)
NAMES = st.sampled_from(
    ["id", "team_id", "enterprise_id", "values", "value", "type", "callback_id", "action_id"]
)
WILD = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "action_id",
    "authorizations",
    "bot_profile",
    "callback_id",
    "channel",
    "channel_id",
    "command",
    "container",
    "enterprise",
    "event",
    "function_data",
    "is_enterprise_install",
    "message",
    "response_url",
    "response_urls",
    "ssl_check",
    "state",
    "team",
    "text",
    "trigger_id",
    "user_id",
    "value",
    "workflow_step",
)
PAYLOADS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(
            [
                "block_actions",
                "view_submission",
                "view_closed",
                "block_suggestion",
                "event_callback",
                "shortcut",
                "message_action",
                "interactive_message",
                "url_verification",
                "workflow_step_edit",
            ]
        )
        | WILD,
        "user": WILD | st.just(USER),
        "view": WILD | st.just(VIEW),
        "actions": WILD | st.lists(st.just({"action_id": "user.refresh"}) | WILD, max_size=2),
        **dict.fromkeys(FIELDS, WILD),
    },
)


@given(payload=PAYLOADS, as_form=st.booleans())
@settings(
    max_examples=90,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_any_signed_payload_is_below_500(
    client: RequestClient, payload: dict[str, Any], as_form: bool
) -> None:
    answer = await (client.post_payload(payload) if as_form else client.post_json(payload))
    assert answer.status < 500
