"""What people type instead of ``templates``."""

from __future__ import annotations

import re
from typing import Final

from bot.slack.commands.arguments import Arguments
from bot.slack.commands.tokens import Token

NEW: Final = "new"
_WORD: Final = re.compile(r"[^\W\d]\w*")
_TEMPLATE_NAME: Final = re.compile(r"(?<![\w@./=-])[^\W_]+(?:_[^\W_]+)+(?![\w@=-])")
MAX_WORDS: Final = 4

TEMPLATE_PHRASES: Final = {
    **dict.fromkeys(
        (
            "my templates", "find template", "find templates", "search templates", "template list",
            "search template", "list templates", "show templates", "preview", "edit template",
            "change template", "show template", "whatsapp templates", "message templates",
            "wa templates", "which templates", "available templates", "template called",
            "template named", "share template", "delete template", "remove template",
            "… templates", "… template", "vorlagen", "vorlage", "plantillas", "plantilla",
        ),
        "",
    ),
    **dict.fromkeys(
        (
            "create template", "create a template", "create new template", "new template",
            "create a new template", "make a template", "make template", "add template",
            "add a template", "add new template", "write a template", "make a new template",
            "submit template", "submit a template", "new whatsapp template", "draft template",
            "create whatsapp template", "template new", "template create", "templates create",
            "templates new", "register template", "build a template",
        ),
        NEW,
    ),
}  # fmt: skip

_NEW_WORDS: Final = frozenset({NEW, "create", "add", "make"})
_AROUND_NEW: Final = frozenset({"a", "one", "template", *_NEW_WORDS})


def asks_for_new(line: Arguments) -> bool:
    """Return whether the words ask only for the form of a new template."""
    words = [word.text.casefold() for word in line.tokens]
    return not line.named and not _NEW_WORDS.isdisjoint(words) and _AROUND_NEW.issuperset(words)


def find_template_within(text: str) -> str:
    """Return the template that a line names and says more about, else "": ``is x_y approved?``."""
    named = {found.casefold() for found in _TEMPLATE_NAME.findall(text)}
    return named.pop() if len(named) == 1 else ""


def may_be_template(line: Arguments) -> bool:
    """Return whether a line without a command may name a template: a few plain words."""
    words = line.tokens
    plain = all(type(word) is Token and _WORD.fullmatch(word.text) for word in words)
    return 1 <= len(words) <= MAX_WORDS and plain
