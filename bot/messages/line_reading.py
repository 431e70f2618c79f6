"""A typed line while it is read, and the words that mean nothing on their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from bot.chakra.models import PhoneNumber
from bot.chakra.text import sanitize_line
from bot.messages.typed_line import SENTENCE_WORDS, TypedLine, Words
from bot.slack.blocks import Markup, markup
from bot.templates.catalog import TemplateIndex
from bot.users.phrases import ME

LANGUAGE = "language"
DEFAULT_KINDS = frozenset({"lead"})
"""Types of records, by short ID, if the configuration isn't loaded."""
MAX_QUOTED_LENGTH = 60
"""Characters of the person's words that a sentence repeats."""


_DRESSING_TEXT = """
    please pls kindly a an the template templates message msg whatsapp send using with via this
    saying then now and one text
"""
DRESSING = frozenset(_DRESSING_TEXT.split())
"""Words around the fields of a sentence that mean nothing on their own."""
GREETINGS = frozenset(["hi", "hello", "hey", "dear", "hola", "namaste", "hallo", "bonjour"])
_OWN = (
    *(("my", *own, noun) for own in ((), ("own",)) for noun in ("number", "phone", "whatsapp")),
    ("me",),
    ("myself",),
)
"""Words after ``to`` that mean the person who is typing."""
DETAIL_WORDS = frozenset({"ka", "ki", "ke", "number", "phone", "mobile", "whatsapp"})
"""Words that may follow a recipient's name: ``priya ka number``."""


@dataclass(slots=True)
class Reading:
    """A line while it is read."""

    words: Words
    line: TypedLine
    index: TemplateIndex | None
    senders: Sequence[PhoneNumber]
    kinds: Collection[str]
    is_person: Callable[[str], bool]
    name: str = ""
    typed_template: str = ""
    to: str = ""
    is_guess: bool = False
    language: str = ""
    sender: str = ""
    notes: list[Markup] = field(default_factory=list)


def undress(words: Words, start: int, end: int) -> tuple[int, int]:
    """Return the span without the words around it that mean nothing."""
    while start < end and words.get_text(start) in DRESSING:
        start += 1
    while start < end and words.get_text(end - 1) in DRESSING | {"to", "for"}:
        end -= 1
    return start, end


def is_text(words: Words, start: int, end: int) -> bool:
    """Return whether the words are a sentence for the customer."""
    part = words.words[start:end]
    return any(word.text.casefold() in SENTENCE_WORDS for word in part) or any(
        word.ends for word in part[:-1]
    )


def quote(text: str, max_length: int = MAX_QUOTED_LENGTH) -> Markup:
    return markup("“", shorten(text, max_length), "”")


def shorten(text: str, max_length: int = MAX_QUOTED_LENGTH) -> str:
    return sanitize_line(text, max_length)


def read_oneself(words: Words, to: int) -> str:
    """Read ``to me`` and ``to my number``."""
    for own in _OWN:
        end = to + 1 + len(own)
        if own == tuple(
            words.get_text(place) for place in range(to + 1, min(end, len(words.words)))
        ):
            words.take(to, end)
            return ME
    return ""
