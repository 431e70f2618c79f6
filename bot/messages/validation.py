"""Validate a filled-in send form."""

from __future__ import annotations

from collections.abc import Collection

from bot.chakra.template import Template
from bot.messages.form_values import CANDIDATES, PHONE, SENDER, TEMPLATE, SendForm
from bot.messages.rules import validate_values
from bot.templates.send_blockers import explain_blocker
from bot.templates.variables import list_template_fields


def find_errors(form: SendForm, template: Template, now: float) -> dict[str, str]:
    """Return a sentence per invalid field at ``now``, in epoch seconds; empty if there is none."""
    blocker = explain_blocker(template)
    if blocker:
        return {TEMPLATE: blocker}
    return validate_values(template, form.values, form.files, now=now)


def find_first_error(form: SendForm, template: Template, now: float) -> str:
    """Return the first error as one sentence, for use without fields; "" if there is none."""
    errors = find_errors(form, template, now)
    if not errors:
        return ""
    labels = {field.key: field.name for field in list_template_fields(template)}
    key = next((label_key for label_key in labels if label_key in errors), next(iter(errors)))
    return f"{labels[key]}: {errors[key]}" if key in labels else errors[key]


def choose_field(field_keys: Collection[str], form: SendForm) -> str:
    """Return the field under which an error about sender or recipient is shown."""
    if SENDER in field_keys and not form.sender:
        return SENDER
    return CANDIDATES if CANDIDATES in field_keys and PHONE not in field_keys else PHONE
