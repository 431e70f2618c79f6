"""What was entered in a form whose state is not whole: Slack leaves out prefilled fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.blocks import read_initial_state
from bot.slack import payloads
from tests.commands.send_scenarios import (
    READING_NUMBER,
    VALUES,
    choose_template,
    count_sent,
    enter_text,
    run_command,
)
from tests.world import World

RAVI = {"text": {"type": "plain_text", "text": "Ravi"}, "value": "ravi"}
MEI = {"text": {"type": "plain_text", "text": "Mei"}, "value": "mei"}


def build_text_block(block_id: str, initial: str = "", *, optional: bool = False) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "a.text"}
    return {
        "type": "input",
        "block_id": block_id,
        "element": {**element, **({"initial_value": initial} if initial else {})},
        "optional": optional,
    }


def build_block(block_id: str, kind: str, **element: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "element": {"type": kind, "action_id": "a.other", **element},
    }


PREFILLED: list[tuple[dict[str, Any], str, str]] = [
    (build_text_block("f", "+91 98765 43210"), "value", "+91 98765 43210"),
    (build_block("f", "number_input", initial_value="5"), "value", "5"),
    (build_block("f", "email_text_input", initial_value="a@b.c"), "value", "a@b.c"),
    (build_block("f", "static_select", initial_option=RAVI), "selected_option", "ravi"),
    (build_block("f", "external_select", initial_option=RAVI), "selected_option", "ravi"),
    (build_block("f", "radio_buttons", initial_option=RAVI), "selected_option", "ravi"),
    (build_block("f", "checkboxes", initial_options=[RAVI, MEI]), "selected_options", "ravi,mei"),
    (build_block("f", "multi_static_select", initial_options=[MEI]), "selected_options", "mei"),
    (build_block("f", "users_select", initial_user="U1"), "selected_user", "U1"),
    (build_block("f", "multi_users_select", initial_users=["U1", "U2"]), "selected_users", "U1,U2"),
    (build_block("f", "channels_select", initial_channel="C1"), "selected_channel", "C1"),
    (build_block("f", "datepicker", initial_date="2026-05-01"), "selected_date", "2026-05-01"),
    (build_block("f", "timepicker", initial_time="10:30"), "selected_time", "10:30"),
    (build_block("f", "datetimepicker", initial_date_time=1_700_000_000), "selected_date_time",
     "1700000000"),
]  # fmt: skip


def submit_blocks(*blocks: dict[str, Any], state: Any) -> dict[str, str]:
    payload = {"type": "view_submission", "view": {"blocks": list(blocks), "state": state}}
    return payloads.read_values(payload)


@pytest.mark.parametrize(("field", "key", "initial"), PREFILLED)
def test_field_that_the_state_lacks_has_what_the_form_began_with(
    field: dict[str, Any], key: str, initial: str
) -> None:
    action_id, kind = field["element"]["action_id"], field["element"]["type"]
    states: list[Any] = [
        None,
        {},
        {"values": None},
        {"values": {}},
        {"values": {"f": None}},
        {"values": {"f": {}}},
        {"values": {"f": {action_id: None}}},
        {"values": {"f": {action_id: {"type": kind}}}},
        {"values": {"f": {action_id: {"type": kind, key: None}}}},
        {"values": {"other": {"a.b": {"type": "plain_text_input", "value": "x"}}}},
    ]
    for state in states:
        assert submit_blocks(field, state=state)["f"] == initial


def test_entered_values_win_over_initial_ones() -> None:
    typed = {"values": {"f": {"a.text": {"type": "plain_text_input", "value": "Ravi"}}}}
    assert submit_blocks(build_text_block("f", "Asha"), state=typed) == {"f": "Ravi"}
    chosen = {"values": {"f": {"a.other": {"type": "static_select", "selected_option": MEI}}}}
    field = build_block("f", "static_select", initial_option=RAVI)
    assert submit_blocks(field, state=chosen) == {"f": "mei"}


def test_cleared_optional_field_is_empty_and_a_missing_one_is_not() -> None:
    field = build_text_block("f", "Asha", optional=True)
    cleared = {"values": {"f": {"a.text": {"type": "plain_text_input", "value": None}}}}
    assert submit_blocks(field, state=cleared) == {"f": ""}
    assert submit_blocks(field, state={"values": {}}) == {"f": "Asha"}


def test_field_without_an_initial_value_is_empty() -> None:
    assert submit_blocks(build_text_block("f"), state={"values": {}}) == {"f": ""}


@pytest.mark.parametrize(("value", "expected"), [(None, ""), ("", ""), ("Ravi", "Ravi")])
def test_used_field_has_the_value_of_its_action(value: str | None, expected: str) -> None:
    action = {
        "type": "plain_text_input", "block_id": "f", "action_id": "a.text", "value": value
    }  # fmt: skip
    view = {"blocks": [build_text_block("f", "Asha"), build_text_block("g", "Pune")]}
    payload = {"type": "block_actions", "view": view, "actions": [action]}
    assert payloads.read_values(payload) == {"f": expected, "g": "Pune"}
    state = {"values": {"f": {"a.text": {"type": "plain_text_input", "value": value}}}}
    assert payloads.read_values({**payload, "view": {**view, "state": state}})["f"] == expected


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.text(min_size=1, max_size=5), min_size=1),
    st.sets(st.sampled_from("abcdef")),
    st.sets(st.sampled_from("abcdef")),
)
def test_any_gaps_in_the_state_change_no_prefilled_value(
    fields: dict[str, str], missing: set[str], empty: set[str]
) -> None:
    blocks = [build_text_block(name, initial) for name, initial in fields.items()]
    values = read_initial_state(blocks)
    for name in empty & values.keys():
        values[name]["a.text"]["value"] = None
    for name in missing & values.keys():
        del values[name]
    assert submit_blocks(*blocks, state={"values": values}) == fields


# --- through the front door ----------------------------------------------------------------------


@pytest.mark.parametrize("gap", ["missing", "null", "empty"])
async def test_prefilled_send_form_is_sent_although_slack_leaves_its_values_out(
    acme: World, clock: Any, gap: Any
) -> None:
    await run_command(acme, READING_NUMBER)
    acme.slack.omit_prefilled(gap)
    await choose_template(acme)
    for field, text in VALUES.items():
        await enter_text(acme, clock, field, text)
    assert await acme.send({}) == {}
    await clock.advance(10)
    assert count_sent(acme) == 1
    [sent] = acme.chakra.sends
    assert (sent.to, sent.template) == ("12025550100", "appointment_reminder")
    assert "Hi Jane, a reminder of your appointment on May 3 at 10:00." in sent.text


async def test_error_of_a_recipient_chosen_from_a_message_is_under_a_field_that_exists(
    acme: World, clock: Any
) -> None:
    """Two numbers in the message: the form has a choice and no field to type one."""
    await acme.slack.type("U0PRIYA", "C0SALES", "Call +91 98765 43210 or lead-desk@nowhere.example")
    message = acme.slack.list_messages("U0JOHN", "C0SALES")[-1]
    await acme.slack.use_message_shortcut("U0JOHN", "send.from_message", message)
    await acme.wait_until_idle()
    await choose_template(acme)
    acme.slack.omit_prefilled("missing")
    errors = await acme.submit({**VALUES, "found": "lead-desk@nowhere.example"})
    assert set(errors) == {"found"}
    assert not acme.slack.rejections
