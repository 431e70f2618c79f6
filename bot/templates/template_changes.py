"""The changes that Meta's template events make to the list of templates.

Source: Meta's webhooks reference, the ``message_template_…_update`` fields (API.md, Webhooks).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.chakra.fields import to_text
from bot.chakra.template import Template
from bot.webhooks.events import TemplateEvent

STATUS_BY_EVENT: Mapping[str, str] = {"REINSTATED": "APPROVED", "UNARCHIVED": "APPROVED"}
"""Meta's events that are not themselves a status."""
UNCHANGED_STATUS_EVENTS = frozenset({"", "FLAGGED"})
"""A flagged template has a low quality, and can still be sent."""
DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """A change that Meta reported, at ``occurred_at`` in seconds since 1970 (0 if unknown).

    ``fields`` are the new values of the template's fields, as far as the event has them.
    """

    template_id: str
    occurred_at: float = 0.0
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_deletion(self) -> bool:
        """Whether the template no longer exists."""
        return self.fields.get("status") == DELETED

    def apply(self, template: Template) -> Template:
        """Return the template with the new values."""
        return template.model_copy(update=dict(self.fields))


def read_change(event: TemplateEvent) -> TemplateChange:
    """Return the change that an event reports."""
    read = {
        "status": _read_status_fields,
        "quality": _read_quality_fields,
        "category": _read_category_fields,
    }
    fields = read[event.kind](event) if event.kind in read else {}
    return TemplateChange(event.template_id, event.occurred_at, fields)


def apply_changes(
    templates: Iterable[Template], changes: Sequence[TemplateChange]
) -> tuple[Template, ...]:
    """Return the templates with the changes, in the order of the events."""
    known = {template.id: template for template in templates}
    for change in sorted(changes, key=lambda change: change.occurred_at):
        template = known.get(change.template_id)
        if template is not None and change.is_deletion:
            del known[template.id]
        elif template is not None:
            known[template.id] = change.apply(template)
    return tuple(known.values())


def _read_status_fields(event: TemplateEvent) -> dict[str, str]:
    status = _read_upper(event, "event")
    if status in UNCHANGED_STATUS_EVENTS:
        return {}
    reason = _read_upper(event, "reason")
    fields = {
        "status": STATUS_BY_EVENT.get(status, status),
        "rejected_reason": "" if reason == "NONE" or status != "REJECTED" else reason,
    }
    category = _read_upper(event, "message_template_category")
    return {**fields, "category": category} if category else fields


def _read_quality_fields(event: TemplateEvent) -> dict[str, str]:
    score = _read_upper(event, "new_quality_score")
    return {"quality": score} if score else {}


def _read_category_fields(event: TemplateEvent) -> dict[str, str]:
    """Distinguish an announced change from a completed one: ``new_category`` differs in meaning."""
    correct, previous = (
        _read_upper(event, "correct_category"),
        _read_upper(event, "previous_category"),
    )
    if correct:
        return {"correct_category": correct}
    new = _read_upper(event, "new_category")
    if previous and new:
        return {"category": new, "previous_category": previous, "correct_category": ""}
    return {}


def _read_upper(event: TemplateEvent, name: str) -> str:
    return to_text(event.raw.get(name)).strip().upper()
