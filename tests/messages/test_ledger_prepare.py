"""A send that needs preparation: if that fails, nothing was sent."""

from __future__ import annotations

import asyncio

import pytest

from bot.db.claims import ClaimOutcome
from bot.db.engine import Database
from bot.errors import (
    AuthenticationError,
    BotError,
    FileUnavailable,
    FileUploadFailed,
    InvalidFile,
    OutcomeUnknown,
    PreparationFailed,
    Unavailable,
)
from bot.messages.error_codec import deserialize_error
from bot.messages.error_copy import EXPLAINER
from bot.messages.ledger import Ledger
from bot.messages.send import Send
from bot.messages.status import SendStatus
from tests.messages.fake_messages import FakeMessages, build_submission, wait_until
from tests.messages.ledger_harness import LedgerHarness, get_row


@pytest.fixture
def harness(database: Database) -> LedgerHarness:
    return LedgerHarness(database)


class FakePreparation:
    """Raises ``outcome`` or ends, once it is not ``locked``."""

    def __init__(self, outcome: BaseException | None = None, *, locked: bool = False) -> None:
        self.outcome = outcome
        self.started, self.released = asyncio.Event(), asyncio.Event()
        if not locked:
            self.released.set()

    async def __call__(self, request: str) -> str:
        self.started.set()
        await self.released.wait()
        if self.outcome is not None:
            raise self.outcome
        return f"{request}, prepared"


async def claim(harness: LedgerHarness, ledger: Ledger, key: str = "view-1") -> Send:
    claim = await ledger.claim(build_submission(key), needs_preparation=True)
    assert (claim.outcome, claim.send.status) == (ClaimOutcome.CREATED, SendStatus.PREPARING)
    return claim.send


async def test_request_leaves_once_it_is_prepared(harness: LedgerHarness) -> None:
    ledger, chakra, first = harness.open_ledger(), FakeMessages(), FakePreparation(locked=True)
    sending = asyncio.create_task(harness.send(ledger, chakra, prepare=first))
    await first.started.wait()
    assert (chakra.call_count, (await get_row(harness)).status) == (0, SendStatus.PREPARING)
    first.released.set()
    assert (await sending).status is SendStatus.ACCEPTED
    assert chakra.requests == ["the request, prepared"]


@pytest.mark.parametrize(
    "error",
    [
        FileUnavailable("files.info", "file_deleted"),
        FileUploadFailed("file is too large"),
        FileUploadFailed(),
        InvalidFile("WhatsApp accepts a JPEG or PNG here."),
        AuthenticationError("No", status=403),
        Unavailable("The connection was never made"),
    ],
    ids=lambda error: error.kind,
)
async def test_failed_preparation_is_a_failure_with_its_reason(
    harness: LedgerHarness, error: BotError
) -> None:
    ledger, chakra = harness.open_ledger(), FakeMessages()
    send = await harness.send(ledger, chakra, prepare=FakePreparation(error))
    assert (send.status, chakra.call_count) == (SendStatus.FAILED, 0)
    assert send.failure is not None
    again = deserialize_error(send.failure)
    assert type(again) is type(error)
    assert EXPLAINER.explain(again) == EXPLAINER.explain(error)
    assert (await ledger.claim(build_submission("view-2"))).outcome is ClaimOutcome.CREATED


@pytest.mark.parametrize(
    "fault", [RuntimeError("a bug"), OutcomeUnknown(), ConnectionResetError(), TimeoutError()]
)
async def test_failed_preparation_is_never_unknown(
    harness: LedgerHarness, fault: Exception
) -> None:
    ledger, chakra = harness.open_ledger(), FakeMessages()
    send = await harness.send(ledger, chakra, prepare=FakePreparation(fault))
    assert (send.status, chakra.call_count) == (SendStatus.FAILED, 0)
    assert send.failure is not None
    assert isinstance(deserialize_error(send.failure), PreparationFailed)


async def test_preparation_has_thirty_seconds(harness: LedgerHarness) -> None:
    ledger, chakra, first = harness.open_ledger(), FakeMessages(), FakePreparation(locked=True)
    sending = asyncio.create_task(harness.send(ledger, chakra, prepare=first))
    await first.started.wait()
    await harness.clock.advance(29.9)
    assert not sending.done()
    await harness.clock.advance(0.1)
    assert (await sending).status is SendStatus.FAILED
    assert chakra.call_count == 0


async def test_stopping_app_fails_an_unprepared_send(harness: LedgerHarness) -> None:
    ledger, chakra, first = harness.open_ledger(), FakeMessages(), FakePreparation(locked=True)
    asyncio.create_task(harness.send(ledger, chakra, prepare=first))  # noqa: RUF006
    await first.started.wait()
    stopping = asyncio.create_task(harness.tasks.drain(5))
    await harness.clock.advance(5)
    await wait_until(lambda: bool(harness.outcomes))
    assert ((await get_row(harness)).status, chakra.call_count) == (SendStatus.FAILED, 0)
    await harness.clock.advance(5)
    await stopping


async def test_killed_preparation_expires_as_failed(harness: LedgerHarness) -> None:
    await claim(harness, harness.open_ledger("boot-1"))  # and then nothing more of that process
    second = harness.open_ledger("boot-2")
    await harness.clock.advance(44.9)
    assert await second.expire_abandoned(any_age=False) == []
    await harness.clock.advance(0.1)
    [late] = await second.expire_abandoned(any_age=False)
    assert (late.status, late.process_id) == (SendStatus.FAILED, "boot-1")
    assert late.failure is not None
    assert isinstance(deserialize_error(late.failure), PreparationFailed)


async def test_expired_preparation_does_not_leave(harness: LedgerHarness) -> None:
    ledger, chakra, first = (
        harness.open_ledger("boot-1"),
        FakeMessages(),
        FakePreparation(locked=True),
    )
    sending = asyncio.create_task(harness.send(ledger, chakra, prepare=first))
    await first.started.wait()
    [late] = await harness.open_ledger("boot-2").expire_abandoned(any_age=True)
    assert late.status is SendStatus.FAILED
    first.released.set()
    assert (await sending).status is SendStatus.FAILED
    assert chakra.call_count == 0


async def test_preparing_send_counts_as_a_duplicate(harness: LedgerHarness) -> None:
    ledger = harness.open_ledger()
    await claim(harness, ledger)
    assert (await ledger.claim(build_submission())).outcome is ClaimOutcome.REPLAYED
    assert (await ledger.claim(build_submission("view-2"))).outcome is ClaimOutcome.DUPLICATE
