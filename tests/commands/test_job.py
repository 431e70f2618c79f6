"""Stories of ``/chakra job``: its progress, its failed rows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox.chakra.faults import Hang, StatusResponse
from bot.sandbox.slack import VisibleMessage, visible_text
from tests.clock import ManualClock
from tests.commands.following import (
    DOCUMENTED,
    FINISHED,
    RUNNING,
    UNKNOWN,
    lasting,
    passing,
    shown,
    until,
)
from tests.world import World

SALES = "C0SALES"
MEI, GITA = "U0MEI", "U0GITA"
MEIS = "D0MEI"
FETCH = "GET /v1/ext/background-job/{backgroundJobId}"
ENTRIES = "GET /v1/ext/background-job/{backgroundJobId}/entries"


async def typed(acme: World, text: str, person: str = MEI) -> VisibleMessage:
    before = len(shown(acme, person, SALES))
    await acme.slack.type(person, SALES, f"/chakra {text}")
    await acme.settle()
    await until(acme, lambda: len(shown(acme, person, SALES)) > before)
    return shown(acme, person, SALES)[-1]


@pytest.fixture(autouse=True)
async def _slack_takes_everything(acme: World) -> Any:
    yield
    assert acme.slack.rejections == []


async def test_the_documented_job(acme: World) -> None:
    card = visible_text(await typed(acme, f"job {DOCUMENTED}"))
    assert "492 of 612" in card
    for label, count in (
        ("Succeeded", "389"),
        ("Failed", "3"),
        ("Rejected", "100"),
        ("Remaining", "120"),
    ):
        assert f"*{label}*\n{count}" in card
    assert "80%" in card


async def test_an_id_within_an_address(acme: World) -> None:
    card = visible_text(
        await typed(acme, f"job <https://app.chakrahq.com/jobs/{FINISHED.upper()}>")
    )
    assert "12 of 240 failed" in card


async def test_failed_rows_with_reasons_whole_for_the_one_who_asked(acme: World) -> None:
    card = await typed(acme, f"job {FINISHED}")
    assert card.ephemeral
    assert "Failed" in visible_text(card)
    assert "and 7 more" in visible_text(card)


async def test_shared_it_is_masked(acme: World) -> None:
    await typed(acme, f"job {FINISHED}")
    await acme.slack.press(MEI, "job.share")
    await acme.settle()
    [public] = lasting(acme, MEI, SALES)
    assert "12 of 240 failed" in visible_text(public)
    assert "Shared by <@U0MEI>" in visible_text(public)
    assert "98765" not in visible_text(public)


async def test_refreshed_in_place(acme: World, clock: ManualClock) -> None:
    first = await typed(acme, f"job {RUNNING}")
    assert "0 of 600" in visible_text(first) or "Starting…" in visible_text(first)
    await clock.advance(60)
    await acme.slack.press(MEI, "job.refresh")
    await acme.settle()
    again = shown(acme, MEI, SALES)[-1]
    assert again.id == first.id
    assert "Running" in visible_text(again)
    assert " of 600" in visible_text(again)


async def test_watch_from_the_card(acme: World) -> None:
    await typed(acme, f"job {RUNNING}")
    await acme.slack.press(MEI, "watch.begin")
    await until(acme, lambda: bool(lasting(acme, MEI, SALES)))
    assert "Watching here" in visible_text(
        shown(acme, MEI, SALES)[-1]
    ) or "Watching here" in visible_text(shown(acme, MEI, SALES)[-2])


async def test_all_failed_rows_come_as_a_file_into_direct_messages(acme: World) -> None:
    await typed(acme, f"job {FINISHED}")
    await acme.slack.press(MEI, "job.failed")
    await until(acme, lambda: bool(lasting(acme, MEI, MEIS)))
    [message] = lasting(acme, MEI, MEIS)
    [file] = message.files
    rows = file.data.decode("utf-8-sig").splitlines()
    assert len(rows) == 1 + 12
    assert file.name == "failed-rows-09409961.csv"
    assert "12 rows that failed" in message.text
    assert lasting(acme, MEI, SALES) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("job", "Which job?"),
        ("job 1234", "isn't a job ID"),
        (f"job {UNKNOWN}", "no job with this ID"),
        (f"job {DOCUMENTED} {FINISHED}", "several jobs"),
        (f"job {DOCUMENTED}0", "isn't a job ID"),
    ],
)
async def test_a_line_that_cannot_be_answered_says_so(
    acme: World, line: str, expected: str
) -> None:
    assert expected in visible_text(await typed(acme, line))


async def test_a_guest_may_not_look(acme: World) -> None:
    assert "Guests can't use Chakra from Slack" in visible_text(
        await typed(acme, f"job {DOCUMENTED}", GITA)
    )


async def test_an_outage_of_chakra_is_reported(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(FETCH, StatusResponse(503))
    typing = asyncio.create_task(acme.slack.type(MEI, SALES, f"/chakra job {DOCUMENTED}"))
    await acme.chakra.wait_for_requests(1, FETCH)
    await clock.advance(0.3)
    assert (await typing).status == 200
    await passing(acme, clock, lambda: "Chakra" in visible_text(shown(acme, MEI, SALES)[-1]))
    assert "cannot be reached" in visible_text(shown(acme, MEI, SALES)[-1])


async def test_without_the_reasons_the_card_still_shows(acme: World) -> None:
    acme.chakra.fail(ENTRIES, StatusResponse(403))
    card = visible_text(await typed(acme, f"job {FINISHED}"))
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
    await until(acme, lambda: "492 of 612" in visible_text(shown(acme, MEI, SALES)[-1]))
