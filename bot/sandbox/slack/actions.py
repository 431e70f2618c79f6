"""The entry of ``actions`` in a block_actions payload, for each interactive element."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.blocks import STATE_FIELDS, PlacedElement

Json = dict[str, Any]

_BUTTON_FIELDS = ("text", "value", "style", "confirm", "url")
_MENU_FIELDS = ("placeholder", "confirm")


def build_action(item: PlacedElement, state: Json | None, action_ts: str) -> Json:
    """Return the entry; ``state`` is the element's new state, None for a button."""
    head = {"action_id": item.action_id, "block_id": item.block_id}
    tail = {"type": item.kind, "action_ts": action_ts}
    return {**head, **_build_parts(item, state), **tail}


def _build_parts(item: PlacedElement, state: Json | None) -> Json:
    element = copy.deepcopy(item.element)
    if state is not None:
        name = STATE_FIELDS[item.kind].state_key
        return {name: state[name], **_pick(element, _MENU_FIELDS)}
    return _pick(element, _BUTTON_FIELDS)


def _pick(element: Json, names: Sequence[str]) -> Json:
    return {name: element[name] for name in names if name in element}
