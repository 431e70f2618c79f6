"""Convert messages to and from the JSON that the database stores."""

from __future__ import annotations

import json

from bot.slack.commands.reply import Message


def dump_message(message: Message) -> str:
    """Return the same JSON for the same message, so that a change is recognized."""
    content = {"text": str(message.text), "blocks": list(message.blocks)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def load_message(content: str) -> Message:
    """Return the message that the JSON describes."""
    values = json.loads(content)
    return Message(text=values["text"], blocks=tuple(values["blocks"]))
