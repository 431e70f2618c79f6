"""Stories of ``/chakra templates``: the list, the card, and what goes wrong with them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bot.sandbox.chakra.faults import Hang, InvalidJsonBody, StatusResponse
from bot.sandbox.slack import collect_text
from bot.sandbox.world import CHAKRA_EVENTS_PATH, WEBHOOK_SECRET
from bot.slack.age import format_date_token
from tests.clock import ManualClock
from tests.commands.template_scenarios import (
    LIST_NUMBERS,
    LIST_TEMPLATES,
    MEI,
    SALES,
    find_last_message,
    list_row_names,
    press_button,
    run_command,
)
from tests.conftest import OpenSandbox
from tests.endpoints import PASS_THROUGH, reaches
from tests.shared_world import shared_world
from tests.world import World

# --- the list ------------------------------------------------------------------------------------


@shared_world
async def test_paging_updates_one_message(acme: World) -> None:
    page = await run_command(acme)
    assert page.ephemeral
    total = len({template.name for template in acme.chakra.templates})
    assert f"{total} of {total} templates" in collect_text(page)
    names = list_row_names(page)
    while "Next" in collect_text(find_last_message(acme)):
        following = await press_button(acme, "templates.page:next")
        assert following.id == page.id
        names += list_row_names(following)
    assert names == sorted({template.name for template in acme.chakra.templates})
    assert "Previous" in collect_text(find_last_message(acme))


@shared_world
async def test_statuses_are_listed_by_language(acme: World) -> None:
    page = collect_text(await run_command(acme, "cart reminder category:marketing"))
    assert "Approved in English, " in page
    assert "In review in Arabic" in page
    assert "Disabled in Spanish" in page


@shared_world
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status:paused", "4 of"),
        ("status:“in review”", "in review"),
        ("status:PAUSED category:utility", "utility"),
        ("language:pt", "in Portuguese (Brazil)"),
        ("language:pt_BR", "in Portuguese (Brazil)"),
        ("spanish", "in Spanish"),
        ("pending", "in review"),
        ("approved pineapple", 'Not used: "pineapple".'),
        ("promo", "christmas_promo_23"),
        ("zzzz", "No templates match. Try other or fewer words, or see all with"),
        ("zzzz language:hi", "other or fewer words or fewer filters"),
        ("oder_updat", "Did you mean: `order_update`, `order_update_v2`"),
        ("status:sleeping", "Choose from: approved, pending"),
        ("category:fun", "Choose from: authentication, marketing, utility"),
        ("language:xx", 'There\'s no language "xx". Choose from: Arabic,'),
        ("<@U0MEI|mei>", "plain words"),
        ("x" * 300, "too long"),
        ("<!channel>", "No templates match"),
    ],
)
async def test_filters_and_invalid_filters(acme: World, text: str, expected: str) -> None:
    assert expected in collect_text(await run_command(acme, text))


@shared_world
async def test_name_matches_rank_before_text_matches(acme: World) -> None:
    found = list_row_names(await run_command(acme, "order category:utility"))
    assert found
    assert all(name.startswith("order_") for name in found)


@shared_world
async def test_list_is_cached_for_ten_minutes_and_shows_its_age(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme)
    asked = acme.chakra.count(LIST_TEMPLATES)
    await clock.jump(180)
    assert f"From Chakra, {format_date_token(clock.time() - 180)}" in collect_text(
        await run_command(acme)
    )
    assert acme.chakra.count(LIST_TEMPLATES) == asked
    reloaded = collect_text(await press_button(acme, "templates.reload"))
    assert f"From Chakra, {format_date_token(clock.time())}" in reloaded
    assert acme.chakra.count(LIST_TEMPLATES) > asked


@shared_world
async def test_row_opens_the_card_as_a_new_message(acme: World) -> None:
    listed = await run_command(acme, "hello_world status:approved")
    message = await press_button(acme, "templates.show")
    assert message.id != listed.id
    assert message.ephemeral
    assert "Welcome and congratulations" in collect_text(message)


# --- the card ------------------------------------------------------------------------------------


@shared_world
async def test_full_name_shows_the_card(acme: World) -> None:
    text = collect_text(await run_command(acme, "order_delivery_update"))
    for part in (
        "Approved",
        "Utility",
        "English (US)",
        "Good news ‹1›! Your order #‹2› is on its way",
        "Stop Delivery Updates",
        "Examples: ‹1›: Mark",
    ):
        assert part in text
    assert "Order delivery" not in text
    assert "on its way" in collect_text(await run_command(acme, "Order Delivery Update"))


@shared_world
async def test_language_menu_replaces_the_card(acme: World) -> None:
    message = await run_command(acme, "order_update")
    hindi = acme.chakra.find_template("order_update", "hi")
    again = await press_button(acme, "templates.choose", value=hindi.id)
    assert again.id == message.id
    assert "ग्राहक" in collect_text(again) or "ऑर्डर" in collect_text(again)
    assert "Hindi" in collect_text(await run_command(acme, "order_update language:hi"))


@shared_world
async def test_rejection_reason_is_explained(acme: World) -> None:
    text = collect_text(await run_command(acme, "crypto_tip"))
    assert "Rejected." in text
    assert "WhatsApp" in text
    assert "TAG_CONTENT" not in text


async def test_unsendable_template_explains_why(acme: World) -> None:
    parts = [
        {"type": "BODY", "text": "Our picks."},
        {"type": "BUTTONS", "buttons": [{"type": "MPM", "text": "View items"}]},
    ]
    acme.chakra.create_template(
        name="our_picks", language="en", category="MARKETING", components=parts
    )
    card = await run_command(acme, "our_picks")
    assert "Multi-product buttons can't be sent from Slack yet" in collect_text(card)
    listed = collect_text(await run_command(acme, "picks"))
    assert "Approved in English" in listed
    assert "Not from Slack: multi-product buttons only from Chakra" in listed


@reaches(
    f"GET {PASS_THROUGH}/{{wabaId}}/message_templates",
    "templates.list",
    title="List WhatsApp Message Templates",
    by="`/chakra templates`",
)
async def test_refresh_shows_changes_made_by_meta(acme: World) -> None:
    message = await run_command(acme, "hello_world")
    acme.chakra.update_template("hello_world", "en_US", status="PAUSED", quality="RED")
    again = await press_button(acme, "templates.refresh")
    assert again.id == message.id
    assert "Paused" in collect_text(again)
    assert "Low: WhatsApp may pause it soon" in collect_text(again)


@shared_world
async def test_share_posts_a_new_masked_message(acme: World) -> None:
    await run_command(acme, "store_opening")
    shared = await press_button(acme, "templates.share")
    assert not shared.ephemeral
    assert f"Shared by <@{MEI}>" in collect_text(shared)
    assert "2025550190" not in json.dumps(shared.blocks)
    card = await run_command(acme, "store_opening", where="D0MEI")
    assert "Share" not in collect_text(card)


# --- what goes wrong -----------------------------------------------------------------------------


async def test_missing_account_names_the_setting(open_sandbox: OpenSandbox) -> None:
    async with open_sandbox(other={"chakra_waba_id": None}) as world:
        world.chakra.disable_endpoint(LIST_NUMBERS)
        expected = collect_text(await run_command(world))
    assert "doesn't say which WhatsApp Business Account" in expected
    assert "CHAKRA_WABA_ID" in expected


@shared_world
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (StatusResponse(401), "access token"),
        (StatusResponse(403), "doesn't let"),
        (InvalidJsonBody(), "We couldn't read Chakra's answer"),
    ],
)
async def test_each_chakra_failure_is_explained(acme: World, fault: Any, expected: str) -> None:
    acme.chakra.fail(LIST_TEMPLATES, fault)
    assert expected in collect_text(await run_command(acme))


@shared_world
async def test_a_hung_chakra_delays_no_ack(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(LIST_TEMPLATES, Hang())
    typing = asyncio.create_task(acme.slack.type(MEI, SALES, "/chakra templates hello_world"))
    await acme.chakra.wait_for_requests(1, LIST_TEMPLATES)
    await clock.advance(0.3)
    assert (await typing).seconds < 0.5
    acme.chakra.clear_faults()
    acme.chakra.release_hanging()
    await acme.slack.wait_until(
        lambda: "Welcome and congratulations" in collect_text(find_last_message(acme))
    )


@shared_world
async def test_deleted_template_is_reported(acme: World) -> None:
    await run_command(acme, "hello_world")
    acme.chakra.fail(LIST_TEMPLATES, StatusResponse(200, json={"data": []}))
    assert "may have been deleted" in collect_text(await press_button(acme, "templates.refresh"))
    assert "has no templates yet" in collect_text(await run_command(acme))


# --- what changes at Meta ------------------------------------------------------------------------


@pytest.fixture
async def followed(acme: World) -> World:
    """The world with Meta's own events passed through to the bot."""
    acme.chakra.set_passthrough_webhook(acme.bot_url + CHAKRA_EVENTS_PATH, WEBHOOK_SECRET)
    return acme


