"""The words of a typed line as a form: the template, the recipient, the values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from phonenumbers import normalize_digits_only

from bot.chakra.models import PhoneNumber
from bot.chakra.template import Template
from bot.chakra.text import sanitize_line
from bot.errors import NotFound, UsageError
from bot.messages.form_values import PHONE, SENDER, TEMPLATE, TO, SendForm
from bot.messages.recipients import MAX_RECIPIENT_LENGTH, parse_process
from bot.slack.commands.arguments import Arguments, parse_arguments
from bot.slack.commands.tokenizer import ANY_NAME, NUMBERED
from bot.templates.catalog import TemplateIndex
from bot.templates.send_blockers import send_blocker
from bot.templates.variables import FieldKind, match_field, template_fields, typed_names
from bot.text.phones import MIN_DIGITS, is_phone_like
from bot.users.query import extract_emails

EXAMPLE = "/chakra send order_update +91 98765 43210 1=John"
QUOTED_EXAMPLE = '/chakra send order_update +91 98765 43210 1="John Doe"'
FILE_NEEDS_FORM = "Files can only be chosen in the form. Leave it out here, or use a link."
LANGUAGE = "language"
_TEMPLATE_NAME = re.compile(r"(?=.*[a-z])[a-z0-9_]{1,512}")
RESERVED_NAMES = (TEMPLATE, PHONE, TO, SENDER, LANGUAGE)
"""Names before an equals sign that are not variables."""
ARGUMENT_NAMES = (*RESERVED_NAMES, NUMBERED, ANY_NAME)
MAX_QUOTED_LENGTH = 60
"""Characters of the person's words that an error repeats."""
MAX_SENDERS_LENGTH = 300
"""Characters of the sending numbers that an error lists."""

_NAMED_WORD = re.compile(r"([^\W\d]\w*)[:：﹕](?!//).+")


def choose_template(line: Arguments, index: TemplateIndex) -> tuple[Arguments, Template | None]:
    """Return the line without its template, and the template.

    ``name:value`` of the template's variables, which may be a word of any other line, is a value in
    the returned one. Raise ``UsageError`` or ``NotFound``.
    """
    language = _named_text(line, LANGUAGE)
    named = _named_text(line, TEMPLATE)
    if named:
        template = _find_sendable(index, named, language)
        return _parse_variables(line, template), template
    for word in line.tokens:
        if index.find_by_name(word.text):
            template = _find_sendable(index, word.text, language)
            line = _parse_variables(line, template)
            position = line.tokens.index(word)
            return line.without(position), template
    if line.tokens and "_" in line.tokens[0].text:
        raise _template_not_found(line.tokens[0].text, index)
    return line, None


def check_names(line: Arguments) -> None:
    """Raise ``UsageError`` if a value is given twice: one of the two would be lost."""
    if line.repeated:
        raise _given_twice(min(line.repeated))
    if {TO, PHONE} <= line.named.keys():
        raise UsageError("Give one recipient: to= and phone= mean the same.", example=EXAMPLE)


def fill_form(
    runs: Sequence[Sequence[str]],
    named: Mapping[str, str],
    template: Template | None,
    index: TemplateIndex,
    senders: Sequence[PhoneNumber] = (),
) -> SendForm:
    """Return the form of the line that `choose_template` returned, with its words as text.

    ``runs`` are the words that no value interrupts: in ``+49 170 1234567 1=May 3`` the last one is
    no part of the number. Raise ``UsageError`` or ``NotFound``, also for a word that is no part of
    a recipient or value.
    """
    runs = [[bare for word in words if (bare := word.rstrip(",;"))] for words in runs]
    given = named.get(TO) or named.get(PHONE)
    recipient, unknown = ((), _flatten(runs)) if given else _split_recipient(runs)
    if unknown:
        raise _unknown_words(unknown, template, index)
    return SendForm(
        template=template.id if template else "",
        to=given or " ".join(recipient),
        sender=_find_sender(named.get(SENDER, ""), senders),
        values=_map_values(named, template),
    )


def extract_number(runs: Sequence[Sequence[str]]) -> str:
    """Return the first words that can't be a template's name, while templates are not known."""
    typed = (" ".join(word for word in run if "_" not in word) for run in runs)
    return next(filter(None, typed), "")


def may_name_template(line: Arguments) -> bool:
    """Return whether a line without a known template may begin with the name of one.

    Beside a name there is a recipient's number or a value.
    """
    words = [word.text for word in line.tokens]
    return bool(
        words
        and _TEMPLATE_NAME.fullmatch(words[0])
        and (line.named or any(is_phone_like(word) for word in words[1:]))
    )


def _parse_variables(line: Arguments, template: Template) -> Arguments:
    names = [name for name in typed_names(template_fields(template)) if name not in RESERVED_NAMES]
    return parse_arguments(line.raw, ARGUMENT_NAMES, names).tail()


