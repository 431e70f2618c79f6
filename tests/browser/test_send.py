"""A salesperson sends a template on the demo page and sees it delivered, read or refused."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from bot.sandbox.world import Sandbox
from tests.browser.person import Person, open_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LINE = "/chakra send account_created {to} 1=Mark 2=mark@acme.com"
ANSWERED_MS = 20_000


async def preview(browser: Browser, demo: Sandbox, to: str) -> Person:
    person = await open_page(browser, demo)
    shown = await person.types(LINE.format(to=to))
    await expect(shown).to_contain_text("Your Acme account is ready, Mark")
    return person


async def test_a_complete_line_is_previewed_sent_delivered_and_read(
    browser: Browser, demo: Sandbox
) -> None:
    person = await preview(browser, demo, "+91 98765 43210")
    await person.last().get_by_role("button", name="Send", exact=True).click()
    await expect(person.last()).to_contain_text("account_created")
    report = await open_page(browser, demo, channel="D0JOHN")
    await expect(report.last()).to_contain_text("Read", timeout=ANSWERED_MS)
    assert len(demo.chakra.sends) == 1


async def test_a_double_click_sends_once(browser: Browser, demo: Sandbox) -> None:
    person = await preview(browser, demo, "+91 98765 43210")
    await person.last().get_by_role("button", name="Send", exact=True).dblclick()
    report = await open_page(browser, demo, channel="D0JOHN")
    await expect(report.last()).to_contain_text("Read", timeout=ANSWERED_MS)
    assert len(demo.chakra.sends) == 1


async def test_a_number_that_is_not_on_whatsapp_is_said_with_its_reason(
    browser: Browser, demo: Sandbox
) -> None:
    number = next(one for one in demo.chakra.test_numbers if "not on WhatsApp" in one.says)
    person = await preview(browser, demo, f"+{number.number}")
    await person.last().get_by_role("button", name="Send", exact=True).click()
    report = await open_page(browser, demo, channel="D0JOHN")
    await expect(report.last()).to_contain_text("Not delivered", timeout=ANSWERED_MS)
    await expect(report.last()).to_contain_text("WhatsApp")
