"""Submissions, and a Chakra that responds, refuses or hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.chakra.messages import AcceptedMessage
from bot.messages.submission import Submission

PHONE = "919876543210"
WAMID, MESSAGE = "wamid.HBgM", "39718a7c-b747-446c-a2ee-ce977e608b49"
ACCEPTED = AcceptedMessage(id=MESSAGE, wamid=WAMID, status="SENT")


def build_submission(key: str = "view-1", **other: Any) -> Submission:
    given = {
        "key": key,
        "member": "U0JOHN",
        "template": "order_update",
        "language": "en",
        "recipient": PHONE,
        "values": {"var_body_1": "John", "var_body_2": "Order 17"},
        **other,
    }
    return Submission(**given)


@dataclass
class FakeMessages:
    """Counts requests; returns or raises ``outcome`` once it is no longer blocked."""

    outcome: AcceptedMessage | BaseException = ACCEPTED
    is_blocked: bool = False
    call_count: int = 0
    requests: list[object] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: object = None) -> AcceptedMessage:
        self.call_count += 1
        self.requests.append(request)
        self.called.set()
        if self.is_blocked:
            await self.released.wait()
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


async def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for the work of threads and sockets."""
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it never came to that")
