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
from bot.slack.commands.reply import Message, response_body
from bot.slack.viewer import Viewer
from bot.templates import card
from bot.templates import editor as form
from bot.templates.draft import is_editable
from tests.templates.samples import (
    LONG,
    WILD_TEMPLATES,
    body,
    buttons,
    documented,
    one_time_code,
    template,
)

DELIVERY, RENEWAL = documented()
LOOKING = Viewer(now=0.0, may_edit=True)


def drawn(made: Template, *others: Template, viewer: Viewer = LOOKING) -> str:
    return said(card.render_private(Cached(made), (made, *others), viewer))


def said(message: Message) -> str:
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def test_the_card_says_what_it_is_and_what_the_recipient_sees() -> None:
    shown = drawn(template(body("Hi {{1}}!", "Mark"), quality_score={"score": "YELLOW"}))
    for part in (
        "*order_update*",
        ":large_green_circle: Approved",
        "Utility",
        "Medium: some people",
        "English (US)",
        "Hi ‹1›!",
        "Examples: ‹1›: Mark",
    ):
        assert part in shown


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("TAG_CONTENT_MISMATCH", "doesn't match the category"),
        ("SCAM", "considers it a scam"),
        ("NEWER_REASON", "WhatsApp's reason: Newer reason."),
        ("NONE", "rejected this template"),
    ],
)
def test_why_it_was_rejected(reason: str, expected: str) -> None:
    assert expected in drawn(template(body("Hi."), status="REJECTED", rejected_reason=reason))


def test_a_changed_category_is_shown() -> None:
    shown = drawn(template(body("Hi."), category="MARKETING", previous_category="UTILITY"))
    assert "Marketing, was utility" in shown


def test_several_languages_are_a_menu() -> None:
    hindi = template(body("Hi."), id="2", language="hi", status="PAUSED")
    shown = drawn(template(body("Hi.")), hindi)
    assert "English (US); also Hindi" in shown
    assert card.CHOOSE in shown
    assert card.CHOOSE not in drawn(template(body("Hi.")))
    assert card.pick_preferred((hindi, DELIVERY)) is DELIVERY
    assert card.pick_preferred((hindi,)) is hindi


def test_edit_is_for_who_may_write_and_what_can_be_changed() -> None:
    assert form.EDIT in drawn(DELIVERY)
    assert form.EDIT not in drawn(DELIVERY, viewer=Viewer(0.0))
    assert form.EDIT not in drawn(one_time_code())


def test_in_a_channel_numbers_and_addresses_are_masked() -> None:
    call = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+12025550190"}
    made = template(body("Write to help@acme.com or call +91 98765 43210."), buttons(call))
    shown = said(card.render_public(made, (made,), "U0MEI"))
    assert "Shared by <@U0MEI>" in shown
    for hidden in ("help@acme.com", "98765 43210", "2025550190"):
        assert hidden not in shown
    assert "actions" not in shown


@given(WILD_TEMPLATES, LONG, st.integers(0, 110))
def test_whatever_a_template_holds_slack_takes_the_card_and_the_form(
    made: Any, wild: str, count: int
) -> None:
    family = [made, *(template(body("Hi."), id=f"i{at}", language=wild) for at in range(count))]
    for message in (
        card.render_private(Cached(made), family, LOOKING, note="WhatsApp took it."),
        card.render_public(made, family, "U0MEI"),
    ):
        assert check_response_body(response_body(message)) == []
    if is_editable(made):
        assert [one for one in check_view(form.render_edit_form(made)) if one.is_error] == []


def test_slack_takes_the_empty_form() -> None:
    assert check_view(form.render_new_form()) == []
