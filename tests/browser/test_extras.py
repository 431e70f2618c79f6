"""Shortcuts, files, direct messages and things to try on the page, with a scripted app behind."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, expect

from bot.sandbox.slack import EmbeddedSlack, Tip
from bot.web.server import serve
from tests.browser.page_driver import open_checked_page
from tests.clock import ManualClock
from tests.sandbox.slack_harness import (
    SCOPES,
    Json,
    SlackHarness,
    build_field_block,
    build_manifest,
    build_modal,
    open_harness,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SHORTCUTS = [
    {"name": "Send a WhatsApp", "type": "global", "callback_id": "send", "description": "Now"},
    {"name": "WhatsApp this", "type": "message", "callback_id": "this", "description": "It"},
]
EVERY_CHARACTER = {"trigger_actions_on": ["on_character_entered"]}
PDF: FilePayload = {"name": "prices.pdf", "mimeType": "application/pdf", "buffer": b"%PDF" * 300}
WRONG_FILE_TYPE: FilePayload = {"name": "notes.docx", "mimeType": "text/plain", "buffer": b"x"}


def build_manifest_with_shortcuts() -> Json:
    app_manifest = build_manifest(scopes=(*SCOPES, "files:read", "files:write"))
    app_manifest["features"]["shortcuts"] = SHORTCUTS
    return app_manifest


@pytest_asyncio.fixture(loop_scope="session")
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness(build_manifest_with_shortcuts()) as harness:
        yield harness


async def open_form(harness: SlackHarness, page: Page, view: Json, *, request: int = 1) -> None:
    """Open ``view`` once the app has received its first or ``request``-th request."""
    await harness.slack.wait_until(lambda: len(harness.app.received) >= request)
    await harness.slack.settle()
    await harness.web.views_open(trigger_id=harness.app.last_payload["trigger_id"], view=view)
    await expect(page.get_by_test_id("modal")).to_be_visible()


async def test_global_and_message_shortcuts_open_forms(
    browser: Browser, harness: SlackHarness
) -> None:
    async with open_checked_page(browser, harness.slack.base_url) as page:
        await page.get_by_test_id("shortcuts").click()
        await page.get_by_test_id("shortcuts-option").filter(has_text="Send a WhatsApp").click()
        await open_form(harness, page, build_modal())
        assert harness.app.last_payload["type"] == "shortcut"
        await page.get_by_test_id("modal-close").click()
        message = page.get_by_test_id("message").last
        await message.hover()
        await message.get_by_test_id("message-actions").click()
        await message.get_by_test_id("message-actions-option").first.click()
        await open_form(harness, page, build_modal(), request=2)
        assert harness.app.last_payload["message"]["text"].startswith("Good. Send it over WhatsApp")


async def test_email_is_posted_and_forwarded_to_a_group(
    browser: Browser, harness: SlackHarness
) -> None:
    async with open_checked_page(browser, harness.slack.base_url) as page:
        await page.get_by_test_id("post").click()
        await page.get_by_test_id("post-option").filter(has_text="An email").click()
        message = page.get_by_test_id("message").last
        await expect(message).to_contain_text("Asha Rao <asha@lotus.example>")
        await expect(message).to_contain_text("+91 98765 43211")
        await message.hover()
        await message.get_by_test_id("message-actions").click()
        options = message.get_by_test_id("message-actions-option")
        await options.filter(has_text="Priya, Mei").click()
        await page.get_by_test_id("channel").filter(has_text="Priya, Mei").click()
        await expect(page.get_by_test_id("attachment")).to_contain_text("+91 98765 43211")


async def test_files_can_be_selected_rejected_removed_and_submitted(
    browser: Browser, harness: SlackHarness
) -> None:
    element = {"type": "file_input", "max_files": 2, "filetypes": ["pdf"]}
    async with open_checked_page(browser, harness.slack.base_url) as page:
        await harness.slack.use_shortcut("U0JOHN", "send")
        await open_form(harness, page, build_modal(build_field_block("file", element)))
        rows = page.get_by_test_id("chosen-file")
        await page.get_by_test_id("file-picker").set_input_files([PDF, WRONG_FILE_TYPE])
        await expect(rows).to_have_count(2)
        await expect(rows.nth(0)).to_contain_text("1.2 KB")
        await expect(rows.nth(1)).to_contain_text("This file type isn't supported")
        await page.get_by_role("button", name="Remove notes.docx").click()
        await page.get_by_test_id("modal-submit").click()
        await expect(page.get_by_test_id("modal")).not_to_be_visible()
        files = harness.app.last_payload["view"]["state"]["values"]["file"]["value"]["files"]
        assert [(file["name"], file["size"]) for file in files] == [("prices.pdf", 1200)]


async def test_a_direct_message_is_announced_and_its_file_downloaded(
    browser: Browser, harness: SlackHarness
) -> None:
    async with open_checked_page(browser, harness.slack.base_url) as page:
        await harness.web.files_upload_v2(
            filename="report.csv", content="a,b", channels=["U0JOHN"], initial_comment="*Done*"
        )
        news = page.get_by_test_id("dm-alert")
        await expect(news).to_contain_text("Done · report.csv")
        direct = page.locator('[data-channel-id="D0JOHN"]')
        await expect(direct.locator(".dot")).to_be_visible()
        await page.get_by_test_id("dm-alert-open").click()
        await expect(news).not_to_be_visible()
        await expect(direct.locator(".dot")).to_have_count(0)
        async with page.expect_download() as download:
            await page.get_by_test_id("file").click()
        assert (await download.value).suggested_filename == "report.csv"


async def test_fast_typing_dispatches_one_action_after_a_pause(
    browser: Browser, harness: SlackHarness
) -> None:
    element = {"type": "plain_text_input", "dispatch_action_config": EVERY_CHARACTER}
    async with open_checked_page(browser, harness.slack.base_url) as page:
        await harness.slack.use_shortcut("U0JOHN", "send")
        view = build_modal(build_field_block("number", element, dispatch_action=True))
        await open_form(harness, page, view)
        harness.app.arrived.clear()
        await page.get_by_test_id("modal").get_by_role("textbox").press_sequentially("+91 98765")
        await harness.app.arrived.wait()
        payloads = [each.payload for each in harness.app.received if "actions" in each.payload]
        assert [each["actions"][0]["value"] for each in payloads] == ["+91 98765"]


async def test_suggestion_fills_the_focused_field(browser: Browser) -> None:
    tips = (Tip("Try", (("+91 98765 40001", "Never arrives"), ("/chakra help", "Says it all"))),)
    slack = EmbeddedSlack(build_manifest_with_shortcuts(), ManualClock(), tips=tips)
    async with serve(slack.app, grace_seconds=0.2) as url:
        async with open_checked_page(browser, url) as page:
            await page.get_by_test_id("tips-toggle").click()
            await page.get_by_test_id("tip").filter(has_text="/chakra help").click()
            await expect(page.get_by_test_id("composer")).to_have_value("/chakra help")
            slack.workspace.views.open(
                "U0JOHN", build_modal(build_field_block("number")), "C0SALES"
            )
            field = page.get_by_test_id("modal").get_by_role("textbox")
            await expect(field).to_be_focused()
            await page.get_by_test_id("tip").filter(has_text="+91 98765 40001").click()
            await expect(field).to_have_value("+91 98765 40001")
        await slack.aclose()
