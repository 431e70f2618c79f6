"""An event in the log: recorded once, with the customer that it is about."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.webhooks.events import WebhookEvent

AfterCommit = Callable[[], None]


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event of the log. ``id`` rises in the order in which events were recorded.

    ``key`` identifies the event in either format. ``customer_id`` is 0 if it is about no customer.
    ``recorded_at`` is in seconds since 1970 by this machine's clock.
    """

    id: int
    key: str
    event: WebhookEvent
    customer_id: int
    recorded_at: float


IdentifyCustomers = Callable[
    [AsyncConnection, Sequence[WebhookEvent], float], Awaitable[Sequence[int]]
]
"""Return the customer's ID of each event, 0 for none, within the transaction that records them."""

RecordedHandler = Callable[
    [AsyncConnection, Sequence[RecordedEvent], float], Awaitable[AfterCommit | None]
]
"""Apply newly recorded events, in order, within the transaction that records them.

Return what to call once it is committed.
"""
