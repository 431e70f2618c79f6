"""Stories of ``/chakra job``: its progress, its failed rows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox.chakra.faults import Hang, StatusResponse
from bot.sandbox.slack import VisibleMessage, collect_text
from tests.clock import ManualClock
from tests.commands.watch_scenarios import (
    DOCUMENTED,
    FINISHED,
    RUNNING,
    UNKNOWN,
    advance_until,
    list_app_messages,
    list_messages,
    wait_until,
)
from tests.endpoints import JOB, reaches
from tests.shared_world import shared_world
from tests.world import World

SALES = "C0SALES"
MEI, GITA, PRIYA, SUPPORT = "U0MEI", "U0GITA", "U0PRIYA", "C0SUPPORT"
PRIYAS_MESSAGES = "D0PRIYA"
FETCH = "GET /v1/ext/background-job/{backgroundJobId}"
ENTRIES = "GET /v1/ext/background-job/{backgroundJobId}/entries"


async def run_command(acme: World, text: str, person: str = MEI) -> VisibleMessage:
    before = len(list_messages(acme, person, SALES))
    await acme.slack.type(person, SALES, f"/chakra {text}")
    await acme.settle()
    await wait_until(acme, lambda: len(list_messages(acme, person, SALES)) > before)
    return list_messages(acme, person, SALES)[-1]


@pytest.fixture(autouse=True)
async def _assert_no_slack_rejections(acme: World) -> Any:
    yield
    assert acme.slack.rejections == []


@reaches(f"GET {JOB}", "jobs.fetch", title="Fetch Background Job", by="`/chakra job <ID>`")
async def test_the_documented_job(acme: World) -> None:
    card = collect_text(await run_command(acme, f"job {DOCUMENTED}"))
    assert "492 of 612" in card
    for label, count in (
        ("Succeeded", "389"),
        ("Failed", "3"),
        ("Rejected", "100"),
        ("Remaining", "120"),
    ):
        assert f"*{label}*\n{count}" in card
    assert "80%" in card


async def test_job_id_is_extracted_from_a_url(acme: World) -> None:
    card = collect_text(
        await run_command(acme, f"job <https://app.chakrahq.com/jobs/{FINISHED.upper()}>")
    )
    assert "12 of 240 failed" in card


async def test_sender_sees_unmasked_failure_reasons(acme: World) -> None:
    card = await run_command(acme, f"job {FINISHED}", PRIYA)
    assert card.ephemeral
    assert "Failed" in collect_text(card)
    assert "and 7 more" in collect_text(card)


async def test_shared_card_is_masked(acme: World) -> None:
    await run_command(acme, f"job {FINISHED}")
    await acme.slack.press(MEI, "job.share")
    await acme.settle()
    [public] = list_app_messages(acme, MEI, SALES)
    assert "12 of 240 failed" in collect_text(public)
    assert "Shared by <@U0MEI>" in collect_text(public)
    assert "98765" not in collect_text(public)


async def test_refresh_updates_the_card_in_place(acme: World, clock: ManualClock) -> None:
    first = await run_command(acme, f"job {RUNNING}")
    assert "0 of 600" in collect_text(first) or "Starting…" in collect_text(first)
    await clock.advance(60)
    await acme.slack.press(MEI, "job.refresh")
    await acme.settle()
    again = list_messages(acme, MEI, SALES)[-1]
    assert again.id == first.id
    assert "Running" in collect_text(again)
    assert " of 600" in collect_text(again)


async def test_watch_from_the_card(acme: World) -> None:
    await run_command(acme, f"job {RUNNING}")
    await acme.slack.press(MEI, "watch.begin")
    await wait_until(acme, lambda: bool(list_app_messages(acme, MEI, SALES)))
    assert "Watching here" in collect_text(
        list_messages(acme, MEI, SALES)[-1]
    ) or "Watching here" in collect_text(list_messages(acme, MEI, SALES)[-2])


@reaches(
    f"GET {JOB}/entries",
    "jobs.iter_entry_pages",
    title="Fetch Background Job Entries",
    by="Failed rows on a job's card",
)
async def test_failed_rows_file_is_sent_by_direct_message(acme: World) -> None:
    await run_command(acme, f"job {FINISHED}", PRIYA)
    await acme.slack.press(PRIYA, "job.failed")
    await wait_until(acme, lambda: bool(list_app_messages(acme, PRIYA, PRIYAS_MESSAGES)))
    [message] = list_app_messages(acme, PRIYA, PRIYAS_MESSAGES)
    [file] = message.files
    rows = file.data.decode("utf-8-sig").splitlines()
    assert len(rows) == 1 + 12
    assert file.name == "failed-rows-09409961.csv"
    assert "12 rows that failed" in message.text
    assert list_app_messages(acme, PRIYA, SALES) == []


@shared_world
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("job", "Which job?"),
        ("job 1234", "isn't a job ID"),
        (f"job {UNKNOWN}", "no job with this ID"),
        (f"job {DOCUMENTED} {FINISHED}", "more than one job"),
        (f"job {DOCUMENTED}0", "isn't a job ID"),
    ],
)
async def test_invalid_argument_is_explained(acme: World, line: str, expected: str) -> None:
    assert expected in collect_text(await run_command(acme, line))


@shared_world
async def test_guest_cannot_view_jobs(acme: World) -> None:
    assert "Guests can't use Chakra from Slack" in collect_text(
        await acme.type(f"/chakra job {DOCUMENTED}", by=GITA, channel=SUPPORT)
    )


@shared_world
async def test_an_outage_of_chakra_is_reported(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(FETCH, StatusResponse(503))
    typing = asyncio.create_task(acme.slack.type(MEI, SALES, f"/chakra job {DOCUMENTED}"))
    await acme.chakra.wait_for_requests(1, FETCH)
    await clock.advance(0.3)
    assert (await typing).status == 200
    await advance_until(
        acme,
        clock,
        lambda: "cannot be reached" in collect_text(list_messages(acme, MEI, SALES)[-1]),
    )


async def test_card_is_shown_without_failure_reasons(acme: World) -> None:
    acme.chakra.fail(ENTRIES, StatusResponse(403))
    card = collect_text(await run_command(acme, f"job {FINISHED}"))
    assert "12 of 240 failed" in card
    assert "• Failed" not in card


async def test_a_hung_chakra_delays_no_ack(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(FETCH, Hang())
    typing = asyncio.create_task(acme.slack.type(MEI, SALES, f"/chakra job {DOCUMENTED}"))
    await acme.chakra.wait_for_requests(1, FETCH)
    await clock.advance(0.3)
    delivered = await typing
    assert (delivered.status, delivered.seconds < 0.5) == (200, True)
    acme.chakra.clear_faults()
    acme.chakra.release_hanging()
    await wait_until(
        acme, lambda: "492 of 612" in collect_text(list_messages(acme, MEI, SALES)[-1])
    )


async def test_failed_rows_that_slack_wants_on_another_host_name_the_setting(acme: World) -> None:
    acme.slack.set_file_origin("https://files.acme.example")
    await run_command(acme, f"job {FINISHED}", PRIYA)
    await acme.slack.press(PRIYA, "job.failed")
    await acme.settle()
    assert "SLACK_API_URL" in collect_text(list_messages(acme, PRIYA, SALES)[-1])


async def test_a_job_is_found_by_an_id_that_a_phone_has_changed(acme: World) -> None:
    for typed in ("19632427908f4bf3a6f569b9a0bbfc63", "19632427–908f–4bf3–a6f5–69b9a0bbfc63"):
        assert "Background job" in collect_text(await acme.type(f"/chakra job {typed}"))
