"""The form for an answer, the question about a typed one, and what both say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.conversations.actions import snooze_end
from bot.conversations.controls import TypedReply
from bot.conversations.history import HistoryLine, merge
from bot.conversations.reply_form import ReplyState, render_form
from bot.conversations.target import ReplyTarget
from bot.conversations.typed_reply import ask_about_typed
from bot.conversations.windows import Window
from bot.customers.customer import KnownCustomer
from bot.errors import UsageError
from bot.messages.send import build_conversation_key, parse_conversation_key
from bot.slack.blocks import Markup
from bot.slack.button_state import OutdatedButton

NOW = 1_800_000_000.0
MEI = KnownCustomer(7, phone="61491570156", name="Mei Tanaka")
HIDDEN = KnownCustomer(8, user_id="AU.123", username="mei.t")


def build_target(customer: KnownCustomer = MEI, ends_at: float = NOW + 3_600) -> ReplyTarget:
    window = Window(ends_at, "775", "wamid.A")
    return ReplyTarget(customer, None, window, "775", "Acme, +1 555 0100")


def list_button_labels(blocks: tuple[dict[str, Any], ...]) -> list[str]:
    rows = (block["elements"] for block in blocks if block["type"] == "actions")
    return [element["text"]["text"] for row in rows for element in row]


def test_the_form_names_the_customer_and_our_number() -> None:
    view = render_form(build_target())
    assert view["submit"]["text"] == "Send to Mei Tanaka"
    texts = [field["text"] for field in view["blocks"][0]["fields"]]
    assert texts == ["*To*\n*Mei Tanaka* (+61 491 570 156)", "*From*\nAcme, +1 555 0100"]
    assert f"<!date^{int(NOW + 3_600)}^" in view["blocks"][3]["elements"][0]["text"]


@pytest.mark.parametrize(
    ("customer", "label"),
    [
        (KnownCustomer(1, phone="61491570156"), "Send to …0156"),
        (KnownCustomer(1, phone="61491570156", username="mei.t"), "Send to @mei.t"),
        (KnownCustomer(1, phone="61491570156", name="Ann " * 20), "Send to Ann A."),
    ],
)
def test_the_button_names_the_customer_however_they_are_known(
    customer: KnownCustomer, label: str
) -> None:
    assert build_target(customer).send_label() == label


def test_a_customer_without_a_number_cannot_be_written_to() -> None:
    with pytest.raises(UsageError, match="phone number"):
        build_target(HIDDEN).require_number()


def test_a_typed_text_needs_a_press_that_names_the_customer() -> None:
    message = ask_about_typed(
        build_target(), TypedReply(conversation=3, ts="1.1", text="Hi\n<!here>"), NOW
    )
    assert list_button_labels(message.blocks) == ["Send to Mei Tanaka", "Not for the customer"]
    assert message.blocks[1]["text"]["text"] == "> Hi\n> &lt;!here&gt;"


def test_a_typed_text_cannot_be_sent_once_the_window_is_closed() -> None:
    typed = TypedReply(conversation=3, ts="1.1", text="Hi")
    message = ask_about_typed(build_target(ends_at=NOW), typed, NOW)
    assert list_button_labels(message.blocks) == ["Choose a template", "Not for the customer"]


def test_a_text_that_is_too_long_for_a_button_is_quoted_and_not_carried() -> None:
    typed = TypedReply(conversation=3, ts="1.1", text="", is_stored=True)
    message = ask_about_typed(build_target(), typed, NOW, text="x" * 4_000)
    assert list_button_labels(message.blocks) == ["Send to Mei Tanaka", "Not for the customer"]
    assert "x" * 1_000 in str(message.blocks)


def test_a_reply_key_names_its_conversation() -> None:
    assert parse_conversation_key(build_conversation_key(12, "V1:7")) == 12
    assert [parse_conversation_key(key) for key in ("send:12:a", "reply:x:a", "reply", "")] == [
        0
    ] * 4


@pytest.mark.parametrize("state", [{}, {"conversation": "x", "retry": "-1"}])
def test_a_form_without_its_state_names_no_conversation(state: dict[str, str]) -> None:
    assert ReplyState.parse(state) == ReplyState(0, 0)


def test_the_state_of_a_form_comes_back() -> None:
    state = ReplyState(3, 7, asked=9, retry=2)
    assert ReplyState.parse(state.to_state()) == state
    assert (state.build_interaction_key("V1"), ReplyState(3, 7).build_interaction_key("V1")) == (
        "V1:2",
        "V1",
    )


@pytest.mark.parametrize(
    ("choice", "zone", "until"),
    [
        ("1h", "UTC", datetime(2026, 3, 28, 22, 30, tzinfo=UTC)),
        ("3h", "UTC", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        ("9:00", "UTC", datetime(2026, 3, 29, 9, 0, tzinfo=UTC)),
        ("9:00", "Asia/Kolkata", datetime(2026, 3, 30, 3, 30, tzinfo=UTC)),
        ("9:00", "Europe/Berlin", datetime(2026, 3, 29, 7, 0, tzinfo=UTC)),  # clocks go forward
    ],
)
def test_a_snooze_ends_by_the_clock_of_the_person(choice: str, zone: str, until: datetime) -> None:
    now = datetime(2026, 3, 28, 21, 30, tzinfo=UTC).timestamp()
    assert snooze_end(choice, now, ZoneInfo(zone)) == until.timestamp()


def test_an_unknown_snooze_is_an_outdated_button() -> None:
    with pytest.raises(OutdatedButton):
        snooze_end("2h", NOW, UTC)


def test_messages_of_both_lists_are_shown_once_in_order() -> None:
    recorded = [
        HistoryLine(2.0, False, Markup("*Hi*"), "wamid.B"),
        HistoryLine(4.0, False, Markup("Bye"), ""),
    ]
    listed = [
        HistoryLine(3.0, True, Markup("Hello"), "wamid.C"),
        HistoryLine(2.0, False, Markup("Hi"), "wamid.B"),
        HistoryLine(1.0, True, Markup("Welcome"), "wamid.A"),
    ]
    assert [line.text for line in merge(recorded, listed)] == ["Welcome", "*Hi*", "Hello", "Bye"]
