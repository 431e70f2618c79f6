"""Why a template can't be sent, at all or from Slack, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping

from bot.chakra.template import Template
from bot.templates import vocabulary
from bot.templates.variables import template_fields

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

UNSUPPORTED_COMPONENTS: Mapping[str, str] = {
    "CAROUSEL": "Carousel",
    "LIMITED_TIME_OFFER": "Limited-time offer",
}
UNSUPPORTED_BUTTONS: Mapping[str, str] = {
    "FLOW": "Flow",
    "CATALOG": "Catalog",
    "MPM": "Multi-product",
    "SPM": "Single-product",
}
UNSUPPORTED_HEADERS: Mapping[str, str] = {"GIF": "GIF", "PRODUCT": "Product"}

SENDABLE_COMPONENTS = frozenset({"CALL_PERMISSION_REQUEST"})
"""Components beside header, body, footer and buttons for which a send has no parameters."""
SENDABLE_BUTTONS = frozenset(
    {"QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "OTP", "REQUEST_CONTACT_INFO"}
)
SENDABLE_HEADERS = frozenset({"", "TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"})

MAX_FIELDS = 60
"""Inputs that fit into a form together with recipient, sender and preview. Slack allows 100 blocks.

docs.slack.dev/reference/views
"""
MAX_BLOCK_ID_LENGTH = 255
"""Characters. docs.slack.dev/reference/block-kit/blocks"""


def send_blocker(template: Template) -> str:
    """Return why the template can't be sent from Slack; "" if it can."""
    if not template.is_sendable:
        return STATUS_BLOCKERS.get(template.status, "WhatsApp hasn't approved this template.")
    unsupported = _unsupported_part(template)
    if unsupported:
        return f"{unsupported} can't be sent from Slack yet. Send this one from Chakra."
    required = template_fields(template)
    if len(required) > MAX_FIELDS or any(
        len(field.key) > MAX_BLOCK_ID_LENGTH for field in required
    ):
        return "This template has more fields than a Slack form can hold. Send it from Chakra."
    return ""


def blocker_label(template: Template) -> str:
    """Return why the template can't be sent in a few words, such as ``in review``; "" if it can."""
    if not template.is_sendable:
        return vocabulary.status_name(template.status).lower()
    unsupported = _unsupported_part(template)
    if unsupported:
        return f"{unsupported.lower()} only from Chakra"
    return "too many fields for a form" if send_blocker(template) else ""


def _unsupported_part(template: Template) -> str:
    """Return the first part that this app can't fill in, as a plural noun; "" if there is none."""
    for part in template.other_components:
        if part.type not in SENDABLE_COMPONENTS:
            return _plural(UNSUPPORTED_COMPONENTS.get(part.type), "templates")
    header = template.header.format if template.header else ""
    if header not in SENDABLE_HEADERS:
        return _plural(UNSUPPORTED_HEADERS.get(header), "headers")
    if template.header and len(list(template.header.variables())) > 1:
        return "Headers with several variables"
    for button in template.buttons:
        if button.type not in SENDABLE_BUTTONS:
            return _plural(UNSUPPORTED_BUTTONS.get(button.type), "buttons")
        if len(button.variable_names) > 1:
            return "Links with several variables"
    return ""


def _plural(label: str | None, noun: str) -> str:
    """Return ``Carousel templates``; an unknown kind is ``Newer kinds of templates``."""
    return f"{label} {noun}" if label else f"Newer kinds of {noun}"
