"""The card of a template: for one reader, and masked for a channel."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cache import Cached
from bot.chakra.template import Template
from bot.sandbox.slack.limits import check_response_body, check_view
from bot.slack.channel_mask import mask_for_channel
from bot.slack.commands.reply import Message, build_response_body
from bot.slack.viewer import Viewer
from bot.templates import card
from bot.templates import editor as form
from bot.templates.draft import is_editable
from tests.templates.builders import (
    LONG_TEXT,
    WILD_TEMPLATES,
    build_authentication_template,
    build_body_component,
    build_buttons_component,
    build_documented_templates,
    build_template,
)

DELIVERY, RENEWAL = build_documented_templates()
VIEWER = Viewer(now=0.0, may_edit=True)


def render_card(template: Template, *others: Template, viewer: Viewer = VIEWER) -> str:
    return read_message_text(card.render_private(Cached(template), (template, *others), viewer))


def read_message_text(message: Message) -> str:
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def test_card_shows_details_and_preview() -> None:
    text = render_card(
        build_template(build_body_component("Hi {{1}}!", "Mark"), quality_score={"score": "YELLOW"})
    )
    for part in (
        "*order_update*",
        ":large_green_circle: Approved",
        "Utility",
        "Medium: some people",
        "English (US)",
        "Hi ‹1›!",
        "Examples: ‹1›: Mark",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("TAG_CONTENT_MISMATCH", "doesn't match the category"),
        ("SCAM", "considers it a scam"),
        ("NEWER_REASON", "WhatsApp's reason: Newer reason."),
        ("NONE", "rejected this template"),
    ],
)
def test_rejection_reason_is_shown(reason: str, expected: str) -> None:
    assert expected in render_card(
        build_template(build_body_component("Hi."), status="REJECTED", rejected_reason=reason)
    )


def test_a_changed_category_is_shown() -> None:
    text = render_card(
        build_template(
            build_body_component("Hi."), category="MARKETING", previous_category="UTILITY"
        )
    )
    assert "Marketing, was utility" in text


def test_several_languages_are_a_menu() -> None:
    hindi = build_template(build_body_component("Hi."), id="2", language="hi", status="PAUSED")
    text = render_card(build_template(build_body_component("Hi.")), hindi)
    assert "English (US); also Hindi" in text
    assert card.CHOOSE in text
    assert card.CHOOSE not in render_card(build_template(build_body_component("Hi.")))
    assert card.pick_preferred((hindi, DELIVERY)) is DELIVERY
    assert card.pick_preferred((hindi,)) is hindi


def test_edit_requires_a_sender_and_an_editable_template() -> None:
    assert form.EDIT in render_card(DELIVERY)
    assert form.EDIT not in render_card(DELIVERY, viewer=Viewer(0.0))
    assert form.EDIT not in render_card(build_authentication_template())


def test_in_a_channel_numbers_and_addresses_are_masked() -> None:
    call = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+12025550190"}
    template = build_template(
        build_body_component("Write to help@acme.com or call +91 98765 43210."),
        build_buttons_component(call),
    )
    text = read_message_text(mask_for_channel(card.render_public(template, (template,), "U0MEI")))
    assert "Shared by <@U0MEI>" in text
    for hidden in ("help@acme.com", "98765 43210", "2025550190"):
        assert hidden not in text
    assert text.count("action_id") == text.count("Show me") == 1


@given(WILD_TEMPLATES, LONG_TEXT, st.integers(0, 110))
def test_any_template_renders_a_valid_card_and_form(template: Any, wild: str, count: int) -> None:
    family = [
        template,
        *(
            build_template(build_body_component("Hi."), id=f"i{at}", language=wild)
            for at in range(count)
        ),
    ]
    for message in (
        card.render_private(Cached(template), family, VIEWER, note="WhatsApp took it."),
        card.render_public(template, family, "U0MEI"),
    ):
        assert check_response_body(build_response_body(message)) == []
    if is_editable(template):
        assert [
            violation
            for violation in check_view(form.render_edit_form(template))
            if violation.is_error
        ] == []


def test_empty_form_is_valid() -> None:
    assert check_view(form.render_new_form()) == []
