"""Customers' threads in channels: what they show, read from the recorded events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.conversations.conversation import Conversation, build_message_key
from bot.conversations.entry import (
    Entry,
    EntryContext,
    build_entry,
    choose_current_shape,
    quote_of,
    render_entry,
)
from bot.conversations.names import format_customer_name
from bot.conversations.parent_message import ParentFacts, render_parent
from bot.conversations.windows import Windows
from bot.customers.customer import KnownCustomer
from bot.customers.opt_out import OptOut
from bot.outbox.message import OutboxMessage
from bot.slack import blocks
from bot.slack.blocks import NO_MARKUP, Markup
from bot.slack.commands.reply import Message
from bot.webhooks.amendments import AMENDING_KINDS, get_message_body
from bot.webhooks.events import MessageEvent
from bot.webhooks.fields import as_object, find_first_text
from bot.webhooks.recorded_event import RecordedEvent

MAX_LATER_EVENTS = 200
"""The number of a customer's latest edits, deletions and reactions that are searched."""


class EventReader(Protocol):
    """The recorded events. Methods raise ``DatabaseUnavailable``."""

    async def find(self, event_id: int, /) -> RecordedEvent | None: ...

    async def find_by_key(self, key: str, /) -> RecordedEvent | None: ...

    async def list_of_customer(
        self, customer_id: int, limit: int, kinds: Collection[str], /
    ) -> Sequence[RecordedEvent]: ...


class CustomerReader(Protocol):
    """The people on WhatsApp. Methods raise ``DatabaseUnavailable``."""

    async def find(self, customer_id: int, /) -> KnownCustomer | None: ...


class OptOutReader(Protocol):
    """Who has opted out. Methods raise ``DatabaseUnavailable``."""

    async def find(self, customer_id: int, /) -> Sequence[OptOut]:
        """Return a customer's active opt-outs."""
        ...


class SentMessageReader(Protocol):
    """Our sent messages. Methods raise ``DatabaseUnavailable``."""

    async def describe(self, wamid: str, /) -> Markup:
        """Return a short line about one of our messages; "" if it was not sent from here."""
        ...


class LeadFinder(Protocol):
    """The leads of Chakra, by phone number."""

    def peek(self, phone: str, /) -> str:
        """Return the key of the lead with this number, "" if there is none or it isn't loaded."""
        ...

    def look_up(self, phone: str, on_found: Callable[[], Awaitable[None]], /) -> None:
        """Load the lead in the background unless it is loaded."""
        ...

    def reload(self, phone: str, on_found: Callable[[], Awaitable[None]], /) -> None:
        """Load the lead in the background even if it is loaded."""
        ...


@dataclass(frozen=True, slots=True)
class Threads:
    """Renders what a thread shows. Methods raise ``DatabaseUnavailable``.

    ``number_name`` gives the name of one of our numbers, "" if we have only one.
    """

    log: EventReader
    customers: CustomerReader
    windows: Windows
    sent: SentMessageReader
    opt_outs: OptOutReader
    leads: LeadFinder
    number_name: Callable[[str], str]

    async def get_customer(self, customer_id: int) -> KnownCustomer:
        """Return the customer; one without a name if they have been deleted."""
        return await self.customers.find(customer_id) or KnownCustomer(customer_id)

    async def render_parent(self, conversation: Conversation) -> OutboxMessage:
        """Return the current message that begins the thread."""
        customer = await self.get_customer(conversation.customer_id)
        latest = await self.find_entry(conversation.last_event_id)
        facts = ParentFacts(
            customer,
            words=choose_current_shape(latest).summary if latest else NO_MARKUP,
            number=self.number_name(conversation.phone_number_id),
            lead=self.leads.peek(customer.phone) if customer.phone else "",
            window_ends_at=await self.windows.find_end(
                conversation.customer_id, conversation.phone_number_id
            ),
            opt_outs=await self.opt_outs.find(conversation.customer_id),
        )
        message = render_parent(conversation, facts)
        return OutboxMessage(conversation.post_key, conversation.channel, message, member="")

    async def find_entry(self, event_id: int) -> Entry | None:
        """Return a recorded message with its later changes."""
        recorded = await self.log.find(event_id)
        return await self.read_entry(recorded) if recorded else None

    async def read_entry(self, recorded: RecordedEvent) -> Entry | None:
        """Return a recorded message with its later changes; None for another kind of event."""
        if not isinstance(recorded.event, MessageEvent):
            return None
        customer = await self.get_customer(recorded.customer_id)
        later = await self.log.list_of_customer(customer.id, MAX_LATER_EVENTS, AMENDING_KINDS)
        return build_entry(recorded, recorded.event, later)

    async def find_by_wamid(self, wamid: str) -> Entry | None:
        """Return the recorded message with this Meta ID, from a customer or an echo."""
        if not wamid:
            return None
        for prefix in ("message", "echo"):
            recorded = await self.log.find_by_key(f"{prefix}:{wamid}")
            if recorded is not None:
                return await self.read_entry(recorded)
        return None

    async def render_entry(
        self, conversation: Conversation, entry: Entry, *, mentions: Markup = NO_MARKUP
    ) -> Message:
        """Return the message of the thread that shows the entry."""
        customer = await self.get_customer(conversation.customer_id)
        name = format_customer_name(customer)
        can_answer = conversation.takes_replies and not entry.event.is_echo
        around = EntryContext(
            conversation_id=conversation.id,
            customer=name,
            number=self.number_name(entry.event.phone_number_id),
            quote=await self.quote(entry.event, name),
            mentions=mentions,
            can_answer=can_answer,
        )
        return render_entry(entry, around)

    async def list_quoting(self, entry: Entry) -> list[Entry]:
        """Return the latest messages to or from the customer that answer this one."""
        own = await self.log.list_of_customer(entry.recorded.customer_id, MAX_LATER_EVENTS, ())
        return [
            build_entry(item, item.event, own)
            for item in own
            if isinstance(item.event, MessageEvent)
            and _find_quoted_id(item.event) == entry.event.wamid
        ]

    async def quote(self, event: MessageEvent, customer: str) -> Markup:
        """Return a short quote of the message that this one answers; "" if there is none."""
        wamid = _find_quoted_id(event)
        if not wamid:
            return NO_MARKUP
        entry = await self.find_by_wamid(wamid)
        if entry is not None:
            return quote_of(entry, customer)
        return await self.sent.describe(wamid) or blocks.markup("an earlier message")


def _find_quoted_id(event: MessageEvent) -> str:
    """Return Meta's ID of the message that this one answers, "" if there is none."""
    return find_first_text(as_object(get_message_body(event).get("context")), "id")


def build_reply_message(
    conversation: Conversation, event_id: int, message: Message, *, member: str, raised: bool
) -> OutboxMessage:
    """Return a reply in the thread; ``raised``: it shows in the channel too."""
    return OutboxMessage(
        build_message_key(conversation.id, event_id),
        conversation.channel,
        message,
        member,
        thread_key=conversation.post_key,
        broadcast=raised,
    )
