"""The content of Work Objects: it fits what Slack takes, whatever a record has."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.limits.entities import check_entity
from bot.slack.commands.reply import EntityDetails
from bot.slack.work_objects import (
    EntityAction,
    build_entity,
    build_payload,
    measure_json,
    shorten,
    text_field,
    time_field,
)

URL = "https://app.chakrahq.com/lead/LEAD-1"


def build_details(count: int, text: str = "ü" * 290) -> EntityDetails:
    fields = [text_field(f"Field {number}", text) for number in range(count)]
    payload = build_payload(title="Aarav", display_type="Lead", fields=fields)
    return EntityDetails({"id": "LEAD-1", "type": "lead"}, payload)


def test_few_fields_stay_as_they_are() -> None:
    few = build_details(3, "short")
    assert shorten(few, 3_400) is few


def test_too_many_fields_are_cut_and_counted() -> None:
    cut = shorten(build_details(60), 3_400)
    fields = cut.payload["custom_fields"]
    assert fields[-1]["value"] == f"{60 - len(fields) + 1} more fields are in Chakra."
    assert measure_json(cut.payload) <= 3_600
    assert check_entity(build_entity(cut, URL), in_message=False) == []


def test_long_texts_get_more_room() -> None:
    assert text_field("Note", "x" * 61)["long"] is True
    assert "long" not in text_field("Note", "x" * 60)


def test_only_seven_buttons_fit() -> None:
    buttons = [EntityAction(f"Button {number}", "process.show", "lead/X-1") for number in range(9)]
    actions = build_payload(title="x", display_type="Lead", actions=buttons)["actions"]
    assert (len(actions["primary_actions"]), len(actions["overflow_actions"])) == (2, 5)


@given(
    st.lists(st.tuples(st.text(), st.text()), max_size=50),
    st.text(),
    st.datetimes(min_value=datetime(1971, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - with UTC
    st.integers(300, 12_000),
)
def test_any_record_makes_a_valid_entity(
    texts: list[tuple[str, str]], title: str, moment: datetime, max_bytes: int
) -> None:
    fields = [text_field(label, text) for label, text in texts]
    fields.append(time_field("Created", moment))
    payload = build_payload(title=title, display_type="Lead", display_id="X-1", fields=fields)
    cut = shorten(EntityDetails({"id": "X-1"}, payload), max_bytes)
    assert check_entity(build_entity(cut, URL), in_message=False) == []
