"""A database for an engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clock import ManualClock
from tests.durable.engine_database import EngineDatabase


@pytest.fixture
def engine_database(tmp_path: Path, clock: ManualClock) -> EngineDatabase:
    return EngineDatabase(tmp_path, clock)
