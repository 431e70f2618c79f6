"""The words of a typed line as a form: the template, the recipient, the values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.chakra.template import Template
from bot.errors import NotFound, UsageError
from bot.messages.form_values import PHONE, SENDER, TEMPLATE, SendForm
from bot.slack.commands.arguments import Arguments, Link
from bot.templates.catalog import TemplateIndex
from bot.templates.send_blockers import send_blocker
from bot.templates.variables import FieldKind, match_field, template_fields
from bot.text.phones import is_phone_like

EXAMPLE = "/chakra send order_update +91 98765 43210 1=John"
FILE_NEEDS_FORM = "Files can only be chosen in the form. Leave it out here, or use a link."
LANGUAGE, TO = "language", "to"
_TEMPLATE_NAME = re.compile(r"(?=.*[a-z])[a-z0-9_]{1,512}")
RESERVED_NAMES = (TEMPLATE, PHONE, TO, SENDER, LANGUAGE)
"""Names before an equals sign that are not variables."""


def parse_send(
    typed: Sequence[str], line: Arguments, index: TemplateIndex
) -> tuple[SendForm, Template | None]:
    """Return the form and its template. ``typed`` are the words of the line as text.

    Raise ``UsageError`` or ``NotFound``.
    """
    template, to = _split_template_and_recipient(typed, line, index)
    form = SendForm(
        template=template.id if template else "",
        to=_named_argument(line, TO, PHONE) or to,
        sender=_named_argument(line, SENDER),
        values=_parse_values(line, template),
    )
    return form, template


def extract_number(typed: Sequence[str]) -> str:
    """Return the words that can't be a template's name, while the templates are not known."""
    return " ".join(word for word in typed if "_" not in word)


def may_name_template(typed: Sequence[str], line: Arguments) -> bool:
    """Return whether a line without a known template may begin with the name of one.

    Beside a name there is a recipient's number or a value.
    """
    return bool(
        typed
        and _TEMPLATE_NAME.fullmatch(typed[0])
        and (line.named or any(is_phone_like(word) for word in typed[1:]))
    )


def _split_template_and_recipient(
    typed: Sequence[str], line: Arguments, index: TemplateIndex
) -> tuple[Template | None, str]:
    language = _named_argument(line, LANGUAGE)
    named = _named_argument(line, TEMPLATE)
    if named:
        return _find_sendable(index, named, language), " ".join(typed)
    for position, word in enumerate(typed):
        if index.find_by_name(word):
            rest = [*typed[:position], *typed[position + 1 :]]
            return _find_sendable(index, word, language), " ".join(rest)
    if typed and "_" in typed[0]:
        raise _template_not_found(typed[0], index)
    return None, " ".join(typed)


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


def _parse_values(line: Arguments, template: Template | None) -> dict[str, str]:
    """Return the values of ``1=John`` by field key; raise ``UsageError`` for an unknown name."""
    given = {name: word for name, word in line.named.items() if name not in RESERVED_NAMES}
    if given and template is None:
        raise UsageError("Start with the template's name, then its variables.", example=EXAMPLE)
    values: dict[str, str] = {}
    for name, word in given.items():
        available = template_fields(template) if template else ()
        field = match_field(available, name)
        if field is None:
            names = ", ".join(
                wanted_field.key.removeprefix("var_body_") for wanted_field in available
            )
            known = f"Its variables: {names}." if names else "It has no variables."
            raise UsageError(f"This template has no “{name}”. {known}")
        if field.kind is FieldKind.FILE:
            raise UsageError(FILE_NEEDS_FORM, example="/chakra send")
        values[field.key] = word.url if isinstance(word, Link) else word.text
    return values


def _named_argument(line: Arguments, *names: str) -> str:
    return next((line.named[name].text for name in names if name in line.named), "")
