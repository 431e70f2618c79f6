"""Slack's own client-side checks of a form: these entries never reach the app."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.sandbox.slack.blocks import FIELDS, Placed, StateValues, empty, placed
from bot.sandbox.slack.files import FORM_FILE_BYTES, extension

Json = dict[str, Any]

MOST_FILES = 10
"""docs.slack.dev/reference/block-kit/block-elements/file-input-element: ``max_files``."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_URL = re.compile(r"https?://\S+\.\S+", re.IGNORECASE)


def field_errors(blocks: Sequence[Json], values: StateValues) -> dict[str, str]:
    """Return ``{block_id: message}`` for every input that Slack wouldn't submit."""
    errors = {}
    for item in placed(blocks):
        if item.block.get("type") != "input" or item.kind not in FIELDS:
            continue
        state = values[item.block_id][item.action_id]
        sentence = _complaint(item, state)
        if sentence:
            errors[item.block_id] = sentence
    return errors


def _complaint(item: Placed, state: Json) -> str:
    if empty(state):
        return "Please complete this required field." if item.required else ""
    check = _CHECKS.get(item.kind)
    return check(item.element, state) if check else ""


def _text(element: Json, state: Json) -> str:
    length = len(state["value"])
    if length < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if length > element.get("max_length", 3_000):
        return f"Please shorten this to {element.get('max_length', 3_000)} characters or fewer."
    return ""


def _number(element: Json, state: Json) -> str:
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


def _email(_: Json, state: Json) -> str:
    return "" if _EMAIL.fullmatch(state["value"]) else "Please enter a valid email address."


def _url(_: Json, state: Json) -> str:
    return "" if _URL.fullmatch(state["value"]) else "Please enter a valid URL."


def _at_most(element: Json, state: Json) -> str:
    chosen = state[FIELDS[state["type"]].name]
    most = element.get("max_selected_items", len(chosen))
    return f"Please choose at most {most}." if len(chosen) > most else ""


def _files(element: Json, state: Json) -> str:
    files: list[Json] = state["files"]
    allowed = [str(kind).lower() for kind in element.get("filetypes") or ()]
    for file in files:
        sentence = file_complaint(file["name"], file["size"], allowed)
        if sentence:
            return sentence
    most = element.get("max_files", MOST_FILES)
    return f"Please choose up to {most} file{'s'[: most != 1]}." if len(files) > most else ""


def file_complaint(name: str, size: int, allowed: Sequence[str] = ()) -> str:
    """Return why Slack's client would refuse this file; no ``allowed`` extensions means all."""
    if allowed and extension(name) not in allowed:
        return f"{name} isn't supported. Choose a file of type {', '.join(allowed)}."
    if not size:
        return f"{name} is empty. Choose another file."
    if size > FORM_FILE_BYTES:
        return f"{name} is too large. The limit is 10 MB."
    return ""


_CHECKS: Mapping[str, Callable[[Json, Json], str]] = {
    "plain_text_input": _text,
    "number_input": _number,
    "email_text_input": _email,
    "url_text_input": _url,
    **{kind: _at_most for kind, field in FIELDS.items() if field.many},
    "file_input": _files,
}
