"""A message that the bot posts by itself."""

from __future__ import annotations

from dataclasses import dataclass

from bot.slack.commands.reply import Message


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """What an author wants posted, and where.

    ``key`` identifies it: the same key is the same message, and ``message`` its newest content.
    ``channel`` is a channel's ID, or a member's for their direct messages. ``member`` asked for it
    and is notified if it cannot be delivered; if others read it too, ``message`` must be masked.

    ``thread_key`` is the key of the message it replies to, enqueued before it in the same channel;
    a ``broadcast`` reply shows in the channel too. ``urgent`` edits go before others.
    """

    key: str
    channel: str
    message: Message
    member: str
    thread_key: str = ""
    broadcast: bool = False
    urgent: bool = False
