"""A submission is one row however often it is claimed; its status only moves forward."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from bot.db.claims import ClaimOutcome
from bot.db.engine import Database
from bot.messages.repository import Sends
from bot.messages.send import Failure
from bot.messages.status import SendStatus
from tests.db.builders import PROCESS_ID, build_claim, start_send

TEN_MINUTES = 600.0


@pytest.fixture
def sends(database: Database) -> Sends:
    return Sends(database)


# --- claiming -------------------------------------------------------------------------------------


async def test_duplicate_claim_is_one_row(sends: Sends) -> None:
    first = await sends.claim(build_claim(), PROCESS_ID, 1000, duplicate_since=None)
    again = await sends.claim(build_claim(), "boot-2", 1001, duplicate_since=None)
    assert (first.outcome, again.outcome) == (ClaimOutcome.CREATED, ClaimOutcome.REPLAYED)
    assert first.send == again.send
    send = first.send
    assert (send.status, send.process_id, send.started_at) == (SendStatus.SENDING, PROCESS_ID, 1000)


async def test_concurrent_claims_of_one_key_have_one_winner(sends: Sends) -> None:
    outcomes = await asyncio.gather(
        *(
            sends.claim(build_claim(), PROCESS_ID, 1000 + turn, duplicate_since=400)
            for turn in range(20)
        )
    )
    assert [result.outcome for result in outcomes].count(ClaimOutcome.CREATED) == 1
    assert len({result.send.id for result in outcomes}) == 1


async def test_concurrent_identical_submissions_have_one_winner(sends: Sends) -> None:
    outcomes = await asyncio.gather(
        *(
            sends.claim(
                build_claim(f"view-{turn}", recipient_hash="mary"),
                PROCESS_ID,
                1000,
                duplicate_since=400,
            )
            for turn in range(20)
        )
    )
    assert sorted(result.outcome.name for result in outcomes) == ["CREATED"] + ["DUPLICATE"] * 19


async def test_concurrent_claims_with_one_key_create_one_row(sends: Sends) -> None:
    outcomes = await asyncio.gather(
        *(
            sends.claim(
                build_claim(recipient_hash=f"to-{turn}"), PROCESS_ID, 1000, duplicate_since=400
            )
            for turn in range(10)
        )
    )
    assert sorted(result.outcome.name for result in outcomes) == ["CREATED"] + ["REPLAYED"] * 9


@pytest.mark.parametrize(
    ("later", "found"), [(0.0, True), (599.9, True), (600.0, False), (601.0, False)]
)
async def test_duplicate_window_is_exactly_ten_minutes(
    sends: Sends, later: float, found: bool
) -> None:
    earlier = await start_send(sends, recipient_hash="mary")
    now = 1000 + later
    result = await sends.claim(
        build_claim("view-2", recipient_hash="mary", member="U0MARY"),
        PROCESS_ID,
        now,
        duplicate_since=now - TEN_MINUTES,
    )
    assert result.outcome is (ClaimOutcome.DUPLICATE if found else ClaimOutcome.CREATED)
    assert (result.send.id == earlier.id) is found


@pytest.mark.parametrize("other", [{"recipient_hash": "ann"}, {"content_hash": "goodbye"}])
async def test_different_recipient_or_content_is_not_a_duplicate(
    sends: Sends, other: dict[str, str]
) -> None:
    await start_send(sends, recipient_hash="mary")
    asked = build_claim("view-2", **{"recipient_hash": "mary", **other})
    result = await sends.claim(asked, PROCESS_ID, 1001, duplicate_since=401)
    assert result.outcome is ClaimOutcome.CREATED


@pytest.mark.parametrize("state", list(SendStatus)[1:])
async def test_any_send_that_has_not_failed_is_a_duplicate(sends: Sends, state: SendStatus) -> None:
    send = await start_send(sends, recipient_hash="mary")
    await sends.record_outcome(send.id, state, 1001)
    result = await sends.claim(
        build_claim("view-2", recipient_hash="mary"), PROCESS_ID, 1002, duplicate_since=402
    )
    failed = state is SendStatus.FAILED
    assert result.outcome is (ClaimOutcome.CREATED if failed else ClaimOutcome.DUPLICATE)


async def test_two_concurrent_confirmations_of_one_duplicate_send_once(sends: Sends) -> None:
    first = await start_send(sends, recipient_hash="mary")
    results = await asyncio.gather(
        *(
            sends.claim(
                build_claim(f"view-{turn}", recipient_hash="mary"),
                PROCESS_ID,
                1000 - turn,  # of two replicas, one's clock may be behind
                duplicate_since=400,
                confirmed_duplicate_of=first.id,
            )
            for turn in range(2, 22)
        )
    )
    [created] = [result for result in results if result.outcome is ClaimOutcome.CREATED]
    others = [result for result in results if result.outcome is ClaimOutcome.DUPLICATE]
    assert {result.send.id for result in others} == {created.send.id}
    assert len(others) == 19


# --- noting ---------------------------------------------------------------------------------------


async def test_outcome_is_recorded_with_its_ids(sends: Sends) -> None:
    send = await start_send(sends)
    noted = await sends.record_outcome(
        send.id, SendStatus.ACCEPTED, 1002, message_id="m-1", wamid="wamid.1"
    )
    assert (noted.status, noted.status_at, noted.message_id, noted.wamid) == (
        SendStatus.ACCEPTED,
        1002,
        "m-1",
        "wamid.1",
    )
    assert await sends.find_by_id(send.id) == await sends.find_by_key("view-1") == noted


async def test_failure_is_cleared_when_the_message_is_delivered(
    sends: Sends,
) -> None:
    send = await start_send(sends)
    failure = Failure("recipient_rejected", 131026, "Message undeliverable", "Not on WhatsApp")
    noted = await sends.record_outcome(send.id, SendStatus.FAILED, 1002, failure=failure)
    assert (noted.status, noted.failure) == (SendStatus.FAILED, failure)
    noted = await sends.record_outcome(send.id, SendStatus.DELIVERED, 1003)
    assert (noted.status, noted.failure) == (SendStatus.DELIVERED, None)


async def test_status_is_replaced_by_later_ones_only(sends: Sends) -> None:
    for first, second in itertools.permutations(list(SendStatus)[1:], 2):
        send = await start_send(sends, f"{first} {second}")
        await sends.record_outcome(send.id, first, 1001)
        noted = await sends.record_outcome(send.id, second, 1002)
        later = second.rank > first.rank
        assert (noted.status, noted.status_at) == ((second, 1002) if later else (first, 1001))


async def test_late_ids_are_stored_and_never_changed(sends: Sends) -> None:
    send = await start_send(sends)
    await sends.record_outcome(send.id, SendStatus.UNKNOWN, 1045)
    noted = await sends.record_outcome(send.id, SendStatus.ACCEPTED, 1050, wamid="wamid.1")
    assert (noted.status, noted.wamid) == (SendStatus.ACCEPTED, "wamid.1")
    assert (
        await sends.record_outcome(send.id, SendStatus.ACCEPTED, 1051, wamid="wamid.2")
    ).wamid == "wamid.1"


# --- giving up ------------------------------------------------------------------------------------


async def test_overdue_send_expires_unless_it_is_in_flight(
    sends: Sends,
) -> None:
    old = await start_send(sends, "old", 1000)
    edge = await start_send(sends, "edge", 1010)
    in_flight = await start_send(sends, "in flight", 1000)
    await start_send(sends, "new", 1010.5)
    done = await start_send(sends, "done", 1000)
    await sends.record_outcome(done.id, SendStatus.ACCEPTED, 1001)
    late = await sends.expire(1010, 1055, {in_flight.id})
    assert {send.id for send in late} == {old.id, edge.id}
    assert {send.status for send in late} == {SendStatus.UNKNOWN}
    assert await sends.expire(1010, 1055, {in_flight.id}) == []


async def test_nothing_expires_in_an_empty_table(sends: Sends) -> None:
    assert await sends.expire(1010, 1055, frozenset()) == []
    assert await sends.find_by_id(1) is None
    assert await sends.find_by_key("none") is None


# --- what goes after a while ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", [state for state in SendStatus if state.rank > SendStatus.SENDING.rank]
)
async def test_old_send_with_an_outcome_is_purged(sends: Sends, state: SendStatus) -> None:
    old = await start_send(sends, "view-1", now=1000)
    await sends.record_outcome(old.id, state, 1010)
    await sends.record_outcome((await start_send(sends, "view-2", now=1001)).id, state, 1010)
    assert await sends.purge(1000, 10) == 1
    assert await sends.find_by_key("view-1") is None
    assert await sends.find_by_key("view-2") is not None


@pytest.mark.parametrize("state", [SendStatus.PREPARING, SendStatus.SENDING])
async def test_send_without_an_outcome_is_never_purged(sends: Sends, state: SendStatus) -> None:
    result = await sends.claim(build_claim(), PROCESS_ID, 1000, duplicate_since=None, status=state)
    assert (result.outcome, result.send.status) == (ClaimOutcome.CREATED, state)
    assert await sends.purge(9_000, 10) == 0
    assert await sends.find_by_key("view-1") is not None


async def test_prepared_send_leaves_once_and_not_after_it_expired(sends: Sends) -> None:
    one = await start_send(sends, status=SendStatus.PREPARING)
    assert await sends.mark_sending(one.id)
    assert not await sends.mark_sending(one.id)
    other = await start_send(sends, "view-2", 1001, status=SendStatus.PREPARING)
    given_up = {send.id: send for send in await sends.expire(1010, 1055, frozenset())}
    assert given_up[one.id].status is SendStatus.UNKNOWN
    assert given_up[other.id].status is SendStatus.FAILED
    assert given_up[other.id].failure == Failure("preparation_failed")
    assert not await sends.mark_sending(other.id)


async def test_purge_starts_with_the_oldest(sends: Sends) -> None:
    for number in (3, 1, 2):
        send = await start_send(sends, f"view-{number}", now=1000 + number)
        await sends.record_outcome(send.id, SendStatus.READ, 1010)
    assert await sends.purge(9_000, 2) == 2
    assert await sends.find_by_key("view-3") is not None
    assert await sends.purge(9_000, 2) == 1
