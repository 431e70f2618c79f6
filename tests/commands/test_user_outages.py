"""Stories of ``/chakra user`` while Chakra can't be reached or its answers can't be read."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.chakra.faults import (
    EmptyBody,
    Fault,
    Hang,
    HtmlErrorPage,
    InvalidJsonBody,
    OtherRecord,
    StatusResponse,
    TruncatedBody,
)
from bot.sandbox.slack import collect_text
from bot.slack.age import format_date_token
from tests.clock import ManualClock
from tests.commands.test_user import FETCH, JOHN_ID, find_message, run_command
from tests.endpoints import reaches
from tests.people import MEI, SALES
from tests.shared_world import shared_world
from tests.world import World


@shared_world
@reaches(
    "GET /v2/ext/user/{userId}",
    "users.fetch",
    title="Fetch User (V2)",
    by="`/chakra user john@acme.com`",
)
async def test_old_card_in_an_outage_says_when_it_was_loaded(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, JOHN_ID)
    loaded = format_date_token(clock.time())
    acme.chakra.fail("*", StatusResponse(503))
    await clock.jump(720)
    typing = asyncio.create_task(acme.slack.type(MEI, SALES, f"/chakra user {JOHN_ID}"))
    await clock.advance_until(
        lambda: f"This is from {loaded}." in collect_text(find_message(acme, MEI))
    )
    await typing
    assert "Chakra can't be reached right now." in collect_text(find_message(acme, MEI))
    assert "John Doe" in collect_text(find_message(acme, MEI))


@shared_world
@pytest.mark.parametrize(
    "fault",
    [InvalidJsonBody(), TruncatedBody(), HtmlErrorPage(200), EmptyBody(), OtherRecord()],
    ids=repr,
)
async def test_unreadable_answer_shows_the_last_good_card_with_a_warning(
    acme: World, clock: ManualClock, fault: Fault
) -> None:
    await run_command(acme, JOHN_ID)
    loaded = format_date_token(clock.time())
    acme.chakra.fail(FETCH, fault)
    await clock.jump(720)
    shown = collect_text(await run_command(acme, JOHN_ID))
    assert f"Chakra's answer can't be read right now. This is from {loaded}." in shown
    assert "John Doe" in shown
    acme.chakra.clear_faults()
    assert "can't be read" not in collect_text(await run_command(acme, JOHN_ID))


@reaches(
    "GET /v1/ext/user/{userId}",
    "users.fetch_v1",
    title="Fetch User",
    by="`/chakra user <ID>`, if v2 is refused",
)
async def test_without_v2_a_user_is_shown_from_v1_with_names(acme: World) -> None:
    for endpoint in ("GET /v2/ext/users", FETCH):
        acme.chakra.disable_endpoint(endpoint)
    await acme.type("/chakra users")
    shown = collect_text(await run_command(acme, JOHN_ID))
    assert "John Doe" in shown
    assert "Inside Sales" in shown
    assert "john@acme.com" in shown


async def test_a_hung_chakra_delays_no_ack(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(FETCH, Hang())
    typing = asyncio.create_task(acme.slack.type(MEI, SALES, f"/chakra user {JOHN_ID}"))
    await acme.chakra.wait_for_requests(1, FETCH)
    await clock.advance(0.3)
    assert (await typing).seconds < 0.5
    acme.chakra.clear_faults()
    acme.chakra.release_hanging()
    await acme.slack.wait_until(lambda: "John Doe" in collect_text(find_message(acme, MEI)))
