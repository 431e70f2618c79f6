"""The messages of a chat, for one reader: our event log combined with Chakra's own list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.chakra.chats import ChatMessage, ChatPage, ChatsApi
from bot.conversations.controls import render_reply_button
from bot.conversations.conversation import Conversation, ConversationState
from bot.conversations.entry import build_entry, choose_current_shape
from bot.conversations.listed_chats import (
    MAX_NAME_LENGTH,
    ChatButton,
    render_message_text,
    render_older_buttons,
)
from bot.conversations.reply_form import build_template_form
from bot.conversations.shapes import read_shape
from bot.conversations.target import ReplyTarget, format_private_name, format_short_name
from bot.customers.customer import KnownCustomer
from bot.errors import ChakraError
from bot.messages.send_form import EDIT
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, channel_mention, code, lines, markup, mention
from bot.slack.commands.reply import Block, Message
from bot.webhooks.amendments import AMENDING_KINDS
from bot.webhooks.events import MessageEvent
from bot.webhooks.recorded_event import RecordedEvent

MAX_MESSAGES = 20
MAX_LINE_LENGTH = 400
MAX_CANDIDATES = 5
"""Chats that are searched for a customer without a number."""
NOT_FROM_CHAKRA = "Chakra's list can't be read right now, so this is only what reached Slack."
NO_LIST = "Chakra lists messages by phone number only, so this is only what reached Slack."

ListEvents = Callable[[int, int], Awaitable[Sequence[RecordedEvent]]]
"""Return the last events of a customer, given their ID and a limit."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A message. ``at`` is in seconds since 1970; ``wamid`` is "" if not known."""

    at: float
    is_ours: bool
    text: Markup = field(repr=False)
    wamid: str = ""


@dataclass(frozen=True, slots=True)
class ChatHistory:
    """The messages, oldest first.

    ``note`` says what may be missing; ``older`` leads to the pages of Chakra's list.
    """

    messages: tuple[HistoryLine, ...]
    note: str = ""
    older: ChatButton | None = field(default=None, repr=False)


class HistoryReader:
    def __init__(self, chats: ChatsApi, list_events: ListEvents) -> None:
        self._chats = chats
        self._list_events = list_events

    async def read(self, customer: KnownCustomer) -> ChatHistory:
        """Return the last messages from and to a customer. Raise ``DatabaseUnavailable``."""
        events = await self._list_events(customer.id, MAX_MESSAGES) if customer.id else ()
        recorded = [line for event in events if (line := _from_event(event, events))]
        try:
            listed, chat_id = await self._list(customer, recorded)
        except ChakraError:
            return ChatHistory(merge(recorded, ()), NOT_FROM_CHAKRA)
        if listed is None:
            return ChatHistory(merge(recorded, ()), NO_LIST)
        older = ChatButton(
            chat=chat_id, phone=customer.phone, name=format_short_name(customer)[:MAX_NAME_LENGTH]
        )
        messages = merge(recorded, map(_from_chat, listed.items))
        return ChatHistory(messages, older=older if listed.has_more else None)

    async def _list(
        self, customer: KnownCustomer, recorded: Sequence[HistoryLine]
    ) -> tuple[ChatPage[ChatMessage] | None, str]:
        """Return Chakra's list, and the ID of the chat if it was found that way."""
        if customer.phone:
            return await self._chats.list_for_phone(customer.phone, limit=MAX_MESSAGES), ""
        wanted = customer.user_id or customer.username or customer.name
        if not wanted:
            return None, ""
        for chat in (await self._chats.list(limit=MAX_CANDIDATES, search=wanted)).items:
            if not chat.id or chat.phone:
                continue
            page = await self._chats.list_messages(chat.id, limit=MAX_MESSAGES)
            if _is_of(page.items, customer, recorded):
                return page, chat.id
        return None, ""


def _is_of(
    messages: Iterable[ChatMessage], customer: KnownCustomer, recorded: Iterable[HistoryLine]
) -> bool:
    """Return whether a chat is certainly this customer's: by their user ID, or by a message."""
    wamids = {line.wamid for line in recorded} - {""}
    ids = {customer.user_id, customer.parent_user_id} - {""}
    return any(
        message.contact_identifier in ids or message.external_id in wamids for message in messages
    )


