"""Conversations: one row for each channel and customer."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversations.conversation import (
    Continuation,
    Conversation,
    ConversationState,
    InboundMessage,
    parent_key,
)
from bot.db.claims import lock_name
from bot.db.customer_tables import conversations, customers
from bot.db.engine import Database


class Conversations:
    """Each method is one transaction and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def record_inbound(
        self, channel: str, inbound: InboundMessage, now: float, *, takes_replies: bool
    ) -> Continuation:
        """Open the customer's conversation in ``channel``, or continue it.

        A repeated event changes nothing. A message reopens what is resolved or snoozed.
        """
        async with self._database.begin() as connection:
            name = f"conversation {self._workspace} {channel} {inbound.customer_id}"
            await lock_name(self._database, connection, name)
            row = await self._find_row(connection, channel, inbound.customer_id)
            if row is None:
                created = await self._insert(connection, channel, inbound, now, takes_replies)
                return Continuation(created, is_new=True)
            if row.last_event_id >= inbound.event_id:
                return Continuation(_from_row(row))
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
            changed = await self._update(connection, row.id, changes)
            return Continuation(
                changed, reopened=reopened, unanswered_before=float(row.unanswered_since)
            )

    async def find(self, conversation_id: int) -> Conversation | None:
        """Return the conversation with this ID."""
        async with self._database.begin() as connection:
            found = select(conversations).where(
                self._in_workspace(), conversations.c.id == conversation_id
            )
            row = (await connection.execute(found)).one_or_none()
        return None if row is None else _from_row(row)

    async def find_in_channel(self, channel: str, customer_id: int) -> Conversation | None:
        """Return the customer's conversation in ``channel``, also if it began under another ID."""
        async with self._database.begin() as connection:
            row = await self._find_row(connection, channel, customer_id)
        return None if row is None else _from_row(row)

    async def mark_answered(self, conversation_id: int) -> Conversation | None:
        """Note that the customer has an answer; return the conversation."""
        async with self._database.begin() as connection:
            changes = {"unanswered_since": 0.0, "reminded_at": 0.0}
            return await self._update_if_found(connection, conversation_id, changes)

    # --- internal ---------------------------------------------------------------------------------

    async def _find_row(
        self, connection: AsyncConnection, channel: str, customer_id: int
    ) -> Row[Any] | None:
        """Return the row of this customer, or of one who turned out to be the same person."""
        merged = select(customers.c.id).where(customers.c.merged_into == customer_id)
        found = (
            select(conversations)
            .where(
                self._in_workspace(),
                conversations.c.channel == channel,
                or_(
                    conversations.c.customer_id == customer_id,
                    conversations.c.customer_id.in_(merged),
                ),
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
            "opened_at": now,
        }
        inserted = insert(conversations).values(**values).returning(conversations.c.id)
        conversation_id: int = (await connection.execute(inserted)).scalar_one()
        return await self._update(
            connection, conversation_id, {"post_key": parent_key(conversation_id)}
        )

    async def _update(
        self, connection: AsyncConnection, conversation_id: int, changes: dict[str, Any]
    ) -> Conversation:
        changed = await self._update_if_found(connection, conversation_id, changes)
        assert changed is not None  # noqa: S101 - the caller has just read it in this transaction
        return changed

    async def _update_if_found(
        self, connection: AsyncConnection, conversation_id: int, changes: dict[str, Any]
    ) -> Conversation | None:
        row = await connection.execute(
            update(conversations)
            .where(self._in_workspace(), conversations.c.id == conversation_id)
            .values(**changes)
            .returning(conversations)
        )
        changed = row.one_or_none()
        return None if changed is None else _from_row(changed)

    def _in_workspace(self) -> ColumnElement[bool]:
        return conversations.c.workspace == self._workspace


def _from_row(row: Row[Any]) -> Conversation:
    values = {name: row._mapping[name] for name in _FIELDS}
    return Conversation(**values | {"state": ConversationState(values["state"])})


_FIELDS = tuple(field.name for field in fields(Conversation))
