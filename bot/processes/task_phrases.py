"""Whether a line without a command asks for a task: ``call aarav tomorrow at 5``. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from bot.processes.moment_words import has_moment

TASK_PHRASES: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "create task",
            "create a task",
            "new task",
            "add task",
            "add a task",
            "make a task",
            "remind me to",
            "follow up",
            "followup",
            "follow-up",
            "todo",
            "neue aufgabe",
            "aufgabe",
            "aufgabe für",
            "nueva tarea",
            "tarea",
            "tarea para",
        ),
        "",
    ),
    "call back": "call back",
}
"""What people type in place of ``task``."""
_ACTIVITIES: Final = frozenset(
    ("call", "callback", "ring", "meet", "meeting", "visit", "demo", "follow", "followup",
     "follow-up", "remind", "reminder", "appointment", "todo", "to-do")
)  # fmt: skip
_OTHER_WISHES: Final = frozenset(
    ("who", "what", "what's", "when", "why", "which", "how", "did", "has", "was", "is", "message",
     "messages", "send", "sends", "whatsapp", "template", "leads", "job", "every", "daily",
     "weekly", "notify", "chat", "don't", "don’t", "not", "never", "no", "cancel", "stop", "delete",
     "move", "watch", "upload", "post", "list", "show", "tasks", "reminders")
)  # fmt: skip
_HAS_PHRASE: Final = re.compile(
    r"(?:call back|follow up|remind me to|(?:create|make|add|new)\b.*\btask|task)\b", re.IGNORECASE
)
"""What a phrase of the command begins with."""
_BEFORE: Final = re.compile(
    r"(?:(?:schedule|book|set up|set|arrange|plan|fix|remind me|reminder|to-?do|a|an|the|to|for)"
    r"[\s:,-]+)+",
    re.IGNORECASE,
)
_REMINDED: Final = re.compile(r"remind (?!me\b)(?P<who>\S+) (?:to )?(?P<what>.+)", re.IGNORECASE)


def find_task(line: str) -> tuple[str, bool]:
    """Return the arguments of ``task`` in a line with an activity and a time, and True."""
    words = [word.casefold().strip(",;:.!?") for word in line.split()]
    if not _ACTIVITIES.intersection(words) or _OTHER_WISHES.intersection(words):
        return "", False
    if _HAS_PHRASE.match(line) or not has_moment(words):
        return "", False
    if reminded := _REMINDED.fullmatch(line):
        return f"{reminded['what']} assigned:{reminded['who']}", True
    return _BEFORE.sub("", line, count=1) if _BEFORE.match(line) else line, True
