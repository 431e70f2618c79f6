"""A salesperson sends a template on the demo page and sees it delivered, read or refused."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from bot.sandbox.world import Sandbox
from tests.browser.page_driver import PageDriver, open_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LINE = "/chakra send account_created {to} 1=Mark 2=mark@acme.com"
RESPONSE_TIMEOUT_MS = 20_000


async def open_preview(browser: Browser, demo: Sandbox, to: str) -> PageDriver:
    person = await open_page(browser, demo)
    preview = await person.send_line(LINE.format(to=to))
    await expect(preview).to_contain_text("Your Acme account is ready, Mark")
    return person


async def test_a_complete_line_is_previewed_sent_delivered_and_read(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_preview(browser, demo, "+91 98765 43210")
    await person.last_message().get_by_role("button", name="Send", exact=True).click()
    await expect(person.last_message()).to_contain_text("account_created")
    report = await open_page(browser, demo, channel="D0JOHN")
    await expect(report.last_message()).to_contain_text("Read", timeout=RESPONSE_TIMEOUT_MS)
    assert len(demo.chakra.sends) == 1


async def test_a_double_click_sends_once(browser: Browser, demo: Sandbox) -> None:
    person = await open_preview(browser, demo, "+91 98765 43210")
    await person.last_message().get_by_role("button", name="Send", exact=True).dblclick()
    report = await open_page(browser, demo, channel="D0JOHN")
    await expect(report.last_message()).to_contain_text("Read", timeout=RESPONSE_TIMEOUT_MS)
    assert len(demo.chakra.sends) == 1


async def test_number_not_on_whatsapp_shows_the_reason(browser: Browser, demo: Sandbox) -> None:
    number = next(number for number in demo.chakra.test_numbers if "not on WhatsApp" in number.says)
    person = await open_preview(browser, demo, f"+{number.number}")
    await person.last_message().get_by_role("button", name="Send", exact=True).click()
    report = await open_page(browser, demo, channel="D0JOHN")
    await expect(report.last_message()).to_contain_text(
        "Not delivered", timeout=RESPONSE_TIMEOUT_MS
    )
    await expect(report.last_message()).to_contain_text("WhatsApp")
