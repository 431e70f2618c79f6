"""Windows: opened by what a person writes, for the number they wrote to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import insert

from bot.conversations.windows import Window, Windows, opens_window
from bot.db.customer_tables import customers
from bot.db.engine import Database
from bot.webhooks.events import AccountEvent, MessageEvent, StatusEvent, WebhookEvent
from bot.webhooks.recorded_event import RecordedEvent

DAY = 86_400.0
TEXT = MessageEvent(kind="text", occurred_at=1000.0, phone_number_id="111", wamid="wamid.1")


def build_recorded(event: WebhookEvent, number: int = 1, customer_id: int = 3) -> RecordedEvent:
    return RecordedEvent(number, f"message:{number}", event, customer_id, 1000.0)


@pytest.mark.parametrize(
    ("event", "opens"),
    [
        (TEXT, True),
        (replace(TEXT, kind="image"), True),
        (replace(TEXT, kind="unsupported"), True),
        (replace(TEXT, kind="button"), True),
        (replace(TEXT, is_standby=True), True),
        (replace(TEXT, kind="something_new"), True),
        (replace(TEXT, is_echo=True), False),
        (replace(TEXT, kind="system"), False),
        (replace(TEXT, kind="reaction"), False),
        (replace(TEXT, kind="edit"), False),
        (replace(TEXT, kind="revoke"), False),
        (replace(TEXT, raw={"group_id": "G1"}), False),
        (AccountEvent(kind="calls", raw={"calls": [{"direction": "USER_INITIATED"}]}), True),
        (AccountEvent(kind="calls", raw={"calls": [{"direction": "BUSINESS_INITIATED"}]}), False),
        (AccountEvent(kind="calls", raw={"calls": "junk"}), False),
        (AccountEvent(kind="user_preferences"), False),
        (StatusEvent(kind="read", wamid="wamid.1"), False),
    ],
    ids=lambda value: getattr(value, "kind", value),
)
def test_what_opens_a_window(event: WebhookEvent, opens: bool) -> None:
    assert opens_window(event) is opens


async def apply(database: Database, *recorded: RecordedEvent, now: float = 9000.0) -> Windows:
    windows = Windows(database, "T0ACME")
    async with database.begin() as connection:
        await windows.handle(connection, recorded, now)
    return windows


async def test_window_lasts_a_day_from_the_latest_message(database: Database) -> None:
    later = replace(TEXT, occurred_at=1600.0, wamid="wamid.2")
    await apply(database, build_recorded(TEXT), build_recorded(later, 2))
    windows = await apply(database, build_recorded(replace(TEXT, occurred_at=1200.0), 3))
    assert await windows.find_last(3) == Window(1600.0 + DAY, "111", "wamid.2")
    assert await windows.find_end(3, "111") == 1600.0 + DAY


async def test_each_number_has_its_window(database: Database) -> None:
    second = replace(TEXT, phone_number_id="222", occurred_at=1500.0)
    windows = await apply(database, build_recorded(TEXT), build_recorded(second, 2))
    assert await windows.find_end(3, "111") == 1000.0 + DAY
    assert await windows.find_end(3, "222") == await windows.find_end(3) == 1500.0 + DAY
    assert await windows.find_end(3, "333") == await windows.find_end(4) == 0.0


async def test_message_without_our_number_counts_for_any(database: Database) -> None:
    windows = await apply(database, build_recorded(replace(TEXT, phone_number_id="")))
    assert await windows.find_end(3, "111") == 1000.0 + DAY


async def test_time_in_the_future_counts_as_now(database: Database) -> None:
    windows = await apply(database, build_recorded(replace(TEXT, occurred_at=9e12)), now=2000.0)
    assert await windows.find_end(3) == 2000.0 + DAY


async def test_event_of_no_customer_is_ignored(database: Database) -> None:
    windows = await apply(database, build_recorded(TEXT, customer_id=0))
    assert await windows.find_last(0) is None


async def test_window_of_a_merged_customer_counts(database: Database) -> None:
    windows = await apply(database, build_recorded(TEXT))
    async with database.begin() as connection:
        columns = {"workspace": "T0ACME", "created_at": 0.0, "changed_at": 0.0}
        await connection.execute(insert(customers).values(id=3, merged_into=4, **columns))
    assert await windows.find_end(4, "111") == 1000.0 + DAY
