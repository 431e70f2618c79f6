"""The sentence of each event in a channel: what happened, what it means, what to do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bot.messages.send import Send
from bot.messages.status import SendStatus
from bot.notifications.account_copy import explain_account_event
from bot.notifications.cards import prepend_mentions, render_event_card
from bot.notifications.headlines import Headline, describe, get_event_time
from bot.slack.blocks import Markup
from bot.slack.channel_mask import mask_for_channel
from bot.webhooks.events import UnknownEvent
from bot.webhooks.meta_format import ACCOUNT_FIELDS, PREFERENCE_FIELDS
from bot.webhooks.parser import parse_events
from bot.webhooks.recorded_event import RecordedEvent

NUMBER = "919876543210"
STATUS = {"id": "wamid.1", "timestamp": "1795900000", "recipient_id": NUMBER}


def build_send(member: str = "U0JOHN") -> Send:
    return Send(
        id=3,
        key="view-1",
        member=member,
        template="order_update",
        language="en",
        recipient="+91 •••••• 3210",
        followable=True,
        process_id="",
        started_at=1_795_899_000.0,
        status=SendStatus.FAILED,
        status_at=1_795_900_000.0,
    )


@pytest.mark.parametrize("field", sorted(ACCOUNT_FIELDS | PREFERENCE_FIELDS))
@pytest.mark.parametrize("value", [{}, {"event": ["x"], "decision": {}, "value": None}])
def test_change_that_says_nothing_is_a_whole_sentence(field: str, value: dict[str, Any]) -> None:
    found = explain_account_event(field, value)
    assert not re.search(r": *[.*]*$|  |\*\*| [.:]", found.summary), found.summary


def read(field: str, **value: Any) -> Headline:
    return describe(parse(field, **value).event)


def parse(field: str, **value: Any) -> RecordedEvent:
    change = {"field": field, "value": {"metadata": {"phone_number_id": "1"}, **value}}
    body = {"object": "whatsapp_business_account", "entry": [{"changes": [change]}]}
    [event] = parse_events(json.dumps(body).encode())
    return RecordedEvent(7, "key", event, 0, 1_795_900_100.0)


def build_status(kind: str, **more: Any) -> RecordedEvent:
    return parse("messages", statuses=[{**STATUS, "status": kind, **more}])


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("sent", "A message was sent to +91 •••••• 3210."),
        ("delivered", "A message was delivered to +91 •••••• 3210."),
        ("read", "A message was read by +91 •••••• 3210."),
    ],
)
def test_status_says_what_happened_to_the_message(kind: str, line: str) -> None:
    assert describe(build_status(kind).event).line == line


def test_failed_delivery_says_why_and_what_to_do() -> None:
    event = build_status("failed", errors=[{"code": 131026, "title": "Undeliverable"}]).event
    headline = describe(event, build_send())
    assert headline.line == "*order_update* wasn't delivered to +91 •••••• 3210."
    assert headline.meaning.startswith("WhatsApp can't deliver to this number. It may not be on")
    assert headline.label == "order_update: WhatsApp can't deliver to this number"


def test_failure_without_a_reason_says_so() -> None:
    headline = describe(build_status("failed").event)
    assert headline.meaning.startswith("WhatsApp couldn't deliver this message and gave no reason.")


def test_customer_without_a_number_has_a_username() -> None:
    event = parse(
        "messages",
        statuses=[{"id": "wamid.1", "status": "read", "recipient_user_id": "IN.1"}],
        contacts=[{"user_id": "IN.1", "profile": {"username": "@asha.p"}}],
    ).event
    assert describe(event).line == "A message was read by @asha.p."


ACCOUNT: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "phone_number_quality_update",
        {"display_phone_number": "15550001111", "event": "FLAGGED", "current_limit": "TIER_10K"},
        "Our number +15550001111 has a low quality rating. The limit is now *10,000 people a day*.",
        "Send less marketing",
    ),
    (
        "phone_number_quality_update",
        {"display_phone_number": "15550001111", "event": "DOWNGRADE", "current_limit": "TIER_1K"},
        "may write to fewer people a day. The limit is now *1,000 people a day*.",
        "Campaigns beyond the limit fail.",
    ),
    ("phone_number_quality_update", {"event": "NEW"}, "One of our numbers has changed: new.", ""),
    (
        "account_update",
        {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}},
        "WhatsApp has disabled the business account.",
        "Nothing can be sent.",
    ),
    (
        "account_update",
        {
            "event": "ACCOUNT_RESTRICTION",
            "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING"}],
        },
        "restricted the business account. WhatsApp says: restricted biz initiated messaging.",
        "Some messages can't be sent",
    ),
    (
        "account_update",
        {"event": "X_Y"},
        "WhatsApp changed the business account: *x y*.",
        "Manager",
    ),
    (
        "account_review_update",
        {"decision": "REJECTED"},
        "WhatsApp rejected the business account.",
        "It can't send until it is approved.",
    ),
    (
        "account_alerts",
        {"alert_info": {"alert_severity": "CRITICAL", "alert_description": "Fix <this>"}},
        "WhatsApp warns about the account: Fix &lt;this&gt;",
        "WhatsApp Manager",
    ),
    (
        "business_capability_update",
        {"max_daily_conversation_per_phone": 1000, "max_phone_numbers_per_business": 20},
        "it may write to *1,000 people a day*, and it may have *20* phone numbers.",
        "",
    ),
    (
        "business_capability_update",
        {"max_daily_conversations_per_business": "TIER_UNLIMITED"},
        "have changed: it may write to *any number of people a day*.",
        "",
    ),
    (
        "phone_number_name_update",
        {"decision": "REJECTED", "requested_verified_name": "Acme", "rejection_reason": "NAME_BAD"},
        "WhatsApp rejected the name *Acme* for one of our numbers. Reason: name bad.",
        "Request another name",
    ),
    (
        "security",
        {"event": "PIN_CHANGED", "display_phone_number": "15550001111"},
        "The security settings of our number +15550001111 have changed: *pin changed*.",
        "If no one in your company did this",
    ),
    (
        "messaging_handovers",
        {"type": "control_passed", "control_passed": {"new_owner_role": "ai_agent"}},
        "A conversation is now with *ai agent*.",
        "",
    ),
    (
        "user_preferences",
        {"user_preferences": [{"wa_id": NUMBER, "value": "stop"}]},
        "A customer stopped your marketing messages.",
        "doesn't deliver marketing",
    ),
    ("business_status_update", {}, "WhatsApp reported a account change: ", "Manager"),
]


@pytest.mark.parametrize(("field", "value", "line", "meaning"), ACCOUNT)
def test_change_of_the_account_is_a_plain_sentence(
    field: str, value: dict[str, Any], line: str, meaning: str
) -> None:
    headline = read(field, **value)
    assert line in headline.line
    assert meaning in headline.meaning
    assert bool(headline.meaning) == bool(meaning)


@pytest.mark.parametrize("value", [{"event": 5}, {"event": ["x"]}, {"ban_info": "x"}, {}])
@pytest.mark.parametrize("field", sorted({row[0] for row in ACCOUNT} - {"user_preferences"}))
def test_fields_of_another_shape_are_no_error(field: str, value: dict[str, Any]) -> None:
    assert read(field, **value).line


def test_unknown_event_names_its_kind() -> None:
    headline = describe(UnknownEvent(kind="from_2031"))
    assert headline.line == "WhatsApp reported something that this app doesn't know: `from_2031`."


def test_card_has_who_sent_it_and_its_details() -> None:
    recorded = build_status("failed", errors=[{"code": 131026, "title": "Undeliverable"}])
    card = render_event_card(recorded, build_send(member="U0MEI"), ("U0JOHN", "S0SALES", "here"))
    shown = str(mask_for_channel(card).blocks)
    assert card.text.startswith("<@U0JOHN> <!subteam^S0SALES> <!here> *")
    assert "Sent by <@U0MEI>" in shown
    assert "sends.show" in shown


def test_card_in_a_channel_has_no_whole_number() -> None:
    card = mask_for_channel(render_event_card(build_status("read"), None))
    assert NUMBER[2:] not in str(card).replace(" ", "")


def test_text_without_mentions_stays_as_it_is() -> None:
    assert prepend_mentions(Markup("Hi"), ()) == "Hi"


@pytest.mark.parametrize(("occurred_at", "expected"), [(0.0, 50.0), (40.0, 40.0), (60.0, 50.0)])
def test_event_from_the_future_happened_at_its_arrival(occurred_at: float, expected: float) -> None:
    event = UnknownEvent(kind="x", occurred_at=occurred_at)
    assert get_event_time(RecordedEvent(1, "k", event, 0, 50.0)) == expected
