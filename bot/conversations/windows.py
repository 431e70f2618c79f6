"""The 24 hours after a customer's message or call, in which they can be sent free text.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages,
"Customer service windows": it opens when a person messages or calls a number, for that number. A
system message isn't one of theirs (CONFIRMED). INFERRED: a reaction, an edit and a deletion don't
open it; if they do, only a template is sent although text was possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.customer_tables import customer_windows, customers
from bot.db.engine import Database
from bot.webhooks.events import AccountEvent, MessageEvent, WebhookEvent
from bot.webhooks.fields import iter_objects
from bot.webhooks.recorded_event import AfterCommit, RecordedEvent

WINDOW_SECONDS = 86_400.0
KINDS_WITHOUT_WINDOW = frozenset({"system", "reaction", "edit", "revoke"})

WindowKey = tuple[int, str]
"""A customer's ID and Meta's ID of our number."""


@dataclass(frozen=True, slots=True)
class Window:
    """Until when a customer can be sent free text, in seconds since 1970.

    ``phone_number_id`` is Meta's ID of our number that they wrote to, "" if not known.
    ``wamid`` is Meta's ID of their last message to it, "" after a call.
    """

    ends_at: float
    phone_number_id: str
    wamid: str


class Windows:
    """When customers last wrote to each of our numbers.

    `handle` is part of the transaction that records the events; the other methods are one
    transaction each and raise ``DatabaseUnavailable``.
    """

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def handle(
        self, connection: AsyncConnection, recorded: Sequence[RecordedEvent], now: float
    ) -> AfterCommit | None:
        """Record the latest message of each customer to each number; see `RecordedHandler`."""
        rows = [
            {
                "workspace": self._workspace,
                "customer_id": customer_id,
                "phone_number_id": phone_number_id,
                "last_inbound_at": at,
                "last_wamid": wamid,
            }
            for (customer_id, phone_number_id), (at, wamid) in find_latest(recorded, now).items()
        ]
        if rows:
            column = customer_windows.c
            noted = self._database.insert(customer_windows)
            latest = noted.on_conflict_do_update(
                index_elements=[column.workspace, column.customer_id, column.phone_number_id],
                set_={
                    "last_inbound_at": noted.excluded.last_inbound_at,
                    "last_wamid": noted.excluded.last_wamid,
                },
                where=column.last_inbound_at <= noted.excluded.last_inbound_at,
            )
            await connection.execute(latest, rows)
        return None

    async def find_end(self, customer_id: int, phone_number_id: str = "") -> float:
        """Return until when free text may be sent from this number, 0.0 if they never wrote to it.

        Without a number: from any number.
        """
        latest = await self.find_last(customer_id, phone_number_id)
        return latest.ends_at if latest else 0.0

    async def find_last(self, customer_id: int, phone_number_id: str = "") -> Window | None:
        """Return the window that the customer opened last, at this number or at any.

        Messages under another ID of the same person count, and so do those with an unknown number:
        Chakra's own format often omits it (API.md, Webhooks).
        """
        column = customer_windows.c
        merged = select(customers.c.id).where(customers.c.merged_into == customer_id)
        wanted = select(customer_windows).where(
            column.workspace == self._workspace,
            or_(column.customer_id == customer_id, column.customer_id.in_(merged)),
        )
        if phone_number_id:
            wanted = wanted.where(column.phone_number_id.in_((phone_number_id, "")))
        async with self._database.begin() as connection:
            latest = wanted.order_by(column.last_inbound_at.desc()).limit(1)
            row = (await connection.execute(latest)).one_or_none()
        if row is None:
            return None
        ends_at = row.last_inbound_at + WINDOW_SECONDS
        return Window(ends_at, row.phone_number_id, row.last_wamid)


def find_latest(
    recorded: Iterable[RecordedEvent], now: float
) -> dict[WindowKey, tuple[float, str]]:
    """Return when each customer last wrote to each number, and the ID of that message.

    A time in the future counts as ``now``. The result is sorted, so that two replicas lock rows in
    the same order.
    """
    latest: dict[WindowKey, tuple[float, str]] = {}
    for item in recorded:
        if not item.customer_id or not opens_window(item.event):
            continue
        key = item.customer_id, item.event.phone_number_id
        at = min(item.event.occurred_at or now, now)
        wamid = item.event.wamid if isinstance(item.event, MessageEvent) else ""
        latest[key] = max(latest.get(key, (0.0, "")), (at, wamid))
    return dict(sorted(latest.items()))


def opens_window(event: WebhookEvent) -> bool:
    """Return whether a person has messaged or called one of our numbers, not in a group."""
    if isinstance(event, MessageEvent):
        is_private = not event.raw.get("group_id")
        return not event.is_echo and is_private and event.kind not in KINDS_WITHOUT_WINDOW
    if isinstance(event, AccountEvent) and event.kind == "calls":
        calls = iter_objects(event.raw.get("calls"))
        return any(call.get("direction") == "USER_INITIATED" for call in calls)
    return False
