"""Conversations in the database: one for each channel and customer."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import insert, update

from bot.conversations.conversation import Conversation, ConversationState, InboundMessage
from bot.conversations.repository import Conversations
from bot.db.customer_tables import conversations, customers
from bot.db.engine import Database

FIRST = InboundMessage(event_id=7, customer_id=3, phone_number_id="111", at=1000.0)


@pytest.fixture
def repository(database: Database) -> Conversations:
    return Conversations(database, "T0ACME")


async def record(
    repository: Conversations, inbound: InboundMessage = FIRST, channel: str = "C0SALES"
) -> Conversation:
    return await repository.record_inbound(channel, inbound, inbound.at, takes_replies=True)


async def test_first_message_opens_a_conversation(repository: Conversations) -> None:
    opened = await repository.record_inbound("C0SALES", FIRST, 1001.0, takes_replies=True)
    assert (opened.state, opened.state_at, opened.opened_at) == ("open", 1001.0, 1001.0)
    assert (opened.unanswered_since, opened.phone_number_id) == (1000.0, "111")
    assert (opened.last_event_id, opened.raised_event_id) == (7, 7)
    assert opened.post_key == f"conversation:{opened.id}"
    assert await repository.find(opened.id) == opened
    assert await repository.find_in_channel("C0SALES", 3) == opened


async def test_customer_has_one_conversation_in_each_channel(repository: Conversations) -> None:
    opened = await record(repository)
    second = await record(repository, replace(FIRST, event_id=8, phone_number_id="222", at=1060.0))
    assert second.id == opened.id
    assert (second.phone_number_id, second.last_message_at, second.unanswered_since) == (
        "222",
        1060.0,
        1000.0,
    )
    elsewhere = await record(repository, replace(FIRST, event_id=9), "C0SUPPORT")
    assert elsewhere.id != opened.id


async def test_concurrent_messages_open_one_conversation(repository: Conversations) -> None:
    events = [replace(FIRST, event_id=number) for number in (7, 8)]
    opened = await asyncio.gather(*(record(repository, event) for event in events))
    assert len({conversation.id for conversation in opened}) == 1


async def test_repeated_event_changes_nothing(repository: Conversations) -> None:
    opened = await record(repository)
    answered = await repository.record_answer(opened.id, 1000.0)
    assert answered is not None
    assert answered.unanswered_since == 0
    again = await repository.record_inbound("C0SALES", FIRST, 2000.0, takes_replies=False)
    assert again == answered


@pytest.mark.parametrize("state", [ConversationState.RESOLVED, ConversationState.SNOOZED])
async def test_message_reopens_a_closed_conversation(
    repository: Conversations, database: Database, state: ConversationState
) -> None:
    opened = await record(repository)
    async with database.begin() as connection:
        await connection.execute(update(conversations).values(state=state, snoozed_until=9e9))
    continued = await repository.record_inbound(
        "C0SALES", replace(FIRST, event_id=8, at=1500.0), 1501.0, takes_replies=True
    )
    assert (continued.id, continued.raised_event_id) == (opened.id, 8)
    assert (continued.state, continued.snoozed_until) == ("open", 0.0)


async def test_conversation_follows_a_merged_customer(
    repository: Conversations, database: Database
) -> None:
    opened = await record(repository)
    async with database.begin() as connection:
        columns = {"workspace": "T0ACME", "created_at": 0.0, "changed_at": 0.0}
        await connection.execute(insert(customers).values(id=3, merged_into=4, **columns))
    assert await repository.find_in_channel("C0SALES", 4) == opened
    continued = await record(repository, replace(FIRST, event_id=8, customer_id=4))
    assert (continued.id, continued.customer_id) == (opened.id, 4)


async def test_workspaces_do_not_share_conversations(
    repository: Conversations, database: Database
) -> None:
    opened = await record(repository)
    assert await Conversations(database, "T0OTHER").find(opened.id) is None
    assert await Conversations(database, "T0OTHER").find_in_channel("C0SALES", 3) is None


async def test_message_after_a_long_silence_is_raised(repository: Conversations) -> None:
    await record(repository)
    soon = await record(repository, replace(FIRST, event_id=8, at=1000.0 + 3_599))
    assert soon.raised_event_id == 7
    late = await record(repository, replace(FIRST, event_id=9, at=1000.0 + 3_599 + 3_600))
    assert late.raised_event_id == 9
