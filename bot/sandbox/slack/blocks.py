"""Blocks as Slack stores them, and the state of the elements that a person fills in."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.limits.text import options_of
from bot.sandbox.slack.limits.walk import flat_blocks
from bot.sandbox.slack.refusal import CannotAct

Json = dict[str, Any]
StateValues = dict[str, dict[str, Json]]
Raw = str | Sequence[Any] | Mapping[str, Any] | None
"""A person's entry: a text, an option's value, a list of values, or nothing."""


@dataclass(frozen=True)
class Field:
    """How an element's state is represented: ``name`` is its key, ``initial`` the app's default."""

    name: str
    initial: str
    options: bool = False
    many: bool = False


_TYPED = Field("value", "initial_value")
_OPTION = Field("selected_option", "initial_option", options=True)
_OPTIONS = Field("selected_options", "initial_options", options=True, many=True)

FIELDS: Mapping[str, Field] = {
    "plain_text_input": _TYPED,
    "email_text_input": _TYPED,
    "url_text_input": _TYPED,
    "number_input": _TYPED,
    "static_select": _OPTION,
    "external_select": _OPTION,
    "radio_buttons": _OPTION,
    "checkboxes": _OPTIONS,
    "multi_static_select": _OPTIONS,
    "multi_external_select": _OPTIONS,
    "users_select": Field("selected_user", "initial_user"),
    "conversations_select": Field("selected_conversation", "initial_conversation"),
    "channels_select": Field("selected_channel", "initial_channel"),
    "multi_users_select": Field("selected_users", "initial_users", many=True),
    "multi_conversations_select": Field(
        "selected_conversations", "initial_conversations", many=True
    ),
    "multi_channels_select": Field("selected_channels", "initial_channels", many=True),
    "file_input": Field("files", "", many=True),
}
"""docs.slack.dev/reference/interaction-payloads/view-interactions-payload: ``state.values``."""

TYPING = "on_character_entered"
"""docs.slack.dev/reference/block-kit/composition-objects/dispatch-action-configuration-object"""
EXTERNAL = ("external_select", "multi_external_select")
_DEFAULT_MARKS = {"plain_text": ("emoji", True), "mrkdwn": ("verbatim", False)}
_HOLDERS: Mapping[str, tuple[str, ...]] = {
    "section": ("accessory",),
    "input": ("element",),
    "actions": ("elements",),
}


@dataclass(frozen=True)
class Placed:
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
    def hears_typing(self) -> bool:
        """Whether each change of its text is sent, not only Enter."""
        config = self.element.get("dispatch_action_config", {})
        return self.dispatches and TYPING in config.get("trigger_actions_on", ())


def stored(blocks: Sequence[Any], make_id: Callable[[], str]) -> list[Json]:
    """Return a copy with Slack's additions: missing IDs, and defaults of text objects."""
    kept: list[Json] = copy.deepcopy(list(blocks))
    _mark_texts(kept)
    for block in flat_blocks(kept):
        block.setdefault("block_id", make_id())
        for element in _elements(block):
            element.setdefault("action_id", make_id())
    return kept


def placed(blocks: Sequence[Json]) -> Iterator[Placed]:
    for block in flat_blocks(blocks):
        for element in _elements(block):
            yield Placed(block, element)


def initial_state(blocks: Sequence[Json]) -> StateValues:
    values: StateValues = {}
    for item in placed(blocks):
        if item.kind in FIELDS:
            values.setdefault(item.block_id, {})[item.action_id] = _initial(item.element)
    return values


def carried_over(fresh: StateValues, before: StateValues) -> StateValues:
    """Return ``fresh`` with the previous state of each element that has the same IDs and type."""
    result: StateValues = {}
    for block_id, actions in fresh.items():
        for action_id, state in actions.items():
            old = before.get(block_id, {}).get(action_id)
            keep = old is not None and old["type"] == state["type"]
            result.setdefault(block_id, {})[action_id] = old if keep and old else state
    return result


def entered(element: Json, raw: Raw, offered: Sequence[Json] = ()) -> Json:
    """Return the element's state after a person entered ``raw``.

    ``offered`` are the app's options of an external menu, or the files that the person uploaded.
    Raise ``CannotAct`` for a value that is not among the options.
    """
    kind = str(element["type"])
    described = FIELDS[kind]
    value: Any = raw
    if kind == "file_input":
        value = [_file(file_id, offered) for file_id in _list(raw)]
    elif described.many:
        items = list(raw) if isinstance(raw, tuple) else _list(raw)
        value = [_option(element, item, offered) for item in items] if described.options else items
    elif described.options:
        value = None if raw is None else _option(element, raw, offered)
    elif described is _TYPED:
        value = None if raw is None or raw == "" else str(raw)
    return {"type": kind, described.name: value}


def empty(state: Json) -> bool:
    """Return whether nothing is filled in."""
    value = state[FIELDS[state["type"]].name]
    return value is None or value in ("", [])


def _file(file_id: object, uploaded: Sequence[Json]) -> Json:
    for file in uploaded:
        if file["id"] == file_id:
            return copy.deepcopy(file)
    raise CannotAct(f"{file_id!r} isn't a file that this person uploaded.")


def _elements(block: Json) -> list[Json]:
    """Return the elements of a block that may have an ``action_id``."""
    found = [e for key in _HOLDERS.get(str(block.get("type")), ()) for e in _list(block.get(key))]
    return [e for e in found if isinstance(e, dict) and e.get("type") not in ("image", None)]


def _list(value: object) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _mark_texts(value: object) -> None:
    if isinstance(value, dict):
        kind = value.get("type")
        if isinstance(kind, str) and kind in _DEFAULT_MARKS and isinstance(value.get("text"), str):
            key, mark = _DEFAULT_MARKS[kind]
            value.setdefault(key, mark)
        for inner in value.values():
            _mark_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            _mark_texts(inner)


def _initial(element: Json) -> Json:
    kind = str(element["type"])
    described = FIELDS[kind]
    nothing: Any = [] if described.many else None
    return {"type": kind, described.name: copy.deepcopy(element.get(described.initial, nothing))}


def _option(element: Json, raw: Any, offered: Sequence[Json]) -> Json:
    known = [*options_of(element), *offered]
    described = FIELDS[str(element["type"])]
    initial = element.get(described.initial)
    known += initial if isinstance(initial, list) else [initial] if initial else []
    value = raw.get("value") if isinstance(raw, Mapping) else str(raw)
    for option in known:
        if option.get("value") == value:
            return copy.deepcopy(dict(option))
    hint = " Ask for suggestions first." if element["type"] in EXTERNAL else ""
    raise CannotAct(f"{value!r} isn't an option of {element.get('action_id')}.{hint}")
