"""Slack's payloads, read: every kind of element, every surface, and shapes that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import payloads
from bot.slack.commands.command import Actor, RequestChannel, UploadedFile
from bot.slack.payloads import Origin, add_metadata, is_well_formed, read_element_value

COMMAND = {
    "command": "/chakra",
    "text": "user me",
    "user_id": "U1",
    "user_name": "mei",
    "team_id": "T1",
    "channel_id": "C1",
    "channel_name": "sales",
    "response_url": "https://hooks.slack.com/commands/1",
}
PRESS = {
    "type": "block_actions",
    "user": {"id": "U1", "username": "mei", "name": "mei.t", "team_id": "T2"},
    "team": {"id": "T1"},
    "channel": {"id": "C1", "name": "sales"},
    "container": {"type": "message", "channel_id": "C1"},
    "response_url": "https://hooks.slack.com/actions/1",
    "actions": [{"action_id": "user.refresh", "value": "7"}],
}
VIEW = {
    "id": "V1",
    "callback_id": "user.edit",
    "private_metadata": json.dumps({"state": {"id": "7"}, "url": "https://x/1", "channel": "C9"}),
    "state": {"values": {"name": {"user.name": {"type": "plain_text_input", "value": "Ann"}}}},
}
SUBMIT = {"type": "view_submission", "user": {"id": "U1", "name": "mei"}, "view": VIEW}

ON_MESSAGE = {
    "type": "message_action",
    "user": {"id": "U1", "name": "mei"},
    "channel": {"id": "C1", "name": "sales"},
    "callback_id": "a.b",
    "trigger_id": "1.2.x",
    "response_url": "https://hooks.slack.com/app/1",
}


# --- who and where -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "actor"),
    [
        (COMMAND, Actor("U1", "T1", "mei")),
        (PRESS, Actor("U1", "T2", "mei")),
        ({**PRESS, "user": {"id": "U1", "name": "mei.t"}}, Actor("U1", "T1", "mei.t")),
        ({**PRESS, "user": {"id": "U1"}, "team": None}, Actor("U1", "", "")),
        (SUBMIT, Actor("U1", "", "mei")),
        ({}, Actor("", "", "")),
    ],
)
def test_actor_is_parsed(payload: dict[str, Any], actor: Actor) -> None:
    assert payloads.read_actor(payload) == actor


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        (COMMAND, RequestChannel("C1", "sales")),
        (PRESS, RequestChannel("C1", "sales")),
        ({**PRESS, "channel": None}, RequestChannel("C1")),
        (SUBMIT, RequestChannel("C9")),
        (ON_MESSAGE, RequestChannel("C1", "sales")),
        ({**SUBMIT, "view": {**VIEW, "private_metadata": ""}}, RequestChannel("")),
        ({}, RequestChannel("")),
        ({"command": "/chakra"}, RequestChannel("")),
    ],
)
def test_location_is_parsed(payload: dict[str, Any], place: RequestChannel) -> None:
    assert payloads.read_request_channel(payload) == place


@pytest.mark.parametrize(
    ("payload", "origin"),
    [
        (COMMAND, Origin("https://hooks.slack.com/commands/1", "C1")),
        (PRESS, Origin("https://hooks.slack.com/actions/1", "C1")),
        (SUBMIT, Origin("https://x/1", "C9")),
        (ON_MESSAGE, Origin("https://hooks.slack.com/app/1", "C1")),
        ({"command": "/chakra", "response_url": None}, Origin("", "")),
        ({"type": "view_submission", "view": {}}, Origin("", "")),
    ],
)
def test_origin_is_parsed(payload: dict[str, Any], origin: Origin) -> None:
    assert payloads.read_origin(payload) == origin


def test_form_metadata_contains_state_and_origin() -> None:
    view = add_metadata({"type": "modal"}, {"id": "7", "name": "Zoë"}, Origin("https://x/1", "C1"))
    assert payloads.read_state({"view": view}) == {"id": "7", "name": "Zoë"}
    assert payloads.read_origin({"view": view}) == Origin("https://x/1", "C1")
    assert view["type"] == "modal"


def test_form_metadata_size_is_limited() -> None:
    room = 3_000 - len(add_metadata({}, {"k": ""}, Origin())["private_metadata"])
    assert len(add_metadata({}, {"k": "x" * room}, Origin())["private_metadata"]) == 3_000
    with pytest.raises(ValueError, match="3001 of 3000"):
        add_metadata({}, {"k": "x" * (room + 1)}, Origin())


@pytest.mark.parametrize("metadata", ["", "{", "[]", "5", "null", '{"state": []}', '{"state": 1}'])
def test_foreign_metadata_is_not_state(metadata: str) -> None:
    payload = {"view": {"private_metadata": metadata}}
    assert payloads.read_state(payload) == {}
    assert payloads.read_origin(payload) == Origin()


# --- what was entered ----------------------------------------------------------------------------


def build_option(value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": value.title()}, "value": value}


ELEMENTS: list[tuple[dict[str, Any], str]] = [
    ({"type": "button", "value": "7"}, "7"),
    ({"type": "button"}, ""),
    ({"type": "plain_text_input", "value": "Ann"}, "Ann"),
    ({"type": "plain_text_input", "value": None}, ""),
    ({"type": "email_text_input", "value": "a@b.c"}, "a@b.c"),
    ({"type": "url_text_input", "value": "https://a"}, "https://a"),
    ({"type": "number_input", "value": "5"}, "5"),
    ({"type": "static_select", "selected_option": build_option("a")}, "a"),
    ({"type": "static_select", "selected_option": None}, ""),
    ({"type": "external_select", "selected_option": build_option("a")}, "a"),
    ({"type": "radio_buttons", "selected_option": build_option("a")}, "a"),
    ({"type": "overflow", "selected_option": build_option("a")}, "a"),
    (
        {"type": "multi_static_select", "selected_options": [build_option("a"), build_option("b")]},
        "a,b",
    ),
    ({"type": "multi_external_select", "selected_options": []}, ""),
    ({"type": "checkboxes", "selected_options": [build_option("a")]}, "a"),
    ({"type": "users_select", "selected_user": "U1"}, "U1"),
    ({"type": "users_select", "selected_user": None}, ""),
    ({"type": "multi_users_select", "selected_users": ["U1", "U2"]}, "U1,U2"),
    ({"type": "conversations_select", "selected_conversation": "C1"}, "C1"),
    ({"type": "multi_conversations_select", "selected_conversations": ["C1", "C2"]}, "C1,C2"),
    ({"type": "channels_select", "selected_channel": "C1"}, "C1"),
    ({"type": "multi_channels_select", "selected_channels": ["C1"]}, "C1"),
    ({"type": "datepicker", "selected_date": "2026-01-31"}, "2026-01-31"),
    ({"type": "timepicker", "selected_time": "09:30", "timezone": "Asia/Tokyo"}, "09:30"),
    ({"type": "datetimepicker", "selected_date_time": 1_700_000_000}, "1700000000"),
    ({"type": "new_thing", "selected_something": "x"}, ""),
]


@pytest.mark.parametrize(("element", "value"), ELEMENTS)
def test_the_value_of_every_kind_of_element(element: dict[str, Any], value: str) -> None:
    assert read_element_value(element) == value
    state = {"state": {"values": {"field": {"a.b": element}}}}
    assert payloads.read_values({"view": state}) == {"field": value}
    assert payloads.read_values(state) == {"field": value}


@pytest.mark.parametrize("junk", [None, 5, "x", [], {}, {"selected_options": [None, 5, {}]}])
def test_invalid_element_has_no_value(junk: Any) -> None:
    assert read_element_value(junk).strip(",") == ""


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"view": {}},
        {"view": {"state": None}},
        {"view": {"state": {"values": None}}},
        {"view": {"state": {"values": []}}},
        {"view": {"state": {"values": {"a": None, "b": {}, "c": []}}}},
        {"state": []},
    ],
)
def test_payload_without_state_has_no_values(payload: dict[str, Any]) -> None:
    assert payloads.read_values(payload) == {}


# --- files ---------------------------------------------------------------------------------------


FILE = {"id": "F1", "name": "a.png", "mimetype": "image/png", "size": 7, "mode": "hosted"}
RESTRICTED_FILE = {
    "id": "F2",
    "mode": "file_access",
    "file_access": "check_file_info",
    "created": 0,
}


def build_payload(*files: Any) -> dict[str, Any]:
    """A submission with a file input that holds these."""
    element = {"file": {"send.file": {"type": "file_input", "files": list(files)}}}
    name = {"name": {"user.name": {"type": "plain_text_input", "value": "Ann"}}}
    return {**SUBMIT, "view": {**VIEW, "state": {"values": {**name, **element}}}}


def test_files_and_values_are_parsed_separately() -> None:
    payload = build_payload(FILE, RESTRICTED_FILE)
    assert is_well_formed(payload)
    [known, unknown] = payloads.read_files(payload)["file"]
    assert known == UploadedFile("F1", "a.png", "image/png", 7)
    assert unknown == UploadedFile("F2", "", "", None)
    assert payloads.read_values(payload) == {"name": "Ann", "file": ""}
    assert payloads.read_files({**payload, "type": "block_actions"}) == payloads.read_files(payload)
    assert "a.png" not in repr(known)


@pytest.mark.parametrize(
    "element", [{"files": []}, {"files": None}, {}, {"files": [{}]}, {"files": [{"id": ""}]}]
)
def test_file_input_may_be_empty(element: dict[str, Any]) -> None:
    payload = {"view": {"state": {"values": {"file": {"send.file": element}}}}}
    assert is_well_formed(payload)
    assert payloads.read_files(payload) == {}


@pytest.mark.parametrize(
    ("size", "read"), [(0, 0), (7, 7), (-1, None), (True, None), (None, None), (10**30, 10**30)]
)
def test_payload_file_size_is_a_number_or_none(size: Any, read: int | None) -> None:
    [file] = payloads.read_files(build_payload({**FILE, "size": size}))["file"]
    assert file.size == read


@pytest.mark.parametrize(
    "files",
    [
        "F1",
        5,
        None,
        [FILE],
        {**FILE, "id": 5},
        {**FILE, "id": None},
        {**FILE, "name": ["a"]},
        {**FILE, "mimetype": {}},
        {**FILE, "size": "7"},
        {**FILE, "size": 7.5},
    ],
)
def test_invalid_file_is_not_readable(files: Any) -> None:
    assert not is_well_formed(build_payload(FILE, files))
    wild = {"view": {**VIEW, "state": {"values": {"file": {"a": {"files": files}}}}}}
    assert is_well_formed({**SUBMIT, **wild}) is (files is None or files == [FILE])


# --- shapes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        COMMAND,
        PRESS,
        SUBMIT,
        {**PRESS, "team": None, "enterprise": {"id": "E1"}, "message": None},
        {**PRESS, "view": VIEW, "channel": None},
        {"type": "block_suggestion", "user": {"id": "U1"}, "action_id": "a.b", "value": ""},
        {"type": "shortcut", "user": {"id": "U1"}, "callback_id": "a.b", "trigger_id": "1.2.x"},
        {**ON_MESSAGE, "message": {"type": "message", "text": "Call Jane"}},
        {"type": "event_callback", "event": {"type": "app_home_opened"}},
        {"type": "url_verification", "challenge": "x"},
        {"ssl_check": "1"},
        {},
    ],
)
def test_slack_payloads_are_readable(payload: dict[str, Any]) -> None:
    assert is_well_formed(payload)


@pytest.mark.parametrize(
    "payload",
    [
        {"type": 5},
        {"type": []},
        {"command": 5},
        {"user": "U1"},
        {"user": {"id": None}},
        {"view": None},
        {"view": {**VIEW, "id": 5}},
        {"view": {**VIEW, "blocks": [None]}},
        {"view": {**VIEW, "blocks": [{"element": None}]}},
        {"actions": {}},
        {"actions": [{"action_id": 5}]},
        {"event": {"type": None}},
        {**PRESS, "actions": []},
        {**PRESS, "actions": None},
        {key: value for key, value in PRESS.items() if key != "user"},
        {**SUBMIT, "view": {}},
        {**SUBMIT, "user": {}},
        {"type": "block_suggestion", "user": {"id": "U1"}},
        {"type": "shortcut", "user": {"id": "U1"}, "callback_id": "a.b"},
        {"type": "shortcut", "callback_id": "a.b", "trigger_id": "1.2.x"},
        {**ON_MESSAGE, "trigger_id": 5},
        {**ON_MESSAGE, "message": {}},
        {**ON_MESSAGE, "message": []},
        ON_MESSAGE,
    ],
)
def test_other_shapes_are_not_readable(payload: dict[str, Any]) -> None:
    assert not is_well_formed(payload)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "values", "state", "files", "a"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["type", "user", "view", "actions", "state", "channel", "container", "response_url", "team"]
)


@given(st.dictionaries(FIELDS, JUNK))
def test_readable_payloads_can_be_parsed(payload: dict[str, Any]) -> None:
    if is_well_formed(payload):
        payloads.read_actor(payload)
        payloads.read_request_channel(payload)
        payloads.read_origin(payload)
        payloads.read_state(payload)
        payloads.read_values(payload)
        payloads.read_files(payload)


@given(st.dictionaries(st.sampled_from(["id", "name", "mimetype", "size"]), JUNK) | JUNK)
def test_any_file_value_is_parsed_or_rejected(files: Any) -> None:
    payload = build_payload(FILE, files)
    if is_well_formed(payload):
        for file in payloads.read_files(payload)["file"]:
            assert file.id
            assert isinstance(file.name + file.mimetype, str)
            assert file.size is None or file.size >= 0
