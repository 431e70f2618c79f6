"""A submission goes out once or not at all, and the ledger says what is known of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from bot.chakra.messages import Accepted
from bot.chakra.meta import from_meta
from bot.db.engine import Database
from bot.errors import (
    ChakraError,
    KeyRefused,
    OutcomeUnknown,
    RoleTooSmall,
    StoreUnavailable,
    Throttled,
    Unavailable,
    Unreadable,
)
from bot.messages.error_codec import error_of
from bot.messages.ledger import Before, Duplicate, Fresh
from bot.messages.repository import Send, Sends
from bot.messages.status import State
from bot.messages.submission import claim_of, hash_key
from tests.clock import settle
from tests.messages.ledger_stage import KEY, Stage, row
from tests.messages.upstream import MESSAGE, PHONE, WAMID, Upstream, submission, until


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


# --- once -----------------------------------------------------------------------------------------


async def test_a_send_that_is_taken_on_is_accepted_with_its_ids(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream()
    send = await ledger.carry_out(await stage.fresh(ledger), chakra)
    assert (send.state, send.wamid, send.message_id) == (State.ACCEPTED, WAMID, MESSAGE)
    assert await row(stage) == send
    assert stage.changed == [send]
    assert chakra.out == 1


async def test_two_presses_at_once_send_once(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream()

    async def press() -> object:
        claimed = await ledger.claim(submission())
        return await ledger.carry_out(claimed, chakra) if isinstance(claimed, Fresh) else claimed

    outcomes = await asyncio.gather(*(press() for _ in range(8)))
    assert chakra.out == 1
    assert sum(isinstance(one, Before) for one in outcomes) == 7


async def test_a_press_while_the_first_is_on_its_way_sees_it_on_its_way(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream(held=True)
    sending = asyncio.create_task(ledger.carry_out(await stage.fresh(ledger), chakra))
    await chakra.asked.wait()
    again = await ledger.claim(submission())
    assert isinstance(again, Before)
    assert again.send.state is State.SENDING
    chakra.released.set()
    assert (await sending).state is State.ACCEPTED
    assert chakra.out == 1


# --- refused, unknown -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "refused",
    [
        from_meta(131026, "Message undeliverable", "Not on WhatsApp"),
        from_meta(132001, "Template name does not exist in the translation"),
        from_meta(999_999, "Something new"),
        KeyRefused("No", status=401),
        RoleTooSmall("No", status=403),
        Throttled("Slow down", retry_after=30),
        Unavailable("The connection was never made"),
    ],
    ids=lambda error: error.kind,
)
async def test_a_refusal_is_a_failure_that_keeps_its_class(
    stage: Stage, refused: ChakraError
) -> None:
    ledger = stage.ledger()
    send = await ledger.carry_out(await stage.fresh(ledger), Upstream(refused))
    assert send.state is State.FAILED
    assert send.failure is not None
    again = error_of(send.failure)
    assert type(again) is type(refused)
    assert (again.code, again.retry_after) == (refused.code, refused.retry_after)
    assert again.message.startswith(refused.message)


@pytest.mark.parametrize(
    "lost", [OutcomeUnknown(), Unreadable("HTML"), ConnectionResetError(), RuntimeError("a bug")]
)
async def test_anything_else_leaves_it_unknown(stage: Stage, lost: Exception) -> None:
    ledger, chakra = stage.ledger(), Upstream(lost)
    send = await ledger.carry_out(await stage.fresh(ledger), chakra)
    assert (send.state, send.failure, chakra.out) == (State.UNKNOWN, None, 1)
    assert isinstance(await ledger.claim(submission()), Before)


async def test_what_chakra_took_on_and_whatsapp_refused_at_once_has_failed(stage: Stage) -> None:
    ledger = stage.ledger()
    accepted = Accepted(id=MESSAGE, wamid=WAMID, status="FAILED", failure=from_meta(131026, "Gone"))
    send = await ledger.carry_out(await stage.fresh(ledger), Upstream(accepted))
    assert (send.state, send.wamid) == (State.FAILED, WAMID)


async def test_no_answer_for_45_seconds_is_unknown_and_a_late_one_is_noted(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream(held=True)
    sending = asyncio.create_task(ledger.carry_out(await stage.fresh(ledger), chakra))
    await chakra.asked.wait()
    await stage.clock.advance(44.9)
    assert not sending.done()
    await stage.clock.advance(0.1)
    assert (await sending).state is State.UNKNOWN
    chakra.released.set()
    await until(lambda: len(stage.changed) == 2)
    assert ((await row(stage)).state, (await row(stage)).wamid) == (State.ACCEPTED, WAMID)
    assert chakra.out == 1


async def test_a_late_refusal_is_noted_as_well(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream(Throttled("Slow down"), held=True)
    sending = asyncio.create_task(ledger.carry_out(await stage.fresh(ledger), chakra))
    await chakra.asked.wait()
    await stage.clock.advance(45)
    assert (await sending).state is State.UNKNOWN
    chakra.released.set()
    await until(lambda: len(stage.changed) == 2)
    assert (await row(stage)).state is State.FAILED


async def test_who_asks_may_go_away_and_the_send_goes_on(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream(held=True)
    sending = asyncio.create_task(ledger.carry_out(await stage.fresh(ledger), chakra))
    await chakra.asked.wait()
    sending.cancel()
    await settle()
    chakra.released.set()
    await until(lambda: bool(stage.changed))
    assert (await row(stage)).state is State.ACCEPTED


async def test_an_app_that_stops_says_unknown_before_it_goes(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream(held=True)
    sending = asyncio.create_task(ledger.carry_out(await stage.fresh(ledger), chakra))
    await chakra.asked.wait()
    stopping = asyncio.create_task(stage.tasks.drain(5))
    await stage.clock.advance(5)
    await until(sending.done)
    assert sending.result().state is State.UNKNOWN
    await stopping


# --- killed, and started again --------------------------------------------------------------------


async def test_after_a_kill_a_lone_process_calls_it_unknown_at_once(stage: Stage) -> None:
    await stage.fresh(stage.ledger("boot-1"))  # and then nothing more of that process
    second, chakra = stage.ledger("boot-2"), Upstream()
    [late] = await second.settle_abandoned(all_others=True)
    assert (late.state, late.boot) == (State.UNKNOWN, "boot-1")
    assert stage.changed == [late]
    assert isinstance(await second.claim(submission()), Before)
    assert chakra.out == 0


async def test_among_replicas_another_ones_send_is_left_alone_for_45_seconds(stage: Stage) -> None:
    await stage.fresh(stage.ledger("boot-1"))
    second = stage.ledger("boot-2")
    await stage.clock.advance(44.9)
    assert await second.settle_abandoned(all_others=False) == []
    await stage.clock.advance(0.1)
    [late] = await second.settle_abandoned(all_others=False)
    assert late.state is State.UNKNOWN
    assert await second.settle_abandoned(all_others=False) == []


async def test_what_is_in_hand_here_is_nobody_elses_to_give_up(stage: Stage) -> None:
    ledger, chakra = stage.ledger(), Upstream(held=True)
    sending = asyncio.create_task(ledger.carry_out(await stage.fresh(ledger), chakra))
    await chakra.asked.wait()
    assert await ledger.settle_abandoned(all_others=True) == []
    chakra.released.set()
    assert (await sending).state is State.ACCEPTED


async def test_an_answer_to_a_process_that_was_given_up_still_counts(stage: Stage) -> None:
    first, chakra = stage.ledger("boot-1"), Upstream(held=True)
    sending = asyncio.create_task(first.carry_out(await stage.fresh(first), chakra))
    await chakra.asked.wait()
    await stage.ledger("boot-2").settle_abandoned(all_others=True)
    chakra.released.set()
    assert (await sending).state is State.ACCEPTED


# --- the same once more ---------------------------------------------------------------------------


@pytest.mark.parametrize(("later", "asks"), [(0, True), (599, True), (600, False)])
async def test_the_same_within_ten_minutes_asks_whoever_sent_it(
    stage: Stage, later: float, asks: bool
) -> None:
    ledger = stage.ledger()
    first = await ledger.carry_out(await stage.fresh(ledger), Upstream())
    await stage.clock.advance(later)
    claimed = await ledger.claim(submission("view-2", member="U0MARY"))
    assert isinstance(claimed, Duplicate) is asks
    assert (claimed.send.id == first.id) is asks


async def test_who_was_asked_may_send_it_all_the_same(stage: Stage) -> None:
    ledger = stage.ledger()
    await ledger.carry_out(await stage.fresh(ledger), Upstream())
    assert isinstance(await ledger.claim(submission("view-2")), Duplicate)
    assert isinstance(await ledger.claim(submission("view-2"), again=True), Fresh)
    assert isinstance(await ledger.claim(submission("view-2"), again=True), Before)


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
async def test_whatever_differs_is_not_the_same(stage: Stage, other: dict[str, Any]) -> None:
    ledger = stage.ledger()
    await stage.fresh(ledger)
    await stage.fresh(ledger, "view-2", **other)


def test_the_order_of_values_and_a_plus_make_no_difference() -> None:
    values = {"var_body_1": "John", "var_body_2": "17"}
    turned = dict(reversed(values.items()))
    one = claim_of(submission(values=values), KEY)
    assert one == claim_of(submission(values=turned, recipient=f"+{PHONE}"), KEY)


@given(
    st.dictionaries(st.text(), st.text(), max_size=3),
    st.dictionaries(st.text(), st.text(), max_size=3),
)
def test_two_sets_of_values_are_told_apart(one: dict[str, str], other: dict[str, str]) -> None:
    hashes = {claim_of(submission(values=given), KEY).content_hash for given in (one, other)}
    assert (len(hashes) == 1) is (one == other)


# --- personal data --------------------------------------------------------------------------------


async def test_neither_the_number_nor_the_values_are_in_the_database(stage: Stage) -> None:
    ledger = stage.ledger()
    said = from_meta(131026, "Undeliverable", f"The number +{PHONE} is not on WhatsApp")
    await ledger.carry_out(await stage.fresh(ledger), Upstream(said))
    async with stage.database.begin() as connection:
        [held] = (await connection.execute(text("SELECT * FROM sends"))).all()
    assert PHONE not in repr(held)
    assert "Order 17" not in repr(held)
    assert "+91 •••••• 3210" in repr(held)


def test_another_secret_makes_other_hashes() -> None:
    one, other = (claim_of(submission(), hash_key(secret)) for secret in ("one", "other"))
    assert one.recipient_hash != other.recipient_hash
    assert one.content_hash != other.content_hash


def test_a_submission_does_not_show_its_recipient() -> None:
    assert PHONE not in repr(submission())
    assert "Order 17" not in repr(submission())


# --- a database that goes away --------------------------------------------------------------------


class Failing(Sends):
    """Fails that many notes, then works."""

    failures = 0

    async def note(self, *arguments: Any, **named: Any) -> Send:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("the disk is full")
        return await super().note(*arguments, **named)


async def test_an_outcome_is_noted_once_the_database_is_back(stage: Stage) -> None:
    sends = Failing(stage.database)
    sends.failures = 2
    ledger, chakra = stage.ledger(sends=sends), Upstream()
    sending = asyncio.create_task(ledger.carry_out(await stage.fresh(ledger), chakra))
    for pause in (0.5, 2.0):
        await stage.clock.until_sleeping(pause)
        await stage.clock.advance(pause)
    assert (await sending).state is State.ACCEPTED
    assert (await row(stage)).wamid == WAMID
    assert chakra.out == 1


async def test_where_it_cannot_be_noted_the_person_hears_it_and_the_row_becomes_unknown(
    stage: Stage,
) -> None:
    sends = Failing(stage.database)
    sends.failures = 4
    ledger = stage.ledger(sends=sends)
    sending = asyncio.create_task(ledger.carry_out(await stage.fresh(ledger), Upstream()))
    for pause in (0.5, 2.0, 5.0):
        await stage.clock.until_sleeping(pause)
        await stage.clock.advance(pause)
    assert (await sending).state is State.ACCEPTED
    assert (await row(stage)).state is State.SENDING
    await stage.clock.advance(45)
    [late] = await ledger.settle_abandoned(all_others=False)
    assert late.state is State.UNKNOWN
