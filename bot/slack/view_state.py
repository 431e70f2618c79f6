"""The state of a form's fields, completed with their initial values.

After ``views.update`` Slack's ``state.values`` may lack a prefilled field, or have null for it; the
``blocks`` of the same payload still have its initial value.
github.com/slackapi/bolt-js/issues/1258 and 1073, github.com/slackapi/bolt-python/issues/1064
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

INITIAL_KEYS: Mapping[str, str] = {
    "initial_value": "value",
    "initial_option": "selected_option",
    "initial_options": "selected_options",
    "initial_user": "selected_user",
    "initial_users": "selected_users",
    "initial_conversation": "selected_conversation",
    "initial_conversations": "selected_conversations",
    "initial_channel": "selected_channel",
    "initial_channels": "selected_channels",
    "initial_date": "selected_date",
    "initial_time": "selected_time",
    "initial_date_time": "selected_date_time",
}
"""The key of an element's initial value -> the key of its state.
docs.slack.dev/reference/block-kit/block-elements"""

FieldState = Mapping[str, Any]
"""The elements of one block: ``action_id`` -> state."""


def iter_input_blocks(view: object) -> Iterator[Mapping[str, Any]]:
    """Yield the input blocks of a view, which have a ``block_id`` and an element."""
    listed = view.get("blocks") if isinstance(view, Mapping) else None
    for block in listed if isinstance(listed, list) else ():
        if (
            isinstance(block, Mapping)
            and block.get("type") == "input"
            and isinstance(block.get("block_id"), str)
            and isinstance(block.get("element"), Mapping)
        ):
            yield block


def complete_state(
    state: Mapping[str, FieldState], view: object, action: Mapping[str, Any]
) -> dict[str, FieldState]:
    """Return the state with every field of the view.

    A field that is missing has its initial value, and so has a required one with null: a person
    cannot submit it empty. ``action`` is the element that was used, or empty; it has its own value,
    even if that is null.
    """
    completed = dict(state)
    for block in iter_input_blocks(view):
        block_id, element = block["block_id"], block["element"]
        action_id = str(element.get("action_id", ""))
        is_used = block_id == action.get("block_id")
        may_be_empty = bool(block.get("optional")) or is_used
        known = state.get(block_id, {}).get(action_id)
        if isinstance(known, Mapping) and (may_be_empty or not _is_null(known)):
            continue
        completed[block_id] = {action_id: action if is_used else _read_initial_state(element)}
    return completed


def _is_null(element_state: Mapping[str, Any]) -> bool:
    return all(element_state.get(key) is None for key in (*INITIAL_KEYS.values(), "files"))


def _read_initial_state(element: Mapping[str, Any]) -> dict[str, Any]:
    initial = {
        key: element[name] for name, key in INITIAL_KEYS.items() if element.get(name) is not None
    }
    return {"type": element.get("type"), **initial}
