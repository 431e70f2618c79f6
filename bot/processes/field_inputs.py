"""The inputs of a record's form: how each shows the stored value, and what it would store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, Final

from bot.chakra.fields import move_to_zone, to_datetime
from bot.errors import UsageError
from bot.processes.query_schema import read_value
from bot.processes.record_query import QueryField, ValueType
from bot.processes.search import RecordType
from bot.slack import blocks
from bot.slack.choice_fields import multi_select_field
from bot.slack.commands.reply import Block, Choice
from bot.slack.commands.tokens import Token
from bot.text.phones import PhoneParser

MAX_TEXT_LENGTH: Final = 3_000
"""Characters that Slack allows in an input."""
MAX_CHOICES: Final = 99
"""Slack allows 100 options; one of them is "none"."""
MAX_LINE_LENGTH: Final = 120
NOT_SET: Final = "-not-set-"
YES, NO = "true", "false"
MILLISECONDS: Final = 1_000
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_CANNOT_EMPTY: Final = "Enter a value. How Chakra empties this field isn't documented."


def is_editable(known: QueryField, stored: Any) -> bool:
    """Return whether a form can change the value without losing a part of it."""
    if known.is_object or isinstance(stored, Mapping):
        return False
    if isinstance(stored, list):
        return all(isinstance(item, str | int | float) for item in stored)
    return not isinstance(stored, str) or len(stored) <= MAX_TEXT_LENGTH


def infer_field(name: str, stored: Any) -> QueryField:
    """Return the field of a value that the configuration doesn't know."""
    if isinstance(stored, bool):
        return QueryField(name, name, ValueType.BOOLEAN)
    if isinstance(stored, int | float):
        return QueryField(name, name, ValueType.NUMBER)
    return QueryField(name, name, is_multiple=isinstance(stored, list))


def format_input_text(known: QueryField, stored: Any, zone: tzinfo) -> str:
    """Return the stored value as its input shows it, "" for none; times are in ``zone``."""
    if stored is None:
        return ""
    if isinstance(stored, list):
        separator = "," if _is_menu(known) else "\n"
        return separator.join(format_input_text(known, item, zone) for item in stored)
    if isinstance(stored, bool):
        return YES if stored else NO
    if known.type is ValueType.TIME and (moment := to_datetime(stored)):
        return f"{move_to_zone(moment, zone):%Y-%m-%d %H:%M}"
    if known.type is ValueType.DATE and isinstance(stored, int) and (moment := to_datetime(stored)):
        return f"{move_to_zone(moment, zone):%Y-%m-%d}"
    return str(stored)


def display_text(known: QueryField, text: str) -> str:
    """Return an input's text for display."""
    if known.type is ValueType.BOOLEAN:
        return {YES: "Yes", NO: "No"}.get(text, text)
    if known.is_multiple:
        text = ", ".join(_split(known, text))
    labels = {value: label for label, value in known.synonyms}
    return labels.get(text, text)


def render_field(known: QueryField, stored: Any, zone: tzinfo, block_id: str) -> Block:
    """Return the input: a menu if the configuration has choices, else a text field."""
    text = format_input_text(known, stored, zone)
    action = f"process.{block_id}"[:255]
    if known.type is ValueType.BOOLEAN:
        choices = [Choice("Yes", YES), Choice("No", NO)]
        return _render_menu(known, choices, text, block_id, action)
    if _is_menu(known):
        labels = {value: label for label, value in known.synonyms}
        choices = [Choice(labels.get(value, value), value) for value in known.choices]
        if not known.is_multiple:
            return _render_menu(known, choices, text, block_id, action)
        stored_values = _split(known, text)
        choices += [Choice(item, item) for item in stored_values if item not in known.choices]
        return multi_select_field(
            block_id,
            known.label,
            choices,
            action=action,
            placeholder="Choose",
            initial=stored_values,
        )
    is_long = known.is_multiple or "\n" in text or len(text) > MAX_LINE_LENGTH
    return blocks.text_field(
        block_id,
        known.label,
        action=action,
        initial=text,
        hint=describe_format(known),
        optional=True,
        multiline=is_long,
        max_length=MAX_TEXT_LENGTH,
    )


def read_input(
    known: QueryField,
    record_type: RecordType,
    entered: str,
    phones: PhoneParser,
    zone: tzinfo,
    stored: Any = None,
) -> Any:
    """Return the entered value as Chakra stores it, in the form of ``stored``.

    Raise ``UsageError``.
    """
    entered = "" if entered == NOT_SET else entered.strip()
    if not entered:
        if known.type is ValueType.TEXT and not (
            record_type.is_phone(known) or known.is_multiple or known.choices
        ):
            return ""
        raise UsageError(_CANNOT_EMPTY)
    if known.is_multiple:
        return [_read_one(known, item) for item in _split(known, entered)]
    if record_type.is_phone(known):
        candidates = phones.list_candidates(entered)
        if not candidates:
            raise UsageError("That's not a phone number. Write it as +91 98765 43210.")
        return candidates[0]
    if known.type is ValueType.TIME:
        return _read_time(entered, zone, stored)
    if known.type is ValueType.DATE:
        return _read_date(entered, zone, stored)
    return _read_one(known, entered)


def _read_one(known: QueryField, entered: str) -> Any:
    if known.type in (ValueType.NUMBER, ValueType.BOOLEAN) or known.choices:
        return read_value(known, Token(entered))
    return entered


def _read_date(entered: str, zone: tzinfo, stored: Any) -> str | int:
    try:
        day = datetime.strptime(entered, "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError:
        raise UsageError("Write the day as 2026-05-31.") from None
    if not _DATE.fullmatch(entered):
        raise UsageError("Write the day as 2026-05-31.")
    return _as_milliseconds(day) if _is_number(stored) else entered


def _read_time(entered: str, zone: tzinfo, stored: Any) -> str | int:
    try:
        moment = datetime.fromisoformat(entered)
    except ValueError:
        raise UsageError("Write the time as 2026-05-31 09:30.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return _as_milliseconds(moment) if _is_number(stored) else moment.isoformat()


def _as_milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * MILLISECONDS)


def _is_number(stored: Any) -> bool:
    return isinstance(stored, int | float) and not isinstance(stored, bool)


def _is_menu(known: QueryField) -> bool:
    is_short = 0 < len(known.choices) <= MAX_CHOICES
    return is_short and not (known.is_multiple and any("," in item for item in known.choices))


def _split(known: QueryField, text: str) -> list[str]:
    separator = "," if _is_menu(known) else "\n"
    return list(dict.fromkeys(part.strip() for part in text.split(separator) if part.strip()))


def _render_menu(
    known: QueryField, choices: list[Choice], text: str, block_id: str, action: str
) -> Block:
    """Return a menu; a stored value that isn't among the choices is an option too."""
    if not text:
        choices = [Choice("Not set", NOT_SET), *choices]
    elif text not in {choice.value for choice in choices}:
        choices = [Choice(text, text), *choices]
    return blocks.select_field(
        block_id,
        known.label,
        action=action,
        placeholder="Choose",
        choices=choices,
        initial=text or NOT_SET,
    )


def describe_format(known: QueryField) -> str:
    """Return how a field's values are written, "" for any text."""
    if known.is_multiple:
        return "One on each line."
    if known.choices:
        return f"One of {len(known.choices):,} values, such as {known.choices[0]}."
    return {
        ValueType.NUMBER: "A number.",
        ValueType.DATE: "A day, as 2026-05-31.",
        ValueType.TIME: "A time in your time zone, as 2026-05-31 09:30.",
    }.get(known.type, "")
