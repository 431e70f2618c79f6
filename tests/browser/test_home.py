"""The app's Home tab on the page, and forms that stay where they were opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.page_driver import open_checked_page
from tests.sandbox.slack_harness import (
    Json,
    SlackHarness,
    build_actions_block,
    build_field_block,
    build_manifest,
    build_modal,
    build_plain_text,
    open_harness,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def harness() -> AsyncIterator[SlackHarness]:
    manifest = build_manifest(events=("app_home_opened",))
    manifest["features"]["app_home"] = {"home_tab_enabled": True, "messages_tab_enabled": True}
    async with open_harness(manifest) as harness:
        yield harness


def list_opened_tabs(harness: SlackHarness) -> list[str]:
    return [r.payload["event"]["tab"] for r in harness.app.received if "event" in r.payload]


async def test_tabs_of_the_app_are_opened_and_home_is_pressed(
    browser: Browser, harness: SlackHarness
) -> None:
    async with open_checked_page(browser, harness.slack.base_url) as page:
        await page.locator('[data-channel-id="D0JOHN"]').click()
        home = page.get_by_test_id("home")
        await expect(home).to_contain_text("published nothing here yet")
        view = {
            "type": "home",
            "blocks": [build_actions_block(text=build_plain_text("Find someone"))],
        }
        await harness.web.views_publish(user_id="U0JOHN", view=view)
        await home.get_by_role("button", name="Find someone").click()
        await harness.slack.wait_until(lambda: "actions" in harness.app.last_payload)
        assert harness.app.last_payload["view"]["type"] == "home"
        await expect(page.get_by_test_id("composer")).to_be_hidden()
        await page.get_by_test_id("tab-home").press("ArrowRight")
        await expect(page.get_by_test_id("tab-messages")).to_be_focused()
        await expect(page.get_by_test_id("composer")).to_be_visible()
        await harness.slack.wait_until(lambda: len(list_opened_tabs(harness)) == 2)
        assert list_opened_tabs(harness) == ["home", "messages"]
        await page.get_by_test_id("tab-home").click()
        await harness.web.chat_postMessage(channel="D0JOHN", text="Not delivered")
        await page.get_by_test_id("dm-alert-open").click()
        await expect(page.locator(".message.linked")).to_contain_text("Not delivered")


async def open_form(harness: SlackHarness, element: Json) -> None:
    trigger = harness.app.last_payload["trigger_id"]
    view = build_modal(build_field_block("when", element))
    await harness.web.views_open(trigger_id=trigger, view=view)


async def test_a_form_is_neither_in_a_second_tab_nor_there_after_a_reload(
    browser: Browser, harness: SlackHarness
) -> None:
    url = harness.slack.base_url
    async with open_checked_page(browser, url) as page, open_checked_page(browser, url) as second:
        await page.get_by_test_id("composer").fill("/chakra form")
        await page.get_by_test_id("composer").press("Enter")
        await harness.slack.wait_until(lambda: bool(harness.app.received))
        await harness.slack.settle()
        await open_form(harness, {"type": "datetimepicker"})
        await expect(page.get_by_test_id("modal")).to_be_visible()
        await expect(second.get_by_test_id("modal")).to_be_hidden()
        field = page.get_by_test_id("modal").locator("input")
        await field.fill("2026-12-01T09:30")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("confirm-deny").click()
        await page.get_by_test_id("modal-submit").click()
        await expect(page.get_by_test_id("modal")).to_be_hidden()
        state = harness.app.last_payload["view"]["state"]["values"]["when"]["value"]
        seconds = datetime(2026, 12, 1, 9, 30, tzinfo=ZoneInfo("Asia/Kolkata")).timestamp()
        assert state == {"type": "datetimepicker", "selected_date_time": seconds}
        await page.get_by_test_id("composer").fill("/chakra form")
        await page.get_by_test_id("composer").press("Enter")
        await harness.slack.wait_until(lambda: "command" in harness.app.last_payload)
        await harness.slack.settle()
        await open_form(harness, {"type": "plain_text_input"})
        await expect(page.get_by_test_id("modal")).to_be_visible()
        await page.reload()
        await expect(page.get_by_test_id("message").first).to_be_visible()
        await expect(page.get_by_test_id("modal")).to_be_hidden()
