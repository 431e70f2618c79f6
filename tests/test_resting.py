"""What a world costs while nothing happens in it: few statements, and none of them repeated."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Engine, event

from tests.clock import ManualClock
from tests.conftest import OpenSandbox
from tests.world import World

MAX_OPENING_STATEMENTS = 15
MAX_STATEMENTS_PER_MINUTE = 36
"""Five loops look each 15 seconds, the others each minute."""


@pytest.fixture
async def statements() -> AsyncIterator[list[str]]:
    """The statements of all databases of this process, in order."""
    executed: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        executed.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield executed
    event.remove(Engine, "before_cursor_execute", note)


async def test_opening_a_workspace_and_answering_need_few_statements(
    open_sandbox: OpenSandbox, statements: list[str]
) -> None:
    async with open_sandbox() as world:
        await world.type("/chakra help")
        assert len(statements) <= MAX_OPENING_STATEMENTS


async def test_a_resting_workspace_hardly_uses_its_database(
    acme: World, clock: ManualClock, statements: list[str]
) -> None:
    await clock.advance(60)
    statements.clear()
    await clock.advance(600)
    assert len(statements) <= 10 * MAX_STATEMENTS_PER_MINUTE


async def test_old_rows_are_purged_while_the_workspace_rests(
    acme: World, clock: ManualClock, statements: list[str]
) -> None:
    await clock.advance(61)
    deleted = {words[2] for words in map(str.split, statements) if words[0] == "DELETE"}
    assert deleted >= {
        "conversation_files",
        "event_log",
        "events",
        "notification_deliveries",
        "posts",
        "sends",
        "slack_events",
        "writes",
    }
