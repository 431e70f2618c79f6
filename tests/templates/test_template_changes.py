"""What Meta's template events change in the list of templates."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.template import Template
from bot.templates.template_changes import TemplateChange, apply_changes, read_change
from bot.webhooks.events import TemplateEvent
from bot.webhooks.parser import parse_events
from tests.sandbox.chakra_client import read_doc
from tests.templates.builders import build_body_component, build_template

TEMPLATE_ID = "1667192013751005"


def parse_change(field: str, **value: Any) -> TemplateChange:
    value = {"message_template_id": int(TEMPLATE_ID), **value}
    change = {"field": field, "value": value}
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
    (event,) = parse_events(json.dumps(body).encode())
    assert isinstance(event, TemplateEvent)
    return read_change(event)


def create_template(**fields: Any) -> Template:
    return build_template(
        build_body_component("Hi"), **{"quality_score": {"score": "GREEN"}, **fields}
    )


@pytest.mark.parametrize(
    ("event", "before", "after"),
    [
        ("PAUSED", "APPROVED", "PAUSED"),
        ("DISABLED", "PAUSED", "DISABLED"),
        ("REINSTATED", "DISABLED", "APPROVED"),
        ("UNARCHIVED", "ARCHIVED", "APPROVED"),
        ("FLAGGED", "APPROVED", "APPROVED"),
        ("LOCKED", "APPROVED", "LOCKED"),
        ("approved", "PENDING", "APPROVED"),
        ("BRAND_NEW", "APPROVED", "BRAND_NEW"),
        ("", "APPROVED", "APPROVED"),
    ],
)
def test_status_event_sets_the_status(event: str, before: str, after: str) -> None:
    change = parse_change("message_template_status_update", event=event, reason="NONE")
    assert change.apply(create_template(status=before)).status == after


def test_rejection_has_its_reason_until_the_template_is_approved() -> None:
    rejected = parse_change("message_template_status_update", event="REJECTED", reason="SCAM")
    approved = parse_change("message_template_status_update", event="APPROVED", reason="NONE")
    assert rejected.apply(create_template()).rejected_reason == "SCAM"
    assert approved.apply(rejected.apply(create_template())).rejected_reason == ""


def test_quality_event_sets_the_quality() -> None:
    change = parse_change(
        "message_template_quality_update", previous_quality_score="GREEN", new_quality_score="RED"
    )
    assert change.apply(create_template()).quality == "RED"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {"correct_category": "MARKETING", "new_category": "UTILITY"},
            ("UTILITY", "", "MARKETING"),
        ),
        (
            {"previous_category": "UTILITY", "new_category": "MARKETING"},
            ("MARKETING", "UTILITY", ""),
        ),
        ({"new_category": "MARKETING"}, ("UTILITY", "", "")),
        ({}, ("UTILITY", "", "")),
    ],
)
def test_announced_category_differs_from_a_changed_one(
    value: dict[str, str], expected: tuple[str, str, str]
) -> None:
    changed = parse_change("template_category_update", **value).apply(create_template())
    assert (changed.category, changed.previous_category, changed.correct_category) == expected


def test_documented_events_are_read() -> None:
    read = {}
    for name in ("category-impending", "category-done", "quality", "status", "components"):
        (event,) = parse_events(json.dumps(read_doc(f"webhook-meta.template-{name}")).encode())
        assert isinstance(event, TemplateEvent)
        read[name] = set(read_change(event).fields)
    assert read == {
        "category-impending": {"correct_category"},
        "category-done": {"category", "previous_category", "correct_category"},
        "quality": {"quality"},
        "status": {"status", "rejected_reason"},
        "components": set(),
    }


def test_deleted_template_leaves_the_list_and_unknown_ones_change_nothing() -> None:
    listed = (create_template(), create_template(id="2"))
    deleted = TemplateChange(TEMPLATE_ID, 1.0, {"status": "DELETED"})
    unknown = TemplateChange("3", 1.0, {"status": "PAUSED"})
    assert apply_changes(listed, [deleted, unknown]) == (listed[1],)


@given(st.permutations([("PENDING", 1.0), ("APPROVED", 2.0), ("PAUSED", 3.0)]))
def test_last_event_decides_in_whatever_order_they_arrive(
    events: list[tuple[str, float]],
) -> None:
    changes = [TemplateChange(TEMPLATE_ID, at, {"status": status}) for status, at in events]
    assert apply_changes([create_template()], changes)[0].status == "PAUSED"
