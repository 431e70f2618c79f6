"""What the events of templates mean, in words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.chakra.template import Template
from bot.slack.age import format_date_token
from bot.templates.event_copy import STATUS_TEXTS, describe_event
from bot.webhooks.events import TemplateEvent
from bot.webhooks.parser import parse_events
from tests.templates.event_bodies import BODIES

AT = 1_795_900_000.0
TEMPLATE = Template.model_validate(
    {
        "id": "7", "name": "order_update", "language": "en", "status": "APPROVED",
        "category": "UTILITY",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Your order"},
            {"type": "BODY", "text": "Hello {{1}}, your order is packed."},
            {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Follow it",
                                              "url": "https://shop.example/{{1}}"}]},
        ],
    }
)  # fmt: skip


def event(kind: str, **raw: Any) -> TemplateEvent:
    return TemplateEvent(
        kind=kind, occurred_at=AT, template_id="7", name="order_update", language="en", raw=raw
    )


def describe_words(described: TemplateEvent, **known: Template | None) -> str:
    news = describe_event(described, **known)
    return "\n".join([news.what, *news.details, news.meaning])


@pytest.mark.parametrize("status", sorted(STATUS_TEXTS))
def test_every_status_has_a_sentence(status: str) -> None:
    news = describe_event(event("status", event=status))
    assert news.emoji
    assert news.meaning.endswith(".")
    assert "new status" not in news.what


CASES: list[tuple[TemplateEvent, list[str], bool]] = [
    (event("status", event="APPROVED", reason="NONE"), ["was approved", "can be sent now"], False),
    (event("status", event="REJECTED", reason="PROMOTIONAL"),
     ["was rejected", "*Why:* WhatsApp considers it promotional"], True),
    (event("status", event="REJECTED", reason="NEW_REASON"), ["WhatsApp's reason: New reason"],
     True),
    (event("status", event="REJECTED", rejection_info={"reason": "Too vague <b>",
                                                        "recommendation": "Say what is ready."}),
     ["*WhatsApp says:* Too vague &lt;b&gt;", "*WhatsApp recommends:* Say what is ready."], True),
    (event("status", event="REJECTED", rejection_info="junk", reason=None), ["was rejected"], True),
    (event("status", event="PAUSED", other_info={"title": "FIRST_PAUSE"}),
     ["was paused", f"comes back {format_date_token(AT + 3 * 3600)}",
      "next pause is longer"], True),
    (event("status", event="PAUSED", other_info={"title": "SECOND_PAUSE"}),
     [f"comes back {format_date_token(AT + 6 * 3600)}", "Next time it is disabled"], True),
    (event("status", event="PAUSED"), ["usually comes back after a few hours"], True),
    (replace(event("status", event="PAUSED", other_info={"title": "FIRST_PAUSE"}), occurred_at=0.0),
     ["The pause takes 3 hours"], True),
    (event("status", event="DISABLED", disable_info={"disable_date": 1795900000}),
     ["was disabled", f"*Disabled:* {format_date_token(AT)}"], True),
    (event("status", event="FLAGGED"), ["can still be sent"], True),
    (event("status", event="SOMETHING_NEW"), ["has a new status: something new", "doesn't know"],
     False),
    (event("status"), ["has a new status: none"], False),
    (event("quality", previous_quality_score="GREEN", new_quality_score="YELLOW"),
     ["new quality: *medium* (was high)", "WhatsApp pauses it"], True),
    (event("quality", new_quality_score="RED"), ["new quality: *low*", "may pause it"], True),
    (event("quality", previous_quality_score="UNKNOWN", new_quality_score="GREEN"),
     ["*high* (was not rated)", "Few people"], False),
    (event("quality", new_quality_score="PURPLE"), ["*purple*", "doesn't know this rating"], False),
    (event("quality"), ["*unknown*"], False),
    (event("category", correct_category="MARKETING", new_category="UTILITY",
           category_update_timestamp=1795986400),
     [f"becomes *Marketing* {format_date_token(1795986400)} (now Utility)",
      "From then on, each message is charged as marketing", "ask for a review"], True),
    (event("category", correct_category="MARKETING"), ["becomes *Marketing* soon"], True),
    (event("category", previous_category="UTILITY", new_category="MARKETING"),
     ["is *Marketing* now (was Utility)", "Each message is charged as marketing",
      "turned off marketing messages won't get it"], True),
    (event("category", previous_category="MARKETING", new_category="UTILITY"),
     ["is *Utility* now (was Marketing)", "charged as utility"], True),
    (event("category", new_category="MARKETING"),
     ["has a new category: *Marketing*", "didn't say what it was before"], True),
    (event("category"), ["has a new category: *unknown*"], True),
    (event("other_thing"), ["has changed: other thing"], False),
    (event("components"), ["has new content"], True),
    (event("components", message_template_element=5, message_template_buttons="junk"),
     ["has new content"], True),
]  # fmt: skip


@pytest.mark.parametrize(("described", "words", "harmful"), CASES)
def test_events(described: TemplateEvent, words: list[str], harmful: bool) -> None:
    shown = describe_words(described)
    assert [word for word in words if word not in shown] == [], shown
    assert describe_event(described).is_harmful is harmful


def test_category_alone_is_read_from_the_list() -> None:
    upcoming = TEMPLATE.model_copy(update={"correct_category": "MARKETING"})
    shown = describe_words(event("category", new_category="UTILITY"), known=upcoming)
    assert "becomes *Marketing* soon (now Utility)" in shown
    assert "charged as marketing" in shown


def test_new_content_is_compared_with_the_text_before() -> None:
    changed = event(
        "components",
        message_template_title="Your order",
        message_template_element="Hello {{1}}, your order {{2}} is packed.\nThanks!",
        message_template_buttons=[
            {
                "message_template_button_type": "URL",
                "message_template_button_text": "Track it",
                "message_template_button_url": "https://shop.example/{{1}}",
            }
        ],
    )
    shown = describe_words(changed, before=TEMPLATE)
    assert "*Body:*\nHello ‹1›, your order *‹2›* is packed.\n*Thanks!*" in shown
    assert "*Button 1:*\n~Follow~ *Track* it https://shop.example/‹1›" in shown
    assert "Header" not in shown
    assert "Check that the variables still fit" in shown


def test_without_the_text_before_the_new_one_is_shown() -> None:
    changed = event("components", message_template_element="Hello")
    assert "didn't have the text from before" in describe_words(changed)
    assert "*Body:*\n*Hello*" in describe_words(changed)
    same = event(
        "components",
        message_template_title="Your order",
        message_template_element="Hello {{1}}, your order is packed.",
        message_template_buttons=[
            {
                "message_template_button_type": "URL",
                "message_template_button_text": "Follow it",
                "message_template_button_url": "https://shop.example/{{1}}",
            }
        ],
    )
    assert "didn't have the text from before" in describe_words(same, before=TEMPLATE)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_events_of_the_contract(body: dict[str, Any]) -> None:
    [parsed] = parse_events(json.dumps(body).encode())
    assert isinstance(parsed, TemplateEvent)
    news = describe_event(parsed)
    assert "doesn't know" not in news.meaning
    assert news.is_harmful
