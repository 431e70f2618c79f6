"""A ledger on a database of its own, and the outcomes it reported."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.aio.tasks import TaskSet
from bot.db.claims import ClaimOutcome
from bot.db.engine import Database
from bot.messages.ledger import Ledger, Prepare
from bot.messages.repository import Sends
from bot.messages.send import Send
from bot.messages.status import SendStatus
from bot.messages.submission import derive_hash_key
from tests.clock import ManualClock
from tests.messages.fake_messages import FakeMessages, build_submission

HASH_KEY = derive_hash_key("a secret of this app")
REQUEST = "the request"


@dataclass
class LedgerHarness:
    database: Database
    clock: ManualClock = field(default_factory=ManualClock)
    outcomes: list[SendStatus] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tasks = TaskSet(self.clock)
        self.sends = Sends(self.database)

    def open_ledger(self, boot: str = "boot-1", sends: Sends | None = None) -> Ledger:
        return Ledger(
            sends or self.sends,
            self.clock,
            self.tasks,
            hash_key=HASH_KEY,
            on_outcome=self.outcomes.append,
            process_id=boot,
        )

    async def claim(self, ledger: Ledger, key: str = "view-1", **other: Any) -> Send:
        claim = await ledger.claim(build_submission(key, **other))
        assert claim.outcome is ClaimOutcome.CREATED
        return claim.send

    async def send(
        self,
        ledger: Ledger,
        chakra: FakeMessages,
        key: str = "view-1",
        prepare: Prepare[str] | None = None,
    ) -> Send:
        """Claim and execute one submission."""
        claim = await ledger.claim(build_submission(key), needs_preparation=prepare is not None)
        assert claim.outcome is ClaimOutcome.CREATED
        return await ledger.execute(claim.send, REQUEST, chakra, prepare)


async def get_row(harness: LedgerHarness, key: str = "view-1") -> Send:
    found = await harness.sends.find_by_key(key)
    assert found is not None
    return found
