"""A message as the database keeps it."""

from __future__ import annotations

import json

from bot.slack.commands.reply import Message


def dumps(message: Message) -> str:
    """The same message gives the same text: so it is seen whether a content is new."""
    content = {"text": str(message.text), "blocks": list(message.blocks)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def loads(content: str) -> Message:
    kept = json.loads(content)
    return Message(text=kept["text"], blocks=tuple(kept["blocks"]))
