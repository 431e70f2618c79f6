"""Read a typed line about a new lead: ``lead Mei Tanaka +81 90 1234 5678 city:Osaka``. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.processes.lead_fields import EMAIL_WORDS, NAME_WORDS, PHONE_WORDS, LeadDraft, LeadFields
from bot.processes.query import is_key
from bot.processes.query_schema import find_nearest, fold
from bot.processes.record_query import ME, QueryField
from bot.processes.search import STATUS_SYNONYMS, STATUSES
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.tokens import Link, Mention, Token
from bot.text.phones import PhoneParser, is_phone_like

CREATE_WORDS: Final = frozenset({"create", "new", "add", "make", "register", "save"})
MIN_PHONE_DIGITS: Final = 7
MAX_PHONE_DIGITS: Final = 15
MAX_PHONE_WORDS: Final = 7
MAX_NAME_WORDS: Final = 6
_NAMED: Final = re.compile(r"([^\W\d][\w.-]*)[:=](?!//)(.*)", re.DOTALL)
_USER_ID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{10,}")
"""A business-scoped user ID of Meta."""
_EMAIL: Final = re.compile(r"[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>()]+")
_ASSIGNEE_WORDS: Final = frozenset(("assigned", "assignee", "assignedto", "owner", "agent"))
_QUERY_WORDS: Final = frozenset(("state", "stage", "created", "createdat", *_ASSIGNEE_WORDS))
_CONTACT_NAMES: Final = EMAIL_WORDS | PHONE_WORDS
_FILLERS: Final = frozenset(
    ("a", "an", "the", "lead", "leads", "for", "with", "called", "named", "number", "phone",
     "email", "mobile", "please", "pls", "of", "to", "and", "from", "in", "is", "or", "whatsapp",
     ",", "-", "–", "|", "/", ":", "my", "his", "her", "new", "whose", "as")
)  # fmt: skip


def is_new_lead(arguments: Arguments) -> bool:
    """Return whether a line after "lead" is about one to create, not one to find.

    It is if it says so, has ``name:``, or has a number or an address next to a name.
    """
    tokens = [token for token in arguments.tokens if token.text.strip()]
    if not tokens:
        return True
    words = [_fold_token(token) for token in tokens]
    if words[0] in CREATE_WORDS:
        return True
    if "or" in words:
        return False
    names = [fold(found[1]) for word in words if (found := _NAMED.fullmatch(word))]
    if _has_name_and_contact(tokens, words, names):
        return True
    is_named = any(name in NAME_WORDS or name in ("firstname", "lastname") for name in names)
    return is_named and not any(name in _QUERY_WORDS for name in names)


def is_lead_query(arguments: Arguments) -> bool:
    """Return whether a line after "lead" is about one to find."""
    return not is_new_lead(arguments)


def _has_name_and_contact(
    tokens: Sequence[Token], words: Sequence[str], names: Sequence[str]
) -> bool:
    has_contact = any(name in _CONTACT_NAMES for name in names)
    rest: list[str] = []
    place = 0
    while place < len(tokens):
        length = _count_phone_words(tokens, place)
        if length or _EMAIL.search(words[place]):
            has_contact = True
        elif words[place] not in _FILLERS and not is_key(tokens[place].text):
            rest.append(words[place] or tokens[place].text)
        place += length or 1
    return has_contact and any(
        re.search(r"[^\W\d]", word) for word in rest if not _NAMED.fullmatch(word)
    )


def read_lead_line(tokens: Sequence[Token], fields: LeadFields, parser: PhoneParser) -> LeadDraft:
    """Return the lead that a line describes; anything not understood is in its notes."""
    return _LeadLineReader(tokens, fields, parser).read()


class _LeadLineReader:
    def __init__(self, tokens: Sequence[Token], fields: LeadFields, parser: PhoneParser) -> None:
        self._tokens = [token for token in tokens if token.text.strip()]
        self._fields = fields
        self._parser = parser
        self._values: dict[str, str] = {}
        self._notes: list[str] = []
        self._names: list[str] = []
        self._name_end = 0
        """How many of the words stand before the first number or address."""
        self._state = self._status = self._assignee = ""

    def read(self) -> LeadDraft:
        place = 0
        if self._tokens and self._tokens[0].text.strip(",;.!?:") in CREATE_WORDS:
            place = 1
        while place < len(self._tokens):
            place += self._take(place)
        self._set_name()
        return LeadDraft(
            self._values, self._state, self._status, self._assignee, tuple(self._notes)
        )

    def _take(self, place: int) -> int:
        """Read what is at a position; return how many words it has."""
        token = self._tokens[place]
        if isinstance(token, Mention):
            self._set_assignee(token)
            return 1
        named = _NAMED.fullmatch(token.text) if not token.quoted else None
        if named is not None:
            return self._take_named(self._extend_name(named[1]), named[2], place)
        plain = _fold_token(token)
        following = self._tokens[place + 1] if place + 1 < len(self._tokens) else None
        if plain in ("assigned", "assign") and following and _fold_token(following) == "to":
            length = 3 if place + 2 < len(self._tokens) else 2
            if length == 3:
                self._set_assignee(self._tokens[place + 2])
            return length
        if plain in ("for", "to") and isinstance(following, Mention):
            return 1
        if length := _count_phone_words(self._tokens, place, self._parser):
            text = " ".join(word.text for word in self._tokens[place : place + length])
            self._set(self._fields.phone, text.strip(",;"), "phone number")
            self._name_end = self._name_end or len(self._names)
            return length
        if not token.quoted and (email := _EMAIL.search(token.text)):
            self._set(self._fields.email, email[0].strip(".,;:"), "email address")
            self._name_end = self._name_end or len(self._names)
            return 1
        if _USER_ID.fullmatch(token.text):
            self._notes.append(f'"{token.text}" is a WhatsApp ID, not a number, so it is left out.')
            return 1
        if "://" in token.text or (isinstance(token, Link) and "://" in token.url):
            self._notes.append(f'This is left out: "{token.text}".')
            return 1
        self._names.append(token.text.strip(",;") if not token.quoted else token.text)
        return 1

    def _extend_name(self, name: str) -> str:
        """Return the name of a field with the word before it: "full name", "phone number"."""
        longer = f"{self._names[-1]} {name}" if self._names else name
        if self._names and self._fields.find(longer) is not None:
            self._names.pop()
            return longer
        return name

    def _take_named(self, name: str, beginning: str, place: int) -> int:
        """Read ``city:New Delhi``: the value ends at the next name, number or address."""
        words = [beginning] if beginning.strip('"“”') else []
        end = place + 1
        is_open = beginning.startswith(('"', "“")) and not beginning[1:].endswith(('"', "”"))
        while end < len(self._tokens):
            token = self._tokens[end]
            if is_open:
                words.append(token.text)
                end += 1
                is_open = not token.text.endswith(('"', "”"))
                continue
            if token.quoted:
                if words:
                    break
                words.append(token.text)
                end += 1
                break
            is_value = not isinstance(token, Mention) and not _NAMED.fullmatch(token.text)
            is_number = fold(name) in PHONE_WORDS
            if not is_value or (words and not is_number and self._is_contact(end)):
                if isinstance(token, Mention) and not words and fold(name) in _ASSIGNEE_WORDS:
                    self._set_assignee(token)
                    return end + 1 - place
                break
            if words and (words[0].startswith(('"', "“")) or beginning.endswith('"')):
                break
            words.append(token.text)
            end += 1
        if end < len(self._tokens) and isinstance(self._tokens[end], Mention):
            while len(words) > 1 and words[-1].casefold() in ("for", "to"):
                words.pop()
        self._set_named(name, " ".join(words).strip('"“” ').rstrip(",;"))
        return end - place

    def _is_contact(self, place: int) -> bool:
        token = self._tokens[place]
        return bool(
            _count_phone_words(self._tokens, place, self._parser) or _EMAIL.search(token.text)
        )

    def _set_named(self, name: str, value: str) -> None:
        folded = fold(name)
        known = self._fields.find(name)
        if not value:
            self._notes.append(f'"{name}" has no value.')
        elif folded in _ASSIGNEE_WORDS:
            self._set_assignee(Token(value))
        elif folded in ("state", "stage"):
            self._state = re.sub(r"[\s-]+", "_", value).upper() if value.islower() else value
        elif folded == "status":
            self._set_status(value)
        elif folded in NAME_WORDS and known is not None and known in (
            self._fields.name, self._fields.first_name
        ):  # fmt: skip
            for field, part in self._fields.split_name(value).items():
                self._set(
                    next(found for found in self._fields.fields if found.name == field),
                    part,
                    "name",
                )
        elif known is not None:
            self._set(known, value, known.label)
        else:
            self._name_unknown(name, value)

    def _name_unknown(self, name: str, value: str) -> None:
        by_word = {fold(known.label): known for known in self._fields.fields}
        near = find_nearest(fold(name), tuple(by_word))
        hint = f" Did you mean {by_word[near].label}?" if near else ""
        self._notes.append(f'There is no field "{name}", so this is left out: "{value}".{hint}')

    def _set_status(self, value: str) -> None:
        known = {**{status.casefold(): status for status in STATUSES}, **dict(STATUS_SYNONYMS)}
        self._status = known.get(value.casefold(), "")
        if not self._status:
            names = ", ".join(status.lower() for status in STATUSES)
            self._notes.append(f'There is no status "{value}". There are: {names}.')

    def _set_assignee(self, token: Token) -> None:
        if isinstance(token, Mention):
            self._assignee = f"<@{token.id}>"
        else:
            text = token.text.strip().removeprefix("@")
            self._assignee = ME if text.casefold() in ("me", "myself") else text

    def _set(self, known: QueryField | None, value: str, what: str) -> None:
        if known is None:
            self._notes.append(
                f'Leads have no field for the {what}, so this is left out: "{value}".'
            )
        elif known.name in self._values and self._values[known.name] != value:
            self._notes.append(f'A second {what} is left out: "{value}".')
        else:
            self._values[known.name] = value

    def _set_name(self) -> None:
        names, after = self._split_names()
        if after:
            self._notes.append(
                f'This is left out: "{" ".join(after)}". Write it with its field, such as city:….'
            )
        name, rest = " ".join(names), ""
        if len(names) > MAX_NAME_WORDS:
            name, rest = "", name
        given = self._fields.split_name(name) if name else {}
        taken = {field: value for field, value in given.items() if field not in self._values}
        self._values = {**taken, **self._values}
        if rest or (name and not taken):
            self._notes.append(f'This is left out: "{rest or name}".')

    def _split_names(self) -> tuple[list[str], list[str]]:
        """Return the words of the name, and those behind its number or address."""
        place = self._name_end or len(self._names)
        names, after = _strip(self._names[:place]), _strip(self._names[place:])
        return (names, after) if names else (after, [])


def _strip(words: Sequence[str]) -> list[str]:
    """Return the words of a name without signs, and without fillers around it.

    Capitals make a filler a part of the name: "The Oberoi", "New York Bakery".
    """
    kept = [word for word in words if any(map(str.isalnum, word))]
    while kept and kept[0] in _FILLERS:
        kept.pop(0)
    while kept and kept[-1] in _FILLERS:
        kept.pop()
    return kept


def _fold_token(token: Token) -> str:
    if token.quoted or isinstance(token, Mention):
        return ""
    return token.text.casefold().strip(",;.!?")


def _count_phone_words(
    tokens: Sequence[Token], place: int, parser: PhoneParser | None = None
) -> int:
    """Return how many words from here are one phone number, 0 if none are.

    With ``parser``, a valid number wins over a longer invalid one.
    """
    possible = [
        length
        for length in range(min(MAX_PHONE_WORDS, len(tokens) - place), 0, -1)
        if _is_number(tokens[place : place + length])
    ]
    for length in possible if parser else ():
        text = " ".join(token.text for token in tokens[place : place + length])
        if parser and parser.find(text.strip(",;")):
            return length
    return possible[0] if possible else 0


def _is_number(tokens: Sequence[Token]) -> bool:
    if any(isinstance(token, Mention) for token in tokens):
        return False
    if not all(any(map(str.isdecimal, end.text)) for end in (tokens[0], tokens[-1])):
        return False  # a dash before or after it
    text = " ".join(token.text for token in tokens).strip(",;")
    digits = sum(map(str.isdecimal, text))
    return MIN_PHONE_DIGITS <= digits <= MAX_PHONE_DIGITS and is_phone_like(text)
