"""Who has a conversation, its state, and what is due."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversations.conversation import Conversation, ConversationState, InboundMessage
from bot.conversations.repository import Conversations
from bot.db.engine import Database
from tests.people import JOHN, MEI

CHANNEL, NOW, HOUR = "C1", 1_800_000_000.0, 3_600.0


@pytest.fixture
def repository(database: Database) -> Conversations:
    return Conversations(database, "T1")


async def open_conversation(
    repository: Conversations,
    customer_id: int = 7,
    *,
    event_id: int = 1,
    at: float = NOW,
    takes_replies: bool = True,
) -> Conversation:
    inbound = InboundMessage(event_id, customer_id, "775", at)
    await repository.record_inbound(CHANNEL, inbound, at, takes_replies=takes_replies)
    found = await repository.find_in_channel(CHANNEL, customer_id)
    assert found is not None
    return found


async def test_of_two_claims_one_wins(repository: Conversations) -> None:
    conversation = await open_conversation(repository)
    claims = await asyncio.gather(
        repository.claim(conversation.id, JOHN), repository.claim(conversation.id, MEI)
    )
    (winner,) = [claimed for claimed in claims if claimed is not None]
    stored = await repository.find(conversation.id)
    assert stored == winner
    assert await repository.claim(conversation.id, winner.assignee) == winner


async def test_an_assigned_conversation_can_be_assigned_to_no_one(
    repository: Conversations,
) -> None:
    conversation = await open_conversation(repository)
    await repository.assign(conversation.id, MEI)
    assert await repository.claim(conversation.id, JOHN) is None
    released = await repository.assign(conversation.id, "")
    assert released is not None
    assert released.assignee == ""


async def test_a_state_is_changed_once(repository: Conversations) -> None:
    conversation = await open_conversation(repository)
    resolved = await repository.set_state(conversation.id, ConversationState.RESOLVED, NOW)
    assert resolved is not None
    assert (resolved.state, resolved.unanswered_since) == (ConversationState.RESOLVED, 0.0)
    assert await repository.set_state(conversation.id, ConversationState.RESOLVED, NOW) is None


async def test_a_customer_who_writes_reopens_a_snoozed_conversation(
    repository: Conversations,
) -> None:
    conversation = await open_conversation(repository)
    await repository.set_state(
        conversation.id, ConversationState.SNOOZED, NOW, snoozed_until=NOW + HOUR
    )
    reopened = await open_conversation(repository, event_id=2, at=NOW + 60)
    assert (reopened.state, reopened.snoozed_until) == (ConversationState.OPEN, 0.0)


async def test_a_snoozed_conversation_wakes_once_when_its_time_has_come(
    repository: Conversations,
) -> None:
    conversation = await open_conversation(repository)
    until = NOW + HOUR
    await repository.set_state(conversation.id, ConversationState.SNOOZED, NOW, snoozed_until=until)
    assert await repository.list_snoozed_until(until - 1, 10) == []
    (due,) = await repository.list_snoozed_until(until, 10)
    woken = await repository.wake(due, until)
    assert woken is not None
    assert woken.state is ConversationState.OPEN
    assert await repository.wake(due, until) is None


async def test_a_conversation_is_due_for_one_reminder_until_it_is_answered(
    repository: Conversations,
) -> None:
    conversation = await open_conversation(repository)
    await open_conversation(repository, 8, event_id=2, takes_replies=False)
    assert await repository.list_unanswered(NOW - 1, 10) == []
    (due,) = await repository.list_unanswered(NOW, 10)
    assert due.id == conversation.id
    await repository.mark_reminded(due, NOW + HOUR)
    await open_conversation(repository, event_id=3, at=NOW + HOUR)
    assert await repository.list_unanswered(NOW + HOUR, 10) == []
    await repository.record_answer(conversation.id, NOW + HOUR)
    await open_conversation(repository, event_id=4, at=NOW + 2 * HOUR)
    (again,) = await repository.list_unanswered(NOW + 2 * HOUR, 10)
    assert again.unanswered_since == NOW + 2 * HOUR


async def test_an_answer_to_an_earlier_message_leaves_the_later_one_unanswered(
    repository: Conversations,
) -> None:
    conversation = await open_conversation(repository)
    await open_conversation(repository, event_id=2, at=NOW + 60)
    assert await repository.record_answer(conversation.id, NOW + 30) is None
    answered = await repository.record_answer(conversation.id, NOW + 90)
    assert answered is not None
    assert answered.unanswered_since == 0.0
    assert await repository.record_answer(conversation.id, NOW + 99) is None


async def test_open_conversations_are_listed_those_that_wait_longest_first(
    repository: Conversations,
) -> None:
    first = await open_conversation(repository, 1, event_id=1, at=NOW)
    second = await open_conversation(repository, 2, event_id=2, at=NOW + 10)
    answered = await open_conversation(repository, 3, event_id=3, at=NOW + 20)
    resolved = await open_conversation(repository, 4, event_id=4, at=NOW + 30)
    await repository.record_answer(answered.id, NOW + 40)
    await repository.set_state(resolved.id, ConversationState.RESOLVED, NOW + 50)
    await repository.assign(second.id, MEI)
    listed = await repository.list_open(10, channel=CHANNEL)
    assert [conversation.id for conversation in listed] == [first.id, second.id, answered.id]
    assert [found.id for found in await repository.list_open(10, assignee=MEI)] == [second.id]
    assert await repository.list_open(10, channel="C2") == []
