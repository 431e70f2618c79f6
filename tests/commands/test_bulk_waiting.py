"""Stories of answers that take long: other people don't wait, and Chakra isn't blamed for it."""

from __future__ import annotations

import asyncio

from bot.sandbox.chakra.faults import ResetAfterHandling
from bot.sandbox.slack import collect_text
from bot.sheets.workers import MAX_CONCURRENT_READS
from tests.clock import ManualClock
from tests.commands.test_bulk import (
    CREATE,
    JOHNS_MESSAGES,
    create_csv,
    open_form,
    read_form,
    stop_upload,
)
from tests.commands.watch_scenarios import (
    advance_until,
    list_app_messages,
    list_messages,
    wait_until,
)
from tests.people import JOHN, MEI
from tests.world import World

UPLOAD_METHOD = "files.getUploadURLExternal"


async def test_notice_blames_chakra_only_if_it_is_waited_for(
    acme: World, clock: ManualClock
) -> None:
    """Here Slack takes long to accept a file."""
    acme.chakra.fail(CREATE, ResetAfterHandling(), times=1)
    await stop_upload(acme, clock, rows=3)
    acme.slack.hang(UPLOAD_METHOD)
    pressing = asyncio.create_task(acme.slack.press(JOHN, "bulk.rows"))

    def list_notices() -> list[str]:
        texts = map(collect_text, list_messages(acme, JOHN, JOHNS_MESSAGES))
        return [text for text in texts if "The answer will follow here" in text]

    await advance_until(acme, clock, lambda: bool(list_notices()))
    assert "This takes a little longer." in list_notices()[0]
    acme.slack.release(UPLOAD_METHOD)
    await pressing
    await wait_until(
        acme,
        lambda: any(message.files for message in list_app_messages(acme, JOHN, JOHNS_MESSAGES)),
    )


async def test_other_people_are_answered_while_tables_are_read(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    reading = acme.bot.runtime.sheet_workers.reading
    for _ in range(MAX_CONCURRENT_READS):
        await reading.acquire()
    file = create_csv("Lead Id,City\nE1,Pune\n")
    submitting = asyncio.create_task(acme.slack.submit(JOHN, {"file": file}))
    await advance_until(acme, clock, submitting.done, step=0.1)
    assert "One moment" in read_form(acme)
    answer = await acme.type("/chakra user john", by=MEI)
    assert "John" in collect_text(answer)
    for _ in range(MAX_CONCURRENT_READS):
        reading.release()
    await wait_until(acme, lambda: "Send 1 row" in read_form(acme))
