"""What stands against a send as it is filled in."""

from __future__ import annotations

from collections.abc import Collection

from bot.chakra.template import Template
from bot.messages.form_values import FOUND, PHONE, SENDER, TEMPLATE, Order
from bot.messages.rules import problems
from bot.templates.send_blockers import unsendable
from bot.templates.variables import fields


def objections(order: Order, template: Template) -> dict[str, str]:
    """Field -> sentence; nothing where nothing does."""
    stopped = unsendable(template)
    return {TEMPLATE: stopped} if stopped else problems(template, order.values, order.files)


def first_objection(order: Order, template: Template) -> str:
    """As one sentence, where no field is at hand to stand under; "" where there is none."""
    found = objections(order, template)
    if not found:
        return ""
    labels = {field.key: field.label for field in fields(template)}
    key = next((one for one in labels if one in found), next(iter(found)))
    return f"{labels[key]}: {found[key]}" if key in labels else found[key]


def at_fault(there: Collection[str], order: Order) -> str:
    """The field that a sentence about sender or recipient stands under, of those that are there."""
    if SENDER in there and not order.sender:
        return SENDER
    return PHONE if PHONE in there else FOUND
