"""A submission is sent once or not at all, and the ledger records what is known of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from bot.chakra.messages import AcceptedMessage
from bot.chakra.meta import build_meta_error
from bot.db.claims import ClaimOutcome
from bot.db.engine import Database
from bot.errors import (
    AuthenticationError,
    ChakraError,
    DatabaseUnavailable,
    InvalidResponse,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    Unavailable,
)
from bot.messages.error_codec import deserialize_error
from bot.messages.repository import Sends
from bot.messages.send import Send
from bot.messages.status import SendStatus
from bot.messages.submission import build_claim, derive_hash_key
from tests.clock import settle
from tests.messages.fake_messages import (
    MESSAGE,
    PHONE,
    WAMID,
    FakeMessages,
    build_submission,
    wait_until,
)
from tests.messages.ledger_harness import HASH_KEY, REQUEST, LedgerHarness, get_row


@pytest.fixture
def harness(database: Database) -> LedgerHarness:
    return LedgerHarness(database)


# --- once -----------------------------------------------------------------------------------------


async def test_accepted_send_has_its_ids(harness: LedgerHarness) -> None:
    ledger, chakra = harness.open_ledger(), FakeMessages()
    send = await harness.send(ledger, chakra)
    assert (send.status, send.wamid, send.message_id) == (SendStatus.ACCEPTED, WAMID, MESSAGE)
    assert await get_row(harness) == send
    assert harness.outcomes == [send.status]
    assert chakra.call_count == 1


async def test_concurrent_presses_send_once(harness: LedgerHarness) -> None:
    ledger, chakra = harness.open_ledger(), FakeMessages()

    async def press() -> ClaimOutcome:
        claim = await ledger.claim(build_submission())
        if claim.outcome is ClaimOutcome.CREATED:
            await ledger.execute(claim.send, REQUEST, chakra)
        return claim.outcome

    outcomes = await asyncio.gather(*(press() for _ in range(8)))
    assert chakra.call_count == 1
    assert outcomes.count(ClaimOutcome.REPLAYED) == 7


async def test_second_press_sees_the_first_one_sending(harness: LedgerHarness) -> None:
    ledger, chakra = harness.open_ledger(), FakeMessages(is_blocked=True)
    sending = asyncio.create_task(harness.send(ledger, chakra))
    await chakra.called.wait()
    again = await ledger.claim(build_submission())
    assert again.outcome is ClaimOutcome.REPLAYED
    assert again.send.status is SendStatus.SENDING
    chakra.released.set()
    assert (await sending).status is SendStatus.ACCEPTED
    assert chakra.call_count == 1


# --- refused, unknown -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "refused",
    [
        build_meta_error(131026, "Message undeliverable", "Not on WhatsApp"),
        build_meta_error(132001, "Template name does not exist in the translation"),
        build_meta_error(999_999, "Something new"),
        AuthenticationError("No", status=401),
        PermissionDenied("No", status=403),
        RateLimited("Slow down", retry_after=30),
        Unavailable("The connection was never made"),
    ],
    ids=lambda error: error.kind,
)
async def test_refusal_is_a_failure_with_its_error_class(
    harness: LedgerHarness, refused: ChakraError
) -> None:
    ledger = harness.open_ledger()
    send = await harness.send(ledger, FakeMessages(refused))
    assert send.status is SendStatus.FAILED
    assert send.failure is not None
    again = deserialize_error(send.failure)
    assert type(again) is type(refused)
    assert (again.code, again.retry_after) == (refused.code, refused.retry_after)
    assert again.message.startswith(refused.message)


@pytest.mark.parametrize(
    "lost",
    [OutcomeUnknown(), InvalidResponse("HTML"), ConnectionResetError(), RuntimeError("a bug")],
)
async def test_any_other_error_leaves_it_unknown(harness: LedgerHarness, lost: Exception) -> None:
    ledger, chakra = harness.open_ledger(), FakeMessages(lost)
    send = await harness.send(ledger, chakra)
    assert (send.status, send.failure, chakra.call_count) == (SendStatus.UNKNOWN, None, 1)
    assert (await ledger.claim(build_submission())).outcome is ClaimOutcome.REPLAYED


async def test_accepted_response_with_a_whatsapp_error_is_a_failure(harness: LedgerHarness) -> None:
    ledger = harness.open_ledger()
    accepted = AcceptedMessage(
        id=MESSAGE, wamid=WAMID, status="FAILED", failure=build_meta_error(131026, "Gone")
    )
    send = await harness.send(ledger, FakeMessages(accepted))
    assert (send.status, send.wamid) == (SendStatus.FAILED, WAMID)


async def test_no_response_for_45_seconds_is_unknown_and_a_late_one_is_recorded(
    harness: LedgerHarness,
) -> None:
    ledger, chakra = harness.open_ledger(), FakeMessages(is_blocked=True)
    sending = asyncio.create_task(harness.send(ledger, chakra))
    await chakra.called.wait()
    await harness.clock.advance(44.9)
    assert not sending.done()
    await harness.clock.advance(0.1)
    assert (await sending).status is SendStatus.UNKNOWN
    chakra.released.set()
    await wait_until(lambda: len(harness.outcomes) == 2)
    assert ((await get_row(harness)).status, (await get_row(harness)).wamid) == (
        SendStatus.ACCEPTED,
        WAMID,
    )
    assert chakra.call_count == 1


async def test_late_refusal_is_recorded(harness: LedgerHarness) -> None:
    ledger, chakra = harness.open_ledger(), FakeMessages(RateLimited("Slow down"), is_blocked=True)
    sending = asyncio.create_task(harness.send(ledger, chakra))
    await chakra.called.wait()
    await harness.clock.advance(45)
    assert (await sending).status is SendStatus.UNKNOWN
    chakra.released.set()
    await wait_until(lambda: len(harness.outcomes) == 2)
    assert (await get_row(harness)).status is SendStatus.FAILED


async def test_cancelled_caller_does_not_stop_the_send(harness: LedgerHarness) -> None:
    ledger, chakra = harness.open_ledger(), FakeMessages(is_blocked=True)
    sending = asyncio.create_task(harness.send(ledger, chakra))
    await chakra.called.wait()
    sending.cancel()
    await settle()
    chakra.released.set()
    await wait_until(lambda: bool(harness.outcomes))
    assert (await get_row(harness)).status is SendStatus.ACCEPTED


async def test_stopping_app_records_unknown(harness: LedgerHarness) -> None:
    ledger, chakra = harness.open_ledger(), FakeMessages(is_blocked=True)
    sending = asyncio.create_task(harness.send(ledger, chakra))
    await chakra.called.wait()
    stopping = asyncio.create_task(harness.tasks.drain(5))
    await harness.clock.advance(5)
    await wait_until(sending.done)
    assert sending.result().status is SendStatus.UNKNOWN
    await stopping


# --- killed, and started again --------------------------------------------------------------------


async def test_single_process_expires_a_killed_send_immediately(harness: LedgerHarness) -> None:
    await harness.claim(harness.open_ledger("boot-1"))  # and then nothing more of that process
    second, chakra = harness.open_ledger("boot-2"), FakeMessages()
    [late] = await second.expire_abandoned(any_age=True)
    assert (late.status, late.process_id) == (SendStatus.UNKNOWN, "boot-1")
    assert harness.outcomes == [SendStatus.UNKNOWN]
    assert (await second.claim(build_submission())).outcome is ClaimOutcome.REPLAYED
    assert chakra.call_count == 0


async def test_replica_waits_45_seconds_before_it_expires_another_ones_send(
    harness: LedgerHarness,
) -> None:
    await harness.claim(harness.open_ledger("boot-1"))
    second = harness.open_ledger("boot-2")
    await harness.clock.advance(44.9)
    assert await second.expire_abandoned(any_age=False) == []
    await harness.clock.advance(0.1)
    [late] = await second.expire_abandoned(any_age=False)
    assert late.status is SendStatus.UNKNOWN
    assert await second.expire_abandoned(any_age=False) == []


async def test_send_from_before_the_clock_was_set_back_expires(harness: LedgerHarness) -> None:
    await harness.claim(harness.open_ledger("boot-1"))
    harness.clock.set_back(86_400)
    [late] = await harness.open_ledger("boot-2").expire_abandoned(any_age=False)
    assert late.status is SendStatus.UNKNOWN


async def test_send_in_flight_here_is_not_expired(harness: LedgerHarness) -> None:
    ledger, chakra = harness.open_ledger(), FakeMessages(is_blocked=True)
    sending = asyncio.create_task(harness.send(ledger, chakra))
    await chakra.called.wait()
    assert await ledger.expire_abandoned(any_age=True) == []
    chakra.released.set()
    assert (await sending).status is SendStatus.ACCEPTED


async def test_response_to_an_expired_send_still_counts(harness: LedgerHarness) -> None:
    first, chakra = harness.open_ledger("boot-1"), FakeMessages(is_blocked=True)
    sending = asyncio.create_task(harness.send(first, chakra))
    await chakra.called.wait()
    await harness.open_ledger("boot-2").expire_abandoned(any_age=True)
    chakra.released.set()
    assert (await sending).status is SendStatus.ACCEPTED


# --- the same once more ---------------------------------------------------------------------------


@pytest.mark.parametrize(("later", "asks"), [(0, True), (599, True), (600, False)])
async def test_duplicate_within_ten_minutes_asks_any_sender(
    harness: LedgerHarness, later: float, asks: bool
) -> None:
    ledger = harness.open_ledger()
    first = await harness.send(ledger, FakeMessages())
    await harness.clock.advance(later)
    claimed = await ledger.claim(build_submission("view-2", member="U0MARY"))
    assert (claimed.outcome is ClaimOutcome.DUPLICATE) is asks
    assert (claimed.send.id == first.id) is asks


async def test_confirmed_duplicate_is_sent(harness: LedgerHarness) -> None:
    ledger = harness.open_ledger()
    first = await harness.send(ledger, FakeMessages())
    again = build_submission("view-2")
    assert (await ledger.claim(again)).outcome is ClaimOutcome.DUPLICATE
    outcomes = [
        (await ledger.claim(again, confirmed_duplicate_of=first.id)).outcome for _ in range(2)
    ]
    assert outcomes == [ClaimOutcome.CREATED, ClaimOutcome.REPLAYED]


async def test_confirmation_is_for_the_send_that_was_shown(harness: LedgerHarness) -> None:
    """Two people were asked about the same send; the one who is later is asked about the other."""
    ledger = harness.open_ledger()
    first = await harness.send(ledger, FakeMessages())
    johns = await ledger.claim(build_submission("view-2"), confirmed_duplicate_of=first.id)
    mary = build_submission("view-3", member="U0MARY")
    marys = await ledger.claim(mary, confirmed_duplicate_of=first.id)
    assert (marys.outcome, marys.send.id) == (ClaimOutcome.DUPLICATE, johns.send.id)
    marys = await ledger.claim(mary, confirmed_duplicate_of=johns.send.id)
    assert marys.outcome is ClaimOutcome.CREATED


async def test_two_concurrent_confirmations_send_once(harness: LedgerHarness) -> None:
    ledger = harness.open_ledger()
    first = await harness.send(ledger, FakeMessages())
    claims = await asyncio.gather(
        *(
            ledger.claim(build_submission(f"view-{turn}"), confirmed_duplicate_of=first.id)
            for turn in range(2, 12)
        )
    )
    [created] = [claim for claim in claims if claim.outcome is ClaimOutcome.CREATED]
    others = [claim for claim in claims if claim.outcome is ClaimOutcome.DUPLICATE]
    assert {claim.send.id for claim in others} == {created.send.id}
    assert len(others) == 9


@pytest.mark.parametrize(
    "other",
    [
        {"recipient": "919876543211"},
        {"template": "order_update_2"},
        {"language": "en_US"},
        {"values": {"var_body_1": "Jane"}},
        {"values": {}},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_any_difference_is_no_duplicate(
    harness: LedgerHarness, other: dict[str, Any]
) -> None:
    ledger = harness.open_ledger()
    await harness.claim(ledger)
    await harness.claim(ledger, "view-2", **other)


def test_value_order_and_plus_prefix_do_not_matter() -> None:
    values = {"var_body_1": "John", "var_body_2": "17"}
    turned = dict(reversed(values.items()))
    one = build_claim(build_submission(values=values), HASH_KEY)
    assert one == build_claim(build_submission(values=turned, recipient=f"+{PHONE}"), HASH_KEY)


@given(
    st.dictionaries(st.text(), st.text(), max_size=3),
    st.dictionaries(st.text(), st.text(), max_size=3),
)
def test_two_sets_of_values_have_different_hashes(
    one: dict[str, str], other: dict[str, str]
) -> None:
    hashes = {
        build_claim(build_submission(values=given), HASH_KEY).content_hash for given in (one, other)
    }
    assert (len(hashes) == 1) is (one == other)


# --- personal data --------------------------------------------------------------------------------


async def test_database_contains_neither_number_nor_values(harness: LedgerHarness) -> None:
    ledger = harness.open_ledger()
    error = build_meta_error(131026, "Undeliverable", f"The number +{PHONE} is not on WhatsApp")
    await harness.send(ledger, FakeMessages(error))
    async with harness.database.begin() as connection:
        [row] = (await connection.execute(text("SELECT * FROM sends"))).all()
    assert PHONE not in repr(row)
    assert "Order 17" not in repr(row)
    assert "+91 •••••• 3210" in repr(row)


def test_different_secrets_produce_different_hashes() -> None:
    one, other = (
        build_claim(build_submission(), derive_hash_key(secret)) for secret in ("one", "other")
    )
    assert one.recipient_hash != other.recipient_hash
    assert one.content_hash != other.content_hash


def test_submission_repr_hides_the_recipient() -> None:
    assert PHONE not in repr(build_submission())
    assert "Order 17" not in repr(build_submission())


# --- a database that goes away --------------------------------------------------------------------


class FailingSends(Sends):
    """Fails ``failures`` writes, then works."""

    failures = 0

    async def record_outcome(self, *arguments: Any, **named: Any) -> Send:
        if self.failures:
            self.failures -= 1
            raise DatabaseUnavailable("the disk is full")
        return await super().record_outcome(*arguments, **named)


async def test_outcome_is_recorded_once_the_database_is_back(harness: LedgerHarness) -> None:
    sends = FailingSends(harness.database)
    sends.failures = 2
    ledger, chakra = harness.open_ledger(sends=sends), FakeMessages()
    sending = asyncio.create_task(harness.send(ledger, chakra))
    for pause in (0.5, 2.0):
        await harness.clock.wait_for_sleep(pause)
        await harness.clock.advance(pause)
    assert (await sending).status is SendStatus.ACCEPTED
    assert (await get_row(harness)).wamid == WAMID
    assert chakra.call_count == 1


async def test_unrecorded_outcome_reaches_the_caller_and_the_row_becomes_unknown(
    harness: LedgerHarness,
) -> None:
    sends = FailingSends(harness.database)
    sends.failures = 4
    ledger = harness.open_ledger(sends=sends)
    sending = asyncio.create_task(harness.send(ledger, FakeMessages()))
    for pause in (0.5, 2.0, 5.0):
        await harness.clock.wait_for_sleep(pause)
        await harness.clock.advance(pause)
    assert (await sending).status is SendStatus.ACCEPTED
    assert (await get_row(harness)).status is SendStatus.SENDING
    await harness.clock.advance(45)
    [late] = await ledger.expire_abandoned(any_age=False)
    assert late.status is SendStatus.UNKNOWN
