"""Leave prefilled fields out of a form's state, as Slack sometimes does after an update.

github.com/slackapi/bolt-js/issues/1258 and 1073, github.com/slackapi/bolt-python/issues/1064
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Literal

from bot.sandbox.slack.blocks import STATE_FIELDS, is_empty, read_initial_state

Json = dict[str, Any]

StateGap = Literal["none", "missing", "null", "empty"]
"""What happens to a prefilled field that the person did not change: nothing, its block is missing,
its value is null, or ``values`` has no fields at all, not even those that were changed."""


def apply_state_gap(payload: Mapping[str, Any], gap: StateGap) -> Mapping[str, Any]:
    """Return the payload of a form with its state as incomplete as ``gap`` says."""
    view = payload.get("view")
    if gap == "none" or not isinstance(view, Mapping):
        return payload
    values = {} if gap == "empty" else _remove_prefilled(view, empty=gap == "null")
    return {**payload, "view": {**view, "state": {"values": values}}}


def _remove_prefilled(view: Mapping[str, Any], *, empty: bool) -> Json:
    values: Json = copy.deepcopy(view["state"]["values"])
    for block_id, actions in read_initial_state(view["blocks"]).items():
        for action_id, initial in actions.items():
            if is_empty(initial) or values[block_id][action_id] != initial:
                continue
            if empty:
                values[block_id][action_id][STATE_FIELDS[initial["type"]].state_key] = None
            else:
                values.pop(block_id)
                break
    return values
