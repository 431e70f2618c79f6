"""Stories of ``/chakra unwatch``: one's own watches, and everybody's for those who may write."""

from __future__ import annotations

from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.commands.watch_scenarios import (
    RUNNING,
    advance_until,
    list_app_messages,
    list_messages,
    wait_until,
)
from tests.world import World

MEI, JOHN, SALES, SUPPORT = "U0MEI", "U0JOHN", "C0SALES", "C0SUPPORT"


async def type_line(acme: World, text: str, person: str = MEI, channel: str = SALES) -> str:
    before = len(list_messages(acme, person, channel))
    await acme.slack.type(person, channel, f"/chakra {text}")
    await acme.settle()
    await wait_until(acme, lambda: len(list_messages(acme, person, channel)) > before)
    return collect_text([m for m in list_messages(acme, person, channel) if m.ephemeral][-1])


async def start_watch(acme: World, person: str = MEI, channel: str = SALES) -> None:
    await type_line(acme, f"watch {RUNNING}", person, channel)
    await wait_until(acme, lambda: bool(list_app_messages(acme, person, channel)))


async def test_own_watch_is_stopped(acme: World, clock: ManualClock) -> None:
    await start_watch(acme)
    assert "Stopped watching." in await type_line(acme, f"unwatch {RUNNING}")
    await advance_until(
        acme,
        clock,
        lambda: "Stopped watching" in collect_text(list_app_messages(acme, MEI, SALES)[0]),
    )


async def test_a_job_without_watches(acme: World) -> None:
    assert "No one is watching this job" in await type_line(acme, f"unwatch {RUNNING}")


async def test_another_persons_watch_stays(acme: World) -> None:
    await start_watch(acme, JOHN)
    assert "Someone else" in await type_line(acme, f"unwatch {RUNNING}")
    assert await acme.bot.context.workflows.watches.list_active_by_job(RUNNING)


async def test_a_sender_stops_everybodys_watches(acme: World) -> None:
    await start_watch(acme, MEI)
    await start_watch(acme, MEI, SUPPORT)
    assert "2 places" in await type_line(acme, f"unwatch {RUNNING}", JOHN)
    assert not await acme.bot.context.workflows.watches.list_active_by_job(RUNNING)


async def test_a_named_channel_is_the_only_place_that_is_left(acme: World) -> None:
    await start_watch(acme, MEI)
    await start_watch(acme, MEI, SUPPORT)
    assert "no channel #nosuch" in await type_line(acme, f"unwatch {RUNNING} #nosuch")
    assert "watching this job there" in await type_line(acme, f"unwatch {RUNNING} <#C0LEADS|leads>")
    assert "Stopped watching." in await type_line(
        acme, f"unwatch {RUNNING} <#{SALES}|sales>", channel=SUPPORT
    )
    [left] = await acme.bot.context.workflows.watches.list_active_by_job(RUNNING)
    assert left.channel == SUPPORT
