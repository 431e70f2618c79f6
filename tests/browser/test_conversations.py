"""Customers on WhatsApp and a channel that answers them, side by side on the demo page."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Locator, expect

from bot.sandbox.world import Sandbox
from tests.browser.page_driver import PageDriver, open_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

AARAV, ASHA = "0", "1"
QUESTION, ANSWER = "Is my order on its way?", "It left our store this morning."


async def open_rule(person: PageDriver) -> None:
    """Let the channel receive what customers write, in reply mode, and open the phones."""
    preview = await person.send_line("/chakra notify add message mode:reply")
    await person.press_button("Save rule", preview)
    await expect(person.find_last_message()).to_contain_text("Customers' messages")
    await person.page.get_by_test_id("whatsapp-toggle").click()


async def write(person: PageDriver, customer: str, text: str) -> None:
    await person.page.get_by_test_id("whatsapp-customer").select_option(customer)
    await person.page.get_by_test_id("phone-composer").fill(text)
    await person.page.keyboard.press("Enter")
    await expect(person.page.get_by_test_id("bubble").last).to_contain_text(text)


async def open_thread(person: PageDriver, name: str) -> Locator:
    messages = person.page.locator("#timeline").get_by_test_id("message")
    parent = messages.filter(has_text=name).filter(has_text=QUESTION)
    await expect(parent).to_contain_text(QUESTION)
    await parent.get_by_test_id("thread").click()
    pane = person.page.get_by_test_id("thread-pane")
    await expect(pane.get_by_test_id("message").last).to_contain_text(QUESTION)
    return pane


async def press_reply(pane: Locator) -> None:
    await pane.get_by_role("button", name="Reply", exact=True).last.click()


async def test_customer_is_answered_until_the_window_closes(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_page(browser, demo)
    page = person.page
    await open_rule(person)
    await write(person, AARAV, QUESTION)
    pane = await open_thread(person, "Aarav Mehta")
    await press_reply(pane)
    await (await person.wait_for_modal()).locator("textarea").fill(ANSWER)
    await person.submit()
    await expect(
        page.get_by_text("The thread shows when it is delivered and read.")
    ).to_be_visible()
    await page.get_by_test_id("modal-close").click()

    bubble = page.get_by_test_id("bubble").last
    await expect(bubble).to_contain_text(ANSWER)
    await expect(bubble).to_have_attribute("data-status", "read")
    answer = pane.get_by_test_id("message").filter(has_text=ANSWER)
    await expect(answer).to_contain_text(re.compile(r"Read · sent .* · delivered .* · read"))

    await page.get_by_test_id("whatsapp-more").locator("summary").click()
    await page.get_by_test_id("whatsapp-skip").click()
    await expect(page.locator(".phone-about")).to_contain_text("only templates")
    await press_reply(pane)
    form = await person.wait_for_modal()
    await expect(form).to_contain_text("only accepts a template")
    await expect(person.find_field("template")).to_be_visible()


async def test_customer_without_a_number_has_a_thread_as_well(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_page(browser, demo)
    await open_rule(person)
    await write(person, ASHA, QUESTION)
    await expect(person.page.locator(".phone-about")).to_contain_text("can't see this customer's")
    pane = await open_thread(person, "Asha Rao")
    await expect(pane).to_contain_text("@asha.rao.crafts")
    await press_reply(pane)
    note = person.page.locator(".message.ephemeral").filter(has_text="phone number")
    await expect(note.first).to_be_visible()
    await expect(person.find_modal()).to_be_hidden()
    await write(person, ASHA, "And in blue?")
    await expect(pane.get_by_test_id("message").last).to_contain_text("And in blue?")
