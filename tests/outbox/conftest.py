"""The harness of the outbox, opened for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.db.engine import Database
from tests.outbox.harness import OutboxHarness, open_harness


@pytest.fixture
async def harness(sqlite: Database) -> AsyncIterator[OutboxHarness]:
    async with open_harness(sqlite) as harness:
        yield harness
        assert harness.slack.slack.rejections == []
