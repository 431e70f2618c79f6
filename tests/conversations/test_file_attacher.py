"""Files of customers in their threads: each at most once, whatever happens to Slack or Chakra."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.db.engine import Database
from bot.slack.blocks import Markup
from tests.conversations.stage import Json, Stage, build_message, open_stage
from tests.outbox.harness import SALES

PICTURE: Json = build_message("wamid.1", "image", {"id": "7", "mime_type": "image/png"})


@pytest.fixture
async def stage(sqlite: Database) -> AsyncIterator[Stage]:
    async with open_stage(sqlite) as stage:
        stage.chakra_files.contents["7"] = b"picture"
        yield stage


def list_shown_files(stage: Stage) -> list[tuple[str, bool]]:
    """Return the name and whether it is deleted of each file in the channel's threads."""
    messages = stage.harness.list_messages(SALES)
    return [
        (file.name, file.is_deleted)
        for shown in messages
        for file in shown.files
        if shown.thread_ts
    ]


async def attach(stage: Stage, times: int = 1) -> None:
    for _ in range(times):
        await stage.files.run_once()
        await stage.harness.advance(61)


async def test_picture_is_uploaded_into_the_thread_once(stage: Stage) -> None:
    recorded = await stage.receive(PICTURE)
    await attach(stage)
    await stage.present(recorded)
    await attach(stage, 2)
    assert list_shown_files(stage) == [("picture.png", False)]
    [parent] = stage.list_parents()
    assert {item.thread_ts for item in stage.list_thread()} == {parent.ts}


async def test_two_processes_upload_a_file_once(stage: Stage) -> None:
    await stage.receive(PICTURE)
    await asyncio.gather(stage.files.run_once(), stage.files.run_once())
    assert len(list_shown_files(stage)) == 1


async def test_file_waits_until_its_message_is_posted(stage: Stage) -> None:
    stage.harness.slack.slack.fail("chat.postMessage", error="ratelimited", retry_after=30)
    await stage.receive(PICTURE)
    await stage.files.run_once()
    assert list_shown_files(stage) == []
    await stage.harness.advance(30)
    await attach(stage)
    assert len(list_shown_files(stage)) == 1


async def test_unconfirmed_upload_is_not_repeated(stage: Stage) -> None:
    await stage.receive(PICTURE)
    stage.harness.slack.slack.fail("files.completeUploadExternal", status=503, times=3)
    await attach(stage, 3)
    assert len(stage.harness.list_calls("files.completeUploadExternal")) == 1
    assert list_shown_files(stage) == []


async def test_upload_that_did_not_happen_is_repeated(stage: Stage) -> None:
    await stage.receive(PICTURE)
    stage.harness.slack.slack.fail("files.getUploadURLExternal", status=503)
    await attach(stage, 2)
    assert len(list_shown_files(stage)) == 1


async def test_outage_of_chakra_delays_a_file(stage: Stage) -> None:
    stage.chakra_files.is_down = True
    await stage.receive(PICTURE)
    await attach(stage)
    stage.chakra_files.is_down = False
    await attach(stage)
    assert len(list_shown_files(stage)) == 1


async def test_file_that_cannot_be_shown_is_explained_once(stage: Stage) -> None:
    stage.chakra_files.contents["7"] = Markup("This picture has 30 MB.")
    await stage.receive(PICTURE)
    await attach(stage, 2)
    await stage.harness.advance(5)
    assert list_shown_files(stage) == []
    assert [line for line in stage.list_replies() if "30 MB" in line] == [
        ":warning: This picture has 30 MB."
    ]


async def test_deleted_message_loses_its_file(stage: Stage) -> None:
    await stage.receive(PICTURE)
    await attach(stage)
    await stage.receive(build_message("wamid.2", "revoke", {"original_message_id": "wamid.1"}))
    assert list_shown_files(stage) == [("picture.png", True)]


async def test_message_deleted_before_the_upload_has_no_file(stage: Stage) -> None:
    await stage.receive(PICTURE)
    await stage.receive(build_message("wamid.2", "revoke", {"original_message_id": "wamid.1"}))
    await attach(stage, 2)
    assert list_shown_files(stage) == []


async def test_number_in_a_file_name_is_masked(stage: Stage) -> None:
    content = {"id": "7", "filename": "bill 919876543210.pdf"}
    await stage.receive(build_message("wamid.1", "document", content))
    await attach(stage)
    [(name, _)] = list_shown_files(stage)
    assert "9876543210" not in name
