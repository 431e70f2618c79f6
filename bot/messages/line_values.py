"""The typed values of a template: ``1=John``, ``first_name=John``, and words in quotes. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.chakra.template import Template
from bot.chakra.text import sanitize_line
from bot.messages.form_values import PHONE, SENDER, TEMPLATE, TO, SendForm
from bot.messages.line_reading import LANGUAGE, MAX_QUOTED_LENGTH
from bot.slack.blocks import Markup, markup
from bot.templates.variables import (
    MEDIA,
    VARIABLE_PREFIX,
    FieldKind,
    TemplateField,
    list_template_fields,
    list_typed_names,
    match_field,
)

FILE_NEEDS_FORM = "Files can only be chosen in the form. Use a link, or choose the file below."
TypedValues = Sequence[tuple[str, str]]
"""Name and value of each; the name is "" for words in quotes, which fill the variables in order."""
RESERVED_NAMES = (TEMPLATE, PHONE, TO, SENDER, LANGUAGE)
"""Names before an equals sign that are not variables."""
MAX_CARRIED_LENGTH = 1_000
"""Characters of typed values that a form carries until a template is chosen.

Slack allows 3,000 in a form's metadata. docs.slack.dev/reference/views
"""
MAX_NAMES_LENGTH = 300
_LINK_STARTS = ("https://", "http://")
_PARTS = ("header", "body", "button")


def list_variable_names(template: Template) -> list[str]:
    """Return the names that a typed line may put before a colon or an equals sign."""
    names = list_typed_names(list_template_fields(template))
    return [name for name in names if name not in RESERVED_NAMES]


def collect_values(
    named: Mapping[str, str], quoted: Sequence[str], repeated: Collection[str]
) -> tuple[TypedValues, list[Markup]]:
    """Return the typed values, and a sentence for each name given twice, which is left out."""
    notes = [_render_given_twice(name) for name in sorted(repeated)]
    values = [
        (name, value)
        for name, value in named.items()
        if name not in RESERVED_NAMES and name not in repeated
    ]
    return (*values, *(("", value) for value in quoted)), notes


def _render_given_twice(name: str) -> Markup:
    return markup(f"“{sanitize_line(name, MAX_QUOTED_LENGTH)}=” appears twice. Fill it in below.")


def apply_carried_values(form: SendForm, template: Template) -> tuple[SendForm, list[Markup]]:
    """Return the form with the values that were typed before its template was chosen."""
    if not form.typed_values:
        return form, []
    typed = [(str(name), str(value)) for name, value in json.loads(form.typed_values)]
    return apply_values(replace(form, typed_values=""), template, typed)


def apply_values(
    form: SendForm, template: Template, typed: TypedValues
) -> tuple[SendForm, list[Markup]]:
    """Return the form with the typed values in the template's fields, and what doesn't fit.

    Quoted values fill the fields not filled by name, in order: header, body, buttons.
    """
    fields = list_template_fields(template)
    values, notes = dict(form.values), []
    filled: set[str] = set()
    for name, value in typed:
        field = match_field(fields, name) if name else None
        if field is not None and field.kind is FieldKind.FILE:
            notes.append(markup(FILE_NEEDS_FORM))
        elif field is not None and field.key in filled:
            values.pop(field.key, None)
            notes.append(_render_given_twice(name))
        elif field is not None:
            values[field.key] = value
            filled.add(field.key)
        elif name:
            notes.append(_render_unknown_variable(name, value, fields))
    quoted = [value for name, value in typed if not name]
    notes += _fill_in_order(fields, quoted, values)
    return replace(form, values=values), notes


def carry_values(form: SendForm, typed: TypedValues) -> tuple[SendForm, list[Markup]]:
    """Return the form with as many typed values as it can carry, and a sentence on the others."""
    carried: list[tuple[str, str]] = []
    lost: list[str] = []
    for name, value in typed:
        packed = json.dumps([*carried, (name, value)], ensure_ascii=False)
        if len(json.dumps(packed, ensure_ascii=False)) > MAX_CARRIED_LENGTH:
            lost.append(name or value)
        else:
            carried.append((name, value))
    packed_values = json.dumps(carried, ensure_ascii=False)
    note = f"Too long to remember until you choose a template: {', '.join(lost)}"
    notes = [markup(sanitize_line(note, MAX_NAMES_LENGTH))] if lost else []
    return replace(form, typed_values=packed_values if carried else ""), notes


def _fill_in_order(
    fields: Sequence[TemplateField], quoted: Sequence[str], values: dict[str, str]
) -> list[Markup]:
    """Fill the empty variables; return the sentence on too many or too few values."""
    if not quoted:
        return []
    remaining = list(quoted)
    if any(field.key == MEDIA for field in fields) and not values.get(MEDIA):
        link = next((text for text in remaining if text.startswith(_LINK_STARTS)), None)
        if link:
            values[MEDIA] = link
            remaining.remove(link)
    empty = [field for field in _order_variables(fields) if not values.get(field.key)]
    for field, value in zip(empty, remaining, strict=False):
        values[field.key] = value
    if over := [value for value in remaining[len(empty) :] if value]:
        listed = ", ".join(f"“{sanitize_line(value, MAX_QUOTED_LENGTH)}”" for value in over)
        count = len(_order_variables(fields))
        has = {0: "no variables", 1: "one variable"}.get(count, f"{count} variables")
        return [
            markup(f"This template has {has}. Not used: {sanitize_line(listed, MAX_NAMES_LENGTH)}.")
        ]
    if missing := empty[len(remaining) :]:
        labels = ", ".join(field.name for field in missing)
        return [markup(f"Still to fill in: {sanitize_line(labels, MAX_NAMES_LENGTH)}.")]
    return []


def _order_variables(fields: Sequence[TemplateField]) -> list[TemplateField]:
    """Return the variables, header first; others, such as a place, are typed by name."""
    return [
        field
        for field in fields
        if field.kind is FieldKind.CODE or field.key.startswith(VARIABLE_PREFIX)
    ]


def _render_unknown_variable(name: str, value: str, fields: Sequence[TemplateField]) -> Markup:
    prefixes = tuple(f"{VARIABLE_PREFIX}{part}_" for part in _PARTS[:2])
    names = [
        _strip_prefix(field.key, prefixes) for field in fields if field.kind is not FieldKind.FILE
    ]
    known = (
        f"Its variables: {sanitize_line(', '.join(dict.fromkeys(names)), MAX_NAMES_LENGTH)}."
        if names
        else "It has no variables."
    )
    typed = f"{sanitize_line(name, MAX_QUOTED_LENGTH)}"
    given = sanitize_line(value, MAX_QUOTED_LENGTH)
    return markup(f"This template has no “{typed}”. {known} Not used: “{given}”.")


def _strip_prefix(key: str, prefixes: Sequence[str]) -> str:
    return next(
        (key.removeprefix(prefix) for prefix in prefixes if key.startswith(prefix)),
        key.removeprefix(VARIABLE_PREFIX),
    )
