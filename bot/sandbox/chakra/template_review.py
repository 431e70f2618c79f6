"""Meta's review of a template: approved or rejected shortly after its submission."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.sandbox.chakra.template import EmbeddedTemplate, TemplateStatus

REVIEW_SECONDS = 3.0
"""Seconds. Minutes to a day in reality; here long enough for ``PENDING`` to be visible."""

REJECTION_PATTERNS = (
    (re.compile(r"(?i)\b(?:card number|cvv|net ?banking password)\b"), "SCAM"),
    (re.compile(r"(?i)\b(?:lottery|escort|casino)\b"), "ABUSIVE_CONTENT"),
)
PROMOTIONAL_PATTERN = re.compile(r"(?i)\d ?% off\b|\bdiscount\b|\bsale\b|\bcoupon\b")
"""Words that make a template marketing. In reality a model judges the whole text."""


@dataclass(frozen=True, slots=True)
class ReviewResult:
    status: TemplateStatus
    reason: str = "NONE"


def review_template(template: EmbeddedTemplate) -> ReviewResult:
    text = f"{template.header_text}\n{template.body_text}"
    for words, reason in REJECTION_PATTERNS:
        if words.search(text):
            return ReviewResult("REJECTED", reason)
    if template.category == "UTILITY" and PROMOTIONAL_PATTERN.search(text):
        return ReviewResult("REJECTED", "TAG_CONTENT_MISMATCH")
    return ReviewResult("APPROVED")