async def test_events_of_meta_are_shown_without_a_refresh(followed: World) -> None:
    assert "Approved" in collect_text(await run_command(followed, "account_created"))
    for change, expected in (
        ({"status": "PAUSED"}, "Paused"),
        ({"quality": "RED"}, "Low: WhatsApp may pause it soon"),
        ({"correct_category": "MARKETING"}, "Utility. WhatsApp will change it to Marketing"),
        ({"category": "MARKETING", "previous_category": "UTILITY"}, "Marketing, was utility"),
    ):
        followed.chakra.update_template("account_created", "en", **change)
        await followed.chakra.settle()
        await followed.settle()
        assert expected in collect_text(await run_command(followed, "account_created"))


async def test_events_apply_to_the_list_even_while_chakra_is_down(followed: World) -> None:
    await run_command(followed, "account_created")
    followed.chakra.fail(LIST_TEMPLATES, StatusResponse(503))
    followed.chakra.update_template("account_created", "en", status="DISABLED")
    await followed.chakra.settle()
    await followed.settle()
    async with followed.clock.running():
        await run_command(followed, "account_created")
    await followed.clock.advance_until(
        lambda: "Disabled" in collect_text(find_last_message(followed))
    )


async def test_new_template_is_found_by_name_but_not_looked_up_at_each_try(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, "account_created")
    await clock.advance(40)
    asked = acme.chakra.count(LIST_TEMPLATES)
    assert "No templates match" in collect_text(await run_command(acme, "spring_offer"))
    looked_up = acme.chakra.count(LIST_TEMPLATES)
    assert looked_up > asked
    acme.chakra.create_template(
        name="spring_offer",
        language="en",
        category="MARKETING",
        components=[{"type": "BODY", "text": "Spring is here."}],
    )
    assert "No templates match" in collect_text(await run_command(acme, "spring_offer"))
    assert acme.chakra.count(LIST_TEMPLATES) == looked_up
    await clock.advance(31)
    assert "Spring is here." in collect_text(await run_command(acme, "spring_offer"))


async def test_deleted_template_is_not_found_by_an_old_button(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, "account_created")
    await clock.advance(40)
    acme.chakra.delete_template("account_created", "en")
    shown = await press_button(acme, "templates.refresh")
    assert "may have been deleted" in collect_text(shown)
