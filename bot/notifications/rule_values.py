"""The meaning of a rule's filter values: numbers, templates, countries, records. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.chakra.models import PhoneNumber
from bot.errors import UsageError
from bot.notifications.rule import EventGroup, Grouping
from bot.notifications.rule_words import CATEGORY_WORDS
from bot.slack.blocks import clip
from bot.slack.commands.tokens import Token
from bot.slack.commands.unused_words import MAX_WORD_LENGTH
from bot.slack.members import UserGroup
from bot.text.countries import find_country
from bot.text.normalize import normalize
from bot.text.similarity import find_similar

EXAMPLE = '/chakra notify add message country:India words:"refund" thread'
RECORD_PATTERN = re.compile(r"([A-Za-z][\w-]*)\.([\w -]+?)\s*[=:]\s*(.+)", re.DOTALL)
MIN_SUGGESTION_SIMILARITY = 50.0


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The possible meanings of names in a line. ``member`` types it, in ``time_zone``.

    ``groups`` are the user groups that the form offers.
    """

    senders: tuple[PhoneNumber, ...] = ()
    templates: tuple[str, ...] = ()
    member: str = ""
    time_zone: str = "UTC"
    groups: tuple[UserGroup, ...] = ()


def resolve_filter(target: str, value: str, known: KnownNames) -> str:
    """Return a filter's stored value for a typed one. Raise ``UsageError`` if it doesn't exist."""
    if target == "words":
        return " ".join(value.split())
    if target == "records" and (record := read_record(value)):
        return record
    if target == "countries" and (country := find_country(value)):
        return country
    if target == "categories" and (category := _find_category(value)):
        return category
    if target == "senders" and (sender := find_sender(value, known.senders)):
        return sender.id
    if target == "templates" and (template := find_template(value, known)):
        return template
    if target == "members" and fold(value).removeprefix("@") in {"me", "myself"}:
        return known.member
    raise UsageError(_describe_unknown(target, value, known), example=EXAMPLE)


def find_sender(typed: str, senders: Sequence[PhoneNumber]) -> PhoneNumber | None:
    """Return our number that was typed as a number, a name or an ID."""
    digits = re.sub(r"\D", "", typed)
    is_number = len(digits) >= 7 and not re.search(r"[^\W\d_]", typed)
    for sender in senders:
        own = re.sub(r"\D", "", sender.display_phone_number)
        if typed == sender.id or (is_number and own and own.endswith(digits.lstrip("0"))):
            return sender
    named = [item for item in senders if fold(item.name) == fold(typed)]
    return named[0] if len(named) == 1 else None


def _find_category(typed: str) -> str:
    """Return Meta's name of a category; "service" is one of pricing only, not of templates."""
    text = fold(typed)
    return "SERVICE" if text == "service" else CATEGORY_WORDS.get(text, "")


def find_template(typed: str, known: KnownNames) -> str:
    """Return the name of the template that matches exactly; "" if there is none."""
    name = "_".join(typed.strip().lower().split())
    return name if name in known.templates else ""


def _describe_unknown(target: str, value: str, known: KnownNames) -> str:
    typed = clip(value, MAX_WORD_LENGTH)
    noun, choices = {
        "senders": ("number of yours", [sender.name for sender in known.senders]),
        "templates": ("template", list(known.templates)),
        "categories": ("category", ["marketing", "utility", "authentication", "service"]),
        "countries": ("country", []),
        "events": ("event", [str(group) for group in EventGroup]),
        "grouping": ("way to group", [str(item) for item in Grouping]),
        "except": ("event", [str(group) for group in EventGroup]),
    }.get(target, ("", []))
    if target in {"members", "mentions"}:
        return f'Who is "{typed}"? Pick the person or group with an @ and their name.'
    if target == "records":
        return f'I don\'t know "{typed}". Write a field of a record like lead.city=Pune.'
    if target in {"quiet", "at", "mode"}:
        examples = {"quiet": "quiet:22:00-07:00", "at": "at:09:30", "mode": "mode:reply"}
        return f'I don\'t understand "{typed}". Write it like {examples[target]}.'
    if target in {"senders", "templates"} and not choices:
        what = "numbers" if target == "senders" else "templates"
        return f'Chakra lists no {what} right now, so I can\'t check "{typed}". Try again soon.'
    near = [
        found.word
        for found in find_similar(
            fold(value), choices, min_score=MIN_SUGGESTION_SIMILARITY, limit=3
        )
    ]
    listed = near or choices[:10]
    hint = f" Choose from: {', '.join(listed)}." if listed else ""
    return f'There\'s no {noun} "{typed}".{hint}'


def read_record(value: str) -> str:
    """Return ``lead`` or ``lead.city=Pune`` for what was typed; "" if it is neither."""
    found = RECORD_PATTERN.fullmatch(value)
    if found:
        kind, attribute, wanted = found.groups()
        wanted = wanted.strip().strip('"“”')
        return f"{kind.lower()}.{attribute.strip().lower()}={wanted}" if wanted else ""
    return value.lower() if re.fullmatch(r"[A-Za-z][\w-]*", value) else ""


def join_values(values: Sequence[str]) -> str:
    """Return the values as an editable list; one with a comma or quotes is quoted."""
    return ", ".join(
        '"{}"'.format(value.replace('"', '""')) if re.search(r'[,;\n"“”]', value) else value
        for value in values
    )


def split_values(typed: str) -> list[str]:
    """Return the values of a list, without their quotes."""
    values = []
    for part in map(str.strip, _LIST_VALUE.findall(typed)):
        quoted = _QUOTED_VALUE.fullmatch(part)
        values.append((quoted[1] or quoted[2] or "").replace('""', '"') if quoted else part)
    return list(filter(None, values))


_LIST_VALUE = re.compile(r'(?:(?<![^\s,;=:])"(?:[^"]|"")*"|“[^“”]*”|[^,;\n])+')
_QUOTED_VALUE = re.compile(r'"((?:[^"]|"")*)"|“([^“”]*)”')
_COMMA_LIST = re.compile(r"[^\W\d_]+(?:,[^\W\d_]+)+")


def join_quoted(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens, with ``lead.city="New`` and ``Delhi"`` as one."""
    open_words: list[str] = []
    for token in tokens:
        quotes = 0 if token.quoted else len(re.findall('["“”]', token.text))
        if open_words:
            open_words.append(token.text)
            if quotes % 2:
                yield Token(" ".join(open_words))
                open_words = []
        elif quotes % 2 and re.search(r'[=:]["“]', token.text):
            open_words = [token.text]
        else:
            yield from _split_commas(token)
    yield from map(Token, open_words)


def _split_commas(token: Token) -> Iterator[Token]:
    """Yield the words of ``message,failed``; a word that contains an operator stays whole."""
    if type(token) is not Token or token.quoted or not _COMMA_LIST.fullmatch(token.text):
        yield token
        return
    yield from map(Token, token.text.split(","))


def fold(text: str) -> str:
    """Return a text for comparison with the words of rules."""
    return " ".join(normalize(text).split()).strip(",.!?;")
