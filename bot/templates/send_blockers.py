"""Why a template cannot be sent, or not from here: one sentence, or none."""

from __future__ import annotations

from collections.abc import Mapping

from bot.chakra.template import Template
from bot.templates.variables import template_fields

STATE_BLOCKERS: Mapping[str, str] = {
    "PENDING": "WhatsApp is still looking at this template. It can be sent once it is approved.",
    "REJECTED": "WhatsApp rejected this template, so it cannot be sent.",
    "PAUSED": "WhatsApp paused this template, because people blocked or reported it. "
    "It comes back by itself after some hours.",
    "DISABLED": "WhatsApp disabled this template for good. Choose another one.",
    "IN_APPEAL": "This template was rejected, and WhatsApp is looking at the appeal.",
    "PENDING_DELETION": "This template is being deleted.",
    "DELETED": "This template was deleted.",
    "LIMIT_EXCEEDED": "The account has more templates than WhatsApp allows, so this one is off.",
    "ARCHIVED": "This template is archived. Bring it back in WhatsApp Manager to send it.",
}
"""By Meta's word for the state. What none of them names cannot be sent either."""

UNSUPPORTED_COMPONENTS: Mapping[str, str] = {
    "CAROUSEL": "a carousel",
    "LIMITED_TIME_OFFER": "a limited-time offer",
}
UNSUPPORTED_BUTTONS: Mapping[str, str] = {
    "FLOW": "a button that opens a form (a flow)",
    "CATALOG": "a button that opens the catalogue",
    "MPM": "a button that shows several products",
    "SPM": "a button that shows a product",
}
UNSUPPORTED_HEADERS: Mapping[str, str] = {"GIF": "a GIF", "PRODUCT": "a product as its header"}

SENDABLE_COMPONENTS = frozenset({"CALL_PERMISSION_REQUEST"})
"""Of those beside header, body, footer and buttons: a send says nothing for it."""
SENDABLE_BUTTONS = frozenset({"QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "OTP"})
SENDABLE_HEADERS = frozenset({"", "TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"})

MAX_FIELDS = 60
"""Inputs that fit into a form together with recipient, sender and preview; Slack takes 100 blocks.
docs.slack.dev/reference/views"""
MAX_BLOCK_ID_LENGTH = 255
"""Characters of a ``block_id``. docs.slack.dev/reference/block-kit/blocks"""


def send_blocker(template: Template) -> str:
    """ "" where it can be sent from here."""
    if not template.is_sendable:
        return STATE_BLOCKERS.get(template.status, "WhatsApp has not approved this template.")
    unsupported = _unsupported_part(template)
    if unsupported:
        return f"It has {unsupported}, which this app cannot fill in. Send it from Chakra."
    required = template_fields(template)
    if len(required) > MAX_FIELDS or any(
        len(field.key) > MAX_BLOCK_ID_LENGTH for field in required
    ):
        return "It asks for more than a form in Slack can hold. Send it from Chakra."
    return ""


def _unsupported_part(template: Template) -> str:
    """The first part that a send from here has no words for; "" where there is none."""
    for part in template.other_components:
        if part.type not in SENDABLE_COMPONENTS:
            return UNSUPPORTED_COMPONENTS.get(part.type, "a part of a newer sort")
    header = template.header.format if template.header else ""
    if header not in SENDABLE_HEADERS:
        return UNSUPPORTED_HEADERS.get(header, "a header of a newer sort")
    if template.header and len(list(template.header.variables())) > 1:
        return "a heading with several variables"
    for button in template.buttons:
        if button.type not in SENDABLE_BUTTONS:
            return UNSUPPORTED_BUTTONS.get(button.type, "a button of a newer sort")
        if len(button.variable_names) > 1:
            return "a link with several variables"
    return ""
