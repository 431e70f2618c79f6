"""A person looks up a colleague on the demo page, shares the card, corrects the name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.sandbox.world import Sandbox
from tests.browser.page_driver import NARROW, open_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PICTURES = Path(__file__).parents[1] / "pictures"
KEEP_PICTURES_VARIABLE = "KEEP_PICTURES"
"""Set by ``make browser``, to take README's picture again; other runs change no file."""


@pytest.mark.smoke
async def test_user_command_shows_team_role_and_email(
    browser: Browser, demo: Sandbox, tmp_path: Path
) -> None:
    person = await open_page(browser, demo)
    card = await person.send_line("/chakra user john@acme.com")
    for part in ("John Doe", "Inside Sales", "PaisaPay", "john@acme.com", "Only visible to you"):
        await expect(card).to_contain_text(part)
    where = PICTURES if os.environ.get(KEEP_PICTURES_VARIABLE) else tmp_path
    await person.page.screenshot(path=where / "demo.png")
    assert (where / "demo.png").stat().st_size > 10_000


async def test_shared_card_is_masked_for_everyone(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo)
    await person.send_line("/chakra user john@acme.com")
    await person.press_button("Share to channel")
    await expect(person.find_last_message()).to_contain_text("Shared by")
    other = await open_page(browser, demo, "U0MEI")
    await expect(other.find_last_message()).to_contain_text("John Doe")
    await expect(other.find_last_message()).not_to_contain_text("john@acme.com")
    typed = other.page.get_by_test_id("message").filter(has_text="/chakra user")
    await expect(typed).to_have_count(0)


async def test_name_can_be_corrected_in_the_form(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo)
    await person.send_line("/chakra user mei@acme.com")
    await person.press_button("Edit")
    await expect(person.find_modal()).to_be_visible()
    await person.find_field("first_name").fill("Meiko")
    await person.page.get_by_test_id("modal-submit").click()
    await expect(person.find_modal()).not_to_be_visible()
    await expect(person.find_last_message()).to_contain_text("Meiko")
    assert demo.chakra.find_user("mei@acme.com").first_name == "Meiko"


async def test_empty_name_is_rejected_under_its_field(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo)
    await person.send_line("/chakra user mei@acme.com")
    await person.press_button("Edit")
    await person.find_field("first_name").fill("   ")
    await person.find_field("last_name").fill("   ")
    await person.page.get_by_test_id("modal-submit").click()
    await expect(person.page.get_by_test_id("field-error").first).to_be_visible()
    assert demo.chakra.find_user("mei@acme.com").first_name == "Mei"


async def test_read_only_member_has_no_edit_button(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo, "U0MEI")
    card = await person.send_line("/chakra user john@acme.com")
    await expect(card.get_by_role("button", name="Refresh")).to_be_visible()
    await expect(card.get_by_role("button", name="Edit")).to_have_count(0)


async def test_team_list_can_be_paged_and_a_card_opened(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo)
    listed = await person.send_line("/chakra users")
    await expect(listed).to_contain_text("page 1 of")
    await person.press_button("Next")
    await expect(person.find_last_message()).to_contain_text("page 2 of")
    await person.find_last_message().get_by_role("button", name="Show").first.click()
    await expect(person.find_last_message()).to_contain_text("Email")


async def test_ambiguous_name_offers_a_choice(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo)
    offered = await person.send_line("/chakra user maria garcia")
    await expect(offered).to_contain_text("Two people match")
    await offered.get_by_role("button", name="Show").first.click()
    await expect(person.find_last_message()).to_contain_text("Account")


async def test_command_can_be_completed_with_the_keyboard(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo)
    await person.page.get_by_role("textbox").first.click()
    await person.page.keyboard.type("/")
    options = person.page.get_by_test_id("completion-option")
    await expect(options).to_have_text(
        ["/chakrasend | user | bulk | help · Work with your ChakraHQ account"]
    )
    await person.page.keyboard.press("Tab")
    await person.page.keyboard.type("status")
    await expect(options).to_be_hidden()
    await person.page.keyboard.press("Enter")
    await expect(person.find_last_message()).to_contain_text("Chakra for Slack")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_narrow_screen_has_no_horizontal_scrolling(
    browser: Browser, demo: Sandbox, theme: str
) -> None:
    person = await open_page(browser, demo, size=NARROW, theme=theme)
    card = await person.send_line("/chakra user john@acme.com")
    await expect(card).to_contain_text("John Doe")
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await person.page.evaluate(wide)


async def test_raw_payloads_can_be_inspected(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo)
    await person.send_line("/chakra user john@acme.com")
    await person.page.get_by_test_id("inspector-toggle").click()
    await expect(person.page.get_by_test_id("inspector")).to_contain_text("command")
