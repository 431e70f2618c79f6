"""Looks whether a message stands whose post was never confirmed.

Slack has no idempotency key, so each post carries its own in its ``metadata``.
"""

from __future__ import annotations

from typing import Any

from bot.errors import SlackError
from bot.outbox.error_policy import UNCERTAIN
from bot.outbox.repository import Post
from bot.slack.client.web_api import MessageRef, SlackClient

EVENT_TYPE = "chakra_post"
EARLIER_TYPE, EARLIER_KEYS = "chakra_send", "send:"
"""What release 0.1 put on the reports of sends: their key without these letters before it."""

CLOCKS_DIFFER = 60.0
"""Seconds by which Slack's clock and ours may differ."""
LONGEST_CALL = 30.0
"""Seconds from setting out to post until the message stands, with all that a call waits for."""
PAGES = 5


def metadata(key: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def direct(channel: str) -> bool:
    """Whether only one person reads it: a member's id, or direct messages."""
    return channel[:1] in ("U", "W", "D")


async def find(slack: SlackClient, post: Post, thread_ts: str) -> MessageRef | None:
    """Its place; None where it certainly does not stand. ``thread_ts`` is that of the message it
    replies to. Raises ``SlackError``, `UNCERTAIN` where it cannot be looked for."""
    quiet = thread_ts if not post.broadcast else ""
    if quiet and not direct(post.channel):
        # docs.slack.dev/reference/methods/conversations.replies: not with a bot's token, in a
        # channel; and the history of a channel holds broadcast replies only.
        raise SlackError("conversations.replies", UNCERTAIN)
    channel = post.channel
    if channel[:1] in ("U", "W"):
        channel = await slack.open_direct_messages(channel)
    first, last = post.doubt_since or post.created_at, post.tried_at or post.created_at
    cursor = ""
    for _ in range(PAGES):
        messages, cursor = await slack.fetch_history(
            channel,
            oldest=first - CLOCKS_DIFFER,
            latest=last + LONGEST_CALL + CLOCKS_DIFFER,
            thread_ts=quiet,
            cursor=cursor,
        )
        for message in messages:
            if _is(message.get("metadata"), post.key):
                return MessageRef(channel, str(message.get("ts", "")))
        if not cursor:
            return None
    raise SlackError("conversations.history", UNCERTAIN)


def _is(found: object, key: str) -> bool:
    if not isinstance(found, dict) or not isinstance(found.get("event_payload"), dict):
        return False
    said = found["event_payload"].get("key")
    if found.get("event_type") == EARLIER_TYPE:
        return bool(EARLIER_KEYS + str(said) == key)
    return found.get("event_type") == EVENT_TYPE and said == key
