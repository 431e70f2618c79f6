"""Meta's events about changes of a template: its status, quality, category and components."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.sandbox.chakra.template import EmbeddedTemplate

CATEGORY_NOTICE_SECONDS = 86_400
"""Time from the notice of a category to the change itself, as in the documented example."""

Change = tuple[str, dict[str, Any]]
"""The field of an event and its value."""


def iter_changes(before: EmbeddedTemplate, after: EmbeddedTemplate, now: float) -> Iterator[Change]:
    """Yield an event for each kind of change."""
    template: dict[str, Any] = {
        "message_template_id": int(after.id),
        "message_template_name": after.name,
        "message_template_language": after.language,
    }
    if after.status != before.status:
        status = {"event": after.status, **template, "reason": after.rejected_reason}
        yield "message_template_status_update", status
    if after.quality != before.quality:
        scores = {"previous_quality_score": before.quality, "new_quality_score": after.quality}
        yield "message_template_quality_update", {**template, **scores}
    if after.category != before.category:
        done = {"previous_category": before.category, "new_category": after.category}
        yield "template_category_update", {**template, **done}
    elif after.correct_category and after.correct_category != before.correct_category:
        impending = {
            "correct_category": after.correct_category,
            "new_category": after.category,
            "category_update_timestamp": int(now) + CATEGORY_NOTICE_SECONDS,
        }
        yield "template_category_update", {**template, **impending}
    if after.components != before.components:
        yield "message_template_components_update", {**template, **_build_components(after)}


def _build_components(template: EmbeddedTemplate) -> dict[str, Any]:
    footer = template.find_component("FOOTER") or {}
    parts = {
        "message_template_title": template.header_text,
        "message_template_element": template.body_text,
        "message_template_footer": footer.get("text", ""),
        "message_template_buttons": [_build_button(button) for button in template.buttons],
    }
    return {name: part for name, part in parts.items() if part}


def _build_button(button: Any) -> dict[str, Any]:
    parts = {
        "message_template_button_type": button["type"],
        "message_template_button_text": button.get("text", ""),
        "message_template_button_url": button.get("url", ""),
        "message_template_button_phone_number": button.get("phone_number", ""),
    }
    return {name: part for name, part in parts.items() if part}