def _split_recipient(
    runs: Sequence[Sequence[str]],
) -> tuple[Sequence[str], Sequence[str]]:
    """Return the words of the recipient, and those beside a phone number or an email address.

    Without a number or an address, the recipient is the first run.
    """
    if not runs or parse_process(" ".join(runs[0])):
        return runs[0] if runs else (), _flatten(runs[1:])
    is_short = len(" ".join(_flatten(runs))) <= MAX_RECIPIENT_LENGTH
    for place, words in enumerate(runs if is_short else ()):
        start, end = _find_contact(words)
        if start < end:
            rest = [*runs[:place], words[:start], words[end:], *runs[place + 1 :]]
            return words[start:end], _flatten(rest)
    return runs[0], _flatten(runs[1:])


def _find_contact(words: Sequence[str]) -> tuple[int, int]:
    """Return where the longest phone number, or else an email address, starts and ends."""
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            part = words[start : start + length]
            if _is_phone(" ".join(part)) or _is_email(part):
                return start, start + length
    return 0, 0


def _find_sender(typed: str, senders: Sequence[PhoneNumber]) -> str:
    """Return Meta's ID of the number that sends, given as its ID, its name or the number."""
    if not typed or not senders:  # none while Chakra does not respond
        return typed
    digits = normalize_digits_only(typed) if is_phone_like(typed) else ""
    for sender in senders:
        number = normalize_digits_only(sender.display_phone_number)
        if typed.casefold() in (sender.id, sender.name.casefold()) or digits == number:
            return sender.id
    known = ", ".join(f"{sender.name} ({sender.display_phone_number})" for sender in senders)
    raise UsageError(
        f"“{sanitize_line(typed, MAX_QUOTED_LENGTH)}” isn't a number you can send from. "
        f"Choose one: {sanitize_line(known, MAX_SENDERS_LENGTH)}."
    )


def _flatten(runs: Sequence[Sequence[str]]) -> list[str]:
    return [word for words in runs for word in words]


def _is_email(words: Sequence[str]) -> bool:
    return len(words) == 1 and extract_emails(words[0]) == (words[0].casefold(),)


def _is_phone(text: str) -> bool:
    return is_phone_like(text) and sum(map(str.isdecimal, text)) >= MIN_DIGITS


def _unknown_words(
    words: Sequence[str], template: Template | None, index: TemplateIndex
) -> UsageError | NotFound:
    named = next(filter(None, map(_NAMED_WORD.fullmatch, words)), None)
    if named and template:
        return _unknown_variable(named[1], template)
    if template is None:
        return _template_not_found(words[0], index)
    text = sanitize_line(" ".join(words), MAX_QUOTED_LENGTH)
    return UsageError(
        f"We don't know what “{text}” is for. Put a value with spaces in quotes.",
        example=QUOTED_EXAMPLE,
    )


def _unknown_variable(name: str, template: Template) -> UsageError:
    fields = template_fields(template)
    names = ", ".join(field.key.removeprefix("var_body_") for field in fields)
    known = f"Its variables: {names}." if names else "It has no variables."
    return UsageError(f"This template has no “{sanitize_line(name, MAX_QUOTED_LENGTH)}”. {known}")


def _find_sendable(index: TemplateIndex, name: str, language: str) -> Template:
    found = index.find_by_name(name, language)
    if not found:
        if index.find_by_name(name):
            languages = ", ".join(template.language for template in index.find_by_name(name))
            raise UsageError(
                f"That template isn't available in that language. Available: {languages}."
            )
        raise _template_not_found(name, index)
    usable = [template for template in found if not send_blocker(template)]
    if not usable:
        raise UsageError(send_blocker(found[0]), example="/chakra templates status:approved")
    return usable[0]


def _template_not_found(name: str, index: TemplateIndex) -> NotFound:
    hint = "See all of them with /chakra templates."
    return NotFound("template", name, hint=hint, suggestions=index.suggest_names(name))


def _map_values(named: Mapping[str, str], template: Template | None) -> dict[str, str]:
    """Return the values of ``1=John`` by field key; raise ``UsageError`` for an unknown name."""
    given = {name: value for name, value in named.items() if name not in RESERVED_NAMES}
    if template is None:
        if given:
            raise UsageError("Start with the template's name, then its variables.", example=EXAMPLE)
        return {}
    values: dict[str, str] = {}
    for name, value in given.items():
        field = match_field(template_fields(template), name)
        if field is None:
            raise _unknown_variable(name, template)
        if field.kind is FieldKind.FILE:
            raise UsageError(FILE_NEEDS_FORM, example="/chakra send")
        if field.key in values:
            raise _given_twice(name)
        values[field.key] = value
    return values


def _given_twice(name: str) -> UsageError:
    return UsageError(f"“{name}=” is there twice. Keep the one that you mean.")


def _named_text(line: Arguments, name: str) -> str:
    return line.named[name].text if name in line.named else ""
