"""Whatever a message contains, it is shown, within Slack's limits and without markup of its own."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.entry import Entry, EntryContext, build_entry, render_entry
from bot.conversations.names import format_customer_name
from bot.conversations.shapes import MAX_SUMMARY_LENGTH, read_shape
from bot.customers.customer import KnownCustomer
from bot.sandbox.slack.limits.messages import check_message
from bot.slack.blocks import Markup
from bot.webhooks.events import MessageEvent
from bot.webhooks.recorded_event import RecordedEvent

TYPES = (
    "text", "image", "audio", "document", "location", "contacts", "button", "interactive", "order",
    "reaction", "edit", "revoke", "system", "unsupported", "nfm_reply", "poll", "", "button_reply",
)  # fmt: skip
KEYS = (
    "body", "caption", "filename", "voice", "id", "mime_type", "latitude", "longitude", "name",
    "phones", "phone", "formatted_name", "org", "title", "description", "type", "button_reply",
    "nfm_reply", "response_json", "product_items", "item_price", "quantity", "currency", "emoji",
    "message", "original_message_id", "message_id", "errors", "error_data", "details", "origin",
    "context", "referral", "forwarded", "group_id", "text", "interactive", "contacts",
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "<!channel>",
            "<@U0JOHN>",
            "<https://x.example|y>",
            "*",
            "`",
            "\x00",
            "{}",
            "&",
            "x" * 9_000,
        ]
    ),
    st.sampled_from(TYPES),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=12,
)
OUR_TOKEN = re.compile(
    r"<!date\^\d+\^[^<>|]*\|[^<>]*>|<https://www\.openstreetmap\.org/[^<>|]*\|Map>"
)


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(TYPES))
    extra = draw(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3))
    return {**extra, "id": "wamid.1", "type": kind, kind: draw(VALUES)}


@given(messages(), st.booleans())
def test_any_message_has_a_shape(message: dict[str, Any], is_private: bool) -> None:
    shape = read_shape(message, is_private=is_private)
    for shown in (shape.body, shape.summary):
        assert type(shown) is Markup
        assert "<" not in OUR_TOKEN.sub("", shown)
    assert "\n" not in shape.summary
    assert len(shape.summary) <= 6 * MAX_SUMMARY_LENGTH + 100


@given(messages(), st.lists(messages(), max_size=3), TEXTS)
def test_any_message_can_be_posted(
    message: dict[str, Any], later: list[dict[str, Any]], name: str
) -> None:
    recorded = build_recorded(1, message)
    assert isinstance(recorded.event, MessageEvent)
    changes = [build_recorded(number, each) for number, each in enumerate(later, 2)]
    customer = format_customer_name(KnownCustomer(3, name=name))
    around = EntryContext(customer, 1, "Acme", Markup("A quote"), can_answer=True)
    for entry in (
        Entry(recorded, recorded.event),
        build_entry(recorded, recorded.event, changes),
    ):
        posted = render_entry(entry, around)
        assert check_message({"text": posted.text, "blocks": list(posted.blocks)}) == []


def build_recorded(number: int, message: dict[str, Any]) -> RecordedEvent:
    event = MessageEvent(kind=message["type"], wamid="wamid.1", raw=message)
    return RecordedEvent(number, f"message:{number}", event, 3, 1000.0)
