"""One line for each event: in its card, in lists of several, and for people who read them all."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chakra.meta import error_from_status
from bot.errors import Rejected
from bot.messages.error_copy import EXPLAINER
from bot.messages.report_message import NO_REASON_ADVICE
from bot.messages.send import Send
from bot.notifications.account_copy import explain_account_event
from bot.notifications.facts import read_text
from bot.privacy import mask_phone
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, markup
from bot.slack.commands.reply import Message
from bot.webhooks.amendments import DELETED
from bot.webhooks.events import (
    AccountEvent,
    Customer,
    MessageEvent,
    StatusEvent,
    TemplateEvent,
    WebhookEvent,
)
from bot.webhooks.fields import find_first_text
from bot.webhooks.recorded_event import RecordedEvent

MAX_WORDS_LENGTH = 150
"""Characters of a customer's message in a line."""
UNNAMED_TEMPLATE = "A message"
STATUS_VERBS = {
    "sent": "was sent to",
    "delivered": "was delivered to",
    "read": "was read by",
    "played": "was played by",
    "failed": "wasn't delivered to",
}
STATUS_EMOJI = {
    "sent": ":outbox_tray:",
    "delivered": ":white_check_mark:",
    "read": ":eyes:",
    "played": ":eyes:",
    "failed": ":x:",
}
TEMPLATE_CHANGES = {
    "status": "status",
    "quality": "quality",
    "category": "category",
    "components": "content",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """``line``: what happened. ``meaning``: what it means and what to do, if anything.

    ``label`` groups similar events for counting, such as "order_update failed".
    """

    emoji: str
    line: Markup
    label: str
    meaning: str = ""

    @property
    def text(self) -> Markup:
        return markup(Markup(f"{self.emoji} "), self.line)


def describe(event: WebhookEvent, send: Send | None = None) -> Headline:
    """Return the line of an event; ``send`` is our message that it is about, if known.

    Numbers are masked.
    """
    if isinstance(event, StatusEvent):
        return _describe_status(event, send)
    if isinstance(event, MessageEvent):
        return _describe_message(event)
    if isinstance(event, TemplateEvent):
        return _describe_template(event)
    if isinstance(event, AccountEvent):
        copy = explain_account_event(event.kind, event.raw)
        return Headline(copy.emoji, copy.summary, event.kind.replace("_", " "), copy.meaning)
    line = markup("WhatsApp reported something that this app doesn't know: ", code(event.kind), ".")
    return Headline(":grey_question:", line, event.kind)


def describe_customer(customer: Customer) -> Markup:
    """Return the customer's name with the masked number or the username."""
    handle = ""
    if customer.phone:
        handle = mask_phone(f"+{customer.phone}")
    elif customer.username:
        handle = f"@{customer.username.lstrip('@')}"
    if customer.name:
        return markup(bold(customer.name), f" ({handle})" if handle else "")
    return markup(handle or "a customer without a number")


def _describe_status(event: StatusEvent, send: Send | None) -> Headline:
    title = send.title if send else UNNAMED_TEMPLATE
    recipient = markup(send.recipient) if send else describe_customer(event.customer)
    verb = STATUS_VERBS.get(event.kind, f"is {event.kind} for")
    subject = bold(title) if send else markup(title)
    line = markup(subject, f" {verb} ", recipient, ".")
    label = f"{title} {event.kind}" if send else event.kind
    if event.kind != "failed":
        return Headline(STATUS_EMOJI.get(event.kind, ":speech_balloon:"), line, label)
    error = error_from_status(event.error)
    if type(error) is Rejected and not error.message:
        meaning = markup(NO_REASON_ADVICE)
        reason = "no reason given"
    else:
        explanation = EXPLAINER.explain(error)
        meaning = markup(explanation.summary, " ", explanation.remedy)
        reason = str(explanation.summary).rstrip(".")
    return Headline(STATUS_EMOJI["failed"], line, f"{title}: {reason}" if send else reason, meaning)


def _describe_message(event: MessageEvent) -> Headline:
    words = read_text(event.raw)
    shown = markup(": ", blocks.clip(" ".join(words.split()), MAX_WORDS_LENGTH)) if words else ""
    who = describe_customer(event.customer)
    if event.kind == DELETED:
        shown = markup(": deleted this message")
    if event.is_echo:
        line = markup("From the phone app to ", who, shown or f": {event.kind}")
        return Headline(":iphone:", line, "from the phone app")
    line = markup(who, shown or f": {event.kind}")
    return Headline(":speech_balloon:", line, "customers' messages")


def _describe_template(event: TemplateEvent) -> Headline:
    change = TEMPLATE_CHANGES.get(event.kind, event.kind)
    value = find_first_text(
        event.raw, "event", "new_quality_score", "correct_category", "new_category"
    ).lower()
    what = markup(" is now ", bold(value.replace("_", " "))) if value else Markup(" has changed")
    line = markup("Template ", bold(event.name or event.template_id), f": its {change}", what, ".")
    return Headline(":page_facing_up:", line, f"template {change}")


def render_plain(reference: str) -> Message:
    """Return what is shown of an event that can't be presented."""
    line = markup(
        ":warning: Something happened in WhatsApp that can't be shown here (reference ",
        code(reference),
        "). `/chakra notify recent` lists it.",
    )
    return Message(line, (blocks.section(line),))


def get_event_time(recorded: RecordedEvent) -> float:
    """Return when an event happened; for a time in the future, when it arrived."""
    at = recorded.event.occurred_at
    return min(at, recorded.recorded_at) if at > 0 else recorded.recorded_at
