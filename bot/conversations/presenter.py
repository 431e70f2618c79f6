"""Turn recorded messages into what a channel shows: a thread for each customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.aio.clock import Clock
from bot.conversations.conversation import (
    Conversation,
    ConversationState,
    InboundMessage,
    build_message_key,
    build_parent_key,
)
from bot.conversations.entry import (
    Entry,
    EntryContext,
    choose_current_shape,
    render_entry,
)
from bot.conversations.file_attacher import FileAttacher
from bot.conversations.names import format_customer_name
from bot.conversations.opt_out_notice import render_opt_out_notice
from bot.conversations.repository import Conversations
from bot.conversations.shapes import read_shape
from bot.conversations.thread import Threads, build_reply_message
from bot.customers.customer import KnownCustomer
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.privacy import mask_phone
from bot.slack import blocks
from bot.slack.blocks import NO_MARKUP, Markup, markup
from bot.slack.commands.reply import Message
from bot.webhooks.amendments import AMENDING_KINDS, find_target
from bot.webhooks.events import MessageEvent
from bot.webhooks.recorded_event import RecordedEvent

SYSTEM = "system"
SAME_CUSTOMER = (
    ":information_source: This customer is the same person as in another thread of this channel, "
    "where they write from now on."
)


@dataclass(frozen=True, slots=True)
class _Thread:
    """The thread that shows an event.

    ``is_unusable``: it began with this event and Slack refuses it too, so nothing can be a reply.
    """

    conversation: Conversation
    is_new: bool
    is_unusable: bool = False


@dataclass(frozen=True, slots=True)
class ConversationPresenter:
    """Presents message events; see `bot.notifications.presenter.Presenter`."""

    conversations: Conversations
    threads: Threads
    files: FileAttacher
    outbox: Outbox
    clock: Clock

    async def present(
        self,
        recorded: RecordedEvent,
        *,
        channel: str,
        member: str,
        takes_replies: bool,
        mentions: Sequence[str],
    ) -> Sequence[OutboxMessage]:
        """Return the messages of the customer's thread in ``channel`` that the event changes.

        A message from them opens the thread if there is none; other events do not.
        """
        event = recorded.event
        if not isinstance(event, MessageEvent):
            return ()
        if not opens_conversation(event):
            found = await self.conversations.find_in_channel(channel, recorded.customer_id)
            if found is None or not recorded.customer_id:
                return ()
            return await self._continue(found, recorded, event, member)
        if not recorded.customer_id:
            return (_render_lone_message(recorded, event, channel, member),)
        now = self.clock.time()
        inbound = InboundMessage(
            event_id=recorded.id,
            customer_id=recorded.customer_id,
            phone_number_id=event.phone_number_id,
            at=min(event.occurred_at or recorded.recorded_at, recorded.recorded_at),
        )
        conversation = await self.conversations.record_inbound(
            channel, inbound, now, takes_replies=takes_replies
        )
        thread = await self._find_thread(conversation, recorded.id)
        conversation = thread.conversation
        entry = await self.threads.read_entry(recorded) or Entry(recorded, event)
        raised = conversation.raised_event_id == recorded.id
        message = await self.threads.render_entry(
            conversation, entry, mentions=render_mentions(mentions) if raised else NO_MARKUP
        )
        parent = replace(await self.threads.render_parent(conversation), member=member)
        reply = build_reply_message(
            conversation, recorded.id, message, member=member, raised=raised and not thread.is_new
        )
        if thread.is_unusable:
            return (replace(reply, thread_key="", broadcast=False),)
        if choose_current_shape(entry).media is not None:
            await self.files.request(conversation, recorded.id)
        await self._look_up_lead(conversation)
        notice = await self._render_request(conversation, recorded, event, member)
        return (parent, reply, notice) if notice else (parent, reply)

    async def _render_request(
        self, conversation: Conversation, recorded: RecordedEvent, event: MessageEvent, member: str
    ) -> OutboxMessage | None:
        """Return the notice for a message that opts out, None if it doesn't."""
        name = format_customer_name(await self.threads.get_customer(conversation.customer_id))
        return render_opt_out_notice(conversation, recorded.id, event, name, member)

    async def _look_up_lead(self, conversation: Conversation) -> None:
        """Show the customer's lead once it is found; the message is posted without it."""

        async def show() -> None:
            current = await self.conversations.find(conversation.id)
            if current is not None:
                await self.outbox.enqueue(await self.threads.render_parent(current))

        customer = await self.threads.get_customer(conversation.customer_id)
        self.threads.leads.look_up(customer.phone, show)

    async def _find_thread(self, conversation: Conversation, event_id: int) -> _Thread:
        """Return the thread that shows an event: a new one if Slack no longer has the old one.

        It may have been deleted or locked, or Slack refused its first message.
        """
        status = await self.outbox.get_status(conversation.post_key)
        if not status.error_code:
            return _Thread(conversation, is_new=not status.is_known)
        if conversation.post_key == build_parent_key(conversation.id, event_id):
            return _Thread(conversation, is_new=True, is_unusable=True)
        renewed = await self.conversations.begin_again(conversation.id, event_id)
        return _Thread(renewed or conversation, is_new=True)

    async def _continue(
        self, conversation: Conversation, recorded: RecordedEvent, event: MessageEvent, member: str
    ) -> Sequence[OutboxMessage]:
        """Return the messages that an edit, a reaction, an echo or a notice changes."""
        joined: Sequence[OutboxMessage] = ()
        notice: OutboxMessage | None = None
        if event.kind in AMENDING_KINDS:
            changed = await self._amend(conversation, recorded, event, member)
            if changed is not None:
                return changed
            if event.kind == "revoke":
                return ()  # the channel never showed it
            message = await self._render_unmatched(conversation, recorded, event)
            notice = await self._render_request(conversation, recorded, event, member)
        elif event.kind == SYSTEM:
            message = await self._render_notice(conversation, event)
            joined = await self._close_others(conversation, recorded, member)
        else:
            if await self.conversations.shows_send(conversation.id, event.wamid):
                return ()
            if event.is_echo:
                at = event.occurred_at or recorded.recorded_at
                answered = await self.conversations.record_answer(conversation.id, at)
                conversation = answered or conversation
            entry = await self.threads.read_entry(recorded) or Entry(recorded, event)
            message = await self.threads.render_entry(conversation, entry)
        thread = await self._find_thread(conversation, recorded.id)
        conversation = thread.conversation
        parent = replace(await self.threads.render_parent(conversation), member=member)
        reply = build_reply_message(conversation, recorded.id, message, member=member, raised=False)
        if thread.is_unusable:
            return (*joined, replace(reply, thread_key=""))
        return (*joined, parent, reply, *([notice] if notice else []))

    async def _close_others(
        self, conversation: Conversation, recorded: RecordedEvent, member: str
    ) -> Sequence[OutboxMessage]:
        """Resolve the other threads of a person who had two in the channel."""
        messages: list[OutboxMessage] = []
        for other in await self.conversations.list_of_customer(recorded.customer_id):
            if other.channel != conversation.channel or other.id == conversation.id:
                continue
            now = self.clock.time()
            resolved = await self.conversations.set_state(other.id, ConversationState.RESOLVED, now)
            shown = resolved or other
            message = blocks.text_message(SAME_CUSTOMER)
            messages += [
                replace(await self.threads.render_parent(shown), member=member),
                build_reply_message(shown, recorded.id, message, member=member, raised=False),
            ]
        return messages

    async def _amend(
        self, conversation: Conversation, recorded: RecordedEvent, event: MessageEvent, member: str
    ) -> Sequence[OutboxMessage] | None:
        """Return the earlier message as it is now, and those that quote it.

        None if the thread doesn't show it.
        """
        entry = await self.threads.find_by_wamid(find_target(event))
        if entry is None:
            return None
        key = build_message_key(conversation.id, entry.recorded.id)
        if not (await self.outbox.get_status(key)).is_known:
            return None
        if entry.is_deleted:
            await self.files.delete(conversation, entry.recorded.id)
        message = await self.threads.render_entry(conversation, entry)
        reply = build_reply_message(
            conversation, entry.recorded.id, message, member=member, raised=False
        )
        if event.kind == "reaction":
            return (reply,)
        quoting = await self._render_quoting(conversation, entry, member)
        notice = await self._render_request(conversation, recorded, event, member)
        if entry.recorded.id != conversation.last_event_id and not notice:
            return (reply, *quoting)
        parent = replace(await self.threads.render_parent(conversation), member=member)
        return (parent, reply, *quoting, *([notice] if notice else []))

    async def _render_quoting(
        self, conversation: Conversation, entry: Entry, member: str
    ) -> list[OutboxMessage]:
        """Return the messages of the thread that answer this one: they quote it as it is now."""
        messages = []
        for quoting in await self.threads.list_quoting(entry):
            key = build_message_key(conversation.id, quoting.recorded.id)
            if (await self.outbox.get_status(key)).is_known:
                message = await self.threads.render_entry(conversation, quoting)
                event_id = quoting.recorded.id
                messages.append(
                    build_reply_message(
                        conversation, event_id, message, member=member, raised=False
                    )
                )
        return messages

    async def _render_unmatched(
        self, conversation: Conversation, recorded: RecordedEvent, event: MessageEvent
    ) -> Message:
        """Return an edit or a reaction whose message the thread doesn't show, as a line."""
        if event.kind == "edit":
            message = await self.threads.render_entry(conversation, Entry(recorded, event))
            return replace(message, text=markup(message.text, " (edited)"))
        customer = await self.threads.get_customer(conversation.customer_id)
        name = "The phone app" if event.is_echo else format_customer_name(customer)
        done = read_shape(event.raw).summary
        line = markup(name, ": ", done)
        target = await self.threads.sent.describe(find_target(event))
        return blocks.text_message(markup(line, " to ", target or "an earlier message"))

    async def _render_notice(self, conversation: Conversation, event: MessageEvent) -> Message:
        """Return a notice of WhatsApp's about the customer, with their masked numbers."""
        old, new = event.previous.phone, event.customer.phone
        line = read_shape(event.raw).summary
        if old and new and old != new:
            customer = await self.threads.get_customer(conversation.customer_id)
            change = f"{mask_phone(f'+{old}')} → {mask_phone(f'+{new}')}"
            line = markup(
                ":information_source: ",
                format_customer_name(customer),
                f" has a new number: {change}",
            )
        return blocks.text_message(line)


def opens_conversation(event: MessageEvent) -> bool:
    """Return whether a customer wrote something, which opens their thread."""
    return not (event.is_echo or event.kind == SYSTEM or event.kind in AMENDING_KINDS)


def render_mentions(mentions: Sequence[str]) -> Markup:
    """Return members (``U…``), user groups (``S…``) and "here" as Slack's mentions."""
    parts = []
    for mentioned in mentions:
        if mentioned == "here":
            parts.append("<!here>")
        elif mentioned.isalnum():
            is_group = mentioned.startswith("S")
            parts.append(f"<!subteam^{mentioned}>" if is_group else f"<@{mentioned}>")
    return Markup(" ".join(parts))


def _render_lone_message(
    recorded: RecordedEvent, event: MessageEvent, channel: str, member: str
) -> OutboxMessage:
    """Return a message whose sender WhatsApp doesn't name, without a thread."""
    sender = KnownCustomer(0, username=event.customer.username, name=event.customer.name)
    around = EntryContext(customer=format_customer_name(sender))
    message = render_entry(Entry(recorded, event), around)
    return OutboxMessage(f"message:{recorded.id}:{channel}", channel, message, member)
