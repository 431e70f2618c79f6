"""Stories of ``/chakra watch``: one message kept up to date, the outcome once."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import VisibleMessage, visible_text
from tests.clock import ManualClock
from tests.commands.following import (
    DOCUMENTED,
    FINISHED,
    RUNNING,
    STUCK,
    UNKNOWN,
    VANISHING,
    lasting,
    passing,
    shown,
    until,
)
from tests.world import World

SALES, GENERAL, LEADS, SUPPORT = "C0SALES", "C0GENERAL", "C0LEADS", "C0SUPPORT"
MEI, JOHN, PRIYA = "U0MEI", "U0JOHN", "U0PRIYA"
MEIS = "D0MEI"
FETCH = "GET /v1/ext/background-job/{backgroundJobId}"


async def typed(acme: World, text: str, person: str = MEI, channel: str = SALES) -> str:
    await acme.slack.type(person, channel, f"/chakra {text}")
    await acme.settle()
    await until(acme, lambda: bool([m for m in shown(acme, person, channel) if m.ephemeral]))
    return visible_text([m for m in shown(acme, person, channel) if m.ephemeral][-1])


async def watched(acme: World, job: str = RUNNING, **where: str) -> VisibleMessage:
    """The message that is kept up to date."""
    before = len(lasting(acme, MEI, SALES))
    await typed(acme, f"watch {job}", **where)
    await until(acme, lambda: len(lasting(acme, MEI, SALES)) > before)
    return lasting(acme, MEI, SALES)[-1]


@pytest.fixture(autouse=True)
async def _slack_takes_everything(acme: World) -> Any:
    yield
    assert acme.slack.rejections == []


async def test_a_job_is_followed_in_one_message_to_its_outcome(
    acme: World, clock: ManualClock
) -> None:
    message = await watched(acme)
    assert "Watched by <@U0MEI>" in visible_text(message)
    assert "Starting…" in visible_text(message)
    await passing(acme, clock, lambda: len(lasting(acme, MEI, SALES)) > 1, step=2)
    first, outcome = lasting(acme, MEI, SALES)
    assert first.id == message.id
    assert first.edited
    assert "Finished" in visible_text(first)
    assert "600 of 600" in visible_text(first)
    assert outcome.thread_ts == first.ts
    expected = visible_text(outcome)
    assert "<@U0MEI>: Job `621d00aa` has finished." in expected
    assert "571 of 600 succeeded, 21 failed, 8 were rejected." in expected
    assert "98765" not in visible_text(first)
    assert "Stop watching" not in visible_text(first)
    assert acme.bot.context.workflows.engine.running_count == 0


async def test_what_is_seen_on_the_way(acme: World, clock: ManualClock) -> None:
    await watched(acme)

    def message() -> str:
        return visible_text(lasting(acme, MEI, SALES)[0])

    await passing(acme, clock, lambda: "Time left" in message())
    assert "a minute" in message()
    await passing(acme, clock, lambda: "Failed" in message())


async def test_a_job_that_has_ended_is_not_watched(acme: World) -> None:
    expected = await typed(acme, f"watch {FINISHED}")
    assert "has already finished" in expected
    assert lasting(acme, MEI, SALES) == []


async def test_a_job_that_is_not_there_is_not_watched(acme: World) -> None:
    assert "no job with this ID" in await typed(acme, f"watch {UNKNOWN}")
    assert "That isn't a job ID" in await typed(acme, "watch 1234")
    assert "Which job?" in await typed(acme, "watch")
    assert "several jobs" in await typed(acme, f"watch {RUNNING} {STUCK}")


async def test_the_same_job_is_watched_once_in_a_channel(acme: World) -> None:
    await watched(acme)
    expected = await typed(acme, f"watch {RUNNING}", person=JOHN)
    await until(acme, lambda: "already" in visible_text(shown(acme, JOHN, SALES)[-1]))
    assert "<@U0MEI> is already watching this job" in visible_text(shown(acme, JOHN, SALES)[-1])
    assert expected
    assert len(lasting(acme, MEI, SALES)) == 1


async def test_stopped_by_the_one_who_asked(acme: World, clock: ManualClock) -> None:
    await watched(acme)
    await acme.slack.press(MEI, "watch.stop", message=lasting(acme, MEI, SALES)[0].id)
    await passing(
        acme, clock, lambda: "Stopped watching" in visible_text(lasting(acme, MEI, SALES)[0])
    )
    assert len(lasting(acme, MEI, SALES)) == 1


async def test_another_members_watch_cannot_be_changed(acme: World) -> None:
    await watched(acme, person=JOHN)
    message = lasting(acme, MEI, SALES)[0]
    await acme.slack.press(MEI, "watch.stop", message=message.id)
    await acme.settle()
    assert "Someone else is watching this job" in visible_text(shown(acme, MEI, SALES)[-1])
    assert await acme.bot.context.workflows.watches.list_active_by_job(RUNNING)


async def test_the_outcome_comes_as_a_direct_message_where_that_is_wanted(
    acme: World, clock: ManualClock
) -> None:
    message = await watched(acme)
    await acme.slack.press(MEI, "watch.privately", message=message.id)
    await passing(acme, clock, lambda: bool(lasting(acme, MEI, MEIS)), step=2)
    assert len(lasting(acme, MEI, SALES)) == 1
    expected = visible_text(lasting(acme, MEI, MEIS)[0])
    assert "has finished" in expected
    assert "<@U0MEI>" not in expected


async def test_a_channel_the_bot_is_not_in_explains_itself(acme: World) -> None:
    expected = await typed(acme, f"watch {RUNNING}", channel=GENERAL)
    assert "/invite @Chakra" in expected


async def test_another_channel_must_be_ones_own(acme: World) -> None:
    expected = await typed(acme, f"watch {RUNNING} <#{LEADS}|>")
    assert "You're not in that channel" in expected
    expected = await typed(acme, f"watch {RUNNING} <#{SUPPORT}|support>")
    await until(acme, lambda: bool(lasting(acme, MEI, SUPPORT)))
    assert lasting(acme, MEI, SALES) == []


async def test_in_direct_messages_the_watch_is_posted_there(
    acme: World, clock: ManualClock
) -> None:
    await typed(acme, f"watch {RUNNING}", channel=MEIS)
    await until(acme, lambda: bool(lasting(acme, MEI, MEIS)))
    await passing(acme, clock, lambda: len(lasting(acme, MEI, MEIS)) > 1, step=2)
    assert "has finished" in visible_text(lasting(acme, MEI, MEIS)[1])


async def test_a_job_that_vanishes_ends_the_watch_with_the_reason(
    acme: World, clock: ManualClock
) -> None:
    await watched(acme, VANISHING)
    await passing(acme, clock, lambda: len(lasting(acme, MEI, SALES)) > 1, step=2)
    first, outcome = lasting(acme, MEI, SALES)
    assert "was deleted in Chakra. Last known status: " in visible_text(outcome)
    assert "Deleted in Chakra. Stopped watching" in visible_text(first)


async def test_a_stalled_job_is_reported(acme: World, clock: ManualClock) -> None:
    await watched(acme, STUCK)
    await passing(acme, clock, lambda: len(lasting(acme, MEI, SALES)) > 1, step=20)
    first, reply = lasting(acme, MEI, SALES)
    assert "Stalled" in visible_text(first)
    assert "has made no progress for" in visible_text(reply)
    await passing(acme, clock, lambda: clock.monotonic() > 4000, step=50)
    assert len(lasting(acme, MEI, SALES)) == 2


async def test_the_documented_job_is_followed_and_never_reported_as_done(
    acme: World, clock: ManualClock
) -> None:
    message = await watched(acme, DOCUMENTED)
    assert "492 of 612" in visible_text(message)


async def test_a_channel_that_was_closed_is_left_for_direct_messages(
    acme: World, clock: ManualClock
) -> None:
    await watched(acme)
    acme.slack.workspace.archive(SALES)
    await passing(acme, clock, lambda: len(lasting(acme, MEI, MEIS)) > 2, step=2)
    expected, message, outcome = map(visible_text, lasting(acme, MEI, MEIS)[:3])
    assert "<#C0SALES>" in expected or "sales" in expected
    assert "Background job" in message
    assert "has finished" in outcome


async def test_a_silent_chakra_is_reported_and_retried(acme: World, clock: ManualClock) -> None:
    await watched(acme)
    acme.chakra.fail(FETCH, StatusResponse(503))

    def message() -> str:
        return visible_text(lasting(acme, MEI, SALES)[0])

    await passing(acme, clock, lambda: "Retrying." in message(), step=5)
    asked = acme.chakra.count(FETCH)
    await passing(acme, clock, lambda: clock.monotonic() > 600, step=20)
    assert acme.chakra.count(FETCH) - asked < 60
    acme.chakra.clear_faults()
    await passing(acme, clock, lambda: len(lasting(acme, MEI, SALES)) > 1, step=5)
    assert "has finished" in visible_text(lasting(acme, MEI, SALES)[1])


async def test_a_rejected_key_is_reported(acme: World, clock: ManualClock) -> None:
    await watched(acme)
    acme.chakra.fail(FETCH, StatusResponse(401))
    await passing(
        acme,
        clock,
        lambda: (
            "doesn't accept this app's access token" in visible_text(lasting(acme, MEI, SALES)[0])
        ),
        step=5,
    )


async def test_a_poll_costs_less_the_slower_the_job(acme: World, clock: ManualClock) -> None:
    job = acme.chakra.add_job(succeed=3600, seconds=3600)
    await watched(acme, job.id)
    await passing(acme, clock, lambda: clock.monotonic() > 600, step=10)
    before = acme.chakra.count(FETCH)
    await passing(acme, clock, lambda: clock.monotonic() > 1200, step=10)
    assert acme.chakra.count(FETCH) - before <= 12
