"""Stories of ``/chakra jobs``: the watched jobs, their watchers and results."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.slack import VisibleMessage, collect_text
from tests.clock import ManualClock
from tests.commands.watch_scenarios import (
    STUCK,
    VANISHING,
    advance_until,
    list_app_messages,
    list_private_messages,
    wait_until,
)
from tests.world import World

MEI, SALES = "U0MEI", "C0SALES"


async def type_line(acme: World, text: str, person: str = MEI) -> VisibleMessage:
    """Return the private answer to a line."""
    before = len(list_private_messages(acme, person, SALES))
    await acme.slack.type(person, SALES, f"/chakra {text}")
    await acme.settle()
    await wait_until(acme, lambda: len(list_private_messages(acme, person, SALES)) > before)
    return list_private_messages(acme, person, SALES)[-1]


@pytest.fixture(autouse=True)
async def _assert_no_slack_rejections(acme: World) -> Any:
    yield
    assert acme.slack.rejections == []


async def test_words_that_it_does_not_use_are_named(acme: World) -> None:
    assert 'Not used: "everything".' in collect_text(
        await type_line(acme, "jobs everything please")
    )


async def test_nothing_is_listed_before_anything_is_watched(acme: World) -> None:
    assert "No jobs here this week" in collect_text(await type_line(acme, "jobs"))


async def test_the_list_shows_status_and_watcher(acme: World, clock: ManualClock) -> None:
    long = acme.chakra.add_job(succeed=600, seconds=36_000)
    for job in (long.id, STUCK, VANISHING):
        await type_line(acme, f"watch {job}")
    await advance_until(acme, clock, lambda: len(list_app_messages(acme, MEI, SALES)) > 3, step=10)
    listed = collect_text(await type_line(acme, "jobs"))
    assert "2 watched  ·  1 finished this week" in listed
    assert "Deleted in Chakra · watched by <@U0MEI> in <#C0SALES>" in listed
    await acme.slack.press(MEI, "job.show", value=long.id)
    await acme.settle()
    assert " of 600" in collect_text(list_private_messages(acme, MEI, SALES)[-1])


async def test_a_long_list_has_pages(acme: World) -> None:
    for number in range(12):
        job = acme.chakra.add_job(succeed=5, unstarted=5 + number)
        await type_line(acme, f"watch {job.id}")
    listed = await type_line(acme, "jobs")
    assert "12 watched" in collect_text(listed)
    assert collect_text(listed).count("Details") == 10
    await acme.slack.press(MEI, "jobs.page:next")
    await acme.settle()
    older = list_private_messages(acme, MEI, SALES)[-1]
    assert older.id == listed.id
    assert collect_text(older).count("Details") == 2
