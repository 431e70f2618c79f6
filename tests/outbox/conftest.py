from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.db.engine import Database
from tests.outbox.stage import Stage, staged


@pytest.fixture
async def stage(sqlite: Database) -> AsyncIterator[Stage]:
    async with staged(sqlite) as made:
        yield made
        assert made.slack.slack.rejections == []
