"""axe-core finds nothing on the page, in any state. It runs if ``AXE_CORE`` names axe.min.js."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.sandbox.world import SAMPLE_TABLE_PATH, Sandbox
from tests.browser.page_driver import NARROW, WIDE, PageDriver, open_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif("AXE_CORE" not in os.environ, reason="AXE_CORE names no axe.min.js"),
]

ZOOMED = (640, 400)
"""A window of 1280 by 800 pixels at 200 %."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

REFUSED_NUMBER = "+12025550111"

State = Callable[[PageDriver], Awaitable[None]]


async def show_channel(person: PageDriver) -> None:
    await expect(person.find_last_message()).to_be_visible()


async def show_command(person: PageDriver) -> None:
    await person.page.get_by_test_id("composer").fill("/")
    await expect(person.page.get_by_test_id("completion-option")).to_be_visible()


async def show_welcome(person: PageDriver) -> None:
    await person.send_line("/chakra")


async def show_card(person: PageDriver) -> None:
    await person.send_line("/chakra user john@acme.com")


async def show_thread(person: PageDriver) -> None:
    message = person.page.get_by_test_id("message").first
    await message.hover()
    await message.get_by_test_id("reply").click()
    await person.page.get_by_test_id("thread-composer").fill("I have it")
    await person.page.keyboard.press("Enter")
    await expect(person.page.get_by_test_id("thread")).to_be_visible()


async def show_form(person: PageDriver) -> None:
    await person.open_form("/chakra send")


async def show_list(person: PageDriver) -> None:
    await show_form(person)
    await person.find_field("template").fill("account_created")
    await expect(person.find_modal().get_by_test_id("option").first).to_be_visible()


async def show_variables(person: PageDriver) -> None:
    await show_list(person)
    await person.page.keyboard.press("Enter")
    await expect(person.find_field("var_body_1")).to_be_visible()


async def show_errors(person: PageDriver) -> None:
    await show_variables(person)
    await person.submit()
    await expect(person.find_modal().locator(".field.wrong").first).to_be_visible()


async def show_check(person: PageDriver) -> None:
    view = await person.open_form("/chakra send account_created priya 1=Mark 2=mark@acme.com")
    await expect(view).to_contain_text("Your Acme account is ready, Mark")


async def show_repeat(person: PageDriver) -> None:
    """Check again what was sent before, which asks whether it should be sent again."""
    await show_result(person)
    await person.page.get_by_test_id("modal-close").click()
    await expect(person.find_modal()).to_be_hidden()
    await show_check(person)
    await expect(person.find_modal()).to_contain_text("Send it again?")


async def show_result(person: PageDriver) -> None:
    await show_check(person)
    await person.page.get_by_test_id("modal-submit").click()
    await expect(person.page.get_by_test_id("modal-submit")).to_be_hidden()
    await expect(person.page.get_by_test_id("modal-title")).to_have_text(
        re.compile("Sending|Delivered|Read")
    )


async def show_refusal(person: PageDriver) -> None:
    """Send to a number that Chakra refuses: the view says why, and "Change" opens the form."""
    await person.open_form(f"/chakra send hello_world {REFUSED_NUMBER}")
    await person.page.get_by_test_id("modal-submit").click()
    await expect(person.page.get_by_test_id("modal-title")).to_have_text("Not sent")


async def show_outcome(person: PageDriver) -> None:
    await show_result(person)
    await person.page.get_by_test_id("modal-close").click()
    outcome = person.page.get_by_test_id("message").filter(has_text="Delivered to")
    await expect(outcome.last).to_be_visible()


async def show_failure(person: PageDriver) -> None:
    await person.open_form("/chakra send hello_world +12025550101")
    await person.page.get_by_test_id("modal-submit").click()
    await expect(person.page.get_by_test_id("dm-alert")).to_contain_text("Not delivered")


