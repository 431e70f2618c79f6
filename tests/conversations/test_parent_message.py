"""The message that begins a thread: who the customer is, and what state the conversation has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversations.conversation import Conversation, ConversationState
from bot.conversations.names import format_bold_name, format_customer_address, format_customer_name
from bot.conversations.parent_message import ParentFacts, render_parent, render_state, render_window
from bot.customers.customer import KnownCustomer
from bot.slack.blocks import Markup

OPEN = Conversation(
    id=1,
    channel="C0SALES",
    customer_id=3,
    post_key="conversation:1",
    state=ConversationState.OPEN,
    state_at=1000.0,
    takes_replies=False,
    assignee="",
    snoozed_until=0.0,
    unanswered_since=0.0,
    reminded_at=0.0,
    phone_number_id="111",
    last_message_at=1_700_000_000.0,
    last_event_id=7,
    raised_event_id=7,
    opened_at=1000.0,
)
ASHA = KnownCustomer(3, phone="919876543210", username="asha.rao", name="Asha Rao")
SNOOZED = replace(OPEN, state=ConversationState.SNOOZED, snoozed_until=1_700_000_000.0)


@pytest.mark.parametrize(
    ("customer", "name", "address"),
    [
        (ASHA, "Asha Rao", "+91 •••••• 3210"),
        (replace(ASHA, phone=""), "Asha Rao", "@asha.rao"),
        (replace(ASHA, name=""), "+91 •••••• 3210", ""),
        (replace(ASHA, name="", phone=""), "@asha.rao", ""),
        (replace(ASHA, name="\u200b \u2060"), "+91 •••••• 3210", ""),
        (KnownCustomer(3, user_id="IN.1"), "A customer", ""),
        (KnownCustomer(3, name="x" * 200), f"{'x' * 79}…", ""),
    ],
)
def test_customer_is_named_without_their_number(
    customer: KnownCustomer, name: str, address: str
) -> None:
    assert (format_customer_name(customer), format_customer_address(customer)) == (name, address)


def test_name_cannot_mention_or_format() -> None:
    assert format_bold_name("<!channel> *x*") == "*&lt;!channel&gt; ∗x∗*"


@pytest.mark.parametrize(
    ("conversation", "text"),
    [
        (OPEN, "Unassigned"),
        (replace(OPEN, assignee="U0MEI"), "<@U0MEI> has it"),
        (replace(OPEN, state=ConversationState.RESOLVED), ":white_check_mark: Resolved"),
        (
            SNOOZED,
            (
                ":zzz: Snoozed until <!date^1700000000^{date_short_pretty} at {time}"
                "|14 Nov 2023 22:13 UTC>"
            ),
        ),
        (
            replace(SNOOZED, assignee="U0MEI"),
            (
                ":zzz: Snoozed until <!date^1700000000^{date_short_pretty} at {time}"
                "|14 Nov 2023 22:13 UTC> · <@U0MEI> has it"
            ),
        ),
    ],
    ids=["open", "assigned", "resolved", "snoozed", "snoozed-assigned"],
)
def test_state_says_who_has_it(conversation: Conversation, text: str) -> None:
    assert render_state(conversation) == text


def test_window_names_its_end_and_no_price() -> None:
    assert render_window(0) == "Only a template can be sent."
    shown = render_window(1_700_000_000)
    assert shown.startswith("Can be answered until <!date^1700000000^")
    assert "free" not in shown


def test_everything_known_is_shown() -> None:
    facts = ParentFacts(ASHA, Markup("Hello"), "Acme Support", "LEAD-7", 1_700_000_000)
    shown = str(render_parent(OPEN, facts).blocks)
    for part in ("*Asha Rao* · +91", "> Hello", "to Acme Support", "lead LEAD-7", "last message"):
        assert part in shown
    assert render_parent(OPEN, facts).text == "Asha Rao: Hello"
