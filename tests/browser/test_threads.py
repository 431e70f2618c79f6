"""Threads, charts and files as the page shows them, with a scripted app behind."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.page_driver import open_checked_page
from tests.sandbox.slack_harness import SlackHarness, open_harness

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PROGRESS_POINTS = {"0:00": 0, "2:00": 150, "4:00": 420, "6:00": 600}


@pytest_asyncio.fixture(loop_scope="session")
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness() as harness:
        yield harness


def build_chart(sort: str) -> dict[str, object]:
    data = [{"label": label, "value": value} for label, value in PROGRESS_POINTS.items()]
    return {
        "type": "data_visualization",
        "title": f"Entries done, {sort}",
        "chart": {
            "type": sort,
            "series": [{"name": "Done", "data": data}],
            "axis_config": {"categories": list(PROGRESS_POINTS), "x_label": "Minutes"},
        },
    }


async def test_broadcast_reply_links_to_its_thread(browser: Browser, harness: SlackHarness) -> None:
    posted = await harness.web.chat_postMessage(channel="C0SALES", text="*Import* is running")
    where = {"channel": "C0SALES", "thread_ts": posted["ts"]}
    await harness.web.chat_postMessage(**where, text="Half of it is done")
    async with open_checked_page(browser, harness.slack.base_url) as page:
        messages = page.get_by_test_id("message")
        await expect(messages.last).to_contain_text("1 reply")
        await harness.web.chat_postMessage(**where, text="All of it is done", reply_broadcast=True)
        await expect(messages.last).to_contain_text("replied to a thread: Import is running")
        await expect(messages.last).to_contain_text("All of it is done")
        await expect(page.get_by_test_id("thread")).to_contain_text("2 replies")
        await expect(page.get_by_text("Half of it is done")).to_have_count(0)
        await page.get_by_test_id("to-thread").click()
        pane = page.get_by_test_id("thread-pane")
        for text in ("Import is running", "Half of it is done", "All of it is done"):
            await expect(pane.get_by_text(text)).to_be_visible()
        await expect(page.get_by_test_id("thread-composer")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(pane).to_be_hidden()
        await harness.web.chat_update(channel="C0SALES", ts=posted["ts"], text="*Import* is over")
        await expect(messages.last).to_contain_text("replied to a thread: Import is over")


async def test_thread_with_new_replies_is_marked_until_it_is_opened(
    browser: Browser, harness: SlackHarness
) -> None:
    posted = await harness.web.chat_postMessage(channel="C0SALES", text="Asha Rao")
    where = {"channel": "C0SALES", "thread_ts": posted["ts"]}
    await harness.web.chat_postMessage(**where, text="Before the page was open")
    async with open_checked_page(browser, harness.slack.base_url) as page:
        opener = page.get_by_test_id("thread")
        await expect(opener).to_contain_text("1 reply")
        await expect(opener).not_to_contain_text("NEW")
        await harness.web.chat_postMessage(**where, text="Is my order on its way?")
        await expect(opener).to_contain_text("NEW")
        await opener.click()
        await expect(opener).not_to_contain_text("NEW")
        await harness.web.chat_postMessage(**where, text="Hello?")
        await expect(opener).to_contain_text("3 replies")
        await expect(opener).not_to_contain_text("NEW")


async def test_people_reply_in_a_thread_where_commands_do_not_work(
    browser: Browser, harness: SlackHarness
) -> None:
    async with open_checked_page(browser, harness.slack.base_url) as page:
        first = page.get_by_test_id("message").first
        await first.hover()
        await first.get_by_test_id("reply").click()
        box, pane = page.get_by_test_id("thread-composer"), page.get_by_test_id("thread-pane")
        await box.fill("I have it")
        await box.press("Enter")
        await expect(pane.get_by_test_id("message")).to_have_count(2)
        await expect(first.get_by_test_id("thread")).to_contain_text("1 reply")
        await box.fill("/chakra help")
        await box.press("Enter")
        await expect(page.get_by_test_id("toast")).to_contain_text("can't be used in threads")
        await expect(box).to_have_value("/chakra help")


async def test_failure_that_mentions_the_person_is_announced(
    browser: Browser, harness: SlackHarness
) -> None:
    posted = await harness.web.chat_postMessage(channel="C0SALES", text="Import is running")
    async with open_checked_page(browser, harness.slack.base_url) as page:
        where = {"channel": "C0SALES", "thread_ts": posted["ts"]}
        await harness.web.chat_postMessage(**where, text="<@U0JOHN>, 3 rows failed")
        await expect(page.get_by_test_id("dm-alert")).to_contain_text("3 rows failed")
        await page.get_by_test_id("dm-alert-open").click()
        linked = page.get_by_test_id("thread-pane").locator(".message.linked")
        await expect(linked).to_contain_text("3 rows failed")
        await harness.web.chat_postMessage(**where, text="<@U0JOHN>, seen")
        await expect(page.get_by_test_id("thread-pane").get_by_text("seen")).to_be_visible()
        await expect(page.get_by_test_id("dm-alert")).not_to_be_visible()


async def test_a_link_to_a_message_stays_within_the_page(
    browser: Browser, harness: SlackHarness
) -> None:
    posted = await harness.web.chat_postMessage(channel="D0JOHN", text="Your report")
    reply = {"channel": "D0JOHN", "thread_ts": posted["ts"]}
    answered = await harness.web.chat_postMessage(**reply, text="A reply to it")
    for message, words in ((posted, "Your report"), (answered, "A reply to it")):
        link = await harness.web.chat_getPermalink(channel="D0JOHN", message_ts=message["ts"])
        text = f"<{link['permalink']}|See delivery status>"
        await harness.web.chat_postMessage(channel="C0SALES", text=text)
        async with open_checked_page(browser, harness.slack.base_url) as page:
            await page.get_by_role("link", name="See delivery status").last.click()
            await expect(page.locator(".message.linked")).to_contain_text(words)
            assert "channel=D0JOHN" in page.url
            assert len(page.context.pages) == 1


async def test_a_link_to_another_members_message_opens_nothing(
    browser: Browser, harness: SlackHarness
) -> None:
    posted = await harness.web.chat_postMessage(channel="D0MEI", text="Only for Mei")
    link = await harness.web.chat_getPermalink(channel="D0MEI", message_ts=posted["ts"])
    await harness.web.chat_postMessage(channel="C0SALES", text=f"<{link['permalink']}|Open>")
    async with open_checked_page(browser, harness.slack.base_url) as page:
        await page.get_by_role("link", name="Open").click()
        await expect(page.get_by_test_id("toast")).to_contain_text("You can't open this message")
        assert "channel=C0SALES" in page.url


async def test_private_answers_are_gone_after_a_reload(
    browser: Browser, harness: SlackHarness
) -> None:
    await harness.web.chat_postMessage(channel="C0SALES", text="For everyone, or a@acme.com")
    await harness.web.chat_postEphemeral(channel="C0SALES", user="U0JOHN", text="Before")
    async with open_checked_page(browser, harness.slack.base_url) as page:
        timeline = page.locator("#timeline")
        await expect(timeline.get_by_text("For everyone")).to_be_visible()
        await expect(page.get_by_role("link", name="a@acme.com")).to_be_visible()
        await expect(timeline.get_by_text("Before")).to_have_count(0)
        await harness.web.chat_postEphemeral(channel="C0SALES", user="U0JOHN", text="Since then")
        await expect(timeline.get_by_text("Since then")).to_be_visible()
        await page.reload()
        await expect(timeline.get_by_text("For everyone")).to_be_visible()
        await expect(timeline.get_by_text("Since then")).to_have_count(0)


@pytest.mark.parametrize("sort", ["line", "area"])
async def test_chart_renders_with_its_values(
    browser: Browser, harness: SlackHarness, sort: str
) -> None:
    await harness.web.chat_postMessage(channel="C0SALES", text="Chart", blocks=[build_chart(sort)])
    async with open_checked_page(browser, harness.slack.base_url) as page:
        drawn = page.get_by_role("img", name=f"Entries done, {sort}")
        await expect(drawn).to_be_visible()
        await expect(drawn.locator("circle")).to_have_count(len(PROGRESS_POINTS))
        await expect(drawn.locator("path.area")).to_have_count(1 if sort == "area" else 0)
        await page.get_by_text("Show figures").click()
        await expect(page.get_by_role("row", name="4:00 420")).to_be_visible()


async def test_emoji_render_without_a_font_and_dates_use_local_time(
    browser: Browser, harness: SlackHarness
) -> None:
    text = ":hourglass_flowing_sand: since <!date^1617966536^{date_short}|9 Apr 2021>, <@U0JOHN>"
    await harness.web.chat_postMessage(channel="C0SALES", text=text)
    async with open_checked_page(browser, harness.slack.base_url) as page:
        last = page.get_by_test_id("message").last
        emoji = last.get_by_role("img", name="hourglass flowing sand")
        await expect(emoji.locator("svg")).to_be_visible()
        await expect(last.locator("time").nth(1)).to_contain_text("Apr")
        await expect(last).to_contain_text("@John Doe")
