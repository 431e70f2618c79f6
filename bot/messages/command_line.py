"""A typed line as an order: which words name the template, who gets it, what fills it in."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chakra.template import Template
from bot.errors import NotFound, UsageError
from bot.messages.form_values import PHONE, SENDER, TEMPLATE, Order
from bot.slack.commands.arguments import Arguments, Link
from bot.templates.catalog import Shelf
from bot.templates.send_blockers import unsendable
from bot.templates.variables import Kind, fields, meant

EXAMPLE = "/chakra send order_update +91 98765 43210 1=John"
IN_THE_FORM = "A file can only be chosen in the form. Leave it out here, or give a link to it."
LANGUAGE, TO = "language", "to"
NAMES = (TEMPLATE, PHONE, TO, SENDER, LANGUAGE)
"""What stands before an equals sign and is no variable."""


def ordered(typed: Sequence[str], line: Arguments, shelf: Shelf) -> tuple[Order, Template | None]:
    """``typed`` are the words of the line as text. Raises ``UsageError`` and ``NotFound``."""
    template, to = _told_apart(typed, line, shelf)
    order = Order(
        template=template.id if template else "",
        to=_named(line, TO, PHONE) or to,
        sender=_named(line, SENDER),
        values=_values(line, template),
    )
    return order, template


def number_in(typed: Sequence[str]) -> str:
    """What is surely no template's name, where the templates are not known yet."""
    return " ".join(word for word in typed if "_" not in word)


def _told_apart(typed: Sequence[str], line: Arguments, shelf: Shelf) -> tuple[Template | None, str]:
    """The template and the recipient."""
    language = _named(line, LANGUAGE)
    named = _named(line, TEMPLATE)
    if named:
        return _sendable(shelf, named, language), " ".join(typed)
    for place, word in enumerate(typed):
        if shelf.named(word):
            rest = [*typed[:place], *typed[place + 1 :]]
            return _sendable(shelf, word, language), " ".join(rest)
    if typed and "_" in typed[0]:
        raise _no_template(typed[0], shelf)
    return None, " ".join(typed)


def _sendable(shelf: Shelf, name: str, language: str) -> Template:
    found = shelf.named(name, language)
    if not found:
        if shelf.named(name):
            spoken = ", ".join(one.language for one in shelf.named(name))
            raise UsageError(f"That template is not there in that language. There are: {spoken}.")
        raise _no_template(name, shelf)
    usable = [one for one in found if not unsendable(one)]
    if not usable:
        raise UsageError(unsendable(found[0]), example="/chakra templates status:approved")
    return usable[0]


def _no_template(name: str, shelf: Shelf) -> NotFound:
    hint = "/chakra templates shows what there is."
    return NotFound("template", name, hint=hint, near=shelf.near(name))


def _values(line: Arguments, template: Template | None) -> dict[str, str]:
    """Field's key -> value, of ``1=John``. Raises ``UsageError`` for a name that is none."""
    given = {name: word for name, word in line.named.items() if name not in NAMES}
    if given and template is None:
        raise UsageError("Name the template whose variables these are.", example=EXAMPLE)
    values: dict[str, str] = {}
    for name, word in given.items():
        wanted = fields(template) if template else ()
        field = meant(wanted, name)
        if field is None:
            there = ", ".join(one.key.removeprefix("var_body_") for one in wanted)
            asks = f"It asks for: {there}." if there else "It asks for nothing."
            raise UsageError(f"This template has no “{name}”. {asks}")
        if field.kind is Kind.FILE:
            raise UsageError(IN_THE_FORM, example="/chakra send")
        values[field.key] = word.url if isinstance(word, Link) else word.text
    return values


def _named(line: Arguments, *names: str) -> str:
    return next((line.named[name].text for name in names if name in line.named), "")
