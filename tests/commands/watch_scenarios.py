"""What the stories of watched jobs share: time that passes while the bot works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.durable.records import list_run_ids
from bot.sandbox.slack import VisibleMessage, collect_text
from tests.clock import ManualClock
from tests.world import World

TIMEOUT_SECONDS = 150.0
EDIT_SECONDS = 5.0
"""For which an edit may wait for the message that is posted before it."""
CHECK_SECONDS, MAX_CHECKS = 0.03, 30
"""Real seconds between two looks for due runs, and how many: those that have no place wait."""
DOCUMENTED = "19632427-908f-4bf3-a6f5-69b9a0bbfc63"
RUNNING = "621d00aa-0092-58f8-8bc6-cf72588d9b82"
FINISHED = "09409961-8bae-5d66-b8bd-53646ea5157f"
STUCK = "3bd0ae94-a9de-5b4b-8b08-23a9ec9b0217"
VANISHING = "6b699e9f-5d3b-51fe-b92d-b79c3bb308d9"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def wait_until(acme: World, condition: Callable[[], bool]) -> None:
    """The engine works in threads, by real time: there is nothing to wait on but the clock."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not condition():
            await asyncio.sleep(0.005)
            await acme.wait_until_idle()


async def advance_until(
    acme: World, clock: ManualClock, condition: Callable[[], bool], *, step: float = 1.0
) -> None:
    """Lets time pass, a step at a time, until it is so."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await wait_for_due_runs(acme)
        while not condition():
            await clock.jump(step)
            await wait_for_due_runs(acme)
    await clock.advance(EDIT_SECONDS)


async def wait_for_due_runs(acme: World) -> None:
    """Wait until each run that is due is executed, or waits for the clock.

    The engine finds them in threads, by real time: the clock, moved in the meantime, would take
    all loops round for nothing.
    """
    engine = acme.bot.engine
    for _ in range(MAX_CHECKS if engine._workflow is not None else 0):
        await acme.wait_until_idle()
        due = await list_run_ids(["ENQUEUED", "PENDING"], "")
        if len(due) <= engine.running_count:
            return
        await asyncio.sleep(CHECK_SECONDS)
    await acme.wait_until_idle()


def list_messages(acme: World, person: str, channel: str) -> list[VisibleMessage]:
    return acme.slack.list_messages(person, channel)


def list_private_messages(acme: World, person: str, channel: str) -> list[VisibleMessage]:
    """What only ``person`` sees, whatever the bot posts in the channel besides."""
    return [message for message in list_messages(acme, person, channel) if message.ephemeral]


def list_app_messages(acme: World, person: str, channel: str) -> list[VisibleMessage]:
    """What everybody there sees of the app."""
    return [
        message
        for message in list_messages(acme, person, channel)
        if message.author == "U0CHAKRA" and not message.ephemeral
    ]


def join_text(messages: list[VisibleMessage]) -> str:
    return "\n".join(collect_text(message) for message in messages)
