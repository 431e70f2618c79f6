"""Chakra's own chats and their messages, for one reader, including unknown fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from bot.chakra.chats import Chat, ChatMessage, ChatPage
from bot.chakra.fields import to_text
from bot.conversations.media import MEDIA_KINDS
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.button_state import ButtonState
from bot.slack.commands.reply import Block, Message
from bot.text.phones import format_international

OPEN_CHAT: Final = "chat.open"
LIST_PAGE: Final = "chat.list"
COMMAND: Final = "/chakra chat"
MAX_FIELDS: Final = 6
MAX_VALUE_LENGTH: Final = 80
MAX_NAME_LENGTH: Final = 80
MAX_ID_LENGTH: Final = 200
"""The longest ID of a chat that a button can open."""
_MEDIA_ID: Final = re.compile(r"[0-9]{5,40}")
_NOT_SHOWN: Final = frozenset(
    {"id", "team", "plugin", "chat", "createdAt", "updatedAt", "timestamp", "raw", "provider"}
)
"""Fields that say nothing to a person."""


class ChatButton(ButtonState):
    """A page of messages: of a chat, or of a number. ``name`` is for its title."""

    command: ClassVar[str] = COMMAND

    chat: str
    phone: str
    name: str
    page: int = 1


class ChatListButton(ButtonState):
    """A page of the team's chats; ``search`` is what was typed."""

    command: ClassVar[str] = COMMAND

    search: str = ""
    page: int = 1


def render_chat_list(
    page: ChatPage[Chat], query: ChatListButton, *, note: str = "", replace: bool = False
) -> Message:
    """Return a page of chats, each with a button that shows its messages."""
    title = markup(bold("Chats in Chakra"), f' with "{query.search}"' if query.search else "")
    if not page.items:
        empty = "There are no chats in Chakra." if query.page == 1 else "There are no more chats."
        return blocks.text_message(empty)
    rows: list[Block] = [blocks.section(title)]
    rows += [_render_chat_row(chat, place) for place, chat in enumerate(page.items)]
    if note:
        rows.append(blocks.context(note))
    rows += _render_page_buttons(
        LIST_PAGE, query, has_more=page.has_more, labels=("Previous", "Next")
    )
    return Message(title, tuple(rows), replace_original=replace)


def _render_chat_row(chat: Chat, place: int) -> Block:
    number = format_international(chat.phone) if chat.phone else ""
    title = bold(chat.name or number) if chat.name or number else bold("A chat")
    facts = [number if chat.name else "", chat.status.replace("_", " ").lower()]
    parts = [markup(fact) for fact in facts if fact]
    if chat.updated:
        parts.append(markup("last change ", format_date_token(chat.updated)))
    rows = [title, Markup("  ·  ".join(parts))] if parts else [title]
    if not (chat.name or number):
        rows += render_raw_rows(chat.raw)
    if not can_open(chat):
        return blocks.section(lines(rows))
    button = build_chat_button(chat)
    show = blocks.button("Show", f"{OPEN_CHAT}:{place}", button.to_value())
    return blocks.section(lines(rows), accessory=show)


def can_open(chat: Chat) -> bool:
    """Return whether a chat has an ID that fits into a button."""
    return 0 < len(chat.id) <= MAX_ID_LENGTH


def build_chat_button(chat: Chat) -> ChatButton:
    return ChatButton(chat=chat.id, phone=chat.phone, name=chat.name[:MAX_NAME_LENGTH])


def render_messages_page(
    page: ChatPage[ChatMessage], button: ChatButton, *, replace: bool = False
) -> Message:
    """Return a page of messages as Chakra lists them, the oldest first."""
    number = format_international(button.phone) if button.phone else ""
    who = button.name or number or "this customer"
    title = markup("Messages with ", bold(who))
    if button.page > 1:
        title = markup(title, f", page {button.page}")
    shown = [_render_message_line(message, who) for message in reversed(page.items)]
    content = [blocks.section(title)]
    content += blocks.sections(lines(shown)) if shown else [blocks.section("No messages.")]
    if not button.phone:
        content.append(
            blocks.context("WhatsApp doesn't show this customer's number. Answer them in Chakra.")
        )
    content += render_older_buttons(button, has_more=page.has_more)
    return Message(title, tuple(content), replace_original=replace)


def render_older_buttons(button: ChatButton, *, has_more: bool) -> list[Block]:
    """Return the buttons to the pages before and after, if there are any."""
    return _render_page_buttons(
        OPEN_CHAT, button, has_more=has_more, labels=("Newer", "Older messages")
    )


def _render_page_buttons(
    action: str, button: ChatButton | ChatListButton, *, has_more: bool, labels: tuple[str, str]
) -> list[Block]:
    previous, following = labels
    pages = [(previous, "previous", button.page - 1)] if button.page > 1 else []
    if has_more:
        pages.append((following, "next", button.page + 1))
    buttons = [
        blocks.button(
            label, f"{action}:{way}", button.model_copy(update={"page": number}).to_value()
        )
        for label, way, number in pages
    ]
    return [blocks.actions(*buttons)] if buttons else []


def _render_message_line(message: ChatMessage, who: str) -> Markup:
    author = "Us" if message.is_ours else who
    when = markup(format_date_token(message.sent_at), " ") if message.sent_at else Markup("")
    return markup(when, bold(author), ": ", blocks.clip(render_message_text(message), 400))


def render_message_text(message: ChatMessage) -> Markup:
    """Return the content of a message: its text, its file, or its fields."""
    kind = message.data_type.replace("_", " ").capitalize()
    media_id = _find_media_id(message)
    if media_id:
        caption = markup(": ", message.text) if message.text else Markup("")
        return markup(kind or "File", caption, "  ", code(f"/chakra media {media_id}"))
    if message.text:
        return blocks.escape(message.text)
    fields = render_raw_rows(message.raw)
    known = message.data_type.lower() in {*MEDIA_KINDS, "template", "text"}
    if kind and (known or not fields):
        return markup(kind)
    return Markup(", ".join(fields)) if fields else markup("Message")


def _find_media_id(message: ChatMessage) -> str:
    """Return the ID of the file in a message. Its position is UNKNOWN."""
    if message.data_type.lower() not in MEDIA_KINDS:
        return ""
    attachments = message.raw.get("attachments")
    held = attachments if isinstance(attachments, list) else [attachments]
    body = message.raw.get("body")
    nested = body.get(message.data_type) if isinstance(body, Mapping) else None
    for holder in (nested, body, *held):
        if isinstance(holder, Mapping):
            for name in ("id", "mediaId", "media_id", "whatsappMediaId"):
                found = to_text(holder.get(name))
                if _MEDIA_ID.fullmatch(found):
                    return found
    return ""


def render_raw_rows(fields: Mapping[str, Any]) -> list[Markup]:
    """Return an item's fields, by Chakra's names."""
    return list(_iter_rows(fields))[:MAX_FIELDS]


def _iter_rows(fields: Mapping[str, Any]) -> Iterator[Markup]:
    for name, value in fields.items():
        if name in _NOT_SHOWN or value in (None, "", [], {}):
            continue
        text = to_text(value) if not isinstance(value, bool) else str(value).lower()
        shown = blocks.clip(text or str(value), MAX_VALUE_LENGTH)
        yield markup(code(blocks.clip(str(name), 40)), " ", shown)
