"""Slack's own client-side checks of a form: these entries never reach the app."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.sandbox.slack.blocks import (
    STATE_FIELDS,
    PlacedElement,
    StateValues,
    is_empty,
    iter_elements,
)
from bot.sandbox.slack.files import MAX_FORM_FILE_BYTES, find_extension

Json = dict[str, Any]

MAX_FILES = 10
"""docs.slack.dev/reference/block-kit/block-elements/file-input-element: ``max_files``."""

_EMAIL_PATTERN = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_URL_PATTERN = re.compile(r"https?://\S+\.\S+", re.IGNORECASE)


def validate_fields(blocks: Sequence[Json], values: StateValues) -> dict[str, str]:
    """Return ``{block_id: message}`` for every input that Slack wouldn't submit."""
    errors = {}
    for item in iter_elements(blocks):
        if item.block.get("type") != "input" or item.kind not in STATE_FIELDS:
            continue
        state = values[item.block_id][item.action_id]
        sentence = _find_field_error(item, state)
        if sentence:
            errors[item.block_id] = sentence
    return errors


def _find_field_error(item: PlacedElement, state: Json) -> str:
    if is_empty(state):
        return "Please complete this required field." if item.required else ""
    check = _CHECKS.get(item.kind)
    return check(item.element, state) if check else ""


def _check_text(element: Json, state: Json) -> str:
    length = len(state["value"])
    if length < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if length > element.get("max_length", 3_000):
        return f"Please shorten this to {element.get('max_length', 3_000)} characters or fewer."
    return ""


def _check_number(element: Json, state: Json) -> str:
    try:
        number = Decimal(state["value"])
    except InvalidOperation:
        return "Please enter a number."
    if not number.is_finite():
        return "Please enter a number."
    if not element["is_decimal_allowed"] and number != number.to_integral_value():
        return "Please enter a whole number."
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return ""


def _check_email(_: Json, state: Json) -> str:
    return "" if _EMAIL_PATTERN.fullmatch(state["value"]) else "Please enter a valid email address."


def _check_url(_: Json, state: Json) -> str:
    return "" if _URL_PATTERN.fullmatch(state["value"]) else "Please enter a valid URL."


def _check_max_selected(element: Json, state: Json) -> str:
    chosen = state[STATE_FIELDS[state["type"]].state_key]
    most = element.get("max_selected_items", len(chosen))
    return f"Please choose at most {most}." if len(chosen) > most else ""


def _check_files(element: Json, state: Json) -> str:
    files: list[Json] = state["files"]
    allowed = [str(kind).lower() for kind in element.get("filetypes") or ()]
    for file in files:
        sentence = find_file_error(file["name"], file["size"], allowed)
        if sentence:
            return sentence
    most = element.get("max_files", MAX_FILES)
    return f"Please choose up to {most} file{'s'[: most != 1]}." if len(files) > most else ""


def find_file_error(name: str, size: int, allowed_extensions: Sequence[str] = ()) -> str:
    """Return why Slack's client would refuse this file; no ``allowed`` extensions means all."""
    if allowed_extensions and find_extension(name) not in allowed_extensions:
        return f"{name} isn't supported. Choose a file of type {', '.join(allowed_extensions)}."
    if not size:
        return f"{name} is empty. Choose another file."
    if size > MAX_FORM_FILE_BYTES:
        return f"{name} is too large. The limit is 10 MB."
    return ""


_CHECKS: Mapping[str, Callable[[Json, Json], str]] = {
    "plain_text_input": _check_text,
    "number_input": _check_number,
    "email_text_input": _check_email,
    "url_text_input": _check_url,
    **{kind: _check_max_selected for kind, field in STATE_FIELDS.items() if field.multiple},
    "file_input": _check_files,
}
