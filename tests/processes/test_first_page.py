"""The first page of a list comes within a second from a Chakra that answers in 300 ms."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.chakra.faults import DelayedResponse
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.people import JOHN, SALES
from tests.world import World

CHAKRA_SECONDS = 0.3
MAX_SECONDS = 1.0


@pytest.mark.parametrize(
    ("line", "requests"),
    [
        ("/chakra leads", 3),
        ("/chakra leads state:NEW city:Pune", 3),
        ("/chakra process list lead state:NEW assigned:me", 3),
    ],
)
async def test_first_page_comes_within_a_second(
    acme: World, clock: ManualClock, line: str, requests: int
) -> None:
    """Nothing is cached: the configuration, the team's users, and the page itself."""
    acme.chakra.add_many_leads(100_000)
    acme.chakra.fail("*", DelayedResponse(CHAKRA_SECONDS))
    asked = len(acme.chakra.requests)
    typing = asyncio.create_task(acme.slack.type(JOHN, SALES, line))
    began = clock.time()
    while "Leads" not in collect_text(acme.find_shown()):
        await clock.advance(CHAKRA_SECONDS)
        assert clock.time() - began < MAX_SECONDS
    assert len(acme.chakra.requests) - asked == requests
    await typing
