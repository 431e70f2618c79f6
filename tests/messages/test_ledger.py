"""A submission is sent once or not at all, and the ledger records what is known of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from bot.chakra.messages import AcceptedMessage
from bot.chakra.meta import error_for_meta_code
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
from tests.messages.ledger_stage import KEY, REQUEST, Stage, row
from tests.messages.upstream import MESSAGE, PHONE, WAMID, Upstream, submission, until


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


# --- once -----------------------------------------------------------------------------------------


async def test_accepted_send_has_its_ids(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream()
    send = await stage.send(ledger, chakra)
    assert (send.status, send.wamid, send.message_id) == (SendStatus.ACCEPTED, WAMID, MESSAGE)
    assert await row(stage) == send
    assert stage.outcomes == [send.status]
    assert chakra.out == 1


async def test_two_presses_at_once_send_once(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream()

    async def press() -> ClaimOutcome:
        claim = await ledger.claim(submission())
        if claim.outcome is ClaimOutcome.CREATED:
            await ledger.execute(claim.send, REQUEST, chakra)
        return claim.outcome

    outcomes = await asyncio.gather(*(press() for _ in range(8)))
    assert chakra.out == 1
    assert outcomes.count(ClaimOutcome.REPLAYED) == 7


async def test_second_press_sees_the_first_one_sending(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream(held=True)
    sending = asyncio.create_task(stage.send(ledger, chakra))
    await chakra.asked.wait()
    again = await ledger.claim(submission())
    assert again.outcome is ClaimOutcome.REPLAYED
    assert again.send.status is SendStatus.SENDING
    chakra.released.set()
    assert (await sending).status is SendStatus.ACCEPTED
    assert chakra.out == 1


# --- refused, unknown -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "refused",
    [
        error_for_meta_code(131026, "Message undeliverable", "Not on WhatsApp"),
        error_for_meta_code(132001, "Template name does not exist in the translation"),
        error_for_meta_code(999_999, "Something new"),
        AuthenticationError("No", status=401),
        PermissionDenied("No", status=403),
        RateLimited("Slow down", retry_after=30),
        Unavailable("The connection was never made"),
    ],
    ids=lambda error: error.kind,
)
async def test_refusal_is_a_failure_with_its_error_class(
    stage: Stage, refused: ChakraError
) -> None:
    ledger = stage.ledger()
    send = await stage.send(ledger, Upstream(refused))
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
async def test_anything_else_leaves_it_unknown(stage: Stage, lost: Exception) -> None:
    ledger, chakra = stage.ledger(), Upstream(lost)
    send = await stage.send(ledger, chakra)
    assert (send.status, send.failure, chakra.out) == (SendStatus.UNKNOWN, None, 1)
    assert (await ledger.claim(submission())).outcome is ClaimOutcome.REPLAYED


async def test_accepted_response_with_a_whatsapp_error_is_a_failure(stage: Stage) -> None:
    ledger = stage.ledger()
    accepted = AcceptedMessage(
        id=MESSAGE, wamid=WAMID, status="FAILED", failure=error_for_meta_code(131026, "Gone")
    )
    send = await stage.send(ledger, Upstream(accepted))
    assert (send.status, send.wamid) == (SendStatus.FAILED, WAMID)


async def test_no_response_for_45_seconds_is_unknown_and_a_late_one_is_recorded(
    stage: Stage,
) -> None:
    ledger, chakra = stage.ledger(), Upstream(held=True)
    sending = asyncio.create_task(stage.send(ledger, chakra))
    await chakra.asked.wait()
    await stage.clock.advance(44.9)
    assert not sending.done()
    await stage.clock.advance(0.1)
    assert (await sending).status is SendStatus.UNKNOWN
    chakra.released.set()
    await until(lambda: len(stage.outcomes) == 2)
    assert ((await row(stage)).status, (await row(stage)).wamid) == (SendStatus.ACCEPTED, WAMID)
    assert chakra.out == 1


async def test_late_refusal_is_recorded(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream(RateLimited("Slow down"), held=True)
    sending = asyncio.create_task(stage.send(ledger, chakra))
    await chakra.asked.wait()
    await stage.clock.advance(45)
    assert (await sending).status is SendStatus.UNKNOWN
    chakra.released.set()
    await until(lambda: len(stage.outcomes) == 2)
    assert (await row(stage)).status is SendStatus.FAILED


async def test_cancelled_caller_does_not_stop_the_send(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream(held=True)
    sending = asyncio.create_task(stage.send(ledger, chakra))
    await chakra.asked.wait()
    sending.cancel()
    await settle()
    chakra.released.set()
    await until(lambda: bool(stage.outcomes))
    assert (await row(stage)).status is SendStatus.ACCEPTED


async def test_stopping_app_records_unknown(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream(held=True)
    sending = asyncio.create_task(stage.send(ledger, chakra))
    await chakra.asked.wait()
    stopping = asyncio.create_task(stage.tasks.drain(5))
    await stage.clock.advance(5)
    await until(sending.done)
    assert sending.result().status is SendStatus.UNKNOWN
    await stopping


# --- killed, and started again --------------------------------------------------------------------


async def test_single_process_expires_a_killed_send_immediately(stage: Stage) -> None:
    await stage.claimed(stage.ledger("boot-1"))  # and then nothing more of that process
    second, chakra = stage.ledger("boot-2"), Upstream()
    [late] = await second.expire_abandoned(any_age=True)
    assert (late.status, late.process_id) == (SendStatus.UNKNOWN, "boot-1")
    assert stage.outcomes == [SendStatus.UNKNOWN]
    assert (await second.claim(submission())).outcome is ClaimOutcome.REPLAYED
    assert chakra.out == 0


async def test_replica_waits_45_seconds_before_it_expires_another_ones_send(stage: Stage) -> None:
    await stage.claimed(stage.ledger("boot-1"))
    second = stage.ledger("boot-2")
    await stage.clock.advance(44.9)
    assert await second.expire_abandoned(any_age=False) == []
    await stage.clock.advance(0.1)
    [late] = await second.expire_abandoned(any_age=False)
    assert late.status is SendStatus.UNKNOWN
    assert await second.expire_abandoned(any_age=False) == []


async def test_send_in_flight_here_is_not_expired(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream(held=True)
    sending = asyncio.create_task(stage.send(ledger, chakra))
    await chakra.asked.wait()
    assert await ledger.expire_abandoned(any_age=True) == []
    chakra.released.set()
    assert (await sending).status is SendStatus.ACCEPTED


async def test_response_to_an_expired_send_still_counts(stage: Stage) -> None:
    first, chakra = stage.ledger("boot-1"), Upstream(held=True)
    sending = asyncio.create_task(stage.send(first, chakra))
    await chakra.asked.wait()
    await stage.ledger("boot-2").expire_abandoned(any_age=True)
    chakra.released.set()
    assert (await sending).status is SendStatus.ACCEPTED


# --- the same once more ---------------------------------------------------------------------------


@pytest.mark.parametrize(("later", "asks"), [(0, True), (599, True), (600, False)])
async def test_duplicate_within_ten_minutes_asks_any_sender(
    stage: Stage, later: float, asks: bool
) -> None:
    ledger = stage.ledger()
    first = await stage.send(ledger, Upstream())
    await stage.clock.advance(later)
    claimed = await ledger.claim(submission("view-2", member="U0MARY"))
    assert (claimed.outcome is ClaimOutcome.DUPLICATE) is asks
    assert (claimed.send.id == first.id) is asks


async def test_confirmed_duplicate_is_sent(stage: Stage) -> None:
    ledger = stage.ledger()
    first = await stage.send(ledger, Upstream())
    again = submission("view-2")
    assert (await ledger.claim(again)).outcome is ClaimOutcome.DUPLICATE
    outcomes = [
        (await ledger.claim(again, confirmed_duplicate_of=first.id)).outcome for _ in range(2)
    ]
    assert outcomes == [ClaimOutcome.CREATED, ClaimOutcome.REPLAYED]


async def test_confirmation_is_for_the_send_that_was_shown(stage: Stage) -> None:
    """Two people were asked about the same send; the one who is later is asked about the other."""
    ledger = stage.ledger()
    first = await stage.send(ledger, Upstream())
    johns = await ledger.claim(submission("view-2"), confirmed_duplicate_of=first.id)
    mary = submission("view-3", member="U0MARY")
    marys = await ledger.claim(mary, confirmed_duplicate_of=first.id)
    assert (marys.outcome, marys.send.id) == (ClaimOutcome.DUPLICATE, johns.send.id)
    marys = await ledger.claim(mary, confirmed_duplicate_of=johns.send.id)
    assert marys.outcome is ClaimOutcome.CREATED


async def test_two_who_confirm_at_once_send_once(stage: Stage) -> None:
    ledger = stage.ledger()
    first = await stage.send(ledger, Upstream())
    claims = await asyncio.gather(
        *(
            ledger.claim(submission(f"view-{turn}"), confirmed_duplicate_of=first.id)
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
async def test_any_difference_is_no_duplicate(stage: Stage, other: dict[str, Any]) -> None:
    ledger = stage.ledger()
    await stage.claimed(ledger)
    await stage.claimed(ledger, "view-2", **other)


def test_the_order_of_values_and_a_plus_make_no_difference() -> None:
    values = {"var_body_1": "John", "var_body_2": "17"}
    turned = dict(reversed(values.items()))
    one = build_claim(submission(values=values), KEY)
    assert one == build_claim(submission(values=turned, recipient=f"+{PHONE}"), KEY)


@given(
    st.dictionaries(st.text(), st.text(), max_size=3),
    st.dictionaries(st.text(), st.text(), max_size=3),
)
def test_two_sets_of_values_have_different_hashes(
    one: dict[str, str], other: dict[str, str]
) -> None:
    hashes = {build_claim(submission(values=given), KEY).content_hash for given in (one, other)}
    assert (len(hashes) == 1) is (one == other)


# --- personal data --------------------------------------------------------------------------------


async def test_neither_the_number_nor_the_values_are_in_the_database(stage: Stage) -> None:
    ledger = stage.ledger()
    said = error_for_meta_code(131026, "Undeliverable", f"The number +{PHONE} is not on WhatsApp")
    await stage.send(ledger, Upstream(said))
    async with stage.database.begin() as connection:
        [held] = (await connection.execute(text("SELECT * FROM sends"))).all()
    assert PHONE not in repr(held)
    assert "Order 17" not in repr(held)
    assert "+91 •••••• 3210" in repr(held)


def test_another_secret_makes_other_hashes() -> None:
    one, other = (build_claim(submission(), derive_hash_key(secret)) for secret in ("one", "other"))
    assert one.recipient_hash != other.recipient_hash
    assert one.content_hash != other.content_hash


def test_a_submission_does_not_show_its_recipient() -> None:
    assert PHONE not in repr(submission())
    assert "Order 17" not in repr(submission())


# --- a database that goes away --------------------------------------------------------------------


class Failing(Sends):
    """Fails so many writes, then works."""

    failures = 0

    async def record_outcome(self, *arguments: Any, **named: Any) -> Send:
        if self.failures:
            self.failures -= 1
            raise DatabaseUnavailable("the disk is full")
        return await super().record_outcome(*arguments, **named)


async def test_outcome_is_recorded_once_the_database_is_back(stage: Stage) -> None:
    sends = Failing(stage.database)
    sends.failures = 2
    ledger, chakra = stage.ledger(sends=sends), Upstream()
    sending = asyncio.create_task(stage.send(ledger, chakra))
    for pause in (0.5, 2.0):
        await stage.clock.until_sleeping(pause)
        await stage.clock.advance(pause)
    assert (await sending).status is SendStatus.ACCEPTED
    assert (await row(stage)).wamid == WAMID
    assert chakra.out == 1


async def test_unrecorded_outcome_reaches_the_caller_and_the_row_becomes_unknown(
    stage: Stage,
) -> None:
    sends = Failing(stage.database)
    sends.failures = 4
    ledger = stage.ledger(sends=sends)
    sending = asyncio.create_task(stage.send(ledger, Upstream()))
    for pause in (0.5, 2.0, 5.0):
        await stage.clock.until_sleeping(pause)
        await stage.clock.advance(pause)
    assert (await sending).status is SendStatus.ACCEPTED
    assert (await row(stage)).status is SendStatus.SENDING
    await stage.clock.advance(45)
    [late] = await ledger.expire_abandoned(any_age=False)
    assert late.status is SendStatus.UNKNOWN
