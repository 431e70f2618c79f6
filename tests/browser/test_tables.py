"""A table on the page: its pages, its order, and what a reader of screens hears of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.slack.data_table import data_table
from tests.browser.page_driver import open_checked_page
from tests.sandbox.slack_harness import SlackHarness, open_harness

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness() as harness:
        yield harness


async def read_first_column(page: Page) -> list[str]:
    return await page.get_by_role("table").locator("tbody th").all_inner_texts()


async def test_table_is_turned_and_sorted(browser: Browser, harness: SlackHarness) -> None:
    names = ["Ted", "Aarav", "<b>Ana</b>", "Zoë", "mei", "Ines", "Noor"]
    rows = [(name, (7 - index) * 3) for index, name in enumerate(names)]
    table = data_table("Leads 1–7", ["Name", "Score"], rows, page_size=4)
    await harness.web.chat_postMessage(channel="C0SALES", text="Leads", blocks=[table])
    async with open_checked_page(browser, harness.slack.base_url) as page:
        shown = page.get_by_role("region", name="Leads 1–7")
        await expect(shown).to_contain_text("1–4 of 7")
        assert await read_first_column(page) == names[:4]
        await shown.get_by_role("button", name="Next rows").click()
        assert await read_first_column(page) == names[4:]
        await shown.get_by_role("button", name="Score").click()
        assert await read_first_column(page) == ["Noor", "Ines", "mei", "Zoë"]
        await shown.get_by_role("button", name="Score").click()
        assert await read_first_column(page) == names[:4]
        await shown.get_by_role("button", name="Name").click()
        await expect(page.get_by_role("columnheader", name="Name")).to_have_attribute(
            "aria-sort", "ascending"
        )
        assert await read_first_column(page) == ["<b>Ana</b>", "Aarav", "Ines", "mei"]
