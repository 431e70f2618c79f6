"""Blocks as Slack stores them, and the state of the elements that a person fills in."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.emoji_names import name_emoji
from bot.sandbox.slack.errors import ActionNotPossible
from bot.sandbox.slack.limits.elements import is_date_or_time
from bot.sandbox.slack.limits.text import list_options
from bot.sandbox.slack.limits.traversal import iter_blocks

Json = dict[str, Any]
StateValues = dict[str, dict[str, Json]]
EnteredValue = str | Sequence[Any] | Mapping[str, Any] | None
"""A person's entry: a text, an option's value, a list of values, or nothing."""


@dataclass(frozen=True)
class StateField:
    """How an element's state is represented: ``name`` is its key, ``initial`` the app's default."""

    state_key: str
    initial_key: str
    has_options: bool = False
    multiple: bool = False


_TEXT_FIELD = StateField("value", "initial_value")
_OPTION_FIELD = StateField("selected_option", "initial_option", has_options=True)
_OPTIONS_FIELD = StateField("selected_options", "initial_options", has_options=True, multiple=True)

STATE_FIELDS: Mapping[str, StateField] = {
    "plain_text_input": _TEXT_FIELD,
    "email_text_input": _TEXT_FIELD,
    "url_text_input": _TEXT_FIELD,
    "number_input": _TEXT_FIELD,
    "static_select": _OPTION_FIELD,
    "external_select": _OPTION_FIELD,
    "radio_buttons": _OPTION_FIELD,
    "checkboxes": _OPTIONS_FIELD,
    "multi_static_select": _OPTIONS_FIELD,
    "multi_external_select": _OPTIONS_FIELD,
    "users_select": StateField("selected_user", "initial_user"),
    "conversations_select": StateField("selected_conversation", "initial_conversation"),
    "channels_select": StateField("selected_channel", "initial_channel"),
    "multi_users_select": StateField("selected_users", "initial_users", multiple=True),
    "multi_conversations_select": StateField(
        "selected_conversations", "initial_conversations", multiple=True
    ),
    "multi_channels_select": StateField("selected_channels", "initial_channels", multiple=True),
    "datetimepicker": StateField("selected_date_time", "initial_date_time"),
    "datepicker": StateField("selected_date", "initial_date"),
    "timepicker": StateField("selected_time", "initial_time"),
    "file_input": StateField("files", "", multiple=True),
}
"""docs.slack.dev/reference/interaction-payloads/view-interactions-payload: ``state.values``."""

ON_CHARACTER_ENTERED = "on_character_entered"
"""docs.slack.dev/reference/block-kit/composition-objects/dispatch-action-configuration-object"""
EXTERNAL_SELECTS = ("external_select", "multi_external_select")
_TEXT_DEFAULTS = {"plain_text": ("emoji", True), "mrkdwn": ("verbatim", False)}
_ELEMENT_KEYS: Mapping[str, tuple[str, ...]] = {
    "section": ("accessory",),
    "input": ("element",),
    "actions": ("elements",),
}


@dataclass(frozen=True)
class PlacedElement:
    """An interactive element and its block."""

    block: Json
    element: Json

    @property
    def block_id(self) -> str:
        return str(self.block["block_id"])

    @property
    def action_id(self) -> str:
        return str(self.element["action_id"])

    @property
    def kind(self) -> str:
        return str(self.element["type"])

    @property
    def required(self) -> bool:
        return self.block.get("type") == "input" and not self.block.get("optional")

    @property
    def dispatches(self) -> bool:
        """Whether using it sends block_actions: an input block must ask for that."""
        return self.block.get("type") != "input" or bool(self.block.get("dispatch_action"))

    @property
    def dispatches_typing(self) -> bool:
        """Whether each change of its text is sent, not only Enter."""
        config = self.element.get("dispatch_action_config", {})
        return self.dispatches and ON_CHARACTER_ENTERED in config.get("trigger_actions_on", ())


def to_stored_blocks(blocks: Sequence[Any], make_id: Callable[[], str]) -> list[Json]:
    """Return a copy with Slack's additions: missing IDs, and defaults of text objects."""
    stored: list[Json] = copy.deepcopy(list(blocks))
    _add_text_defaults(stored)
    for block in iter_blocks(stored):
        block.setdefault("block_id", make_id())
        for element in _list_block_elements(block):
            element.setdefault("action_id", make_id())
    return stored


def iter_elements(blocks: Sequence[Json]) -> Iterator[PlacedElement]:
    for block in iter_blocks(blocks):
        for element in _list_block_elements(block):
            yield PlacedElement(block, element)


