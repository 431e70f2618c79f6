"""A salesperson follows jobs on the demo page, and creates leads from a table."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, FilePayload, Locator, expect

from bot.sandbox.chakra.request_log import RecordedRequest
from bot.sandbox.world import SAMPLE_TABLE_PATH, Sandbox
from tests.browser.page_driver import PageDriver, open_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FINISHED = "09409961-8bae-5d66-b8bd-53646ea5157f"
ROWS = 40
"""Four seconds of work for the embedded Chakra, so that progress is visible."""
EXISTING_LEAD = "LEAD-004038"
"""A lead that already exists."""


def build_leads_csv(*header: str, rows: int = ROWS, existing: str = EXISTING_LEAD) -> FilePayload:
    """Return a table with one row that will fail."""
    lines = [
        ",".join(header),
        *(f"EXPO-{n},Asha{n},Pune" for n in range(1, rows)),
        f"{existing},Ravi,Delhi",
    ]
    return {"name": "expo.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}


async def upload_and_check(person: PageDriver, table: FilePayload) -> Locator:
    """Choose the table and return the form's result."""
    form = await person.open_form("/chakra bulk create lead")
    await person.page.get_by_test_id("file-picker").set_input_files([table])
    await expect(person.page.get_by_test_id("chosen-file")).to_contain_text(table["name"])
    await person.submit()
    await expect(form).to_contain_text("Column mapping")
    return form


def find_message(person: PageDriver, text: str) -> Locator:
    return person.page.get_by_test_id("message").filter(has_text=text).last


async def download_file(person: PageDriver, link: Locator) -> bytes:
    async with person.page.expect_download() as download:
        await link.click()
    saved = await (await download.value).path()
    return await asyncio.to_thread(saved.read_bytes)


# --- a table becomes leads -----------------------------------------------------------------------


