"""Form fields with several choices. Their value is a comma-separated text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import time

from bot.slack.blocks import (
    MAX_OPTIONS,
    MAX_PLACEHOLDER_LENGTH,
    input_field,
    option,
    plain_text,
)
from bot.slack.commands.reply import Block, Choice


def half_hours(chosen: time) -> list[Choice]:
    """Return the half hours of a day, and the chosen time, as choices like ``09:30``."""
    moments = {time(hour, minute) for hour in range(24) for minute in (0, 30)}
    return [Choice(f"{at:%H:%M}", f"{at:%H:%M}") for at in sorted(moments | {chosen})]


def checkboxes_field(
    block_id: str,
    label: str,
    choices: Sequence[Choice],
    *,
    action: str,
    initial: Collection[str] = (),
    optional: bool = False,
) -> Block:
    """Return checkboxes: at most 10.

    docs.slack.dev/reference/block-kit/block-elements/checkboxes-element
    """
    element = _choose({"type": "checkboxes", "action_id": action}, choices, initial)
    return input_field(block_id, label, element, optional=optional)


def multi_select_field(
    block_id: str,
    label: str,
    choices: Sequence[Choice],
    *,
    action: str,
    placeholder: str,
    initial: Collection[str] = (),
) -> Block:
    """Return an optional menu in which several options can be chosen, of at most 100."""
    element: Block = {
        "type": "multi_static_select",
        "action_id": action,
        "placeholder": plain_text(placeholder, MAX_PLACEHOLDER_LENGTH),
    }
    return input_field(
        block_id, label, _choose(element, choices[:MAX_OPTIONS], initial), optional=True
    )


def people_field(
    block_id: str,
    label: str,
    *,
    action: str,
    placeholder: str,
    initial: Sequence[str] = (),
    hint: str = "",
) -> Block:
    """Return an optional menu of members."""
    element: Block = {
        "type": "multi_users_select",
        "action_id": action,
        "placeholder": plain_text(placeholder, MAX_PLACEHOLDER_LENGTH),
    }
    if initial:
        element["initial_users"] = list(initial)
    return input_field(block_id, label, element, hint=hint, optional=True)


def channel_field(
    block_id: str,
    label: str,
    *,
    action: str,
    placeholder: str,
    initial: str = "",
    optional: bool = False,
) -> Block:
    """Return a menu of the channels that the person can see."""
    element: Block = {
        "type": "conversations_select",
        "action_id": action,
        "placeholder": plain_text(placeholder, MAX_PLACEHOLDER_LENGTH),
        "filter": {"include": ["public", "private"]},
    }
    if initial:
        element["initial_conversation"] = initial
    return input_field(block_id, label, element, optional=optional)


def _choose(element: Block, choices: Sequence[Choice], initial: Collection[str]) -> Block:
    options = [option(choice) for choice in choices]
    chosen = [item for item in options if item["value"] in initial]
    return {**element, "options": options, **({"initial_options": chosen} if chosen else {})}


def member_field(
    block_id: str, label: str, *, action: str, placeholder: str, initial: str = "", hint: str = ""
) -> Block:
    """Return an optional menu of the workspace's members; its value is a member's ID.

    docs.slack.dev/reference/block-kit/block-elements/select-menu-element#users_select
    """
    element: Block = {
        "type": "users_select",
        "action_id": action,
        "placeholder": plain_text(placeholder, MAX_PLACEHOLDER_LENGTH),
    }
    if initial:
        element["initial_user"] = initial
    return input_field(block_id, label, element, hint=hint, optional=True)
