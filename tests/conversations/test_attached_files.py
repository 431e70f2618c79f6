"""Files to be uploaded: each is claimed once, also by two replicas."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversations.attached_files import AttachedFiles, FileState
from bot.db.engine import Database


@pytest.fixture
def files(database: Database) -> AttachedFiles:
    return AttachedFiles(database, "T0ACME")


async def test_file_is_requested_and_claimed_once(files: AttachedFiles) -> None:
    await asyncio.gather(*(files.request(1, 7, 1000.0) for _ in range(2)))
    [waiting] = await files.list_waiting(1000.0, 10)
    claims = await asyncio.gather(files.claim(waiting.id), files.claim(waiting.id))
    assert sorted(claims) == [False, True]
    assert await files.list_waiting(9e9, 10) == []


async def test_released_file_waits(files: AttachedFiles) -> None:
    await files.request(1, 7, 1000.0)
    [waiting] = await files.list_waiting(1000.0, 10)
    await files.claim(waiting.id)
    await files.release(waiting.id, 1060.0)
    assert await files.list_waiting(1059.0, 10) == []
    assert await files.list_waiting(1060.0, 10) == [waiting]


async def test_attached_file_is_found_until_it_is_purged(files: AttachedFiles) -> None:
    await files.request(1, 7, 1000.0)
    [waiting] = await files.list_waiting(1000.0, 10)
    await files.finish(waiting.id, FileState.ATTACHED, "F1")
    assert await files.find_slack_id(1, 7) == "F1"
    assert await files.find_slack_id(2, 7) == ""
    assert await files.purge(999.0) == 0
    assert await files.purge(1000.0) == 1
