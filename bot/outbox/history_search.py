"""Search for a message whose post was never confirmed.

Slack has no idempotency key, so each post has its own in its ``metadata``.
"""

from __future__ import annotations

from typing import Any

from bot.errors import SlackError
from bot.outbox.error_policy import UNCERTAIN
from bot.outbox.post import Post
from bot.slack.client.web_api import MessageRef, SlackClient

EVENT_TYPE = "chakra_post"
LEGACY_EVENT_TYPE, LEGACY_KEY_PREFIX = "chakra_send", "send:"
"""Release 0.1 stored this in reports of sends: their key without this prefix."""

MAX_CLOCK_SKEW_SECONDS = 60.0
"""Seconds by which Slack's clock and ours may differ."""
MAX_CALL_SECONDS = 30.0
"""Seconds from the attempt until the message is posted, including everything a call waits for."""
MAX_PAGES = 5


def post_metadata(key: str) -> dict[str, Any]:
    """Return the metadata that identifies a post."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def is_direct_message(channel: str) -> bool:
    """Return whether only one person reads it: a member's ID, or a DM."""
    return channel[:1] in ("U", "W", "D")


async def find_message(slack: SlackClient, post: Post, thread_ts: str) -> MessageRef | None:
    """Return the message; None if it certainly isn't posted.

    ``thread_ts`` is that of the message it replies to. Raise ``SlackError``, with `UNCERTAIN` if
    the message can't be searched for.
    """
    thread_only = thread_ts if not post.broadcast else ""
    if thread_only and not is_direct_message(post.channel):
        # docs.slack.dev/reference/methods/conversations.replies: not with a bot's token in a
        # channel, whose history has broadcast replies only.
        raise SlackError("conversations.replies", UNCERTAIN)
    channel = post.channel
    if channel[:1] in ("U", "W"):
        channel = await slack.open_direct_messages(channel)
    first, last = post.uncertain_since or post.created_at, post.attempted_at or post.created_at
    cursor = ""
    for _ in range(MAX_PAGES):
        messages, cursor = await slack.fetch_history(
            channel,
            oldest=first - MAX_CLOCK_SKEW_SECONDS,
            latest=last + MAX_CALL_SECONDS + MAX_CLOCK_SKEW_SECONDS,
            thread_ts=thread_only,
            cursor=cursor,
        )
        for message in messages:
            if _matches(message.get("metadata"), post.key):
                return MessageRef(channel, str(message.get("ts", "")))
        if not cursor:
            return None
    raise SlackError("conversations.history", UNCERTAIN)


def _matches(event_metadata: object, key: str) -> bool:
    if not isinstance(event_metadata, dict) or not isinstance(
        event_metadata.get("event_payload"), dict
    ):
        return False
    posted_key = event_metadata["event_payload"].get("key")
    if event_metadata.get("event_type") == LEGACY_EVENT_TYPE:
        return bool(LEGACY_KEY_PREFIX + str(posted_key) == key)
    return event_metadata.get("event_type") == EVENT_TYPE and posted_key == key
