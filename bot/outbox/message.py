"""A message that the bot posts on its own."""

from __future__ import annotations

from dataclasses import dataclass

from bot.slack.commands.reply import Message


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """What an author wants posted, and where.

    The same ``key`` is the same message, and ``message`` its newest content. ``channel`` is a
    channel's ID, or a member's for their direct messages. ``member`` requested it and is notified
    if it can't be delivered. ``thread_key`` is
    the key of the message it replies to, enqueued earlier in the same channel; a ``broadcast``
    reply shows in the channel too. ``urgent`` edits are sent before others. ``announces``: people
    must read it even if a message that they have read shows the same.
    """

    key: str
    channel: str
    message: Message
    member: str
    thread_key: str = ""
    broadcast: bool = False
    urgent: bool = False
    announces: bool = False
