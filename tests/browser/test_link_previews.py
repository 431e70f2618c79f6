"""A link to a record on the demo page: its preview, and the pane that each person opens."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from bot.sandbox.world import Sandbox
from tests.browser.page_driver import open_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LINK = "https://app.chakrahq.com/lead/LEAD-004038"


async def test_link_opens_a_pane_with_what_this_person_may_see(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_page(browser, demo)
    message = await person.send_line(f"Look at {LINK}")
    preview = message.get_by_test_id("preview")
    await expect(preview).to_contain_text("Lead LEAD-004038")
    await expect(preview).not_to_contain_text("Aarav")
    await preview.get_by_test_id("preview-open").click()
    pane = person.page.get_by_test_id("details")
    await expect(pane).to_contain_text("Aarav Mehta")
    await expect(pane).to_contain_text("+91 98765 43210")
    await expect(pane).to_contain_text("10:56")  # in John's time zone, whatever the browser's is
    await pane.get_by_role("button", name="Edit").click()
    await expect(person.find_modal()).to_contain_text("LEAD-004038")
    await person.page.keyboard.press("Escape")
    await expect(person.find_modal()).to_be_hidden()
    await pane.get_by_test_id("details-close").click()
    await expect(pane).to_be_hidden()
    demo.slack.workspace.add_member("C0SALES", "U0GITA")
    guest = await open_page(browser, demo, "U0GITA")
    await guest.page.get_by_test_id("preview-open").last.click()
    refused = guest.page.get_by_test_id("details")
    await expect(refused).to_contain_text("Guests can't use Chakra from Slack.")
    await expect(refused).not_to_contain_text("Aarav")


async def test_without_work_objects_the_button_opens_a_private_card(
    browser: Browser, demo: Sandbox
) -> None:
    demo.slack.previews.switch_work_objects(on=False)
    person = await open_page(browser, demo)
    message = await person.send_line(LINK)
    await message.get_by_role("button", name="Open card").click()
    await expect(person.find_last_message()).to_contain_text("Aarav Mehta")
    await expect(person.find_last_message()).to_contain_text("Only visible to you")
