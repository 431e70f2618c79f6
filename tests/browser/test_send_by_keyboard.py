"""A salesperson sends without the mouse, is notified of a failure, and writes to a lead by name."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Locator, expect

from bot.sandbox.world import Sandbox
from tests.browser.page_driver import PageDriver, open_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NUMBER_NOT_ON_WHATSAPP = "+12025550101"
MAX_TABS = 7


async def press_enter(person: PageDriver) -> None:
    await person.page.keyboard.press("Enter")


async def press_tab_until(person: PageDriver, place: Locator) -> None:
    for _ in range(MAX_TABS):
        if await place.evaluate("node => node === document.activeElement"):
            return
        await person.page.keyboard.press("Tab")
    raise AssertionError("the field can't be reached with the Tab key")


def submit_button(person: PageDriver, label: str) -> Locator:
    return person.page.get_by_test_id("modal-submit").filter(has_text=label)


async def test_a_template_is_chosen_by_its_exact_name_and_the_failure_notifies(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_page(browser, demo)
    await person.open_form("/chakra send")
    await expect(person.find_field("template")).to_be_focused()
    await person.page.keyboard.type("order_delivered")
    await expect(person.find_modal().get_by_test_id("option").first).to_contain_text(
        "order_delivered"
    )
    await press_enter(person)
    await expect(person.find_field("var_body_1")).to_be_visible()
    await expect(person.find_field("template")).to_have_value("order_delivered · English")
    values = {"phone": NUMBER_NOT_ON_WHATSAPP, "var_body_1": "Mark", "var_body_2": "566701"}
    for block_id, value in values.items():
        await press_tab_until(person, person.find_field(block_id))
        await person.page.keyboard.type(value)
    await press_enter(person)
    send = submit_button(person, "Send to …0101")
    await expect(send).to_be_visible()
    await expect(person.page.get_by_test_id("modal-title")).to_be_focused()
    await press_tab_until(person, send)
    await expect(person.find_modal()).to_contain_text("+1 202-555-0101")
    await press_enter(person)
    alert = person.page.get_by_test_id("dm-alert")
    await expect(alert).to_contain_text("Not delivered to +1 202-555-0101")
    outcome = person.page.get_by_test_id("message").filter(has_text="Not delivered to")
    await expect(outcome).to_contain_text("can't deliver to this number")
    assert [sent.to for sent in demo.chakra.sends] == ["12025550101"]
    await alert.get_by_test_id("dm-alert-open").click()
    report = person.page.locator(".message.linked")
    await expect(report).to_contain_text("can't deliver to this number")
    await expect(report.get_by_role("button", name="Send again")).to_be_visible()


async def test_a_lead_is_found_by_name_and_fills_the_variables(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_page(browser, demo)
    form = await person.open_form("/chakra send lead_followup aarav")
    await person.find_field("var_body_agent").fill("John")
    await person.find_field("var_body_product").fill("our team plan")
    await expect(person.find_field("var_body_first_name")).to_have_value("Aarav")
    await person.submit()
    await expect(submit_button(person, "Send to Aarav Mehta")).to_be_visible()
    await expect(form).to_contain_text("lead LEAD-004038, Aarav Mehta, +91 98765 43210")
    await expect(form).to_contain_text("Hello Aarav, this is John of Acme.")
    await person.send_checked()
    delivered = person.page.get_by_test_id("message").filter(has_text="Delivered to Aarav Mehta")
    await expect(delivered).to_contain_text("lead_followup")
    [sent] = demo.chakra.sends
    assert (sent.to, sent.text.split(",")[0]) == ("919876543210", "Hello Aarav")
