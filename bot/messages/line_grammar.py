"""What a typed ``/chakra send`` line means: template, recipient, language, sender, values. Pure.

Nothing that is typed is dropped: a word is part of a field, or a sentence mentions it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from phonenumbers import normalize_digits_only

from bot.chakra.models import PhoneNumber
from bot.chakra.text import sanitize_line
from bot.messages.form_values import PHONE, SENDER, TEMPLATE, TO
from bot.messages.line_reading import (
    DEFAULT_KINDS,
    DETAIL_WORDS,
    DRESSING,
    GREETINGS,
    LANGUAGE,
    Reading,
    is_text,
    quote,
    read_oneself,
    undress,
)
from bot.messages.line_template import (
    choose_nearest,
    find_exact,
    read_exact_template,
    read_inexact_template,
)
from bot.messages.line_unused import name_unused_words
from bot.messages.record_keys import parse_key
from bot.messages.typed_line import SENTENCE_WORDS, TypedLine, Words, find_contact
from bot.slack.blocks import Markup, markup
from bot.templates import vocabulary
from bot.templates.catalog import TemplateIndex
from bot.templates.languages import find_languages
from bot.text.normalize import tokenize
from bot.text.phones import is_phone_like
from bot.users.query import is_id

MAX_SENDERS_LENGTH = 300
MAX_NAME_WORDS = 4
"""Words of a person's name, if no one with that name is known."""
MAX_KNOWN_NAME_WORDS = 12
MAX_CODE_LENGTH = 2
"""Letters of a code such as ``hi``, which only means a language if the template has it."""
_NO_SURNAMES = frozenset({"share", "asap", "urgent", "urgently", "again", "tonight", "daily", "ko",
    "bhejo", "bhej", "karo", "first", "later", "instead", "also", "too", "directly"})  # fmt: skip
"""Words after a name that are none."""
_STOPS = frozenset({"to", "in", "from", "with", "using", "template", "saying", "via", "language"})
"""Words that end a name after ``to`` or ``from``."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a line means.

    ``name`` is the template's, "" if no name matches exactly or nearly; ``typed_template`` are the
    words that match none. ``is_guess`` if a word is the recipient only because nothing else fits.
    ``quoted`` are the values without a name, in order. ``notes`` are sentences about what was not
    understood, or not typed exactly.
    """

    name: str = ""
    typed_template: str = ""
    to: str = ""
    is_guess: bool = False
    language: str = ""
    sender: str = ""
    quoted: tuple[str, ...] = ()
    notes: tuple[Markup, ...] = ()


def understand(
    line: TypedLine,
    index: TemplateIndex | None,
    senders: Sequence[PhoneNumber] = (),
    *,
    kinds: Collection[str] = DEFAULT_KINDS,
    is_person: Callable[[str], bool] = lambda _: False,
) -> Understanding:
    """Return what the words of a line mean; ``index`` is None while the templates load.

    ``kinds`` are the short IDs of record types; ``is_person`` tells whether a colleague has exactly
    this name. Values by name are read by `bot.messages.line_values`.
    """
    reading = Reading(Words(line.words), line, index, senders, kinds, is_person)
    _read_named(reading)
    read_exact_template(reading)
    _read_language(reading)
    _read_sender(reading)
    _read_recipient(reading)
    read_inexact_template(reading)
    _read_guessed_recipient(reading)
    quoted = _read_quoted(reading)
    name_unused_words(reading)
    return Understanding(
        name=reading.name,
        typed_template=reading.typed_template,
        to=reading.to,
        is_guess=reading.is_guess,
        language=reading.language,
        sender=reading.sender,
        quoted=quoted,
        notes=tuple(reading.notes),
    )


# --- fields by name ------------------------------------------------------------------------------


def _read_named(reading: Reading) -> None:
    """Read ``to=``, ``language=``, ``from=`` and ``template=``."""
    named = reading.line.named
    reading.to = named.get(TO) or named.get(PHONE, "")
    if {TO, PHONE} <= named.keys() and named[TO] != named[PHONE]:
        reading.notes.append(markup("There are two recipients. Not used: ", quote(named[PHONE])))
    reading.language = named.get(LANGUAGE, "")
    reading.sender = _choose_sender(reading, named.get(SENDER, ""))
    if typed := named.get(TEMPLATE, ""):
        reading.name = find_exact(reading.index, typed.split())
        if not reading.name:
            choose_nearest(reading, typed)


# --- language and sender -------------------------------------------------------------------------


