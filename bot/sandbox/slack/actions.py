"""The entry of ``actions`` in a block_actions payload, for every element that can be used."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.blocks import FIELDS, Placed
from bot.sandbox.slack.refusal import CannotAct

Json = dict[str, Any]

_BUTTON_PARTS = ("text", "value", "style", "confirm", "url")
_MENU_PARTS = ("placeholder", "confirm")


def action_of(item: Placed, value: object, state: Json | None, action_ts: str) -> Json:
    """``state`` is the element's new state where it has one; ``value`` what was pressed."""
    head = {"action_id": item.action_id, "block_id": item.block_id}
    tail = {"type": item.kind, "action_ts": action_ts}
    return {**head, **_said(item, value, state), **tail}


def _said(item: Placed, value: object, state: Json | None) -> Json:
    element = copy.deepcopy(item.element)
    if state is not None:
        name = FIELDS[item.kind].name
        return {name: state[name], **_parts(element, _MENU_PARTS)}
    if item.kind == "overflow":
        return {"selected_option": _chosen(element["options"], value, item)}
    if item.kind == "feedback_buttons":
        buttons = [element["positive_button"], element["negative_button"]]
        return _parts(_chosen(buttons, value, item), ("text", "value"))
    return _parts(element, _BUTTON_PARTS)


def _chosen(options: Sequence[Json], value: object, item: Placed) -> Json:
    for option in options:
        if option.get("value") == value:
            return option
    raise CannotAct(f"{value!r} is not among the options of {item.action_id}.")


def _parts(element: Json, names: Sequence[str]) -> Json:
    return {name: element[name] for name in names if name in element}
