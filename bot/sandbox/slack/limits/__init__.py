"""The payload validator: refuses what real Slack refuses, with Slack's error code and pointers.

``rules.py`` has the limits with their sources; the other files say where each one applies.
"""

from __future__ import annotations

from bot.sandbox.slack.limits.messages import check_message, check_response_body
from bot.sandbox.slack.limits.rules import BOUNDS, RULES
from bot.sandbox.slack.limits.validation_report import (
    PayloadFinding,
    PayloadSurface,
    choose_error_code,
)
from bot.sandbox.slack.limits.views import check_options_response, check_view, check_view_response

__all__ = [
    "BOUNDS",
    "RULES",
    "PayloadFinding",
    "PayloadSurface",
    "check_message",
    "check_options_response",
    "check_response_body",
    "check_view",
    "check_view_response",
    "choose_error_code",
]
