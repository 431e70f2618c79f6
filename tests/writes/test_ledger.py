"""A write is carried out once, however often it is submitted, and its outcome is known or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.aio.tasks import TaskSet
from bot.db.engine import Database
from bot.db.tables import writes
from bot.errors import (
    AuthenticationError,
    DatabaseUnavailable,
    InvalidResponse,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from bot.writes.ledger import (
    ABANDONED_AFTER_SECONDS,
    DUPLICATE_WINDOW_SECONDS,
    RESPONSE_TIMEOUT_SECONDS,
    DuplicateWrite,
    WriteIntent,
    WriteLedger,
)
from bot.writes.repository import Write, Writes, WriteState
from tests.clock import ManualClock

JOHN, PRIYA = "U0JOHN", "U0PRIYA"


def build_intent(key: str = "V1", member: str = JOHN, **other: Any) -> WriteIntent:
    given = {
        "key": key,
        "member": member,
        "verb": "user.update",
        "subject": "user:1",
        "content": {"last_name": "Newman"},
        **other,
    }
    return WriteIntent(**given)


@dataclass
class Chakra:
    """Counts requests; returns or raises ``outcome`` once it is released."""

    outcome: str | BaseException = "ok"
    is_blocked: bool = False
    count: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> str:
        self.count += 1
        self.asked.set()
        if self.is_blocked:
            await self.released.wait()
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


@dataclass
class Stage:
    database: Database
    clock: ManualClock = field(default_factory=ManualClock)
    notified: list[Write] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tasks = TaskSet(self.clock)
        self.writes = Writes(self.database)

    def create_ledger(self, process_id: str = "replica-1", workspace: str = "") -> WriteLedger:
        async def notify(write: Write) -> None:
            self.notified.append(write)

        return WriteLedger(
            Writes(self.database, workspace),
            self.clock,
            self.tasks,
            hash_secret="secret",
            process_id=process_id,
            on_abandoned=notify,
        )

    async def list_rows(self) -> list[Write]:
        async with self.database.begin() as connection:
            return [
                Write(**row._mapping)
                for row in await connection.execute(writes.select().order_by(writes.c.id))
            ]


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def settle(
    outcome: Awaitable[Write | DuplicateWrite],
) -> Write | DuplicateWrite | type[Exception]:
    try:
        return await outcome
    except Exception as error:  # noqa: BLE001 - any kind
        return type(error)


async def test_a_write_is_recorded_with_who_what_when_and_how_it_ended(stage: Stage) -> None:
    chakra = Chakra("result")
    write = await stage.create_ledger().run(build_intent(), chakra)
    assert isinstance(write, Write)
    [row] = await stage.list_rows()
    assert (row.member, row.verb, row.subject) == (JOHN, "user.update", "user:1")
    assert (row.started_at, row.state, row.result) == (stage.clock.time(), "done", "result")
    assert row.process_id == "replica-1"
    assert "Newman" not in str(row)


async def test_the_same_press_again_writes_nothing_and_gets_the_first_outcome(
    stage: Stage,
) -> None:
    chakra = Chakra("result")
    first = await stage.create_ledger().run(build_intent(), chakra)
    again = await stage.create_ledger("replica-2").run(build_intent(), chakra)
    assert again == first
    assert chakra.count == 1


async def test_many_concurrent_presses_on_two_replicas_write_once(stage: Stage) -> None:
    chakra = Chakra("result", is_blocked=True)
    replicas = [stage.create_ledger(), stage.create_ledger("replica-2")]
    presses = [
        asyncio.create_task(replicas[number % 2].run(build_intent(), chakra))
        for number in range(10)
    ]
    await chakra.asked.wait()
    chakra.released.set()
    await stage.clock.advance_until(lambda: all(press.done() for press in presses))
    results = {press.result() for press in presses if isinstance(press.result(), Write)}
    assert {write.result for write in results if isinstance(write, Write)} == {"result"}
    assert chakra.count == 1
    assert len(await stage.list_rows()) == 1


async def test_another_content_in_the_same_form_is_another_write(stage: Stage) -> None:
    chakra = Chakra()
    await stage.create_ledger().run(build_intent(), chakra)
    assert isinstance(
        await stage.create_ledger().run(build_intent(content={"last_name": "Oldman"}), chakra),
        Write,
    )
    assert chakra.count == 2


@pytest.mark.parametrize(
    "error",
    [Rejected("no"), AuthenticationError("no"), RateLimited("no"), Unavailable("no")],
    ids=lambda error: error.kind,
)
async def test_after_an_error_that_wrote_nothing_the_press_may_be_repeated(
    stage: Stage, error: Exception
) -> None:
    ledger = stage.create_ledger()
    with pytest.raises(type(error)):
        await ledger.run(build_intent(), Chakra(error))
    [row] = await stage.list_rows()
    assert (row.state, row.error_kind, row.error_text) == ("failed", error.kind, "no")  # type: ignore[attr-defined]
    chakra = Chakra()
    assert isinstance(await stage.create_ledger("replica-2").run(build_intent(), chakra), Write)
    assert chakra.count == 1
    [row] = await stage.list_rows()
    assert (row.state, row.error_kind, row.error_text) == ("done", "", "")


async def test_no_phone_number_is_stored_in_an_error(stage: Stage) -> None:
    with pytest.raises(Rejected):
        await stage.create_ledger().run(
            build_intent(), Chakra(Rejected("+91 98765 43210 is taken"))
        )
    [row] = await stage.list_rows()
    assert "98765" not in row.error_text


@pytest.mark.parametrize(
    "error",
    [OutcomeUnknown("lost"), InvalidResponse("odd"), RuntimeError("bug")],
    ids=lambda error: type(error).__name__,
)
async def test_an_unknown_outcome_is_reported_as_unknown_and_never_repeated(
    stage: Stage, error: Exception
) -> None:
    chakra = Chakra(error)
    with pytest.raises(type(error)):
        await stage.create_ledger().run(build_intent(), chakra)
    for replica in ("replica-1", "replica-2"):
        with pytest.raises(OutcomeUnknown):
            await stage.create_ledger(replica).run(build_intent(), chakra)
    assert chakra.count == 1
    assert [row.state for row in await stage.list_rows()] == ["unknown"]


async def test_no_answer_in_time_is_unknown_until_a_late_answer_comes(stage: Stage) -> None:
    chakra = Chakra("late", is_blocked=True)
    press = asyncio.create_task(settle(stage.create_ledger().run(build_intent(), chakra)))
    await chakra.asked.wait()
    await stage.clock.advance(RESPONSE_TIMEOUT_SECONDS + 1)
    assert await press is OutcomeUnknown
    assert [row.state for row in await stage.list_rows()] == ["unknown"]
    chakra.released.set()
    await stage.clock.advance(1)
    write = await stage.create_ledger("replica-2").run(build_intent(), chakra)
    assert isinstance(write, Write)
    assert (write.state, write.result, chakra.count) == (WriteState.DONE, "late", 1)


async def test_a_caller_that_gives_up_does_not_stop_a_request_that_has_left(stage: Stage) -> None:
    chakra = Chakra("late", is_blocked=True)
    press = asyncio.create_task(stage.create_ledger().run(build_intent(), chakra))
    await chakra.asked.wait()
    press.cancel()
    chakra.released.set()
    await stage.tasks.drain(5)
    assert [row.state for row in await stage.list_rows()] == ["done"]


async def test_a_stop_in_between_is_unknown(stage: Stage) -> None:
    chakra = Chakra(is_blocked=True)
    press = asyncio.create_task(settle(stage.create_ledger().run(build_intent(), chakra)))
    await chakra.asked.wait()
    draining = asyncio.create_task(stage.tasks.drain(5))
    await stage.clock.advance_until(draining.done)
    assert await press is OutcomeUnknown
    assert [row.state for row in await stage.list_rows()] == ["unknown"]


# --- duplicates ----------------------------------------------------------------------------------


async def test_the_same_content_by_anyone_within_ten_minutes_asks_first(stage: Stage) -> None:
    chakra = Chakra()
    first = await stage.create_ledger().run(build_intent(), chakra)
    assert isinstance(first, Write)
    await stage.clock.advance(DUPLICATE_WINDOW_SECONDS - 1)
    duplicate = await stage.create_ledger("replica-2").run(build_intent("V2", PRIYA), chakra)
    assert isinstance(duplicate, DuplicateWrite)
    assert (duplicate.write.id, duplicate.write.member) == (first.id, JOHN)
    assert chakra.count == 1
    confirmed = build_intent("V2", PRIYA, confirmed_id=first.id)
    assert isinstance(await stage.create_ledger().run(confirmed, chakra), Write)
    assert chakra.count == 2


async def test_two_concurrent_confirmations_of_one_question_write_once_more(stage: Stage) -> None:
    chakra = Chakra()
    first = await stage.create_ledger().run(build_intent(), chakra)
    assert isinstance(first, Write)
    answers = await asyncio.gather(
        *(
            stage.create_ledger(f"replica-{number}").run(
                build_intent(f"V{number}", confirmed_id=first.id), chakra
            )
            for number in range(2, 6)
        )
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["DuplicateWrite"] * 3 + ["Write"]
    assert chakra.count == 2


@pytest.mark.parametrize(
    "other",
    [
        {"content": {"last_name": "Oldman"}},
        {"subject": "user:2"},
        {"verb": "user.rename"},
    ],
    ids=str,
)
async def test_other_contents_do_not_ask(stage: Stage, other: dict[str, Any]) -> None:
    chakra = Chakra()
    await stage.create_ledger().run(build_intent(), chakra)
    assert isinstance(await stage.create_ledger().run(build_intent("V2", **other), chakra), Write)


async def test_no_question_after_ten_minutes_or_in_another_workspace(stage: Stage) -> None:
    chakra = Chakra()
    await stage.create_ledger().run(build_intent(), chakra)
    assert isinstance(await stage.create_ledger(workspace="T2").run(build_intent(), chakra), Write)
    await stage.clock.advance(DUPLICATE_WINDOW_SECONDS)
    assert isinstance(await stage.create_ledger().run(build_intent("V2"), chakra), Write)
    assert chakra.count == 3


async def test_what_failed_is_no_duplicate_and_what_is_unknown_is(stage: Stage) -> None:
    with pytest.raises(Rejected):
        await stage.create_ledger().run(build_intent(), Chakra(Rejected("no")))
    with pytest.raises(OutcomeUnknown):
        await stage.create_ledger().run(build_intent("V2"), Chakra(OutcomeUnknown("lost")))
    assert isinstance(await stage.create_ledger().run(build_intent("V3"), Chakra()), DuplicateWrite)


# --- processes that died -------------------------------------------------------------------------


async def claim_and_die(stage: Stage) -> None:
    """Leave a claimed write behind, as a process that is killed does."""
    ledger = stage.create_ledger("dead")
    claim = ledger._build_claim(build_intent())
    await stage.writes.claim(claim, "dead", stage.clock.time(), duplicate_since=0)


async def test_a_write_of_a_dead_process_becomes_unknown_and_its_member_is_notified(
    stage: Stage,
) -> None:
    await claim_and_die(stage)
    ledger = stage.create_ledger("replica-2")
    await ledger.reconcile()
    assert stage.notified == []  # another replica may still work on it
    await stage.clock.advance(ABANDONED_AFTER_SECONDS)
    await ledger.reconcile()
    await ledger.reconcile()
    assert [write.member for write in stage.notified] == [JOHN]
    chakra = Chakra()
    with pytest.raises(OutcomeUnknown):
        await ledger.run(build_intent(), chakra)
    assert chakra.count == 0


async def test_a_write_from_before_the_clock_was_set_back_is_settled(stage: Stage) -> None:
    await claim_and_die(stage)
    stage.clock.set_back(86_400)
    await stage.create_ledger("replica-2").reconcile()
    assert [write.member for write in stage.notified] == [JOHN]


async def test_press_repeated_after_the_clock_was_set_back_is_not_waited_for_all_day(
    stage: Stage,
) -> None:
    await claim_and_die(stage)
    stage.clock.set_back(86_400)
    press = asyncio.create_task(
        settle(stage.create_ledger("replica-2").run(build_intent(), Chakra()))
    )
    await stage.clock.advance(RESPONSE_TIMEOUT_SECONDS + 1)
    assert press.done()
    assert await press is OutcomeUnknown


async def test_alone_on_its_database_a_process_settles_at_its_start(stage: Stage) -> None:
    await claim_and_die(stage)
    await stage.create_ledger("next").reconcile(any_age=True)
    assert [row.state for row in await stage.list_rows()] == ["unknown"]


async def test_a_notice_that_could_not_be_stored_is_tried_again(stage: Stage) -> None:
    await claim_and_die(stage)
    await stage.clock.advance(ABANDONED_AFTER_SECONDS)
    ledger = stage.create_ledger("replica-2")

    async def unavailable(_: Write) -> None:
        raise DatabaseUnavailable("down")

    notify: Callable[[Write], Awaitable[None]] = ledger._on_abandoned
    ledger._on_abandoned = unavailable
    with pytest.raises(DatabaseUnavailable):
        await ledger.reconcile()
    ledger._on_abandoned = notify
    await ledger.reconcile()
    assert len(stage.notified) == 1


async def test_a_write_in_flight_is_not_abandoned(stage: Stage) -> None:
    chakra = Chakra(is_blocked=True)
    ledger = stage.create_ledger()
    press = asyncio.create_task(settle(ledger.run(build_intent(), chakra)))
    await chakra.asked.wait()
    await ledger.reconcile(any_age=True)
    assert stage.notified == []
    chakra.released.set()
    assert isinstance(await press, Write)


async def test_old_writes_are_purged_and_those_in_flight_never(stage: Stage) -> None:
    await stage.create_ledger().run(build_intent("V0", subject="user:2"), Chakra())
    await claim_and_die(stage)
    await stage.clock.advance(91 * 86_400.0)
    await stage.create_ledger().purge()
    assert [row.state for row in await stage.list_rows()] == ["started"]
