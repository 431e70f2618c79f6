"""An event of Slack's Events API, parsed. docs.slack.dev/apis/events-api."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack.commands.command import Payload

MENTION, DIRECT_MESSAGE = "app_mention", "message.im"
JOINED_CHANNEL = "member_joined_channel"
HOME_OPENED = "app_home_opened"
UNINSTALLED, TOKENS_REVOKED = "app_uninstalled", "tokens_revoked"
ADDRESSED_EVENTS = frozenset({MENTION, DIRECT_MESSAGE})
"""Events in which a person writes to the app and expects an answer."""
REVOCATION_EVENTS = frozenset({UNINSTALLED, TOKENS_REVOKED})

_CHANNEL_TYPES = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}
_TEXT_SUBTYPES = frozenset({"", "file_share", "thread_broadcast"})
"""Subtypes of a person's message; the others are edits, deletions, joins and bots."""
_LINE_START = re.compile(r"^(?:(?:&gt;|[•◦▪])\s*|[-–]\s+)+")
"""The prefixes of quotations and list entries from Slack's composer."""
_OWN_NAME = re.compile(
    r"(?:[\s,]|:(?![a-z0-9_+-]+:))*(?:(?P<marks>[*_~`]*)/?chakra(?=[\s,:*~`]|_(?:\s|$)|$)[\s,:]*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SlackEvent:
    """A parsed event.

    ``name`` is the event as manifest.yml subscribes to it ("app_mention", "message.im"); ``time``
    is when it happened, in seconds since the epoch; ``body`` is the inner event.
    """

    id: str
    name: str
    workspace: str
    time: float
    body: Mapping[str, Any]

    def get_text(self, key: str) -> str:
        """Return a field of the body, or "" if it is absent or not a text."""
        value = self.body.get(key)
        return value if isinstance(value, str) else ""

    def is_from_person(self, bot_user_id: str) -> bool:
        """Return whether a person caused it: not this bot, another bot, or an edit or deletion."""
        return (
            self.get_text("user") not in ("", bot_user_id)
            and not self.body.get("bot_id")
            and not self.body.get("hidden")
            and str(self.body.get("subtype") or "") in _TEXT_SUBTYPES
        )


def parse_event(payload: Payload) -> SlackEvent | None:
    """Return the event, or ``None`` if the payload is not one that Slack could have sent."""
    body, event_id = payload.get("event"), payload.get("event_id")
    if not isinstance(body, Mapping) or not isinstance(event_id, str) or not event_id:
        return None
    name = str(body.get("type") or "")
    if name == "message":
        channel_type = str(body.get("channel_type") or "")
        name = f"message.{_CHANNEL_TYPES.get(channel_type, channel_type)}"
    time = payload.get("event_time")
    return SlackEvent(
        id=event_id,
        name=name,
        workspace=str(payload.get("team_id") or ""),
        time=float(time) if isinstance(time, int | float) else 0.0,
        body=body,
    )


def extract_command_text(event: SlackEvent, bot_user_id: str) -> str:
    """Return a person's message as a command line, without the mention and the app's name.

    The text after the mention counts; if there is none, the text before it.
    """
    text = event.get_text("text").strip()
    app = rf"(?P<marks>[*_~`]*)<@{re.escape(bot_user_id)}(?:\|[^>]*)?>"
    mention = re.search(app, text) if bot_user_id else None
    if mention:
        after = _move_marks(mention["marks"], text[mention.end() :]).strip()
        only_before = not after.strip(" *_~`")
        text = text[: mention.start()].strip() + after if only_before else after
    return remove_own_name(_LINE_START.sub("", text))


def remove_own_name(text: str) -> str:
    """Return a line without ``/chakra`` in front, which people copy as code from our examples."""
    name = _OWN_NAME.match(text)
    if name is None or not name.end():
        return text
    return _move_marks(name["marks"] or "", text[name.end() :])


def _move_marks(marks: str, rest: str) -> str:
    """Return the text after a marked name with its marks, unless the name alone is marked."""
    if marks and rest.startswith(marks[::-1]):
        return rest[len(marks) :].lstrip(" ,:")
    return marks + rest.lstrip() if rest.strip() else ""
