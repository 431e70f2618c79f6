"""Stories of ``/chakra templates``: the list, the card, and what goes wrong with them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bot.sandbox.chakra.faults import Hang, InvalidJsonBody, StatusResponse
from bot.sandbox.slack import visible_text
from bot.slack.age import date_token
from tests.clock import ManualClock
from tests.commands.template_stories import (
    ALL,
    MEI,
    NUMBERS,
    SALES,
    pressed,
    rows,
    seen,
    typed,
)
from tests.conftest import OpenWorld
from tests.world import World

# --- the list ------------------------------------------------------------------------------------


async def test_all_in_pages_that_stay_in_one_message(acme: World) -> None:
    page = await typed(acme)
    assert page.ephemeral
    total = len({one.name for one in acme.chakra.templates})
    assert f"{total} of {total} templates" in visible_text(page)
    names = rows(page)
    while "Next" in visible_text(seen(acme)):
        following = await pressed(acme, "templates.page:next")
        assert following.id == page.id
        names += rows(following)
    assert names == sorted({one.name for one in acme.chakra.templates})
    assert "Previous" in visible_text(seen(acme))


async def test_statuses_are_listed_by_language(acme: World) -> None:
    page = visible_text(await typed(acme, "cart reminder category:marketing"))
    assert "Approved in en, " in page
    assert "In review in ar" in page
    assert "Disabled in es" in page


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status:paused", "4 of"),
        ("status:“in review”", "in review"),
        ("status:PAUSED category:utility", "utility"),
        ("language:pt", "language pt"),
        ("language:pt_BR", "language pt_br"),
        ("promo", "christmas_promo_23"),
        ("zzzz", "No templates match. Try other or fewer words, or see all with"),
        ("zzzz language:hi", "other or fewer words or fewer filters"),
        ("oder_updat", "Did you mean: `order_update`, `order_update_v2`"),
        ("status:sleeping", "Choose from: approved, pending"),
        ("category:fun", "Choose from: authentication, marketing, utility"),
        ("language:xx", 'There\'s no language "xx"'),
        ("<@U0MEI|mei>", "plain words"),
        ("x" * 300, "too long"),
        ("<!channel>", "No templates match"),
    ],
)
async def test_filters_and_what_is_wrong_with_them(acme: World, text: str, expected: str) -> None:
    assert expected in visible_text(await typed(acme, text))


async def test_names_with_the_words_come_before_texts_with_them(acme: World) -> None:
    found = rows(await typed(acme, "order category:utility"))
    assert found
    assert all(name.startswith("order_") for name in found)


async def test_the_list_is_remembered_for_ten_minutes_and_says_its_age(
    acme: World, clock: ManualClock
) -> None:
    await typed(acme)
    asked = acme.chakra.count(ALL)
    await clock.advance(180)
    assert f"From Chakra, {date_token(clock.time() - 180)}" in visible_text(await typed(acme))
    assert acme.chakra.count(ALL) == asked
    reloaded = visible_text(await pressed(acme, "templates.reload"))
    assert f"From Chakra, {date_token(clock.time())}" in reloaded
    assert acme.chakra.count(ALL) > asked


async def test_a_row_opens_the_card_as_a_message_of_its_own(acme: World) -> None:
    listed = await typed(acme, "hello_world status:approved")
    shown = await pressed(acme, "templates.show")
    assert shown.id != listed.id
    assert shown.ephemeral
    assert "Welcome and congratulations" in visible_text(shown)


# --- the card ------------------------------------------------------------------------------------


async def test_a_whole_name_shows_the_card(acme: World) -> None:
    shown = visible_text(await typed(acme, "order_delivery_update"))
    for part in (
        "Approved",
        "Utility",
        "English (US)",
        "Good news ‹1›! Your order #‹2› is on its way",
        "Stop Delivery Updates",
        "Examples: ‹1›: Mark",
    ):
        assert part in shown
    assert "Order delivery" not in shown
    assert "on its way" in visible_text(await typed(acme, "Order Delivery Update"))


async def test_another_language_takes_the_place_of_the_card(acme: World) -> None:
    shown = await typed(acme, "order_update")
    hindi = acme.chakra.template("order_update", "hi")
    again = await pressed(acme, "templates.choose", value=hindi.id)
    assert again.id == shown.id
    assert "ग्राहक" in visible_text(again) or "ऑर्डर" in visible_text(again)
    assert "Hindi" in visible_text(await typed(acme, "order_update language:hi"))


async def test_the_reason_of_a_refusal_in_words(acme: World) -> None:
    shown = visible_text(await typed(acme, "crypto_tip"))
    assert "Rejected." in shown
    assert "WhatsApp" in shown
    assert "TAG_CONTENT" not in shown


async def test_what_cannot_be_sent_from_here_says_why(acme: World) -> None:
    assert "Limited-time offer templates can't be sent from Slack yet" in visible_text(
        await typed(acme, "flash_sale_24h")
    )
    assert "Carousel templates can't be sent from Slack yet" in visible_text(
        await typed(acme, "summer_carousel")
    )


async def test_refresh_shows_what_meta_has_changed(acme: World) -> None:
    shown = await typed(acme, "hello_world")
    acme.chakra.update_template("hello_world", "en_US", status="PAUSED", quality="RED")
    again = await pressed(acme, "templates.refresh")
    assert again.id == shown.id
    assert "Paused" in visible_text(again)
    assert "Low: WhatsApp may pause it soon" in visible_text(again)


async def test_share_posts_a_new_masked_message(acme: World) -> None:
    await typed(acme, "store_opening")
    shared = await pressed(acme, "templates.share")
    assert not shared.ephemeral
    assert f"Shared by <@{MEI}>" in visible_text(shared)
    assert "2025550190" not in json.dumps(shared.blocks)
    card = await typed(acme, "store_opening", where="D0MEI")
    assert "Share" not in visible_text(card)


# --- what goes wrong -----------------------------------------------------------------------------


async def test_without_an_account_the_setting_is_named(open_world: OpenWorld) -> None:
    async with open_world(other={"chakra_waba_id": None}) as made:
        made.chakra.disable_endpoint(NUMBERS)
        expected = visible_text(await typed(made))
    assert "doesn't say which WhatsApp Business Account" in expected
    assert "CHAKRA_WABA_ID" in expected


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (StatusResponse(401), "access token"),
        (StatusResponse(403), "doesn't let"),
        (InvalidJsonBody(), "not what this app expects"),
    ],
)
async def test_each_way_of_chakra_to_fail_is_a_sentence(
    acme: World, fault: Any, expected: str
) -> None:
    acme.chakra.fail(ALL, fault)
    assert expected in visible_text(await typed(acme))


async def test_a_hung_chakra_delays_no_ack(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(ALL, Hang())
    typing = asyncio.create_task(acme.slack.type(MEI, SALES, "/chakra templates hello_world"))
    await acme.chakra.wait_for_requests(1, ALL)
    await clock.advance(0.3)
    assert (await typing).seconds < 0.5
    acme.chakra.clear_faults()
    acme.chakra.release_hanging()
    await acme.slack.wait_until(lambda: "Welcome and congratulations" in visible_text(seen(acme)))


async def test_a_template_that_is_gone(acme: World) -> None:
    await typed(acme, "hello_world")
    acme.chakra.fail(ALL, StatusResponse(200, json={"data": []}))
    assert "may have been deleted" in visible_text(await pressed(acme, "templates.refresh"))
    assert "has no templates yet" in visible_text(await typed(acme))
