"""Modals as Slack stores them: one stack per person, with their current entries."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bot.sandbox.slack.blocks import initial_state, merge_state, to_stored_blocks
from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.ids import IdGenerator
from bot.sandbox.slack.seed import APP_BOT, APP_ID, TEAM_ID

Json = dict[str, Any]
StateValues = dict[str, dict[str, Json]]

MAX_STACK_SIZE = 3
"""docs.slack.dev/surfaces/modals: up to three views in a stack."""

_ECHOED_KEYS = ("private_metadata", "callback_id", "external_id")


@dataclass(frozen=True)
class ModalView:
    """A modal.

    ``given`` is the app's view, ``values`` the current entries, ``channel`` where the person opened
    the stack.
    """

    id: str
    hash: str
    definition: Json
    blocks: list[Json]
    values: StateValues
    root_id: str
    previous_id: str | None
    channel: str | None = None

    def to_json(self) -> Json:
        given = self.definition
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "type": "modal",
            "blocks": copy.deepcopy(self.blocks),
            **{key: given.get(key) or "" for key in _ECHOED_KEYS},
            "state": {"values": copy.deepcopy(self.values)},
            "hash": self.hash,
            "title": given.get("title"),
            "clear_on_close": bool(given.get("clear_on_close")),
            "notify_on_close": bool(given.get("notify_on_close")),
            "close": given.get("close"),
            "submit": given.get("submit"),
            "previous_view_id": self.previous_id,
            "root_view_id": self.root_id,
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": APP_BOT,
        }


class ViewStacks:
    """The stacks; ``on_change`` is called with the person whose stack changed."""

    def __init__(self, ids: IdGenerator, on_change: Callable[[str], None]) -> None:
        self._ids = ids
        self._on_change = on_change
        self._stacks: dict[str, list[ModalView]] = {}

    def stack(self, person: str) -> list[ModalView]:
        return list(self._stacks.get(person, ()))

    def top(self, person: str) -> ModalView | None:
        stack = self._stacks.get(person)
        return stack[-1] if stack else None

    def find(self, *, view_id: str | None, external_id: str | None) -> tuple[str, ModalView] | None:
        for person, stack in self._stacks.items():
            for view in stack:
                if view.id == view_id or (external_id and _external_id(view) == external_id):
                    return person, view
        return None

    def open(self, person: str, definition: Json, channel: str | None) -> ModalView:
        """Open a new stack, replacing an existing one.

        Raise ``RequestError`` for a used ``external_id``.
        """
        self._check_external_id(definition)
        view = self._build_view(definition, root=None, previous=None, channel=channel)
        self._stacks[person] = [view]
        self._on_change(person)
        return view

    def push(self, person: str, definition: Json) -> ModalView:
        stack = self._stacks.get(person)
        if not stack:
            raise WebApiError("not_found")
        if len(stack) >= MAX_STACK_SIZE:
            raise WebApiError("push_limit_reached")
        self._check_external_id(definition)
        top = stack[-1]
        view = self._build_view(definition, root=top.root_id, previous=top.id, channel=top.channel)
        stack.append(view)
        self._on_change(person)
        return view

    def update(
        self, view: ModalView, definition: Json, *, expected_hash: str | None = None
    ) -> ModalView:
        """Return the view with new content.

        Entries are preserved if ``block_id``, ``action_id`` and type are the same, so an
        ``initial_value`` doesn't replace them (docs.slack.dev/surfaces/modals, "Preserving input
        entry").
        """
        if expected_hash and expected_hash != view.hash:
            raise WebApiError("hash_conflict")
        blocks = to_stored_blocks(definition["blocks"], self._ids.generate_block_id)
        values = merge_state(initial_state(blocks), view.values)
        changed = replace(
            view,
            hash=self._ids.generate_view_hash(),
            definition=definition,
            blocks=blocks,
            values=values,
        )
        self._on_change(self._replace(changed))
        return changed

    def fill(self, view: ModalView, values: StateValues) -> ModalView:
        """Return the view with new entries, without a change event."""
        filled = replace(view, values=values)
        self._replace(filled)
        return filled

    def close(self, person: str, view_id: str) -> None:
        """Remove this view, and any above it, from the stack."""
        stack = self._stacks.get(person, [])
        places = [place for place, view in enumerate(stack) if view.id == view_id]
        if places:
            del stack[places[0] :]
            self._on_change(person)

    def clear(self, person: str) -> None:
        if self._stacks.pop(person, None):
            self._on_change(person)

    def _build_view(
        self, definition: Json, *, root: str | None, previous: str | None, channel: str | None
    ) -> ModalView:
        view_id = self._ids.next_id("V")
        blocks = to_stored_blocks(definition["blocks"], self._ids.generate_block_id)
        return ModalView(
            id=view_id,
            hash=self._ids.generate_view_hash(),
            definition=definition,
            blocks=blocks,
            values=initial_state(blocks),
            root_id=root or view_id,
            previous_id=previous,
            channel=channel,
        )

    def _replace(self, changed: ModalView) -> str:
        """Replace the view's older state, and return whose stack it is in ("" for none)."""
        for person, stack in self._stacks.items():
            for place, view in enumerate(stack):
                if view.id == changed.id:
                    stack[place] = changed
                    return person
        return ""

    def _check_external_id(self, definition: Json) -> None:
        external_id = definition.get("external_id")
        if external_id and self.find(view_id=None, external_id=external_id):
            raise WebApiError("duplicate_external_id")


def _external_id(view: ModalView) -> str:
    return str(view.definition.get("external_id") or "")