def _read_language(reading: Reading) -> None:
    """Read ``in Spanish``, or the language alone if the template has it."""
    words = reading.words
    codes = {*vocabulary.LANGUAGES, *_list_codes(reading)}
    for place in words.list_free_places():
        if words.get_text(place) not in ("in", LANGUAGE) or reading.language:
            continue
        for length in (3, 2, 1):
            end = place + 1 + length
            if words.run_end(place) < end:
                continue
            typed = " ".join(word.text for word in words.words[place + 1 : end])
            known = codes if len(typed) > MAX_CODE_LENGTH else _list_codes(reading)
            if find_languages(typed, known):
                words.take(place, end)
                reading.language = typed
                break
    if reading.name and not reading.language:
        for place in words.list_free_places():
            typed = words.words[place].text
            is_name = len(typed) > MAX_CODE_LENGTH + 1 or "_" in typed
            if is_name and find_languages(typed, _list_codes(reading)):
                reading.language = words.take(place, place + 1)
                return


def _list_codes(reading: Reading) -> list[str]:
    family = reading.index.by_name.get(reading.name, ()) if reading.index else ()
    return [template.language for template in family]


def _read_sender(reading: Reading) -> None:
    words = reading.words
    for place in words.list_free_places():
        end = words.run_end(place)
        if words.get_text(place) != "from" or reading.sender:
            continue
        if words.is_quoted(place + 1):
            reading.sender = find_sender(reading.senders, words.words[place + 1].text)
            words.take(place, place + 2 if reading.sender else place)
        if place + 1 >= end:
            continue
        stop = next((at for at in range(place + 1, end) if words.get_text(at) in _STOPS), end)
        for last in range(stop, place + 1, -1):
            typed = " ".join(word.text for word in words.words[place + 1 : last])
            if find_sender(reading.senders, typed):
                words.take(place, last)
                reading.sender = find_sender(reading.senders, typed)
                break
        else:
            if place + 1 < stop and not is_text(words, place + 1, stop):
                typed = words.take(place, stop).partition(" ")[2]
                reading.sender = _choose_sender(reading, typed)


def _choose_sender(reading: Reading, typed: str) -> str:
    """Return the sender's ID; "" with a sentence if there is no such sender."""
    if not typed:
        return ""
    found = find_sender(reading.senders, typed)
    if not found:
        known = ", ".join(
            f"{sender.name} ({sender.display_phone_number})" for sender in reading.senders
        )
        known = f" Choose one: {sanitize_line(known, MAX_SENDERS_LENGTH)}." if known else ""
        reading.notes.append(markup(quote(typed), f" isn't a number you can send from.{known}"))
    return found


def find_sender(senders: Sequence[PhoneNumber], typed: str) -> str:
    """Return Meta's ID of the number that was typed as its ID, its name or the number; or ""."""
    digits = normalize_digits_only(typed) if is_phone_like(typed) else ""
    wanted = tokenize(typed)
    for sender in senders:
        number = normalize_digits_only(sender.display_phone_number)
        is_named = bool(wanted) and wanted == tokenize(sender.name)
        if typed == sender.id or is_named or (digits and digits in (number, sender.id)):
            return sender.id
    having = [
        sender.id for sender in senders if wanted and set(wanted) <= set(tokenize(sender.name))
    ]
    return having[0] if len(having) == 1 else ""


# --- recipient -----------------------------------------------------------------------------------


def _read_recipient(reading: Reading) -> None:
    """Read ``to …``, else a number, an address or a key, else the name of a colleague."""
    words = reading.words
    if reading.to:
        return
    contact = find_contact(words, reading.kinds)
    to = next((place for place in words.list_free_places() if words.get_text(place) == "to"), None)
    if to is not None and not (contact and contact[1] <= to):
        reading.to = read_oneself(words, to) or _read_after_to(reading, to, contact)
        if reading.to:
            return
    if contact:
        known = _read_known_person(reading) if _is_value_like(reading, contact) else ""
        reading.to = known or words.take(*contact)
        return
    reading.to = _read_known_person(reading) or _read_kind(reading)


def _is_value_like(reading: Reading, contact: tuple[int, int]) -> bool:
    """Return whether it may be an order number as well as a record's key: ``ORD-1``."""
    start, end = contact
    text = reading.words.get_text(start)
    is_key = end == start + 1 and bool(parse_key(text)) and not is_id(text)
    return is_key and re.split(r"[-_/]", text)[0] not in reading.kinds


def _knows_person(reading: Reading, start: int, end: int) -> bool:
    return reading.is_person(" ".join(word.text for word in reading.words.words[start:end]))


