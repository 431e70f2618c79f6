"""A person's acts on the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, Locator, Page, expect

from bot.sandbox.world import Sandbox

WIDE = (1280, 800)
NARROW = (390, 844)


@dataclass(frozen=True)
class PageDriver:
    page: Page

    async def send_line(self, line: str) -> Locator:
        """Send a line, and return the next new message."""
        messages = self.page.get_by_test_id("message")
        before = await messages.count()
        await self._type_and_send(line)
        await expect(messages).not_to_have_count(before)
        return messages.last

    async def open_form(self, line: str) -> Locator:
        """Send a line that opens a form."""
        await self._type_and_send(line)
        return await self.wait_for_modal()

    async def wait_for_modal(self) -> Locator:
        await expect(self.find_modal()).to_be_visible()
        return self.find_modal()

    async def _type_and_send(self, line: str) -> None:
        composer = self.page.get_by_role("textbox").first
        await composer.click()
        await composer.press_sequentially(line)
        await self.page.keyboard.press("Enter")

    async def use_shortcut(self, name: str) -> Locator:
        """Use a shortcut of the message box's menu, which opens a form."""
        await self.page.get_by_test_id("shortcuts").click()
        await self.page.get_by_test_id("shortcuts-option").filter(has_text=name).click()
        return await self.wait_for_modal()

    async def use_message_shortcut(self, message: Locator, name: str) -> Locator:
        """Use a shortcut of a message's menu, which opens a form."""
        await message.hover()
        await message.get_by_test_id("message-actions").click()
        await message.get_by_test_id("message-actions-option").filter(has_text=name).click()
        return await self.wait_for_modal()

    async def choose_option(self, block_id: str, text: str, query: str = "") -> None:
        """Choose an option by its text in a menu of the form; ``typed`` filters the list."""
        menu = self.find_field(block_id)
        await menu.click()
        if query:
            await menu.fill(query)
        await self.find_modal().get_by_test_id("option").filter(has_text=text).first.click()

    async def submit(self) -> None:
        await self.page.get_by_test_id("modal-submit").click()

    async def check_and_send(self) -> None:
        """Continue to "Check and send", and send what it shows."""
        await self.submit()
        await self.send_checked()

    async def send_checked(self) -> None:
        """Send what "Check and send" shows; the view then says what became of it."""
        send = self.page.get_by_test_id("modal-submit").filter(has_text="Send to")
        await send.click()
        await expect(send).to_be_hidden()

    async def press_button(self, label: str, container: Locator | None = None) -> None:
        place = container or self.page.get_by_test_id("message").last
        await place.get_by_role("button", name=label, exact=True).click()

    def find_last_message(self) -> Locator:
        return self.page.get_by_test_id("message").last

    def find_modal(self) -> Locator:
        return self.page.get_by_test_id("modal")

    def find_field(self, block_id: str) -> Locator:
        place = f'[data-testid="field"][data-block-id="{block_id}"]'
        return self.page.locator(place).locator("input, textarea").first


async def open_page(
    browser: Browser,
    demo: Sandbox,
    member: str = "U0JOHN",
    *,
    size: tuple[int, int] = WIDE,
    theme: str = "light",
    channel: str = "C0SALES",
) -> PageDriver:
    page = await browser.new_page(viewport={"width": size[0], "height": size[1]})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.goto(f"{demo.slack.base_url}/?as={member}&channel={channel}&theme={theme}")
    await expect(page.get_by_test_id("message").first).to_be_visible()
    assert not problems, problems
    return PageDriver(page)


@asynccontextmanager
async def open_checked_page(
    browser: Browser, url: str, channel: str = "C0SALES"
) -> AsyncIterator[Page]:
    """Open John's page, which must log nothing to the browser's console."""
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda entry: problems.append(entry.text) if entry.type == "error" else None)
    await page.goto(f"{url}/?as=U0JOHN&channel={channel}")
    await expect(page.get_by_test_id("message").first).to_be_visible()
    yield page
    assert not problems, problems
