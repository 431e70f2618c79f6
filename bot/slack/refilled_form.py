"""A form that is shown again with what the person entered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.slack.blocks import MOMENT_LENGTH
from bot.slack.commands.reply import Block, View


def refill_form(
    view: View, values: Mapping[str, str], leading_blocks: Sequence[Block] = ()
) -> View:
    """Return the form with the values as entered, and ``leading_blocks`` above its fields."""
    keys = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    filled: View = {key: view[key] for key in keys if view.get(key)}
    filled["blocks"] = [*leading_blocks, *(_refill(block, values) for block in view["blocks"])]
    return filled


def _refill(block: Block, values: Mapping[str, str]) -> Block:
    value = values.get(block.get("block_id", ""))
    element = block.get("element", {})
    if value is None or element.get("type") not in _INITIAL_VALUE_KEYS:
        return block
    name = _INITIAL_VALUE_KEYS[element["type"]]
    remaining = {key: item for key, item in element.items() if key != name}
    chosen: Any = value
    if name == "initial_date_time":
        is_moment = value.isascii() and value.isdecimal() and len(value) == MOMENT_LENGTH
        chosen = int(value) if is_moment else None
    elif name == "initial_option":
        chosen = next((item for item in element["options"] if item["value"] == value), None)
    return {**block, "element": {**remaining, name: chosen} if chosen else remaining}


_INITIAL_VALUE_KEYS = {
    "plain_text_input": "initial_value",
    "static_select": "initial_option",
    "radio_buttons": "initial_option",
    "datetimepicker": "initial_date_time",
}
"""The type of an element -> the key of its initial value."""