def _read_known_person(reading: Reading) -> str:
    """Read the longest words that are a colleague's name."""
    words = reading.words
    for start, end in words.list_spans():
        for first, last in words.list_parts(start, end, longest=MAX_KNOWN_NAME_WORDS):
            name = " ".join(word.text for word in words.words[first:last])
            is_worded = words.has_letters(first) and words.has_letters(last - 1)
            if name.casefold() in SENTENCE_WORDS | DRESSING or not is_worded:
                continue
            if reading.is_person(name):
                return words.take(first, last)
    return ""


def _read_kind(reading: Reading) -> str:
    """Read ``lead Aarav Mehta``."""
    words = reading.words
    for start, end in words.list_spans():
        kind = next(
            (at for at in range(start, end - 1) if words.get_text(at) in reading.kinds), None
        )
        if kind is not None:
            length = _count_name_words(words, kind + 1, words.run_end(kind + 1), reading)
            if length:
                return words.take(kind, kind + 1 + length)
    return ""


def _read_after_to(reading: Reading, to: int, contact: tuple[int, int] | None) -> str:
    words = reading.words
    following = to + 1
    if following < len(words.words) and words.words[following].quoted:
        words.take(to, following)
        return words.take(following, following + 1)
    end = words.run_end(following) if words.is_free(following) else following
    end = next((at for at in range(following, end) if words.get_text(at) in _STOPS), end)
    while following < end and words.get_text(following) in ("the", "my", "our"):
        following += 1
    is_weak = contact is not None and _is_value_like(reading, contact)
    if contact and following <= contact[0] < end:
        if is_weak and _knows_person(reading, following, contact[0]):
            words.take(to, following)
            return words.take(following, contact[0])
        words.take(to, following)
        return words.take(*contact)
    if contact and not is_weak:
        return ""
    is_kind = words.is_free(following) and words.get_text(following) in reading.kinds
    first = following + 1 if is_kind and following + 1 < end else following
    if is_kind and words.is_quoted(following + 1):
        words.take(to, following)
        return words.take(following, following + 2)
    if following < end and words.words[following].text[:1].isupper():
        length = _count_name_words(words, following + 1, end, reading) + 1
        if words.get_text(following) in SENTENCE_WORDS:
            words.take(to, following)
            return words.take(following, min(following + length, end))
    length = _count_name_words(words, first, end, reading)
    if not length:
        return ""
    length += _count_surname_words(words, first + length, end)
    words.take(to, following)
    return words.take(following, first + length)


def _count_surname_words(words: Words, start: int, end: int) -> int:
    """Return 1 if one word more belongs to the name: "John Smith" is not the colleague John."""
    is_last = end - start == 1 and not words.words[start - 1].ends
    text = words.get_text(start) if is_last else ""
    return int(
        text.isalpha() and text not in SENTENCE_WORDS | DRESSING | DETAIL_WORDS | _NO_SURNAMES
    )


def _count_name_words(words: Words, start: int, end: int, reading: Reading) -> int:
    """Return how many words from ``start`` are a name: a known one, else those before a text."""
    for last in range(end, start, -1):
        if reading.is_person(" ".join(word.text for word in words.words[start:last])):
            return last - start
    stop = next((at for at in range(start, end) if words.get_text(at) in SENTENCE_WORDS), end)
    length = stop - start
    return length if 0 < length <= MAX_NAME_WORDS else 0


def _read_guessed_recipient(reading: Reading) -> None:
    """Read a name after a greeting or before a text, or words without another meaning."""
    words = reading.words
    spans = words.list_spans()
    if reading.to or (reading.typed_template and not reading.name) or not spans:
        return
    start, _ = undress(words, *spans[0])
    if words.is_free(start) and words.get_text(start) in GREETINGS and not words.words[start].ends:
        start += 1
    if words.is_free(start) and words.get_text(start) == "to":
        start += 1
    if not words.is_free(start) or not words.has_letters(start):
        return
    length = _count_name_words(words, start, words.run_end(start), reading)
    text_follows = words.is_free(start + length)
    if not length or (text_follows and length > 2):
        return
    reading.to = words.take(start, start + length)
    reading.is_guess = True


# --- the rest ------------------------------------------------------------------------------------


def _read_quoted(reading: Reading) -> tuple[str, ...]:
    """Return the quoted words, which are values; without a place for them, one is a recipient."""
    words = reading.words
    places = words.list_quoted_places()
    family = reading.index.by_name.get(reading.name, ()) if reading.index else ()
    takes_values = not reading.name or any(template.variables for template in family)
    if places and not reading.to and not takes_values:
        reading.to, reading.is_guess = words.take(places[0], places[0] + 1), True
        places = places[1:]
    return tuple(words.take(place, place + 1) for place in places)
