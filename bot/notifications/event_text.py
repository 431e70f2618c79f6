"""An event in one line, for one person to read. Pure."""

from __future__ import annotations

from bot.notifications.facts import Facts, read_text
from bot.privacy import mask_text
from bot.slack.blocks import Markup, clip, markup
from bot.text.phones import format_international
from bot.webhooks.amendments import DELETED
from bot.webhooks.events import (
    AccountEvent,
    Customer,
    MessageEvent,
    StatusEvent,
    TemplateEvent,
    WebhookEvent,
)
from bot.webhooks.fields import as_object, find_first_text, iter_objects

MAX_TEXT_LENGTH = 80


def describe_event(event: WebhookEvent, facts: Facts) -> Markup:
    """Return what happened, with the customer's number and words."""
    who = describe_customer(event.customer)
    if isinstance(event, MessageEvent):
        if event.is_echo:
            return markup("Sent from the phone app to ", who)
        if event.kind == "system":
            return markup("Number or ID of ", who, " changed")
        text = " ".join(read_text(event.raw).split())
        words = f': "{clip(text, MAX_TEXT_LENGTH)}"' if text else ""
        return markup(_name_message(event.kind), " from ", who, words)
    if isinstance(event, StatusEvent):
        subject = facts.template or "A message"
        reason = f": {find_reason(event)}" if event.kind == "failed" else ""
        return markup(event.kind.capitalize(), ": ", subject, " to ", who, reason)
    if isinstance(event, TemplateEvent):
        name = event.name or event.template_id
        change = find_first_text(event.raw, "event", "new_quality_score", "new_category")
        return markup("Template ", name, ": ", event.kind, " ", change.lower())
    if isinstance(event, AccountEvent):
        return markup("Account: ", event.kind.replace("_", " "))
    return markup("Unknown kind: ", event.kind or "no name")


def describe_customer(customer: Customer) -> str:
    """Return a customer's name and number, as far as known."""
    handle = f"@{customer.username}" if customer.username else ""
    number = format_international(customer.phone) if customer.phone else handle
    if customer.name:
        return f"{customer.name} ({number})" if number else customer.name
    return number or customer.user_id or "a customer"


def find_reason(event: StatusEvent) -> str:
    """Return the vendor's title of a failure, without numbers and addresses."""
    error = event.error
    first = next(iter_objects(error), {}) if isinstance(error, list) else as_object(error)
    context = as_object(as_object(first.get("errorContext")).get("providerPayload"))
    title = find_first_text(context or first, "title", "message")
    return mask_text(clip(title, MAX_TEXT_LENGTH)) or "no reason given"


def _name_message(kind: str) -> str:
    nouns = {
        "text": "Message",
        "button": "Button press",
        "interactive": "Choice",
        "reaction": "Reaction",
        "edit": "Edited message",
        "revoke": "Deletion of a message",
        DELETED: "Deleted message",
        "unsupported": "Unsupported message",
    }
    return nouns.get(kind, kind.replace("_", " ").capitalize() or "Message")
