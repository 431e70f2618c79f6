"""Fill a template's variables from a lead, if it is certain what each one asks for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.chakra.fields import to_text
from bot.chakra.outgoing import explain_invalid_value
from bot.chakra.process import Process
from bot.chakra.template import Template, Variable
from bot.chakra.text import has_visible_text, sanitize_line
from bot.templates.variables import build_field_key, list_template_variables
from bot.text.normalize import tokenize

MAX_FILLED_LENGTH = 200
"""Characters of a value that is filled in; a longer one isn't a name, number or place."""

_FIRST, _LAST, _FULL = "first name", "last name", "full name"
_FIRST_NAMES = """
    first_name firstname fname given_name forename customer_first_name lead_first_name
    contact_first_name client_first_name recipient_first_name user_first_name
"""
_FULL_NAMES = """
    name full_name fullname customer customer_name lead_name contact_name client_name
    recipient_name user_name display_name
"""
_LAST_NAMES = "last_name lastname lname surname family_name customer_last_name"
_NAME_WORDS: Mapping[str, str] = {
    **dict.fromkeys(_FIRST_NAMES.split(), _FIRST),
    **dict.fromkeys(_LAST_NAMES.split(), _LAST),
    **dict.fromkeys(_FULL_NAMES.split(), _FULL),
}
"""A variable's name -> the part of the person's name that it asks for."""
_PHONE_NAMES = frozenset(["phone", "phone_number", "mobile", "mobile_number", "whatsapp_number"])
_EMAIL_NAMES = frozenset({"email", "email_address"})
_OWNERS = frozenset(["lead", "customer", "contact", "client", "record", "ticket", "case"])
"""Words before an attribute's name in the name of a variable: ``lead_city``."""
_SECRET_FIELDS = frozenset(["password", "otp", "pin", "code", "token", "secret", "otp_code"])
_GREETING = re.compile(
    r"(?:^|[\n.!?])[^\w\n]*"
    r"(?:hi|hello|hey|dear|hola|ola|olá|bonjour|salut|ciao|namaste|hallo|halo|hej|merhaba|"
    r"guten tag|good morning|good afternoon|good evening|welcome|bienvenido|bienvenue|"
    r"नमस्ते|नमस्कार|مرحبًا|مرحبا|"
    r"привет|здравствуйте)(?:\s+(?:back|there))?,?\s*[*_~]*$",
    re.IGNORECASE,
)
"""The words before a variable at a greeting."""
_AFTER_GREETING = re.compile(r"[*_~]*\s*(?:[,!:.،\n-]|[^\w\s{]|$)")
"""What follows a name that is greeted; ``Hi {{1}} team`` greets no person."""
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")


def fill_from_record(template: Template, record: Process) -> dict[str, str]:
    """Return values by field key for the variables that the record certainly fills.

    A named variable is filled from the attribute of that name, or from the parts of the person's
    name; a numbered one only at a greeting, with the first name. Nothing else is guessed, and no
    value that WhatsApp would refuse is returned.
    """
    attributes = _normalize_attributes(record)
    names = _read_person_names(record, attributes)
    found: dict[str, str] = {}
    if template.is_one_time_code:
        return found
    for variable in list_template_variables(template):
        if variable.component == "button":
            continue
        value = (
            _find_value_by_number(template, variable, names)
            if variable.name.isdigit()
            else _find_value_by_name(_normalize(variable.name), record, attributes, names)
        )
        if _fits(value):
            found[build_field_key(variable)] = value.strip()
    return found


def _find_value_by_name(
    name: str, record: Process, attributes: Mapping[str, str], names: Mapping[str, str]
) -> str:
    if name in _SECRET_FIELDS:
        return ""
    part = _NAME_WORDS.get(name, "")
    if part:
        return names.get(part, "")
    if name in _PHONE_NAMES:
        return record.international_phone
    if name in _EMAIL_NAMES:
        return record.email
    owner, _, rest = name.partition("_")
    return attributes.get(name) or (attributes.get(rest, "") if owner in _OWNERS else "")


def _find_value_by_number(template: Template, variable: Variable, names: Mapping[str, str]) -> str:
    """Return the first name for a variable right after a greeting; else ""."""
    component = template.header if variable.component == "header" else template.body
    if component is None:
        return ""
    places = [
        found
        for found in _PLACEHOLDER.finditer(component.text)
        if found[1].strip() == variable.name
    ]
    if not places or not all(_is_greeted(component.text, found) for found in places):
        return ""
    return names.get(_FIRST, "")


def _is_greeted(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()], text[found.end() :]
    return bool(_GREETING.search(before)) and bool(_AFTER_GREETING.match(after))


def _read_person_names(record: Process, attributes: Mapping[str, str]) -> dict[str, str]:
    """Return the parts of the name that the record has; a full name of two words has both."""
    first = attributes.get("first_name") or attributes.get("firstname", "")
    last = attributes.get("last_name") or attributes.get("lastname", "")
    full = record.name.strip()
    words = full.split()
    if not first and not last and 0 < len(words) <= 3 and all(map(tokenize, words)):
        first = words[0]
    if not last and len(words) == 2:
        last = words[1]
    return {_FIRST: first, _LAST: last, _FULL: full}


def _normalize_attributes(record: Process) -> dict[str, str]:
    """Return the attributes that are a single text or number, by normalized name."""
    found: dict[str, str] = {}
    for name, value in record.attributes.items():
        text = _to_plain_text(value)
        if text:
            found.setdefault(_normalize(name), text)
    return found


def _to_plain_text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return to_text(value)


def _normalize(name: str) -> str:
    """Return ``due_date`` for ``dueDate``, ``Due Date`` and ``due-date``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return "_".join(tokenize(spaced.replace("_", " ")))


def _fits(value: str) -> bool:
    """Return whether WhatsApp accepts the value, and it is short and without control characters."""
    text = value.strip()
    return (
        has_visible_text(text)
        and len(text) <= MAX_FILLED_LENGTH
        and sanitize_line(text) == text
        and explain_invalid_value(text) is None
    )