async def show_report(person: PageDriver) -> None:
    await show_failure(person)
    await person.page.get_by_test_id("dm-alert-open").click()
    await expect(person.page.locator(".message.linked")).to_contain_text("Not delivered")


async def show_sends(person: PageDriver) -> None:
    await show_outcome(person)
    await person.send_line("/chakra sends")


async def show_plan(person: PageDriver) -> None:
    await person.open_form("/chakra bulk create lead")
    await person.page.get_by_test_id("file-picker").set_input_files(SAMPLE_TABLE_PATH)
    await person.submit()
    await expect(person.page.get_by_test_id("modal-submit")).to_have_text("Send 53 of 60")


async def show_carousel(person: PageDriver) -> None:
    await person.open_form("/chakra send summer_carousel priya")
    await expect(person.find_field("template")).to_have_value(re.compile("summer_carousel"))


async def show_tips(person: PageDriver) -> None:
    await show_form(person)
    await person.page.get_by_test_id("modal-tips-toggle").click()
    await expect(person.page.get_by_test_id("tips")).to_be_visible()


async def show_question(person: PageDriver) -> None:
    await show_variables(person)
    await person.page.keyboard.press("Escape")
    await expect(person.page.get_by_test_id("confirm")).to_be_visible()


async def show_home(person: PageDriver) -> None:
    url = person.page.url.replace("channel=C0SALES", "channel=D0JOHN&tab=home")
    await person.page.goto(url)
    await expect(person.page.get_by_test_id("home").get_by_role("button").first).to_be_visible()


async def show_people(person: PageDriver) -> None:
    toggle = person.page.get_by_test_id("sidebar-toggle")
    if await toggle.is_visible():
        await toggle.click()
    await person.page.get_by_test_id("person-switcher").click()
    await expect(person.page.get_by_test_id("person-option").first).to_be_visible()


async def show_phone(person: PageDriver) -> None:
    page = person.page
    await page.get_by_test_id("whatsapp-toggle").click()
    await page.get_by_test_id("phone-composer").fill("Is my order on its way?")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("bubble").first).to_be_visible()


async def show_payloads(person: PageDriver) -> None:
    await show_card(person)
    await person.page.get_by_test_id("inspector-toggle").click()
    await expect(person.page.get_by_test_id("inspector")).to_contain_text("command")


STATES: dict[str, State] = {
    show.__name__.removeprefix("show_"): show
    for show in (
        show_channel,
        show_command,
        show_welcome,
        show_card,
        show_thread,
        show_form,
        show_list,
        show_variables,
        show_errors,
        show_carousel,
        show_check,
        show_result,
        show_repeat,
        show_refusal,
        show_outcome,
        show_failure,
        show_report,
        show_sends,
        show_plan,
        show_tips,
        show_question,
        show_home,
        show_people,
        show_phone,
        show_payloads,
    )
}


async def find_violations(page: Page, axe: str) -> list[str]:
    await page.evaluate(axe)
    found = await page.evaluate("tags => axe.run(document, { runOnly: tags })", RULES)
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW, ZOOMED])
async def test_axe_finds_nothing(
    browser: Browser, demo: Sandbox, theme: str, size: tuple[int, int]
) -> None:
    axe = await asyncio.to_thread(Path(os.environ["AXE_CORE"]).read_text, encoding="utf-8")
    violations: dict[str, list[str]] = {}
    pictures = os.environ.get("STATE_PICTURES")
    person = await open_page(browser, demo, size=size, theme=theme)
    url = person.page.url
    for name, show in STATES.items():
        await person.page.evaluate("sessionStorage.clear()")
        await person.page.goto(url)
        await expect(person.page.get_by_test_id("message").first).to_be_visible()
        await show(person)
        if found := await find_violations(person.page, axe):
            violations[name] = found
        if pictures:
            picture = Path(pictures) / f"{name}-{theme}-{size[0]}.png"
            await person.page.screenshot(path=picture)
    assert violations == {}
