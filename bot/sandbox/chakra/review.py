"""Meta's review of a template: approved or rejected shortly after its submission."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.sandbox.chakra.template import Status, Template

SECONDS = 3.0
"""Minutes to a day in reality; long enough here for ``PENDING`` to be visible."""

REASONS = (
    (re.compile(r"(?i)\b(?:card number|cvv|net ?banking password)\b"), "SCAM"),
    (re.compile(r"(?i)\b(?:lottery|escort|casino)\b"), "ABUSIVE_CONTENT"),
)
PROMOTIONAL = re.compile(r"(?i)\d ?% off\b|\bdiscount\b|\bsale\b|\bcoupon\b")
"""Words that make a template marketing. In reality a model judges the whole text."""


@dataclass(frozen=True, slots=True)
class Verdict:
    status: Status
    reason: str = "NONE"


def verdict(template: Template) -> Verdict:
    text = f"{template.header_text}\n{template.body_text}"
    for words, reason in REASONS:
        if words.search(text):
            return Verdict("REJECTED", reason)
    if template.category == "UTILITY" and PROMOTIONAL.search(text):
        return Verdict("REJECTED", "TAG_CONTENT_MISMATCH")
    return Verdict("APPROVED")
