"""The embedded Chakra's request counts beyond its memory."""

from __future__ import annotations

import asyncio

from bot.sandbox.chakra import RecordedRequest
from bot.sandbox.chakra.accepted_send import SEND_TO_PHONE
from bot.sandbox.chakra.request_log import RequestLog
from tests.clock import settle
from tests.sandbox.chakra_whatsapp import build_phone_send_path


async def test_counts_stay_exact_when_requests_are_evicted() -> None:
    traffic = RequestLog(max_requests=2)
    waiting = asyncio.create_task(traffic.wait_for_count(5, SEND_TO_PHONE))
    for number in range(5):
        assert not waiting.done()
        path = build_phone_send_path(f"1202555010{number}")
        traffic.record(RecordedRequest("POST", path, SEND_TO_PHONE.removeprefix("POST "), {}, {}))
        await settle()
    assert waiting.done()
    assert len(traffic.requests) == 2
    endpoints = ("*", SEND_TO_PHONE, "GET /v1", "/v1/ext", build_phone_send_path("12025550100"))
    assert [traffic.count(endpoint) for endpoint in endpoints] == [5, 5, 0, 5, 1]
    traffic.requests.clear()
    assert (traffic.count("*"), len(traffic.requests)) == (0, 0)
