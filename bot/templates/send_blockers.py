"""Why a template can't be sent, at all or from Slack, in one sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.chakra.template import Carousel, ComponentHolder, Template
from bot.templates import vocabulary
from bot.templates.variables import list_template_fields

STATUS_BLOCKERS: Mapping[str, str] = {
    "PENDING": "This template is still in review. It can be sent once it's approved.",
    "REJECTED": "WhatsApp rejected this template, so it can't be sent.",
    "PAUSED": "WhatsApp paused this template because people blocked or reported it. "
    "It usually comes back after a few hours.",
    "DISABLED": "WhatsApp has permanently disabled this template. Choose another one.",
    "IN_APPEAL": "WhatsApp rejected this template and is reviewing the appeal.",
    "PENDING_DELETION": "This template is being deleted.",
    "DELETED": "This template was deleted.",
    "LIMIT_EXCEEDED": "The account is over WhatsApp's template limit, so this one is disabled.",
    "ARCHIVED": "This template is archived. Restore it in WhatsApp Manager to send it.",
}
"""Meta's status -> sentence. A status that is missing here can't be sent either."""

UNSUPPORTED_BUTTONS: Mapping[str, str] = {
    "MPM": "Multi-product",
    "SPM": "Single-product",
}
UNSUPPORTED_HEADERS: Mapping[str, str] = {"GIF": "GIF", "PRODUCT": "Product"}

SENDABLE_COMPONENTS = frozenset({"CALL_PERMISSION_REQUEST"})
"""Components of an unknown shape for which a send has no parameters."""
SENDABLE_BUTTONS = frozenset(
    {
        "QUICK_REPLY",
        "URL",
        "PHONE_NUMBER",
        "COPY_CODE",
        "OTP",
        "REQUEST_CONTACT_INFO",
        "CATALOG",
        "FLOW",
    }
)
SENDABLE_CARD_BUTTONS = frozenset({"QUICK_REPLY", "URL", "PHONE_NUMBER"})
SENDABLE_HEADERS = frozenset({"", "TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"})
SENDABLE_CARD_HEADERS = frozenset({"IMAGE", "VIDEO"})
MIN_CARDS, MAX_CARDS = 2, 10
"""Cards of a carousel.

developers.facebook.com/docs/whatsapp/business-management-api/message-templates/media-card-carousel-templates
"""

MAX_FIELDS = 60
"""Inputs that fit into a form together with recipient, sender and preview. Slack allows 100 blocks.

docs.slack.dev/reference/views
"""
MAX_BLOCK_ID_LENGTH = 255
"""Characters. docs.slack.dev/reference/block-kit/blocks"""


def explain_blocker(template: Template) -> str:
    """Return why the template can't be sent from Slack; "" if it can."""
    if not template.is_sendable:
        return STATUS_BLOCKERS.get(template.status, "WhatsApp hasn't approved this template.")
    unsupported = _find_unsupported_part(template)
    if unsupported:
        return f"{unsupported} can't be sent from Slack yet. Send this one from Chakra."
    if _has_too_many_fields(template):
        what = f"This template's {_count_cards(template)}" if template.cards else "This template"
        verb = "have" if template.cards else "has"
        return f"{what} {verb} more fields than a Slack form can hold. Send it from Chakra."
    return ""


def describe_blocker(template: Template) -> str:
    """Return why the template can't be sent in a few words, such as ``in review``; "" if it can."""
    if not template.is_sendable:
        return vocabulary.format_status_name(template.status).lower()
    unsupported = _find_unsupported_part(template)
    if unsupported:
        return f"{unsupported[0].lower()}{unsupported[1:]} only from Chakra"
    if not _has_too_many_fields(template):
        return ""
    what = f"carousel with {_count_cards(template)}: " if template.cards else ""
    return f"{what}too many fields for a form"


def explain_undocumented(template: Template) -> str:
    """Return a sentence if it isn't known that Chakra can send this kind of template; or ""."""
    kinds = {button.type for button in template.buttons}
    parts = {
        "carousels": bool(template.cards),
        "limited-time offers": template.offer is not None,
        "catalog buttons": "CATALOG" in kinds,
        "flow buttons": "FLOW" in kinds,
    }
    named = next((part for part, is_there in parts.items() if is_there), "")
    return f"Chakra doesn't document {named}. Send a test to yourself first." if named else ""


def _has_too_many_fields(template: Template) -> bool:
    required = list_template_fields(template)
    is_long = any(len(field.key) > MAX_BLOCK_ID_LENGTH for field in required)
    return len(required) > MAX_FIELDS or is_long


def _count_cards(template: Template) -> str:
    return f"{len(template.cards)} card{'' if len(template.cards) == 1 else 's'}"


def _find_unsupported_part(template: Template) -> str:
    """Return the first part that this app can't fill in, as a plural noun; "" if there is none."""
    for part in template.other_components:
        if part.type not in SENDABLE_COMPONENTS:
            return _pluralize(None, "templates")
    header = template.header.format if template.header else ""
    if header not in SENDABLE_HEADERS:
        return _pluralize(UNSUPPORTED_HEADERS.get(header), "headers")
    if template.header and len(list(template.header.iter_variables())) > 1:
        return "Headers with several variables"
    return _find_unsupported_button(template, SENDABLE_BUTTONS) or _find_unsupported_cards(template)


def _find_unsupported_cards(template: Template) -> str:
    carousel = any(isinstance(part, Carousel) for part in template.components)
    if carousel and not MIN_CARDS <= len(template.cards) <= MAX_CARDS:
        return f"Carousels of {_count_cards(template)}"
    for card in template.cards:
        header = card.header.format if card.header else ""
        if header == "PRODUCT":
            return "Carousels of products"
        if header not in SENDABLE_CARD_HEADERS or card.other_components:
            return _pluralize(None, "carousels")
        if button := _find_unsupported_button(card, SENDABLE_CARD_BUTTONS):
            return button
    return ""


def _find_unsupported_button(holder: ComponentHolder, sendable: Collection[str]) -> str:
    for button in holder.buttons:
        if button.type not in sendable:
            return _pluralize(UNSUPPORTED_BUTTONS.get(button.type), "buttons")
        if len(button.variable_names) > 1:
            return "Links with several variables"
    return ""


def _pluralize(label: str | None, noun: str) -> str:
    """Return ``Product headers``; an unknown kind is ``Newer kinds of headers``."""
    return f"{label} {noun}" if label else f"Newer kinds of {noun}"
