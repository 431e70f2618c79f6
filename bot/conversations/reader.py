"""What one reader sees of a customer's message: all of it, unmasked, and its file."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversations.customer_files import FileLoader
from bot.conversations.entry import choose_current_shape
from bot.conversations.names import format_bold_name, format_customer_name
from bot.conversations.shapes import read_shape
from bot.conversations.thread import Threads
from bot.errors import NotFound
from bot.media.private_file import send_privately
from bot.slack import blocks
from bot.slack.blocks import Markup, markup
from bot.slack.client.files import SlackFiles
from bot.slack.commands.reply import Message, View

MAX_PARTS = 70
"""Sections of a text: a view may have 100 blocks and 250,000 characters.

WhatsApp's longest text has 65,536.
"""
MAX_PART_LENGTH = 2_900


@dataclass(frozen=True, slots=True)
class MessageReader:
    """Shows recorded messages to one person."""

    threads: Threads
    files: FileLoader
    slack_files: SlackFiles

    async def read(self, event_id: int) -> View:
        """Return a view of the whole message. Raise ``NotFound``, ``DatabaseUnavailable``."""
        entry = await self.threads.find_entry(event_id)
        if entry is None:
            raise NotFound("message", "", hint="Messages are stored for a while only.")
        if entry.is_deleted:
            return blocks.info_modal("Message", [blocks.section(choose_current_shape(entry).body)])
        customer = await self.threads.get_customer(entry.recorded.customer_id)
        shape = read_shape(entry.edited or entry.event.raw, is_private=True)
        parts = blocks.split_text(shape.body, MAX_PART_LENGTH, MAX_PARTS)
        title = format_bold_name(format_customer_name(customer))
        content = [blocks.section(part) for part in (title, *parts) if part.strip()]
        return blocks.info_modal("Message", content)

    async def show_file(self, event_id: int, member: str) -> Message:
        """Upload the message's file to the member's DM with the app; return what to show.

        Raise ``NotFound``, ``DatabaseUnavailable``, ``ChakraError`` and ``SlackError``.
        """
        entry = await self.threads.find_entry(event_id)
        if entry is None or entry.is_deleted:
            raise NotFound("file", "", hint="The customer may have deleted it.")
        media = choose_current_shape(entry).media or read_shape(entry.event.raw).media
        if media is None:
            raise NotFound("file", "", hint="This message has none.")
        loaded = await self.files.load(media)
        if isinstance(loaded, Markup):
            return blocks.text_message(loaded)
        customer = await self.threads.get_customer(entry.recorded.customer_id)
        return await send_privately(
            self.slack_files,
            member,
            loaded.name,
            loaded.content,
            noun=media.kind.noun,
            comment=markup("From ", format_customer_name(customer)),
        )
