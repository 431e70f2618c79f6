"""A ledger on a database of a test's own, and what it told of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.aio.tasks import TaskSet
from bot.db.engine import Database
from bot.messages.ledger import Fresh, Ledger
from bot.messages.repository import Send, Sends
from bot.messages.submission import derive_hash_key
from tests.clock import ManualClock
from tests.messages.upstream import submission

KEY = derive_hash_key("a secret of this app")


@dataclass
class Stage:
    database: Database
    clock: ManualClock = field(default_factory=ManualClock)
    changed: list[Send] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tasks = TaskSet(self.clock)
        self.sends = Sends(self.database)

    def ledger(self, boot: str = "boot-1", sends: Sends | None = None) -> Ledger:
        async def note(send: Send) -> None:
            self.changed.append(send)

        return Ledger(
            sends or self.sends,
            self.clock,
            self.tasks,
            hash_key=KEY,
            on_status_change=note,
            process_id=boot,
        )

    async def fresh(self, ledger: Ledger, key: str = "view-1", **other: Any) -> Fresh:
        claimed = await ledger.claim(submission(key, **other))
        assert isinstance(claimed, Fresh)
        return claimed


async def row(stage: Stage, key: str = "view-1") -> Send:
    found = await stage.sends.find_by_key(key)
    assert found is not None
    return found