async def test_table_upload_is_watched_to_completion_and_failed_rows_arrive_as_a_file(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_page(browser, demo)
    form = await upload_and_check(person, build_leads_csv("Lead Id", "First Name", "City"))
    await expect(form).to_contain_text(f"{ROWS} rows, to create lead records")
    await expect(person.page.get_by_test_id("modal-submit")).to_have_text(f"Send {ROWS} rows")
    await person.submit()
    await expect(form).not_to_be_visible()
    await expect(find_message(person, "Upload started")).to_contain_text("direct message")
    await person.page.locator('[data-channel-id="D0JOHN"]').click()
    await person.page.get_by_test_id("tab-messages").click()
    outcome = find_message(person, "has finished")
    await expect(outcome).to_contain_text("New leads from expo.csv")
    await expect(outcome).to_contain_text(f"39 of {ROWS} succeeded, 1 failed")
    await person.press_button("Failed rows as a file", outcome)
    sent = find_message(person, "1 row that failed in New leads from expo.csv")
    content = await download_file(person, sent.get_by_test_id("file"))
    header, row = content.decode("utf-8-sig").splitlines()
    assert header.startswith("Entry,State,Reason")
    assert f"Process with lead_id {EXISTING_LEAD} already exists" in row


async def test_sample_table_can_be_inserted_and_its_problems_are_listed(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_page(browser, demo)
    await person.page.get_by_test_id("tips-toggle").click()
    sample = person.page.get_by_test_id("sample")
    assert await download_file(person, sample) == SAMPLE_TABLE_PATH.read_bytes()
    form = await person.open_form("/chakra bulk create lead")
    await sample.get_by_text("Add to the form").click()
    await expect(person.page.get_by_test_id("chosen-file")).to_contain_text(SAMPLE_TABLE_PATH.name)
    await person.submit()
    await expect(form).to_contain_text("7 rows have problems and will be skipped.")
    await expect(form).to_contain_text("Row 26 of the sheet · Score: not a number")
    await expect(person.page.get_by_test_id("modal-submit")).to_have_text("Send 53 of 60")
    await person.press_button("Download skipped rows", form)
    await expect(form).to_contain_text("I've sent you the skipped rows")
    [message] = demo.slack.list_messages("U0JOHN", "D0JOHN")
    [file] = message.files
    assert len(file.data.decode("utf-8-sig").splitlines()) == 1 + 7
    assert demo.chakra.count("POST /v1/ext/procedure/{procedureShortId}/process/bulk-create") == 0


async def test_unknown_column_can_be_mapped_to_an_attribute(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_page(browser, demo)
    form = await upload_and_check(person, build_leads_csv("Lead Id", "First Name", "Town", rows=3))
    await expect(form).to_contain_text("These columns don't match a Chakra field")
    await person.choose_option("column_2", "City", query="city")
    await person.submit()
    await expect(form).to_contain_text("Town → city")
    await person.submit()
    await expect(form).not_to_be_visible()
    started = "Upload started: 3 rows. We'll send you a direct message when it finishes."
    await expect(find_message(person, started)).to_be_visible()

    def list_creations() -> list[RecordedRequest]:
        return [each for each in demo.chakra.requests if each.path.endswith("bulk-create")]

    await demo.slack.wait_until(lambda: bool(list_creations()))
    [asked] = list_creations()
    assert [row["data"]["city"] for row in asked.json] == ["Pune", "Pune", "Delhi"]


async def test_form_has_no_send_button_without_valid_rows(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo)
    form = await person.open_form("/chakra bulk update lead")
    table: FilePayload = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"City\nPune\n"}
    await person.page.get_by_test_id("file-picker").set_input_files([table])
    await person.submit()
    await expect(form).to_contain_text("No column says which records to change")
    await expect(form).to_contain_text("choose it again with /chakra bulk update lead")
    await expect(person.page.get_by_test_id("modal-submit")).not_to_contain_text("Send")


# --- jobs ----------------------------------------------------------------------------------------


async def test_a_finished_job_and_its_failed_rows(browser: Browser, demo: Sandbox) -> None:
    person = await open_page(browser, demo)
    await person.page.get_by_test_id("tips-toggle").click()
    await person.page.get_by_test_id("tip").filter(has_text=FINISHED).click()
    await expect(person.page.get_by_test_id("composer")).to_have_value(f"/chakra job {FINISHED}")
    await person.page.keyboard.press("Enter")
    await expect(person.find_last_message()).to_contain_text("12 of 240 failed")
    await expect(person.find_last_message()).to_contain_text("already exists · in 2 entries")
    await expect(person.find_last_message().get_by_role("button", name="Watch")).to_have_count(0)


async def test_job_is_watched_from_its_card_listed_and_unwatched(
    browser: Browser, demo: Sandbox
) -> None:
    job = demo.chakra.add_job(
        succeed=300, fail=30, seconds=60, warmup=0, failed_because=("No such city",)
    )
    person = await open_page(browser, demo)
    card = await person.send_line(f"/chakra job {job.id}")
    await expect(card).to_contain_text("Running")
    await person.press_button("Watch", card)
    watch = find_message(person, "Watched by")
    await expect(watch).to_contain_text(job.id)
    await expect(watch).to_contain_text("We'll notify them here when it finishes")
    await person.press_button("Notify me by direct message", watch)
    await expect(watch).to_contain_text("We'll notify them in a direct message when it finishes")
    await person.press_button("Details", watch)
    await expect(person.find_last_message()).to_contain_text("Only visible to you")
    await expect(person.find_last_message()).to_contain_text("of 330")
    listed = await person.send_line("/chakra jobs")
    await expect(listed).to_contain_text("1 watched")
    await expect(listed).to_contain_text("watched by @John Doe in #sales")
    await person.send_line(f"/chakra unwatch {job.id}")
    await expect(person.find_last_message()).to_contain_text("Stopped watching.")
    stopped = person.page.get_by_test_id("message").filter(has_text=job.id)
    await expect(stopped.filter(has_text="Stopped watching")).to_contain_text("watched by")
    assert await demo.bot.context.workflows.watches.list_active_by_job(job.id) == []


async def test_suggested_job_id_completes_the_typed_command(
    browser: Browser, demo: Sandbox
) -> None:
    person = await open_page(browser, demo)
    composer = person.page.get_by_test_id("composer")
    tip = person.page.get_by_test_id("tip").filter(has_text=FINISHED)
    await person.page.get_by_test_id("tips-toggle").click()
    await composer.fill("/chakra watch")
    await tip.click()
    await expect(composer).to_have_value(f"/chakra watch {FINISHED}")
    await tip.click()
    await expect(composer).to_have_value(f"/chakra job {FINISHED}")
