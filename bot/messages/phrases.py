"""What people type instead of ``send``."""

from __future__ import annotations

import re
from typing import Final

from bot.slack.commands.arguments import Arguments
from bot.slack.commands.command import NotYet
from bot.text.phones import MIN_DIGITS, is_phone_like

_LEAD_KEY: Final = re.compile(r"[a-z]{2,12}-\d{2,}", re.IGNORECASE)

_TEMPLATE_NAME: Final = re.compile(r"[^\W_]+(?:_[^\W_]+)+")
_SIGNS: Final = re.compile(r"[?!]+|[.,](?=\s|$)")
_DIRECTIONS: Final = frozenset({"to", "ko", "para", "a", "an", "bhejo", "bhej", "forward"})
_DIRECTION_WORDS: Final = _DIRECTIONS | {"do", "dena", "de", "please", "bhai", "yaar", "ji", "the",
    "send", "sending", "envía", "envia", "enviar", "sende", "template", "karo", "kar"}  # fmt: skip
_NO: Final = frozenset({"not", "don't", "don’t", "dont", "never", "no", "stop", "mat", "delete",
    "remove", "rename", "copy", "translate", "duplicate"})  # fmt: skip

SEND_PHRASES: Final = dict.fromkeys(
    (
        "send message", "send a message", "send whatsapp", "send a whatsapp", "send text",
        "send a text", "send a whatsapp message", "send whatsapp message", "send template",
        "send a template", "send the template", "send whatsapp template", "send message to",
        "send a message to", "send new message", "send a wa", "send wa", "send msg",
        "send a whatsapp template", "send a text message", "send a new message", "send an",
        "send the same", "forward", "forward to", "forward this", "forward this to",
        "sending", "messaging", "message to", "message", "msg", "whatsapp", "whatsapp to",
        "whats app", "wa", "text",
        "text to", "write", "write to", "write a message", "write a message to", "new message",
        "new whatsapp", "compose", "contact", "reach out to", "ping", "sms", "start a chat with",
        "whatsapp message", "whatsapp message to", "new message to", "drop a message to",
        "shoot a message to", "nachricht an", "eine nachricht an", "sende nachricht an",
        "sende eine nachricht an", "schreibe an", "mensaje a", "enviar mensaje a",
        "enviar un mensaje a", "envía un mensaje a", "mandar mensaje a",
    ),
    "",
)  # fmt: skip
NOT_YET: Final = {
    **dict.fromkeys(
        ("schedule", "remind", "reminder"),
        NotYet(
            "Messages can't be scheduled from Slack yet. You can send one now.",
            "send …",
        ),
    ),
    **dict.fromkeys(
        ("campaign", "campaigns", "broadcast"),
        NotYet(
            "Campaigns can't be sent from Slack yet. You can send one message at a time.",
            "send …",
        ),
    ),
    **dict.fromkeys(
        ("optout", "optouts", "opt-out", "opt-outs"),
        NotYet(
            "Opt-outs can't be listed in Slack yet. You see one if you send that person a message.",
            "send …",
        ),
    ),
}


def find_send_within(text: str) -> str:
    """Return the arguments of ``send`` in a line with a template's name and a direction, else "".

    ``order_update to aarav`` and ``aarav ko order_update bhejo`` have one, and a line that says
    no has none.
    """
    words = _SIGNS.sub(" ", text).split()
    folded = [word.casefold() for word in words]
    if not _DIRECTIONS.intersection(folded) or _NO.intersection(folded):
        return ""
    kept = [word for word, fold in zip(words, folded, strict=True) if fold not in _DIRECTION_WORDS]
    has_template = any(_TEMPLATE_NAME.fullmatch(word) for word in kept)
    return " ".join(kept) if has_template and len(kept) > 1 else ""


def may_be_recipient(line: Arguments) -> bool:
    """Return whether a line without a command is a phone number or the key of a lead."""
    text = line.join_from().strip()
    is_number = is_phone_like(text) and sum(map(str.isdecimal, text)) >= MIN_DIGITS
    return is_number or bool(_LEAD_KEY.fullmatch(text))
