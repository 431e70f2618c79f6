"""Stories of ``/chakra watch``: one live message, the outcome once."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import VisibleMessage, collect_text
from tests.clock import ManualClock
from tests.commands.watch_scenarios import (
    DOCUMENTED,
    FINISHED,
    RUNNING,
    STUCK,
    UNKNOWN,
    VANISHING,
    advance_until,
    list_app_messages,
    list_messages,
    list_private_messages,
    wait_until,
)
from tests.world import World

SALES, GENERAL, LEADS, SUPPORT = "C0SALES", "C0GENERAL", "C0LEADS", "C0SUPPORT"
MEI, JOHN, PRIYA = "U0MEI", "U0JOHN", "U0PRIYA"
MEIS_MESSAGES = "D0MEI"
FETCH = "GET /v1/ext/background-job/{backgroundJobId}"


async def run_command(acme: World, text: str, person: str = MEI, channel: str = SALES) -> str:
    await acme.slack.type(person, channel, f"/chakra {text}")
    await acme.settle()
    await wait_until(
        acme, lambda: bool([m for m in list_messages(acme, person, channel) if m.ephemeral])
    )
    return collect_text([m for m in list_messages(acme, person, channel) if m.ephemeral][-1])


async def start_watch(acme: World, job: str = RUNNING, **where: str) -> VisibleMessage:
    """Return the live message."""
    before = len(list_app_messages(acme, MEI, SALES))
    await run_command(acme, f"watch {job}", **where)
    await wait_until(acme, lambda: len(list_app_messages(acme, MEI, SALES)) > before)
    return list_app_messages(acme, MEI, SALES)[-1]


@pytest.fixture(autouse=True)
async def _assert_no_slack_rejections(acme: World) -> Any:
    yield
    assert acme.slack.rejections == []


async def test_job_is_watched_in_one_message_to_completion(acme: World, clock: ManualClock) -> None:
    message = await start_watch(acme)
    assert "Watched by <@U0MEI>" in collect_text(message)
    assert "Starting…" in collect_text(message)
    await advance_until(acme, clock, lambda: len(list_app_messages(acme, MEI, SALES)) > 1, step=10)
    first, outcome = list_app_messages(acme, MEI, SALES)
    assert first.id == message.id
    assert first.edited
    assert "Finished" in collect_text(first)
    assert "600 of 600" in collect_text(first)
    assert outcome.thread_ts == first.ts
    expected = collect_text(outcome)
    assert "<@U0MEI>: Job `621d00aa` has finished." in expected
    assert "571 of 600 succeeded, 21 failed, 8 were rejected." in expected
    assert "98765" not in collect_text(first)
    assert "Stop watching" not in collect_text(first)
    assert acme.bot.engine.running_count == 0


async def test_progress_is_shown_while_running(acme: World, clock: ManualClock) -> None:
    await start_watch(acme)

    def read_message() -> str:
        return collect_text(list_app_messages(acme, MEI, SALES)[0])

    await advance_until(acme, clock, lambda: "Time left" in read_message())
    assert "a minute" in read_message()
    await advance_until(acme, clock, lambda: "Failed" in read_message())


async def test_finished_job_is_not_watched(acme: World) -> None:
    expected = await run_command(acme, f"watch {FINISHED}")
    assert "has already finished" in expected
    assert list_app_messages(acme, MEI, SALES) == []


async def test_missing_job_is_not_watched(acme: World) -> None:
    assert "no job with this ID" in await run_command(acme, f"watch {UNKNOWN}")
    assert "That isn't a job ID" in await run_command(acme, "watch 1234")
    assert "Which job?" in await run_command(acme, "watch")
    assert "more than one job" in await run_command(acme, f"watch {RUNNING} {STUCK}")


async def test_running_jobs_are_offered_where_they_are_not_watched(acme: World) -> None:
    await start_watch(acme)
    assert "Add its ID" in await run_command(acme, "watch")
    question = await run_command(acme, "watch", channel=SUPPORT)
    assert "These are running" in question
    assert RUNNING in question
    await acme.slack.press(MEI, "watch.begin", value=RUNNING)
    await wait_until(acme, lambda: bool(list_app_messages(acme, MEI, SUPPORT)))
    assert "Watched by <@U0MEI>" in collect_text(list_app_messages(acme, MEI, SUPPORT)[0])


async def test_same_job_is_watched_once_per_channel(acme: World) -> None:
    await start_watch(acme)
    expected = await run_command(acme, f"watch {RUNNING}", person=JOHN)
    await wait_until(
        acme, lambda: "already" in collect_text(list_private_messages(acme, JOHN, SALES)[-1])
    )
    assert "<@U0MEI> is already watching this job" in collect_text(
        list_private_messages(acme, JOHN, SALES)[-1]
    )
    assert expected
    assert len(list_app_messages(acme, MEI, SALES)) == 1


async def test_watch_is_stopped_by_its_owner(acme: World, clock: ManualClock) -> None:
    await start_watch(acme)
    await acme.slack.press(MEI, "watch.stop", message=list_app_messages(acme, MEI, SALES)[0].id)
    await advance_until(
        acme,
        clock,
        lambda: "Stopped watching" in collect_text(list_app_messages(acme, MEI, SALES)[0]),
    )
    assert len(list_app_messages(acme, MEI, SALES)) == 1


async def test_another_members_watch_cannot_be_changed(acme: World) -> None:
    await start_watch(acme, person=JOHN)
    message = list_app_messages(acme, MEI, SALES)[0]
    await acme.slack.press(MEI, "watch.stop", message=message.id)
    await acme.settle()
    assert "Someone else is watching this job" in collect_text(
        list_private_messages(acme, MEI, SALES)[-1]
    )
    assert await acme.bot.context.workflows.watches.list_active_by_job(RUNNING)


async def test_outcome_is_sent_by_direct_message_on_request(
    acme: World, clock: ManualClock
) -> None:
    message = await start_watch(acme)
    await acme.slack.press(MEI, "watch.privately", message=message.id)
    await advance_until(
        acme, clock, lambda: bool(list_app_messages(acme, MEI, MEIS_MESSAGES)), step=10
    )
    assert len(list_app_messages(acme, MEI, SALES)) == 1
    expected = collect_text(list_app_messages(acme, MEI, MEIS_MESSAGES)[0])
    assert "has finished" in expected
    assert "<@U0MEI>" not in expected


async def test_channel_without_the_bot_is_explained(acme: World) -> None:
    expected = await run_command(acme, f"watch {RUNNING}", channel=GENERAL)
    assert "/invite @Chakra" in expected


async def test_target_channel_requires_membership(acme: World) -> None:
    expected = await run_command(acme, f"watch {RUNNING} <#{LEADS}|>")
    assert "You're not in that channel" in expected
    expected = await run_command(acme, f"watch {RUNNING} <#{SUPPORT}|support>")
    await wait_until(acme, lambda: bool(list_app_messages(acme, MEI, SUPPORT)))
    assert list_app_messages(acme, MEI, SALES) == []


async def test_in_direct_messages_the_watch_is_posted_there(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, f"watch {RUNNING}", channel=MEIS_MESSAGES)
    await wait_until(acme, lambda: bool(list_app_messages(acme, MEI, MEIS_MESSAGES)))
    await advance_until(
        acme, clock, lambda: len(list_app_messages(acme, MEI, MEIS_MESSAGES)) > 1, step=10
    )
    assert "has finished" in collect_text(list_app_messages(acme, MEI, MEIS_MESSAGES)[1])


async def test_vanished_job_ends_the_watch_with_a_reason(acme: World, clock: ManualClock) -> None:
    await start_watch(acme, VANISHING)
    await advance_until(acme, clock, lambda: len(list_app_messages(acme, MEI, SALES)) > 1, step=10)
    first, outcome = list_app_messages(acme, MEI, SALES)
    assert "was deleted in Chakra. Last known status: " in collect_text(outcome)
    assert "Deleted in Chakra. Stopped watching" in collect_text(first)


async def test_a_stalled_job_is_reported_and_edited_every_few_minutes_only(
    acme: World, clock: ManualClock
) -> None:
    await start_watch(acme, STUCK)

    def count_edits() -> int:
        return sum(call.method == "chat.update" for call in acme.slack.calls)

    await advance_until(acme, clock, lambda: acme.chakra.count(FETCH) > 8, step=5)
    assert count_edits() <= 1
    await advance_until(acme, clock, lambda: len(list_app_messages(acme, MEI, SALES)) > 1, step=60)
    first, reply = list_app_messages(acme, MEI, SALES)
    assert "Stalled" in collect_text(first)
    assert "has made no progress for" in collect_text(reply)
    await advance_until(acme, clock, lambda: clock.monotonic() > 2400, step=60)
    assert len(list_app_messages(acme, MEI, SALES)) == 2
    assert 2 <= count_edits() <= clock.monotonic() / 120


async def test_the_documented_job_is_followed_and_never_reported_as_done(
    acme: World, clock: ManualClock
) -> None:
    message = await start_watch(acme, DOCUMENTED)
    assert "492 of 612" in collect_text(message)


async def test_archived_channel_moves_the_watch_to_direct_messages(
    acme: World, clock: ManualClock
) -> None:
    await start_watch(acme)
    acme.slack.workspace.archive(SALES)
    await advance_until(
        acme, clock, lambda: len(list_app_messages(acme, MEI, MEIS_MESSAGES)) > 2, step=10
    )
    expected, message, outcome = map(collect_text, list_app_messages(acme, MEI, MEIS_MESSAGES)[:3])
    assert "<#C0SALES>" in expected or "sales" in expected
    assert "Background job" in message
    assert "has finished" in outcome


async def test_a_silent_chakra_is_reported_and_retried(acme: World, clock: ManualClock) -> None:
    await start_watch(acme)
    acme.chakra.fail(FETCH, StatusResponse(503))

    def read_message() -> str:
        return collect_text(list_app_messages(acme, MEI, SALES)[0])

    await advance_until(acme, clock, lambda: "Retrying." in read_message(), step=5)
    asked = acme.chakra.count(FETCH)
    await advance_until(acme, clock, lambda: clock.monotonic() > 600, step=20)
    assert acme.chakra.count(FETCH) - asked < 60
    acme.chakra.clear_faults()
    await advance_until(acme, clock, lambda: len(list_app_messages(acme, MEI, SALES)) > 1, step=5)
    assert "has finished" in collect_text(list_app_messages(acme, MEI, SALES)[1])


async def test_a_rejected_key_is_reported(acme: World, clock: ManualClock) -> None:
    await start_watch(acme)
    acme.chakra.fail(FETCH, StatusResponse(401))
    await advance_until(
        acme,
        clock,
        lambda: (
            "doesn't accept this app's access token"
            in collect_text(list_app_messages(acme, MEI, SALES)[0])
        ),
        step=5,
    )


async def test_slower_jobs_are_polled_less_often(acme: World, clock: ManualClock) -> None:
    job = acme.chakra.add_job(succeed=3600, seconds=3600)
    await start_watch(acme, job.id)
    await advance_until(acme, clock, lambda: clock.monotonic() > 600, step=60)
    before = acme.chakra.count(FETCH)
    await advance_until(acme, clock, lambda: clock.monotonic() > 1200, step=20)
    assert acme.chakra.count(FETCH) - before <= 12


async def test_an_unknown_channel_is_refused_and_nothing_is_posted(acme: World) -> None:
    text = await run_command(acme, f"watch {RUNNING} #nosuch")
    assert "There is no channel #nosuch that I can see." in text
    assert 'what "sales" means' in await run_command(acme, f"watch {RUNNING} in sales")
    assert not list_app_messages(acme, MEI, SALES)
    await acme.press("help.run:0", by=MEI)
    await wait_until(acme, lambda: bool(list_app_messages(acme, MEI, SALES)))
