"""A salesperson sends a template with a picture from the device, and sees it delivered."""

from __future__ import annotations

import aiohttp
import pytest
from playwright.async_api import Browser, FilePayload, expect

from bot.sandbox.world import Sandbox
from tests.browser.page_driver import PageDriver, open_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PROMO = "christmas_promo_23"
RESPONSE_TIMEOUT_MS = 20_000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
VALID_PICTURE: FilePayload = {"name": "tree.png", "mimeType": "image/png", "buffer": PNG}
OVERSIZED_PICTURE: FilePayload = {
    "name": "wide.jpg",
    "mimeType": "image/jpeg",
    "buffer": bytes(6 * 1024 * 1024),
}


async def open_promo_form(browser: Browser, demo: Sandbox) -> PageDriver:
    """Open a form of a template with a picture, filled in except for the picture."""
    person = await open_page(browser, demo)
    await person.send_line(f"/chakra templates {PROMO}")
    await person.press_button("Send")
    await expect(person.find_modal()).to_contain_text("Picture: or a file")
    await expect(person.find_modal()).to_contain_text("anyone with the link can open the file")
    await person.find_field("phone").fill("+91 98765 43210")
    return person


async def test_a_chosen_picture_is_sent_delivered_and_read(browser: Browser, demo: Sandbox) -> None:
    person = await open_promo_form(browser, demo)
    await person.page.get_by_test_id("file-picker").set_input_files([VALID_PICTURE])
    await expect(person.page.get_by_test_id("chosen-file")).to_contain_text("tree.png")
    await person.find_field("var_body_1").fill("Jane")
    preview = person.find_modal().get_by_text("Merry Christmas Jane")
    await expect(preview).to_be_visible()  # the form was updated, and the file is still in it
    await expect(person.page.get_by_test_id("chosen-file")).to_contain_text("tree.png")
    await person.check_and_send()
    report = await open_page(browser, demo, channel="D0JOHN")
    await expect(report.find_last_message()).to_contain_text("Read", timeout=RESPONSE_TIMEOUT_MS)
    [sent] = demo.chakra.sends
    async with aiohttp.ClientSession() as anybody, anybody.get(sent.body["imageUrl"]) as answer:
        assert (answer.content_type, await answer.read()) == ("image/png", PNG)


async def test_oversized_picture_is_rejected_under_its_field(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_promo_form(browser, demo)
    await person.find_field("var_body_1").fill("Jane")
    await person.page.get_by_test_id("file-picker").set_input_files([OVERSIZED_PICTURE])
    await expect(person.page.get_by_test_id("chosen-file")).to_contain_text("wide.jpg")
    await person.page.get_by_test_id("modal-submit").click()
    place = person.page.locator('[data-testid="field"][data-block-id="file"]')
    error = place.get_by_test_id("field-error")
    await expect(error).to_contain_text("This file is 6 MB; WhatsApp accepts up to 5 MB here")
    await expect(person.page.get_by_test_id("chosen-file")).to_contain_text("wide.jpg")
    assert not demo.chakra.sends
