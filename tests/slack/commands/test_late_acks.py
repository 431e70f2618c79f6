"""Forms whose work outlasts the ack: they end with their outcome, and errors are always seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.conftest import OpenSandbox
from tests.people import JOHN, SALES
from tests.slack.router_commands import ROUTER_COMMANDS
from tests.world import World


@pytest.fixture
async def sandbox(open_sandbox: OpenSandbox) -> AsyncIterator[World]:
    async with open_sandbox(ROUTER_COMMANDS) as world:
        yield world


def read_form_text(world: World) -> str:
    return collect_text(world.slack.find_view(JOHN) or {})


async def submit_late(world: World, name: str, *, travel: float) -> None:
    """Submit the form and let all that follows happen."""
    await world.type("/chakra stage")
    world.slack.delay_acks(travel)
    submitting = asyncio.create_task(world.slack.submit(JOHN, {"name": name}))
    await world.clock.advance(8)
    await submitting
    world.slack.delay_acks(0)


async def test_ack_that_lands_after_the_outcome_does_not_cover_it(sandbox: World) -> None:
    for travel, work in [(0.05, 0.31), (0.25, 0.31), (0.25, 0.5), (1.5, 0.4), (2.6, 2.0)]:
        await submit_late(sandbox, f"after {work}", travel=travel)
        assert "Saved." in read_form_text(sandbox), (travel, work)
        await sandbox.slack.close_view(JOHN)
        assert collect_text(sandbox.find_shown()) == f"saved after {work} yes"
    assert not sandbox.slack.notices


async def test_ack_that_lands_after_an_error_does_not_cover_the_form(sandbox: World) -> None:
    await submit_late(sandbox, "late down", travel=0.2)
    assert "cannot be reached" in read_form_text(sandbox)
    view = sandbox.slack.find_view(JOHN) or {}
    assert view["state"]["values"]["name"]["stage.name"]["value"] == "late down"


@pytest.mark.parametrize("name", ["late down", "late"])
async def test_outcome_of_a_form_that_was_closed_is_posted(
    sandbox: World, clock: ManualClock, name: str
) -> None:
    await sandbox.type("/chakra stage")
    submitting = asyncio.create_task(sandbox.slack.submit(JOHN, {"name": name}))
    await clock.advance(0.4)
    await submitting
    await sandbox.slack.close_view(JOHN)
    await clock.advance(6)
    expected = "cannot be reached" if name == "late down" else "saved late yes"
    assert expected in collect_text(sandbox.find_shown(by=JOHN, channel=SALES))


async def test_error_for_a_field_that_the_form_lacks_is_shown_above_its_fields(
    sandbox: World,
) -> None:
    """Slack would refuse the ack and show only that it had trouble connecting."""
    await sandbox.type("/chakra stage")
    assert await sandbox.submit({"name": "elsewhere"}) == {}
    assert "Choose another one." in read_form_text(sandbox)
    assert not sandbox.slack.rejections
    assert not sandbox.slack.notices
    assert await sandbox.submit({"name": "Ann"}) == {}
    assert sandbox.slack.find_view(JOHN) is None
