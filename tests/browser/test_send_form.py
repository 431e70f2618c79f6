"""A salesperson fills in the form on the demo page, sends it, and sees the outcome."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Locator, expect

from bot.sandbox.world import Sandbox
from tests.browser.page_driver import PageDriver, open_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

RESPONSE_TIMEOUT_MS = 20_000
NUMBER_WITHOUT_EVENTS = "+12025550116"
"""Accepted, and then no status arrives by itself: the test sends them."""
EMPTY_PREVIEW = "Your Acme account is ready, ‹1›"
FILLED_PREVIEW = "Your Acme account is ready, Mark"


async def choose_template(person: PageDriver) -> None:
    """Choose the template in the menu with the bot's options."""
    await person.choose_option("template", "account_created", query="account")
    await expect(person.find_modal()).to_contain_text(EMPTY_PREVIEW)


async def fill_form(person: PageDriver, to: str) -> None:
    """Fill in each field, with the preview following."""
    if to:
        await person.find_field("phone").fill(to)
    await person.find_field("var_body_1").fill("Mark")
    await expect(person.find_modal()).to_contain_text(FILLED_PREVIEW)
    await person.find_field("var_body_2").fill("mark@acme.com")
    await expect(person.find_modal()).to_contain_text("mark@acme.com")


async def open_filled_form(browser: Browser, demo: Sandbox, to: str) -> PageDriver:
    person = await open_page(browser, demo)
    await person.open_form("/chakra send")
    await choose_template(person)
    await fill_form(person, to)
    return person


async def open_report(browser: Browser, demo: Sandbox, person: PageDriver) -> Locator:
    """Return the report in the direct messages, once it is posted."""
    line = person.page.get_by_test_id("message").filter(has_text="See delivery status")
    await expect(line.first).to_be_visible(timeout=RESPONSE_TIMEOUT_MS)
    return (await open_page(browser, demo, channel="D0JOHN")).find_last_message()


async def test_form_send_is_accepted_delivered_and_read(browser: Browser, demo: Sandbox) -> None:
    person = await open_filled_form(browser, demo, NUMBER_WITHOUT_EVENTS)
    await person.check_and_send()
    await expect(person.find_last_message()).to_contain_text("WhatsApp has it")
    report = await open_report(browser, demo, person)
    await expect(report).to_contain_text("WhatsApp has it")
    await expect(report).not_to_contain_text("2025550116")
    [sent] = demo.chakra.sends
    assert sent.text.startswith(FILLED_PREVIEW)
    demo.chakra.push_status(sent, "DELIVERED")
    await expect(report).to_contain_text("Delivered", timeout=RESPONSE_TIMEOUT_MS)
    demo.chakra.push_status(sent, "READ")
    await expect(report).to_contain_text("Read", timeout=RESPONSE_TIMEOUT_MS)


async def test_a_double_click_on_send_sends_once(browser: Browser, demo: Sandbox) -> None:
    person = await open_filled_form(browser, demo, "+91 98765 43210")
    await person.submit()
    await expect(person.page.get_by_test_id("modal-submit")).to_contain_text("Send to")
    await person.page.get_by_test_id("modal-submit").dblclick()
    report = await open_report(browser, demo, person)
    await expect(report).to_contain_text("Read", timeout=RESPONSE_TIMEOUT_MS)
    assert len(demo.chakra.sends) == 1


async def test_a_number_that_is_not_on_whatsapp_is_reported_with_its_reason(
    browser: Browser, demo: Sandbox
) -> None:
    number = next(number for number in demo.chakra.test_numbers if "not on WhatsApp" in number.says)
    person = await open_filled_form(browser, demo, f"+{number.number}")
    await person.check_and_send()
    report = await open_report(browser, demo, person)
    await expect(report).to_contain_text("Not delivered", timeout=RESPONSE_TIMEOUT_MS)
    await expect(report).to_contain_text("can't deliver to this number")


async def test_impossible_number_is_rejected_under_its_field(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_filled_form(browser, demo, "12345")
    await person.submit()
    wrong = person.page.get_by_test_id("field-error").filter(has_text="too short")
    await expect(wrong).to_be_visible()
    await expect(person.find_field("var_body_1")).to_have_value("Mark")
    assert not demo.chakra.sends


async def test_global_shortcut_opens_the_form_in_any_channel(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_page(browser, demo, channel="C0GENERAL")  # the app is not a member
    await person.use_shortcut("Send WhatsApp")
    await choose_template(person)
    await fill_form(person, "+91 98765 43210")
    await person.check_and_send()
    await demo.chakra.wait_for_sends(1)
    await expect(person.page.get_by_test_id("dm-alert")).to_contain_text("account_created")


async def test_message_shortcut_extracts_the_recipient(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo)
    message = person.page.get_by_test_id("message").filter(has_text="Aarav Mehta buys")
    await person.use_message_shortcut(message, "WhatsApp this contact")
    await expect(person.find_field("found")).to_have_value("+91 98765 43210")
    await person.choose_option("found", "aarav@bluebird.example")
    await choose_template(person)
    await expect(person.find_modal()).to_contain_text("Can't find aarav@bluebird.example")
    await person.choose_option("found", "Someone else")
    await expect(person.find_field("phone")).to_be_visible()
    await person.choose_option("found", "+91 98765 43210")
    await expect(person.find_modal()).to_contain_text("To +91 98765 43210")
    await fill_form(person, "")
    await person.check_and_send()
    await demo.chakra.wait_for_sends(1)
    assert demo.chakra.sends[0].to == "919876543210"


async def test_test_send_goes_to_own_number_and_keeps_the_form_open(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_page(browser, demo, "U0PRIYA")
    await person.open_form("/chakra send")
    await choose_template(person)
    await fill_form(person, "+91 98765 43210")
    await person.press_button("Send a test to me", container=person.find_modal())
    await expect(person.find_modal()).to_contain_text("Your test. Sending to")
    await expect(person.find_modal()).to_contain_text("+91 •••••• 9999")
    await expect(person.find_field("var_body_1")).to_have_value("Mark")
    [sent] = demo.chakra.sends
    assert sent.to == "919999999999"
