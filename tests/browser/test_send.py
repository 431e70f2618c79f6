"""A salesperson sends a template on the demo page and sees it delivered, read or refused."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from bot.sandbox.world import Sandbox
from tests.browser.page_driver import PageDriver, open_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LINE = "/chakra send account_created {to} 1=Mark 2=mark@acme.com"
RESPONSE_TIMEOUT_MS = 20_000


async def open_check(browser: Browser, demo: Sandbox, to: str) -> PageDriver:
    person = await open_page(browser, demo)
    view = await person.open_form(LINE.format(to=to))
    await expect(view).to_contain_text("Your Acme account is ready, Mark")
    return person


async def test_a_complete_line_is_previewed_sent_delivered_and_read(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_check(browser, demo, "+91 98765 43210")
    await person.send_checked()
    await expect(person.find_last_message()).to_contain_text("account_created")
    report = await open_page(browser, demo, channel="D0JOHN")
    await expect(report.find_last_message()).to_contain_text("Read", timeout=RESPONSE_TIMEOUT_MS)
    assert len(demo.chakra.sends) == 1


async def test_a_double_click_sends_once(browser: Browser, demo: Sandbox) -> None:
    person = await open_check(browser, demo, "+91 98765 43210")
    await person.page.get_by_test_id("modal-submit").dblclick()
    report = await open_page(browser, demo, channel="D0JOHN")
    await expect(report.find_last_message()).to_contain_text("Read", timeout=RESPONSE_TIMEOUT_MS)
    assert len(demo.chakra.sends) == 1


async def test_number_not_on_whatsapp_shows_the_reason(browser: Browser, demo: Sandbox) -> None:
    number = next(number for number in demo.chakra.test_numbers if "not on WhatsApp" in number.says)
    person = await open_check(browser, demo, f"+{number.number}")
    await person.send_checked()
    report = await open_page(browser, demo, channel="D0JOHN")
    await expect(report.find_last_message()).to_contain_text(
        "Not delivered", timeout=RESPONSE_TIMEOUT_MS
    )
    await expect(report.find_last_message()).to_contain_text("WhatsApp")
