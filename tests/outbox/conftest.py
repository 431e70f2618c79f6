from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.db.engine import Database
from tests.db.databases import opened
from tests.outbox.stage import Stage, staged


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
async def stage(sqlite: Database) -> AsyncIterator[Stage]:
    async with staged(sqlite) as made:
        yield made
        assert made.slack.slack.refusals == []
