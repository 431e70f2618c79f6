"""The clicks and keys of each job on the page, and the most that each may take.

Keys include Enter; what a variable or a file's dialog asks for is not counted.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from bot.sandbox.world import Sandbox
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
    await expect(driver.last_message()).to_contain_text("Collections")
    await expect(driver.last_message()).to_contain_text("Inside Sales")
    person.check("a user's role", keys=14, clicks=0)


async def test_watch_a_job(browser: Browser, demo: Sandbox) -> None:
    await demo.slack.type(MEI, SUPPORT, f"/chakra watch {RUNNING}")
    person, driver = await open_counted(browser, demo)
    await person.send_line("/chakra watch")
    await person.click_button("Watch")
    watch = driver.page.get_by_test_id("message").filter(has_text="Watched by @John Doe")
    await expect(watch).to_be_visible()
    person.check("watch a job", keys=15, clicks=1)
