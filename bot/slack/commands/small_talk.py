"""Whether a line is a greeting, or thanks, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_GREETINGS: Final = frozenset({"hi", "hello", "hey", "hiya", "hallo", "hola", "yo", "howdy",
    "good morning", "good afternoon", "good evening", "good night", "good day", "thanks", "thank",
    "thx", "ty", "cheers", "bye", "goodbye", "test", "ping", "ok", "okay", "danke", "vielen dank",
    "guten morgen", "guten tag", "gracias", "muchas gracias", "buenos días", "buenos dias",
    "buenas tardes", "merci", "bonjour", "namaste", "namaskar", "ciao", "shukriya", "dhanyavad",
    "yes", "no", "yeah", "yep", "nope", "cool", "nice", "great", "perfect", "kaise ho", "how are",
    "what's up", "how far", "salaam", "salam", "obrigado", "obrigada"})  # fmt: skip
_AROUND: Final = frozenset({"a", "lot", "ton", "bunch", "million", "so", "very", "much", "many",
    "you", "u", "there", "all", "team", "everyone", "everybody", "guys", "folks", "bot", "chakra",
    "again", "for", "that", "this", "the", "help", "your", "today", "doing", "sir", "madam", "ji",
    "bhai", "boss", "oga", "friend", "mate", "dear", "and", "to", "is", "it", "now"})  # fmt: skip
"""Words that a greeting may have beside it: they mean nothing more."""


def is_small_talk(words: Sequence[str]) -> bool:
    """Return whether the words, in lower case, are greetings: ``ok thanks a ton``."""
    place, is_greeting = 0, False
    while place < len(words):
        pair, word = " ".join(words[place : place + 2]), words[place]
        if pair in _GREETINGS or word in _GREETINGS:
            is_greeting = True
        elif not is_greeting or word not in _AROUND:
            return False
        place += 2 if pair in _GREETINGS else 1
    return is_greeting
