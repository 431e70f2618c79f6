"""The clicks and keys of each job on the page, and the most that each may take.

Keys include Enter; what a variable or a file's dialog asks for is not counted.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from bot.sandbox.world import SAMPLE_TABLE_PATH, Sandbox
from tests.browser.page_driver import PageDriver, open_page
from tests.commands.watch_scenarios import RUNNING
from tests.people import MEI, SUPPORT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@dataclass
class CountedPage:
    """A page on which each key and click of a person is counted."""

    page: Page
    keys: int = 0
    clicks: int = 0

    async def type(self, text: str) -> None:
        self.keys += len(text)
        await self.page.keyboard.type(text)

    async def press_enter(self) -> None:
        self.keys += 1
        await self.page.keyboard.press("Enter")

    async def send_line(self, line: str) -> None:
        await self.page.get_by_test_id("composer").focus()
        await self.type(line)
        await self.press_enter()

    async def click(self, place: Locator) -> None:
        self.clicks += 1
        await place.click()

    async def click_button(self, name: str) -> None:
        await self.click(self.page.get_by_role("button", name=name, exact=True).last)

    def check(self, job: str, *, keys: int, clicks: int) -> None:
        spent = f"{self.keys} keys + {self.clicks} clicks"
        sys.stdout.write(f"{job}: {spent}, at most {keys} + {clicks}\n")
        assert (self.keys <= keys, self.clicks <= clicks) == (True, True), job


async def open_counted(browser: Browser, demo: Sandbox) -> tuple[CountedPage, PageDriver]:
    driver = await open_page(browser, demo)
    return CountedPage(driver.page), driver


async def test_a_users_role(browser: Browser, demo: Sandbox) -> None:
    person, driver = await open_counted(browser, demo)
    await person.send_line("/chakra maria")
    await expect(driver.find_last_message()).to_contain_text("Collections")
    await expect(driver.find_last_message()).to_contain_text("Inside Sales")
    person.check("a user's role", keys=14, clicks=0)


async def test_watch_a_job(browser: Browser, demo: Sandbox) -> None:
    await demo.slack.type(MEI, SUPPORT, f"/chakra watch {RUNNING}")
    person, driver = await open_counted(browser, demo)
    await person.send_line("/chakra watch")
    await person.click_button("Watch")
    watch = driver.page.get_by_test_id("message").filter(has_text="Watched by @John Doe")
    await expect(watch).to_be_visible()
    person.check("watch a job", keys=15, clicks=1)


# --- sending -------------------------------------------------------------------------------------


async def test_template_to_a_colleague(browser: Browser, demo: Sandbox) -> None:
    person, driver = await open_counted(browser, demo)
    await person.send_line("/chakra send hello_world mei")
    await person.click(driver.page.get_by_test_id("modal-submit"))
    await wait_for_sends(demo, 1)
    person.check("a template to a colleague", keys=29, clicks=1)


async def test_template_to_a_number_in_a_message(browser: Browser, demo: Sandbox) -> None:
    person, driver = await open_counted(browser, demo)
    await person.send_line("/chakra send hello_world mei")
    await driver.submit()
    await wait_for_sends(demo, 1)
    await expect(driver.page.get_by_test_id("modal-submit")).to_be_hidden()
    await driver.page.get_by_test_id("modal-close").click()
    await expect(driver.find_modal()).to_be_hidden()
    person = CountedPage(driver.page)
    message = driver.page.get_by_test_id("message").filter(has_text="Aarav Mehta")
    await message.hover()
    await person.click(message.get_by_test_id("message-actions"))
    options = message.get_by_test_id("message-actions-option")
    await person.click(options.filter(has_text="WhatsApp this contact"))
    await expect(await driver.wait_for_modal()).to_contain_text("hello_world")
    await person.click(driver.page.get_by_test_id("modal-submit"))
    await wait_for_sends(demo, 2)
    person.check("a template to a number in a message", keys=0, clicks=3)


async def test_template_to_a_lead_by_name(browser: Browser, demo: Sandbox) -> None:
    person, driver = await open_counted(browser, demo)
    await person.send_line("/chakra send hello_world aarav")
    await person.click(driver.page.get_by_test_id("modal-submit").filter(has_text="Send to"))
    await wait_for_sends(demo, 1)
    person.check("a template to a lead by name", keys=31, clicks=1)


async def test_template_from_the_card_of_a_colleague(browser: Browser, demo: Sandbox) -> None:
    person, driver = await open_counted(browser, demo)
    await driver.send_line("/chakra user mei@acme.com")
    await person.click_button("Send WhatsApp")
    form = await driver.wait_for_modal()
    await expect(driver.find_field("phone")).to_have_value(re.compile("^Mei Tanaka"))
    await expect(driver.find_field("template")).to_be_focused()
    await person.type("hello_world")
    await expect(form.get_by_test_id("option").first).to_contain_text("hello_world")
    await person.press_enter()
    await expect(form).to_contain_text("Welcome and congratulations")
    await person.click(driver.page.get_by_test_id("modal-submit"))
    await expect(driver.page.get_by_test_id("modal-submit")).to_contain_text("Send to Mei")
    await person.press_enter()
    await wait_for_sends(demo, 1)
    person.check("a template from a colleague's card", keys=13, clicks=2)


async def wait_for_sends(demo: Sandbox, count: int) -> None:
    await demo.slack.wait_until(lambda: len(demo.chakra.sends) == count)


# --- a table -------------------------------------------------------------------------------------


async def test_upload_of_a_table_in_a_message(browser: Browser, demo: Sandbox) -> None:
    person, driver = await open_counted(browser, demo)
    await driver.page.get_by_test_id("post").click()
    await driver.page.get_by_test_id("post-option").filter(has_text="leads.csv").click()
    message = driver.find_last_message()
    await expect(message.get_by_test_id("file")).to_be_visible()
    await message.hover()
    await person.click(message.get_by_test_id("message-actions"))
    options = message.get_by_test_id("message-actions-option")
    await person.click(options.filter(has_text="Upload to Chakra"))
    send = driver.page.get_by_test_id("modal-submit")
    await expect(send).to_have_text("Send 53 of 60")
    await person.click(send)
    await expect(driver.find_modal()).to_be_hidden()
    person.check("upload a table in a message", keys=0, clicks=3)


async def test_upload_of_a_chosen_table(browser: Browser, demo: Sandbox) -> None:
    person, driver = await open_counted(browser, demo)
    await person.send_line("/chakra bulk create lead")
    await driver.wait_for_modal()
    await driver.page.get_by_test_id("file-picker").set_input_files(SAMPLE_TABLE_PATH)
    person.clicks += 2  # "Choose a file", and the file in the computer's own window
    await expect(driver.page.get_by_test_id("chosen-file")).to_contain_text("leads.csv")
    send = driver.page.get_by_test_id("modal-submit")
    await person.click(send)
    await expect(send).to_have_text("Send 53 of 60")
    await person.click(send)
    await expect(driver.find_modal()).to_be_hidden()
    person.check("upload a chosen table", keys=25, clicks=4)
