"""The calling endpoints, by the eight methods of the vendor's client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.faults import ErrorsWithStatus200
from tests.clock import ManualClock
from tests.sandbox.chakra_client import ApiClient, open_client, serve_chakra
from tests.sandbox.chakra_whatsapp import SENDER, read_code

BASE = f"/v1/whatsapp/v24.0/{SENDER}"
WROTE_TODAY, NEVER_WROTE = "12025550134", "12025550100"
OFFER = {"sdp_type": "offer", "sdp": "v=0"}
ANSWER = {"sdp_type": "answer", "sdp": "v=0"}
WHATSAPP = {"messaging_product": "whatsapp"}


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[EmbeddedChakra]:
    async with serve_chakra(clock) as served:
        yield served


@pytest.fixture
async def client(chakra: EmbeddedChakra) -> AsyncIterator[ApiClient]:
    async with open_client(chakra) as opened:
        yield opened


async def enable(client: ApiClient) -> None:
    enabled = {"calling": {"status": "ENABLED"}}
    answer = await client.request("POST", f"{BASE}/settings", json=enabled)
    assert (answer.status, answer.json) == (200, {"success": True})


async def call(client: ApiClient, action: str, **body: Any) -> Any:
    return await client.request(
        "POST", f"{BASE}/calls", json={**WHATSAPP, "action": action, **body}
    )


async def test_each_method_of_the_vendors_client_is_answered(client: ApiClient) -> None:
    before = await client.request("GET", f"{BASE}/settings?include_sip_credentials=true")
    assert before.json["calling"]["status"] == "DISABLED"
    await enable(client)
    after = await client.request("GET", f"{BASE}/settings")
    assert after.json["calling"] == {**before.json["calling"], "status": "ENABLED"}
    allowed = await client.request("GET", f"{BASE}/call_permissions?user_wa_id={WROTE_TODAY}")
    assert allowed.json["permission"]["status"] == "temporary"
    denied = await client.request("GET", f"{BASE}/call_permissions?recipient=IN.123")
    assert denied.json["permission"]["status"] == "no_permission"
    started = await call(client, "connect", to=WROTE_TODAY, session=OFFER)
    (one,) = started.json["calls"]
    for action, more in (
        ("pre_accept", {"session": ANSWER}),
        ("accept", {"session": ANSWER}),
        ("reject", {}),
        ("terminate", {}),
    ):
        answer = await call(client, action, call_id=one["id"], **more)
        assert answer.json == {**WHATSAPP, "success": True}


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("connect", {"to": NEVER_WROTE, "session": OFFER}, 138006),
        ("connect", {"session": OFFER}, 100),
        ("connect", {"to": WROTE_TODAY, "session": ANSWER}, 100),
        ("connect", {"to": WROTE_TODAY}, 100),
        ("accept", {"call_id": "wacid.1"}, 100),
        ("reject", {}, 100),
        ("hold", {"call_id": "wacid.1"}, 100),
    ],
)
async def test_incomplete_or_forbidden_calls_are_refused(
    client: ApiClient, action: str, body: dict[str, Any], code: int
) -> None:
    await enable(client)
    assert read_code(await call(client, action, **body)) == code


async def test_call_needs_settings_that_allow_calls(client: ApiClient) -> None:
    assert read_code(await call(client, "connect", to=WROTE_TODAY, session=OFFER)) == 138000


async def test_errors_in_a_200_are_at_the_top_level(
    client: ApiClient, chakra: EmbeddedChakra
) -> None:
    chakra.fail("GET /v1/whatsapp/{whatsappApiVersion}/{id}/settings", ErrorsWithStatus200("no"))
    assert (await client.request("GET", f"{BASE}/settings")).json == {"_errors": ["no"]}
