"""A salesperson fills in the form on the demo page, sends it, and sees the outcome."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Locator, expect

from bot.sandbox.world import Sandbox
from tests.browser.person import Person, open_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ANSWERED_MS = 20_000
SILENT = "+12025550116"
"""Accepted, and then no status arrives by itself: the test sends them."""
READY = "Your Acme account is ready, ‹1›"
FILLED = "Your Acme account is ready, Mark"


async def chosen(person: Person) -> None:
    """Choose the template in the menu with the bot's options."""
    await person.chooses("template", "account_created", typed="account")
    await expect(person.modal()).to_contain_text(READY)


async def filled(person: Person, to: str) -> None:
    """Fill in each field, with the preview following."""
    if to:
        await person.field("phone").fill(to)
    await person.field("var_body_1").fill("Mark")
    await expect(person.modal()).to_contain_text(FILLED)
    await person.field("var_body_2").fill("mark@acme.com")
    await expect(person.modal()).to_contain_text("mark@acme.com")


async def form(browser: Browser, demo: Sandbox, to: str) -> Person:
    person = await open_page(browser, demo)
    await person.opens("/chakra send")
    await chosen(person)
    await filled(person, to)
    return person


async def report(browser: Browser, demo: Sandbox, person: Person) -> Locator:
    """Return the report in the direct messages, once it is posted."""
    await expect(person.last()).to_contain_text("See delivery status", timeout=ANSWERED_MS)
    return (await open_page(browser, demo, channel="D0JOHN")).last()


async def test_choose_fill_send_and_see_it_accepted_delivered_and_read(
    browser: Browser, demo: Sandbox
) -> None:
    person = await form(browser, demo, SILENT)
    await person.submits()
    await expect(person.modal()).not_to_be_visible()
    await expect(person.last()).to_contain_text("WhatsApp has it")
    shown = await report(browser, demo, person)
    await expect(shown).to_contain_text("WhatsApp has it")
    await expect(shown).not_to_contain_text("2025550116")
    [sent] = demo.chakra.sends
    assert sent.text.startswith(FILLED)
    demo.chakra.push_status(sent, "DELIVERED")
    await expect(shown).to_contain_text("Delivered", timeout=ANSWERED_MS)
    demo.chakra.push_status(sent, "READ")
    await expect(shown).to_contain_text("Read", timeout=ANSWERED_MS)


async def test_a_double_click_on_send_sends_once(browser: Browser, demo: Sandbox) -> None:
    person = await form(browser, demo, "+91 98765 43210")
    await person.page.get_by_test_id("modal-submit").dblclick()
    await expect(person.modal()).not_to_be_visible()
    shown = await report(browser, demo, person)
    await expect(shown).to_contain_text("Read", timeout=ANSWERED_MS)
    assert len(demo.chakra.sends) == 1


async def test_a_number_that_is_not_on_whatsapp_is_reported_with_its_reason(
    browser: Browser, demo: Sandbox
) -> None:
    number = next(one for one in demo.chakra.test_numbers if "not on WhatsApp" in one.says)
    person = await form(browser, demo, f"+{number.number}")
    await person.submits()
    shown = await report(browser, demo, person)
    await expect(shown).to_contain_text("Not delivered", timeout=ANSWERED_MS)
    await expect(shown).to_contain_text("can't deliver to this number")


async def test_a_number_that_cannot_exist_is_refused_under_its_field(
    browser: Browser, demo: Sandbox
) -> None:
    person = await form(browser, demo, "12345")
    await person.submits()
    wrong = person.page.get_by_test_id("field-error").filter(has_text="too short")
    await expect(wrong).to_be_visible()
    await expect(person.field("var_body_1")).to_have_value("Mark")
    assert not demo.chakra.sends


async def test_the_shortcut_of_the_message_box_opens_it_anywhere(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_page(browser, demo, channel="C0GENERAL")  # the app is not a member
    await person.uses_shortcut("Send WhatsApp")
    await chosen(person)
    await filled(person, "+91 98765 43210")
    await person.submits()
    await expect(person.modal()).not_to_be_visible()
    await demo.chakra.wait_for_sends(1)
    await expect(person.page.get_by_test_id("dm-alert")).to_contain_text("account_created")


async def test_the_entry_of_a_message_finds_whom_it_names(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo)
    message = person.page.get_by_test_id("message").filter(has_text="Aarav Mehta buys")
    await person.uses_on(message, "WhatsApp this contact")
    await expect(person.field("found")).to_have_value("+91 98765 43210")
    await person.chooses("found", "aarav@bluebird.example")
    await chosen(person)
    await expect(person.modal()).to_contain_text("Can't find aarav@bluebird.example")
    await person.chooses("found", "Someone else")
    await expect(person.field("phone")).to_be_visible()
    await person.chooses("found", "+91 98765 43210")
    await expect(person.modal()).to_contain_text("To +91 98765 43210")
    await filled(person, "")
    await person.submits()
    await expect(person.modal()).not_to_be_visible()
    await demo.chakra.wait_for_sends(1)
    assert demo.chakra.sends[0].to == "919876543210"


async def test_a_test_goes_to_oneself_and_the_form_stays(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo, "U0PRIYA")
    await person.opens("/chakra send")
    await chosen(person)
    await filled(person, "+91 98765 43210")
    await person.presses("Send a test to me", within=person.modal())
    await expect(person.modal()).to_contain_text(
        "Your test. Sending (WhatsApp has it; not delivered yet): account_created"
    )
    await expect(person.modal()).to_contain_text("+91 •••••• 9999")
    await expect(person.field("var_body_1")).to_have_value("Mark")
    [sent] = demo.chakra.sends
    assert sent.to == "919999999999"
