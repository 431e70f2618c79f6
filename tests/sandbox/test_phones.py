"""The page's WhatsApp pane: its API, and the clock that skips a day."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from bot.sandbox.phones_api import MAX_SHOWN_MESSAGES
from bot.sandbox.skipping_clock import SkippingClock
from tests.sandbox.chakra_whatsapp import OTHER_SENDER, SENDER
from tests.world import World


async def post(world: World, path: str, **body: Any) -> Any:
    async with (
        aiohttp.ClientSession(world.slack.base_url) as session,
        session.post(f"/sandbox/phones/{path}", json=body) as answer,
    ):
        return await answer.json()


async def get_phones(world: World) -> Any:
    async with (
        aiohttp.ClientSession(world.slack.base_url) as session,
        session.get("/sandbox/phones") as answer,
    ):
        return await answer.json()


async def test_customers_act_on_their_phones(acme: World) -> None:
    acme.phones.seed()
    ravi = {"customer": 0, "to": OTHER_SENDER}
    assert await post(acme, "do", **ravi, do="write", text="Hello") == {"ok": True}
    assert (await post(acme, "do", **ravi, do="picture"))["ok"]
    shown = await get_phones(acme)
    assert shown["customers"][0]["name"] == "Aarav Mehta"
    hello, picture = shown["customers"][0]["messages"]
    assert (hello["text"], hello["number"], hello["is_theirs"]) == ("Hello", OTHER_SENDER, True)
    assert shown["customers"][0]["windows"].keys() == {OTHER_SENDER}
    async with (
        aiohttp.ClientSession(acme.slack.base_url) as session,
        session.get(picture["picture"]) as answer,
    ):
        assert answer.content_type == "image/png"
    assert (await post(acme, "do", **ravi, do="revoke", wamid=hello["id"]))["ok"]
    assert (await get_phones(acme))["customers"][0]["messages"][0]["is_revoked"]
    await acme.wait_until_idle()


async def test_what_a_phone_cannot_do_is_refused(acme: World) -> None:
    acme.phones.seed()
    ravi = {"customer": 0, "to": SENDER}
    for wrong in (
        {**ravi, "do": "write", "text": "  "},
        {**ravi, "do": "fly"},
        {**ravi, "do": "press", "wamid": "wamid.x", "title": "Yes"},
        {**ravi, "customer": 17, "do": "stop"},
    ):
        refused = await post(acme, "do", **wrong)
        assert not refused["ok"]
        assert refused["error"]
    assert not (await post(acme, "do", do="stop"))["ok"]
    assert not (await post(acme, "skip"))["ok"]


async def test_new_customers_with_and_without_a_number(acme: World) -> None:
    seen = await post(acme, "add", name="Lin", has_number=True)
    hidden = await post(acme, "add", name="Lin Wei", has_number=False)
    by_index = {each["index"]: each for each in (await get_phones(acme))["customers"]}
    assert by_index[seen["customer"]]["phone"].startswith("+91")
    assert by_index[hidden["customer"]]["phone"] == ""
    assert by_index[hidden["customer"]]["username"] == "lin.wei"


async def test_customers_write_by_themselves_once_asked(acme: World) -> None:
    acme.phones.seed()
    assert not any(customer.phone for customer in acme.chakra.customers)
    await post(acme, "story")
    await acme.clock.advance(20)
    assert [len(customer.phone) for customer in acme.chakra.customers] == [2, 1, 1]


async def test_meta_changes_a_template_and_the_account(acme: World) -> None:
    for verb in ("pause", "category", "quality"):
        assert await post(acme, "meta", do=verb) == {"ok": True}
    assert not (await post(acme, "meta", do="nothing"))["ok"]
    template = acme.chakra.find_template("order_update", "en_US")
    assert (template.status, template.correct_category) == ("PAUSED", "MARKETING")
    assert acme.chakra.sender_listings[0]["qualityScore"] == {"score": "YELLOW"}
    await acme.wait_until_idle()
    fields = [
        webhook.body["entry"][0]["changes"][0]["field"]
        for webhook in acme.chakra.delivered_webhooks
    ]
    assert sorted(fields) == [
        "message_template_quality_update",
        "message_template_status_update",
        "phone_number_quality_update",
        "template_category_update",
    ]


async def test_changes_are_announced_once_until_they_are_fetched(acme: World) -> None:
    acme.phones.seed()
    announced: list[None] = []
    acme.phones.announce = lambda: announced.append(None)
    ravi = next(iter(acme.chakra.customers))
    for number in range(MAX_SHOWN_MESSAGES + 1):
        ravi.write(str(number))
    assert len(announced) == 1
    shown = (await get_phones(acme))["customers"][0]["messages"]
    assert len(shown) == MAX_SHOWN_MESSAGES
    ravi.write("More")
    assert len(announced) == 2
    await acme.wait_until_idle()


async def test_skipped_time_fires_what_fell_due_in_it() -> None:
    clock = SkippingClock()
    fired: list[str] = []
    ended = asyncio.Event()
    clock.call_later(3601, ended.set)
    clock.call_later(3600, lambda: fired.append("second"))
    clock.call_later(60, lambda: fired.append("first"))
    cancelled = clock.call_later(60, lambda: fired.append("never"))
    later = clock.call_later(10 * 86_400, lambda: fired.append("later"))
    cancelled.cancel()
    began, monotonic = clock.time(), clock.monotonic()
    clock.skip(86_400)
    assert clock.time() - began == pytest.approx(86_400, abs=5)
    assert clock.monotonic() - monotonic == pytest.approx(86_400, abs=5)
    await ended.wait()
    assert fired == ["first", "second"]
    later.cancel()