def merge(
    recorded: Iterable[HistoryLine], listed: Iterable[HistoryLine]
) -> tuple[HistoryLine, ...]:
    """Return the latest messages of both, each once, oldest first.

    Our record wins: it has the message in Meta's own shape.
    """
    known = (*listed, *recorded)
    by_wamid = {line.wamid: line for line in known if line.wamid}
    unnamed = [line for line in known if not line.wamid]
    ordered = sorted((*by_wamid.values(), *unnamed), key=lambda line: line.at)
    return tuple(ordered[-MAX_MESSAGES:])


def _from_event(recorded: RecordedEvent, events: Sequence[RecordedEvent]) -> HistoryLine | None:
    """Return a message as it is after its edits, without the text of a deleted one."""
    event = recorded.event
    if not isinstance(event, MessageEvent) or event.kind in AMENDING_KINDS:
        return None
    entry = build_entry(recorded, event, events)
    shape = (
        choose_current_shape(entry)
        if entry.is_deleted
        else read_shape(entry.edited or event.raw, is_private=True)
    )
    return HistoryLine(event.occurred_at, event.is_echo, shape.summary, event.wamid)


def _from_chat(message: ChatMessage) -> HistoryLine:
    return HistoryLine(
        message.sent_at, message.is_ours, render_message_text(message), message.external_id
    )


def render_history(target: ReplyTarget, history: ChatHistory, now: float) -> Message:
    """Return the last messages as a private answer, with buttons to reply."""
    title = markup("Messages with ", target.describe())
    shown = [_render_line(line, target.customer) for line in history.messages]
    content: list[Block] = [blocks.section(title)]
    content += blocks.sections(lines(shown)) if shown else [blocks.section("No messages yet.")]
    if history.note:
        content.append(blocks.context(history.note))
    if history.older is not None:
        content += render_older_buttons(history.older, has_more=True)
    content += _render_buttons(target, now)
    return Message(title, tuple(content))


def _render_line(line: HistoryLine, customer: KnownCustomer) -> Markup:
    author = "Us" if line.is_ours else format_private_name(customer)
    when = markup(format_date_token(line.at), " ") if line.at else Markup("")
    text = blocks.clip(line.text, MAX_LINE_LENGTH)
    return markup(when, bold(author), ": ", text)


def _render_buttons(target: ReplyTarget, now: float) -> list[Block]:
    if not target.customer.phone:
        return []
    buttons = []
    if target.is_open(now):
        buttons.append(render_reply_button(target.conversation_id, customer_id=target.customer.id))
    buttons.append(blocks.button("Send a template", EDIT, build_template_form(target).to_value()))
    return [blocks.actions(*buttons)]


_HOW_TO_READ: Final = (
    markup(
        "Read a customer's messages with ", code("/chakra chat +91 98765 43210"), ", or a name."
    ),
    markup("Get customers' messages in a channel with ", code("/chakra notify"), "."),
)


def render_conversations(
    conversations: Sequence[Conversation],
    customers: Mapping[int, KnownCustomer | None],
    *,
    is_own: bool,
) -> Message:
    """Return the conversations that are not resolved, for one reader.

    ``customers`` are by the ID of their conversation.
    """
    where = "assigned to you" if is_own else "in this channel"
    if not conversations:
        return blocks.text_message(lines([f"No open conversations {where}.", *_HOW_TO_READ]))
    count = len(conversations)
    title = markup(bold(f"{count} open {'conversation' if count == 1 else 'conversations'}"))
    rows: list[Block] = []
    for conversation in conversations:
        customer = customers.get(conversation.id)
        name = format_private_name(customer) if customer else "A customer"
        line = lines([bold(name), _describe(conversation, is_own=is_own)])
        rows.append(blocks.section(line, accessory=render_reply_button(conversation.id)))
    return Message(markup(title, " ", where), (blocks.section(markup(title, " ", where)), *rows))


def _describe(conversation: Conversation, *, is_own: bool) -> Markup:
    parts = [markup("Last message ", format_date_token(conversation.last_message_at))]
    if conversation.state is ConversationState.SNOOZED:
        parts.append(markup("snoozed until ", format_date_token(conversation.snoozed_until)))
    elif conversation.unanswered_since:
        parts.append(markup("waiting for an answer"))
    if is_own:
        parts.append(channel_mention(conversation.channel))
    elif conversation.assignee:
        parts.append(markup("assigned to ", mention(conversation.assignee)))
    return Markup(" · ".join(parts))