def read_initial_state(blocks: Sequence[Json]) -> StateValues:
    values: StateValues = {}
    for item in iter_elements(blocks):
        if item.kind in STATE_FIELDS:
            values.setdefault(item.block_id, {})[item.action_id] = _read_initial_element_state(
                item.element
            )
    return values


def merge_state(new_state: StateValues, old_state: StateValues) -> StateValues:
    """Return ``new_state``, with old states of elements that have the same IDs and type."""
    result: StateValues = {}
    for block_id, actions in new_state.items():
        for action_id, state in actions.items():
            old = old_state.get(block_id, {}).get(action_id)
            keep = old is not None and old["type"] == state["type"]
            result.setdefault(block_id, {})[action_id] = old if keep and old else state
    return result


def enter_value(element: Json, raw: EnteredValue, available: Sequence[Json] = ()) -> Json:
    """Return the element's state after a person entered ``raw``.

    ``available`` are the app's options of an external menu, or the files that the person uploaded.
    Raise ``ActionNotPossible`` for a value that is not among the options.
    """
    kind = str(element["type"])
    described = STATE_FIELDS[kind]
    value: Any = raw
    if kind == "file_input":
        value = [_find_file(file_id, available) for file_id in _as_list(raw)]
    elif described.multiple:
        items = list(raw) if isinstance(raw, tuple) else _as_list(raw)
        value = (
            [_find_option(element, item, available) for item in items]
            if described.has_options
            else items
        )
    elif described.has_options:
        value = None if raw is None else _find_option(element, raw, available)
    elif described is _TEXT_FIELD:
        value = None if raw is None or raw == "" else _format_typed(kind, str(raw))
    elif kind == "datetimepicker":
        value = None if raw is None or raw == "" else _parse_moment(raw)
    elif kind in ("datepicker", "timepicker"):
        value = raw or None
        if value and not is_date_or_time(kind.removesuffix("picker"), value):
            raise ActionNotPossible(f"{raw!r} can't be chosen in a {kind}.")
    return {"type": kind, described.state_key: value}


def is_empty(state: Json) -> bool:
    """Return whether nothing is filled in."""
    value = state[STATE_FIELDS[state["type"]].state_key]
    return value is None or value in ("", [])


def _find_file(file_id: object, uploaded: Sequence[Json]) -> Json:
    for file in uploaded:
        if file["id"] == file_id:
            return copy.deepcopy(file)
    raise ActionNotPossible(f"{file_id!r} isn't a file that this person uploaded.")


def _list_block_elements(block: Json) -> list[Json]:
    """Return the elements of a block that may have an ``action_id``."""
    found = [
        e for key in _ELEMENT_KEYS.get(str(block.get("type")), ()) for e in _as_list(block.get(key))
    ]
    return [e for e in found if isinstance(e, dict) and e.get("type") not in ("image", None)]


def _as_list(value: object) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _add_text_defaults(value: object) -> None:
    if isinstance(value, dict):
        kind = value.get("type")
        if isinstance(kind, str) and kind in _TEXT_DEFAULTS and isinstance(value.get("text"), str):
            key, mark = _TEXT_DEFAULTS[kind]
            value.setdefault(key, mark)
        for inner in value.values():
            _add_text_defaults(inner)
    elif isinstance(value, list):
        for inner in value:
            _add_text_defaults(inner)


def _read_initial_element_state(element: Json) -> Json:
    kind = str(element["type"])
    described = STATE_FIELDS[kind]
    nothing: Any = [] if described.multiple else None
    value = copy.deepcopy(element.get(described.initial_key, nothing))
    return {
        "type": kind,
        described.state_key: _format_typed(kind, value) if isinstance(value, str) else value,
    }


def _format_typed(kind: str, text: str) -> str:
    """Return the text of an input as apps get it, with emoji by name (slackapi/bolt-js#1469)."""
    return name_emoji(text) if kind == "plain_text_input" else text


def _parse_moment(raw: EnteredValue) -> int:
    """Return a moment in Unix seconds."""
    try:
        return int(str(raw))
    except ValueError:
        raise ActionNotPossible(f"{raw!r} isn't a date and time in Unix seconds.") from None


def _find_option(element: Json, raw: Any, available: Sequence[Json]) -> Json:
    known = [*list_options(element), *available]
    described = STATE_FIELDS[str(element["type"])]
    initial = element.get(described.initial_key)
    known += initial if isinstance(initial, list) else [initial] if initial else []
    value = raw.get("value") if isinstance(raw, Mapping) else str(raw)
    for option in known:
        if option.get("value") == value:
            return copy.deepcopy(dict(option))
    hint = " Ask for suggestions first." if element["type"] in EXTERNAL_SELECTS else ""
    raise ActionNotPossible(f"{value!r} isn't an option of {element.get('action_id')}.{hint}")
