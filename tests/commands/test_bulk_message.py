"""Stories of a message's table, what its plan lets one change, and where the outcome is posted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.sandbox.slack import LocalFile, collect_text
from bot.sandbox.slack.seed import APP_USER
from tests.clock import ManualClock
from tests.commands.test_bulk import (
    CREATE,
    JOHNS_MESSAGES,
    UPDATE,
    build_csv,
    confirm_upload,
    create_csv,
    open_form,
    read_form,
    submit_file,
    wait_for_outcome,
)
from tests.commands.watch_scenarios import (
    advance_until,
    join_text,
    list_app_messages,
    list_messages,
    wait_until,
)
from tests.endpoints import PROCEDURE, reaches
from tests.people import JOHN, MEI, SALES
from tests.shared_world import shared_world
from tests.world import World

PARTNERS = "C0PARTNERS"
RECORDING = LocalFile("call.mp3", "audio/mpeg", b"ID3\x04")


async def use_shortcut(acme: World, message: Any, *, by: str = JOHN) -> str:
    """Use *Upload to Chakra* on the message; return what opens."""
    await acme.slack.use_message_shortcut(by, "bulk.message", message.id)
    await wait_until(acme, lambda: acme.slack.find_view(by) is not None)
    await wait_until(acme, lambda: "One moment" not in read_form(acme) or by != JOHN)
    return read_form(acme)


async def test_table_of_a_message_becomes_leads_in_three_clicks(
    acme: World, clock: ManualClock
) -> None:
    message = acme.slack.posted.post_file(MEI, SALES, create_csv(build_csv(3)))
    plan = await use_shortcut(acme, message)
    assert "3 rows, to create `lead` records" in plan
    assert "Send 3 rows" in plan
    await confirm_upload(acme)
    [outcome] = await wait_for_outcome(acme, clock)
    assert "3 of 3 succeeded" in collect_text(outcome)
    assert acme.chakra.count(CREATE) == 1
    assert list_app_messages(acme, JOHN, SALES) == []


async def test_plan_of_a_message_can_change_records_instead(acme: World) -> None:
    table = create_csv("lead_id,city\nLEAD-004038,Pune\n")
    await use_shortcut(acme, acme.slack.posted.post_file(MEI, SALES, table))
    await acme.slack.press(JOHN, "bulk.kind", value="update")
    await wait_until(acme, lambda: "identifies the record" in read_form(acme))
    assert "to change `lead` records" in read_form(acme)
    await confirm_upload(acme)
    await wait_until(acme, lambda: acme.chakra.count(UPDATE) == 1)
    assert acme.chakra.count(CREATE) == 0


async def test_one_of_several_files_is_chosen(acme: World) -> None:
    posted = acme.slack.posted
    first = posted.post_file(MEI, SALES, create_csv(build_csv(1), "may.csv"))
    second = posted.post_file(MEI, SALES, create_csv(build_csv(2), "june.csv"))
    files = (*first.content.files, *second.content.files)
    both = acme.slack.workspace.messages.replace(first, replace(first.content, files=files))
    assert "may.csv\njune.csv" in await use_shortcut(acme, both)
    await acme.slack.submit(JOHN, {"file": files[1].id})
    await wait_until(acme, lambda: "Send 2 rows" in read_form(acme))
    assert "june.csv" in read_form(acme)


async def test_snippet_and_forwarded_table_are_found(acme: World) -> None:
    snippet = acme.slack.posted.post_snippet(MEI, SALES, "leads.csv", build_csv(2))
    forwarded = acme.slack.posted.forward(MEI, snippet, SALES, "Please upload")
    assert "Send 2 rows" in await use_shortcut(acme, forwarded)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (RECORDING, "call.mp3 isn't a CSV or Excel file."),
        (create_csv(""), "This file is empty."),
        (create_csv("%PDF-1.7 whatever"), "This file is a PDF."),
        (create_csv("a" * (10 * 1024 * 1024 + 1), "big.csv"), "big.csv is larger than 10 MB."),
    ],
    ids=["recording", "empty", "pdf", "large"],
)
async def test_unusable_file_of_a_message_is_named_in_the_form(
    acme: World, file: LocalFile, expected: str
) -> None:
    form = await use_shortcut(acme, acme.slack.posted.post_file(MEI, SALES, file))
    assert expected in form
    assert "Continue" in form


@shared_world
async def test_message_without_a_readable_file_opens_the_form_with_the_reason(
    acme: World,
) -> None:
    posted = acme.slack.posted
    message = next(message for message in list_messages(acme, JOHN, SALES))
    assert "This message has no file." in await use_shortcut(acme, message)
    await acme.slack.close_view(JOHN)
    gone = posted.delete_files(posted.post_file(MEI, SALES, create_csv(build_csv(1))))
    assert "The file of this message was deleted." in await use_shortcut(acme, gone)


async def test_table_of_a_shared_channel_needs_the_app_in_it(acme: World) -> None:
    message = acme.slack.posted.post_file("U0SAM", PARTNERS, create_csv(build_csv(2)))
    assert "Chakra can't see that file" in await use_shortcut(acme, message)
    await acme.slack.close_view(JOHN)
    channels = acme.slack.workspace.channels
    partners = channels[PARTNERS]
    channels[PARTNERS] = replace(partners, members=(*partners.members, APP_USER))
    message = acme.slack.posted.post_file("U0SAM", PARTNERS, create_csv(build_csv(2)))
    plan = await use_shortcut(acme, message)
    assert "leads.csv" in plan
    assert "It has people from" in plan


@shared_world
async def test_non_sender_cannot_use_the_shortcut(acme: World) -> None:
    message = acme.slack.posted.post_file(MEI, SALES, create_csv(build_csv(3)))
    await use_shortcut(acme, message, by=MEI)
    view = acme.slack.find_view(MEI)
    assert view is not None
    assert "can't send or change anything" in collect_text(view)


async def test_outcome_is_posted_in_the_channel_only_if_chosen(
    acme: World, clock: ManualClock
) -> None:
    """And its failed rows are for the uploader and for senders."""
    await open_form(acme)
    plan = await submit_file(acme, create_csv("Lead Id,First Name\nLEAD-004038,Asha\nE2,Ravi\n"))
    assert "Tell me\nIn my messages\nIn #sales" in plan
    await confirm_upload(acme, tell="channel")
    [outcome] = await wait_for_outcome(acme, clock, SALES)
    assert f"<@{JOHN}>" in collect_text(outcome)
    assert list_app_messages(acme, JOHN, JOHNS_MESSAGES) == []
    await acme.press("job.failed", by=MEI)
    refused = "Only the person who uploaded this file and senders can get its failed rows."
    assert refused in join_text(list_messages(acme, MEI, SALES))
    assert list_app_messages(acme, MEI, "D0MEI") == []


@reaches(
    f"POST {PROCEDURE}/bulk-create",
    "processes.create_many",
    title="Bulk Create Process",
    by="`/chakra bulk create lead`",
)
async def test_long_upload_is_followed_in_one_message_and_its_thread(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    await submit_file(acme, create_csv(build_csv(2500)))
    await confirm_upload(acme, tell="channel")
    await wait_until(acme, lambda: acme.chakra.count(CREATE) == 3)
    await advance_until(acme, clock, lambda: bool(list_app_messages(acme, JOHN, SALES)), step=10)
    first = list_app_messages(acme, JOHN, SALES)[0]
    *_, outcome = await wait_for_outcome(acme, clock, SALES, step=10)
    assert outcome.thread_ts == first.ts


@shared_world
@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("upload", ""),
        ("import leads", ""),
        ("bulk leads", ""),
        ("bulk tickets", "There is no record type “tickets”. Available: Lead."),
    ],
)
async def test_natural_words_open_the_form(acme: World, line: str, note: str) -> None:
    form = await open_form(acme, line)
    assert note in form
    assert ("There is no" in form) is bool(note)


async def test_empty_table_is_sent_privately_and_can_be_uploaded(acme: World) -> None:
    await open_form(acme, "bulk leads")
    await acme.press("bulk.empty")
    await wait_until(acme, lambda: bool(list_app_messages(acme, JOHN, JOHNS_MESSAGES)))
    assert "I've sent you an empty table in a direct message." in read_form(acme)
    [message] = list_app_messages(acme, JOHN, JOHNS_MESSAGES)
    [file] = message.files
    header = file.data.decode("utf-8-sig").strip()
    assert header == "Lead Id,Name,First Name,Last Name,Phone Number,Email,Score,City"
    row = "E1,,Asha,Rao,+91 98765 43210,,7,Pune"
    plan = await submit_file(acme, create_csv(f"{header}\n{row}\n"))
    assert "Send 1 row" in plan
    assert "don't match" not in plan


async def test_table_without_known_columns_shows_the_names(acme: World) -> None:
    await open_form(acme)
    plan = await submit_file(acme, create_csv("Foo,Bar\n1,2\n"))
    assert "Column names that Chakra knows*: Lead Id, Name, First Name" in plan
    await acme.press("bulk.empty")
    await wait_until(acme, lambda: bool(list_app_messages(acme, JOHN, JOHNS_MESSAGES)))
    assert "I've sent you an empty table" in read_form(acme)
