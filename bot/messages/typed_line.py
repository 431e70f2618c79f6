"""A typed line as words with their quotation marks and commas, and the spans already used."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bot.messages.record_keys import parse_key, parse_process
from bot.text.phones import MIN_DIGITS, PhoneParser, is_phone_like
from bot.users.query import extract_emails

_CLAUSE_END = re.compile(r"[,;:!?.…]+$")
_TITLE = re.compile(r"(?:mr|mrs|ms|dr|prof|smt|shri|[^\W\d_])\.", re.IGNORECASE)
"""A title or an initial, after which a name continues."""
_COUNTED = 6
"""Words in the longest name that is searched for."""
_SENTENCE_WORDS_TEXT = """
    about and are as at be because been before but can could did do does for had has have he
    her here his how i if im is it its let may me my not of on or our out ready she
    should so some soon sorry thank thanks that their there they this today tomorrow was we
    were what when where will with would you your yours youre weve
"""
SENTENCE_WORDS = frozenset(_SENTENCE_WORDS_TEXT.split())
"""Words that don't begin a name: they belong to a text for the customer."""


@dataclass(frozen=True, slots=True)
class Word:
    """``run`` counts the values before it; ``ends`` if a comma or the like follows it."""

    text: str
    run: int = 0
    quoted: bool = False
    ends: bool = False

    @classmethod
    def read(cls, text: str, run: int, *, quoted: bool) -> Word:
        """Return the word without the comma after it."""
        if quoted or _TITLE.fullmatch(text):
            return cls(text, run, quoted)
        bare = _CLAUSE_END.sub("", text)
        return cls(bare or text, run, quoted, ends=bool(bare) and bare != text)


@dataclass(frozen=True, slots=True)
class TypedLine:
    """The words that aren't values, and the values by name; ``repeated`` names were given twice."""

    words: tuple[Word, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)
    repeated: Collection[str] = ()


class Words:
    """The words of a line, and which of them have been used."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = words
        self._taken = [False] * len(words)

    def take(self, start: int, end: int) -> str:
        """Mark the words as understood, and return them as one text."""
        self._taken[start:end] = [True] * (end - start)
        return " ".join(word.text for word in self.words[start:end])

    def is_free(self, place: int) -> bool:
        """Return whether there is a bare word that hasn't been used."""
        inside = 0 <= place < len(self.words)
        return inside and not self._taken[place] and not self.words[place].quoted

    def is_quoted(self, place: int) -> bool:
        return place < len(self.words) and self.words[place].quoted

    def has_letters(self, place: int) -> bool:
        """Return whether the word has a letter or a digit, and isn't just an emoji or a sign."""
        return any(map(str.isalnum, self.words[place].text))

    def list_free_places(self) -> list[int]:
        return [place for place in range(len(self.words)) if self.is_free(place)]

    def get_text(self, place: int) -> str:
        return self.words[place].text.casefold()

    def run_end(self, start: int) -> int:
        """Return where the bare words from ``start`` end: at a comma, a value, or a used word."""
        end = start
        while self.is_free(end) and self.words[end].run == self.words[start].run:
            end += 1
            if self.words[end - 1].ends:
                break
        return end

    def list_spans(self) -> list[tuple[int, int]]:
        """Return the uninterrupted spans of unused words; they may contain commas."""
        found: list[tuple[int, int]] = []
        for place in self.list_free_places():
            if found and found[-1][1] == place and self._is_same_run(place - 1, place):
                found[-1] = (found[-1][0], place + 1)
            else:
                found.append((place, place + 1))
        return found

    def list_parts(self, start: int, end: int, longest: int = _COUNTED) -> list[tuple[int, int]]:
        """Return the parts of a span, the longest first, then from left to right."""
        return [
            (first, first + length)
            for length in range(min(longest, end - start), 0, -1)
            for first in range(start, end - length + 1)
        ]

    def list_quoted_places(self) -> list[int]:
        return [
            place for place, word in enumerate(self.words) if word.quoted and not self._taken[place]
        ]

    def describe_unused(self, *, with_quoted: bool) -> str:
        """Return the unused words, in order, with … for those in between; or ""."""
        places = sorted(
            self.list_free_places() + (self.list_quoted_places() if with_quoted else [])
        )
        parts: list[str] = []
        for place, before in zip(places, [None, *places], strict=False):
            parts += ["…"] if before is not None and place != before + 1 else []
            parts.append(self.words[place].text)
        return " ".join(parts)

    def _is_same_run(self, first: int, second: int) -> bool:
        return self.words[first].run == self.words[second].run


def find_contact(words: Words, kinds: Collection[str]) -> tuple[int, int] | None:
    """Return the unused words that are a number, an email address or a record's key; or None."""
    for start, end in words.list_spans():
        for first, last in words.list_parts(start, end, longest=12):
            texts = [word.text for word in words.words[first:last]]
            if is_contact(texts, kinds):
                return first, first + _count_phone_words(texts)
        whole = " ".join(word.text for word in words.words[start:end])
        if end - start == 2 and parse_process(whole):
            return start, end
    return None


def _count_phone_words(texts: Sequence[str]) -> int:
    """Return how many words are the number: "+919876543210 123" is a number and a value."""
    if not is_phone_like(" ".join(texts)):
        return len(texts)
    parser = PhoneParser()
    lengths = range(len(texts), 0, -1)
    return next((end for end in lengths if parser.find(" ".join(texts[:end]))), len(texts))


def is_contact(texts: Sequence[str], kinds: Collection[str]) -> bool:
    """Return whether the words are a number, an address, or a key such as ``lead LEAD-4``."""
    whole = " ".join(texts)
    if is_phone_like(whole):
        return sum(map(str.isdecimal, whole)) >= MIN_DIGITS
    if len(texts) == 1:
        return extract_emails(whole) == (whole.casefold(),) or bool(parse_key(whole))
    first = texts[0].casefold().rstrip(":/#")
    rest = " ".join(texts[1:])
    return first in kinds and (bool(parse_process(whole)) or is_contact((rest,), ()))
