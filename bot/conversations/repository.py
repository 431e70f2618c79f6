"""Conversations: one row for each channel and customer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    bindparam,
    case,
    exists,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversations.conversation import (
    Conversation,
    ConversationState,
    InboundMessage,
    build_parent_key,
)
from bot.db.claims import lock_name
from bot.db.customer_tables import conversations, customers
from bot.db.engine import Database
from bot.db.rows import read_row
from bot.db.tables import sends
from bot.messages.send import build_conversation_key
from bot.messages.status import REACHED

LONG_SILENCE_SECONDS = 3_600.0
"""Seconds without a message from the customer after which the next one shows in the channel."""

MAX_LISTED = 50


def _is_snoozed_until(now: Any) -> ColumnElement[bool]:
    return and_(
        conversations.c.state == ConversationState.SNOOZED, conversations.c.snoozed_until <= now
    )


def _is_unanswered(since: Any) -> ColumnElement[bool]:
    return and_(
        conversations.c.state == ConversationState.OPEN,
        conversations.c.takes_replies,
        conversations.c.unanswered_since > 0.0,
        conversations.c.unanswered_since <= since,
        conversations.c.reminded_at == 0.0,
    )


_ANY_DUE = select(
    exists().where(
        conversations.c.workspace == bindparam("workspace"),
        or_(_is_snoozed_until(bindparam("now")), _is_unanswered(bindparam("since"))),
    )
)


class Conversations:
    """Each method is one transaction and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def record_inbound(
        self, channel: str, inbound: InboundMessage, now: float, *, takes_replies: bool
    ) -> Conversation:
        """Open the customer's conversation in ``channel``, or continue it; return it.

        A repeated event changes nothing. A message reopens a resolved or snoozed conversation. A
        message that opens or reopens it, or comes after a long silence, is raised: shown in the
        channel.
        """
        async with self._database.begin() as connection:
            name = f"conversation {self._workspace} {channel} {inbound.customer_id}"
            await lock_name(self._database, connection, name)
            row = await self._find_row(connection, channel, inbound.customer_id)
            if row is None:
                return await self._insert(connection, channel, inbound, now, takes_replies)
            if row.last_event_id >= inbound.event_id:
                return _from_row(row)
            reopened = row.state != ConversationState.OPEN
            changes: dict[str, Any] = {
                "customer_id": inbound.customer_id,
                "takes_replies": takes_replies,
                "unanswered_since": row.unanswered_since or inbound.at,
                "phone_number_id": inbound.phone_number_id or row.phone_number_id,
                "last_message_at": max(row.last_message_at, inbound.at),
                "last_event_id": inbound.event_id,
            }
            if reopened:
                changes |= {"state": ConversationState.OPEN, "state_at": now, "snoozed_until": 0.0}
            if reopened or inbound.at - row.last_message_at >= LONG_SILENCE_SECONDS:
                changes["raised_event_id"] = inbound.event_id
            return await self._update(connection, row.id, changes)

    async def find(self, conversation_id: int) -> Conversation | None:
        """Return the conversation with this ID."""
        async with self._database.begin() as connection:
            found = select(conversations).where(
                self._match_workspace(), conversations.c.id == conversation_id
            )
            row = (await connection.execute(found)).one_or_none()
        return None if row is None else _from_row(row)

    async def find_in_channel(self, channel: str, customer_id: int) -> Conversation | None:
        """Return the customer's conversation in ``channel``, also if it began under another ID."""
        async with self._database.begin() as connection:
            row = await self._find_row(connection, channel, customer_id)
        return None if row is None else _from_row(row)

    async def begin_again(self, conversation_id: int, event_id: int) -> Conversation | None:
        """Let the thread begin again with a new message; return the conversation."""
        changes = {
            "post_key": build_parent_key(conversation_id, event_id),
            "raised_event_id": event_id,
        }
        return await self._change(conversation_id, changes)

    async def shows_send(self, conversation_id: int, wamid: str) -> bool:
        """Return whether our message is an answer that the thread already shows."""
        shown = (
            select(sends.c.id)
            .where(
                sends.c.workspace == self._workspace,
                sends.c.wamid == wamid,
                sends.c.key.startswith(
                    build_conversation_key(conversation_id, ""), autoescape=True
                ),
            )
            .limit(1)
        )
        async with self._database.begin() as connection:
            return wamid != "" and (await connection.execute(shown)).first() is not None

    # --- members ----------------------------------------------------------------------------------

    async def record_answer(self, conversation_id: int, at: float) -> Conversation | None:
        """Record an answer that was sent ``at`` a time.

        Return the conversation, None if the customer wasn't waiting or has written since.
        """
        waiting = and_(
            conversations.c.unanswered_since > 0.0, conversations.c.last_message_at <= at
        )
        return await self._change(
            conversation_id, {"unanswered_since": 0.0, "reminded_at": 0.0}, waiting
        )

    async def mark_unanswered(
        self, conversation_id: int, send_id: int, sent_at: float
    ) -> Conversation | None:
        """Record that an answer failed: the customer has been waiting since their last message.

        Return the conversation; None if they are already waiting, have written since, or got
        another answer.
        """
        another = (
            select(sends.c.id)
            .where(
                sends.c.workspace == self._workspace,
                sends.c.key.startswith(
                    build_conversation_key(conversation_id, ""), autoescape=True
                ),
                sends.c.id != send_id,
                sends.c.status.in_(REACHED),
                sends.c.started_at >= conversations.c.last_message_at,
            )
            .exists()
        )
        is_waiting = and_(
            conversations.c.unanswered_since == 0.0,
            conversations.c.last_message_at > 0.0,
            conversations.c.last_message_at <= sent_at,
            ~another,
        )
        resolved = conversations.c.state == ConversationState.RESOLVED
        changes = {
            "unanswered_since": conversations.c.last_message_at,
            "reminded_at": 0.0,
            "state": case((resolved, ConversationState.OPEN), else_=conversations.c.state),
        }
        return await self._change(conversation_id, changes, is_waiting)

    async def claim(self, conversation_id: int, member: str) -> Conversation | None:
        """Assign the conversation to a member if no one has it, or they do already."""
        is_unassigned = conversations.c.assignee.in_(("", member))
        return await self._change(conversation_id, {"assignee": member}, is_unassigned)

    async def assign(self, conversation_id: int, member: str) -> Conversation | None:
        """Assign the conversation to a member, or to no one if ``member`` is ""."""
        return await self._change(conversation_id, {"assignee": member})

    async def set_state(
        self,
        conversation_id: int,
        state: ConversationState,
        now: float,
        *,
        snoozed_until: float = 0.0,
    ) -> Conversation | None:
        """Resolve, reopen or snooze the conversation; None if it is already in this state.

        A resolved one isn't waiting for an answer.
        """
        changes = {"state": state, "state_at": now, "snoozed_until": snoozed_until}
        if state is ConversationState.RESOLVED:
            changes |= {"unanswered_since": 0.0, "reminded_at": 0.0}
        is_other = or_(
            conversations.c.state != state, conversations.c.snoozed_until != snoozed_until
        )
        return await self._change(conversation_id, changes, is_other)

    async def has_due(self, now: float, unanswered_since: float) -> bool:
        """Return whether `list_snoozed_until` or `list_unanswered` returns any."""
        chosen = {"workspace": self._workspace, "now": now, "since": unanswered_since}
        async with self._database.begin() as connection:
            return bool(await connection.scalar(_ANY_DUE, chosen))

    async def list_snoozed_until(self, now: float, limit: int) -> list[Conversation]:
        """Return the snoozed conversations whose time has come."""
        return await self._list(_is_snoozed_until(now), limit=limit)

    async def wake(self, conversation: Conversation, now: float) -> Conversation | None:
        """Reopen a snoozed conversation; None if it has changed."""
        is_same = and_(
            conversations.c.state == ConversationState.SNOOZED,
            conversations.c.snoozed_until == conversation.snoozed_until,
        )
        changes = {"state": ConversationState.OPEN, "state_at": now, "snoozed_until": 0.0}
        return await self._change(conversation.id, changes, is_same)

    async def list_unanswered(self, since: float, limit: int) -> list[Conversation]:
        """Return open conversations that have waited since before ``since``, without a reminder."""
        return await self._list(_is_unanswered(since), limit=limit)

    async def mark_reminded(self, conversation: Conversation, now: float) -> None:
        """Record that the thread has a reminder about the unanswered message."""
        is_same = conversations.c.unanswered_since == conversation.unanswered_since
        await self._change(conversation.id, {"reminded_at": now}, is_same)

    async def list_open(
        self, limit: int, *, channel: str = "", assignee: str = ""
    ) -> list[Conversation]:
        """Return unresolved conversations, those that wait longest first.

        For one channel, for one assignee, or all.
        """
        conditions = [conversations.c.state != ConversationState.RESOLVED]
        if channel:
            conditions.append(conversations.c.channel == channel)
        if assignee:
            conditions.append(conversations.c.assignee == assignee)
        return await self._list(*conditions, limit=limit)

    async def list_recent(self, limit: int) -> list[Conversation]:
        """Return the conversations with the latest customer messages, including resolved ones."""
        found = (
            select(conversations)
            .where(self._match_workspace())
            .order_by(conversations.c.last_message_at.desc())
            .limit(limit)
        )
        async with self._database.begin() as connection:
            return [_from_row(row) for row in await connection.execute(found)]

    async def list_of_customer(self, customer_id: int) -> list[Conversation]:
        """Return the customer's conversations in all channels, also under an earlier ID."""
        return await self._list(self._is_customer(customer_id), limit=MAX_LISTED)

    # --- internal ---------------------------------------------------------------------------------

    async def _find_row(
        self, connection: AsyncConnection, channel: str, customer_id: int
    ) -> Row[Any] | None:
        """Return the row of this customer, or of one found to be the same person."""
        found = (
            select(conversations)
            .where(
                self._match_workspace(),
                conversations.c.channel == channel,
                self._is_customer(customer_id),
            )
            .order_by(
                (conversations.c.customer_id == customer_id).desc(),
                conversations.c.last_event_id.desc(),
            )
            .limit(1)
        )
        return (await connection.execute(found)).one_or_none()

    async def _insert(
        self,
        connection: AsyncConnection,
        channel: str,
        inbound: InboundMessage,
        now: float,
        takes_replies: bool,
    ) -> Conversation:
        values = {
            "workspace": self._workspace,
            "channel": channel,
            "customer_id": inbound.customer_id,
            "post_key": "",
            "state": ConversationState.OPEN,
            "state_at": now,
            "takes_replies": takes_replies,
            "unanswered_since": inbound.at,
            "phone_number_id": inbound.phone_number_id,
            "last_message_at": inbound.at,
            "last_event_id": inbound.event_id,
            "raised_event_id": inbound.event_id,
            "opened_at": now,
        }
        inserted = insert(conversations).values(**values).returning(conversations.c.id)
        conversation_id: int = (await connection.execute(inserted)).scalar_one()
        return await self._update(
            connection, conversation_id, {"post_key": build_parent_key(conversation_id)}
        )

    async def _update(
        self, connection: AsyncConnection, conversation_id: int, changes: dict[str, Any]
    ) -> Conversation:
        changed = await self._update_if_found(connection, conversation_id, changes)
        assert changed is not None  # noqa: S101 - the caller has just read it in this transaction
        return changed

    async def _update_if_found(
        self,
        connection: AsyncConnection,
        conversation_id: int,
        changes: dict[str, Any],
        *conditions: ColumnElement[bool],
    ) -> Conversation | None:
        row = await connection.execute(
            update(conversations)
            .where(self._match_workspace(), conversations.c.id == conversation_id, *conditions)
            .values(**changes)
            .returning(conversations)
        )
        changed = row.one_or_none()
        return None if changed is None else _from_row(changed)

    async def _change(
        self, conversation_id: int, changes: dict[str, Any], *conditions: ColumnElement[bool]
    ) -> Conversation | None:
        """Change a conversation that meets the conditions; None if it doesn't."""
        async with self._database.begin() as connection:
            return await self._update_if_found(connection, conversation_id, changes, *conditions)

    async def _list(self, *conditions: ColumnElement[bool], limit: int) -> list[Conversation]:
        """Return the conversations that meet the conditions, those that wait longest first."""
        waiting = conversations.c.unanswered_since
        found = (
            select(conversations)
            .where(self._match_workspace(), *conditions)
            .order_by((waiting == 0.0), waiting, conversations.c.last_message_at.desc())
            .limit(limit)
        )
        async with self._database.begin() as connection:
            return [_from_row(row) for row in await connection.execute(found)]

    def _is_customer(self, customer_id: int) -> ColumnElement[bool]:
        merged = select(customers.c.id).where(customers.c.merged_into == customer_id)
        return or_(
            conversations.c.customer_id == customer_id, conversations.c.customer_id.in_(merged)
        )

    def _match_workspace(self) -> ColumnElement[bool]:
        return conversations.c.workspace == self._workspace


def _from_row(row: Row[Any]) -> Conversation:
    return read_row(Conversation, row, state=ConversationState(row.state))
