"""A message of the outbox as it is stored."""

from __future__ import annotations

from dataclasses import dataclass

from bot.slack.commands.reply import Message


@dataclass(frozen=True, slots=True)
class Post:
    """One row; an unknown value is "" or None.

    Without ``message_ts`` it isn't known to be posted; with ``uncertain_since`` it may be posted
    anyway. ``content`` exists while ``pending``.
    """

    id: int
    key: str
    channel: str
    member: str
    content: str
    version: int
    delivered_version: int
    pending: bool
    urgent: bool
    thread_key: str
    broadcast: bool
    message_channel: str
    message_ts: str
    process_id: str
    attempted_at: float | None
    uncertain_since: float | None
    not_before: float | None
    error_code: str
    notice_key: str
    created_at: float
    stale_since: float


@dataclass(frozen=True, slots=True)
class FailureNotice:
    """Notifies a member that a post was not delivered.

    ``message`` goes first; ``repeat`` goes into its thread while the channel keeps failing for the
    same reason.
    """

    message: Message
    repeat: Message
