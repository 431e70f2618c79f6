"""Modals as Slack stores them: one stack per person, with their current entries."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bot.sandbox.slack.blocks import carried_over, initial_state, stored
from bot.sandbox.slack.ids import Ids
from bot.sandbox.slack.refusal import Refused
from bot.sandbox.slack.seed import APP_BOT, APP_ID, TEAM_ID

Json = dict[str, Any]
StateValues = dict[str, dict[str, Json]]

STACK_LIMIT = 3
"""docs.slack.dev/surfaces/modals: up to three views in a stack."""

_KEPT = ("private_metadata", "callback_id", "external_id")


@dataclass(frozen=True)
class View:
    """A modal.

    ``given`` is the app's view, ``values`` the current entries, ``channel`` where the person opened
    the stack.
    """

    id: str
    hash: str
    given: Json
    blocks: list[Json]
    values: StateValues
    root: str
    previous: str | None
    channel: str | None = None

    def as_slack_shows(self) -> Json:
        given = self.given
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "type": "modal",
            "blocks": copy.deepcopy(self.blocks),
            **{key: given.get(key) or "" for key in _KEPT},
            "state": {"values": copy.deepcopy(self.values)},
            "hash": self.hash,
            "title": given.get("title"),
            "clear_on_close": bool(given.get("clear_on_close")),
            "notify_on_close": bool(given.get("notify_on_close")),
            "close": given.get("close"),
            "submit": given.get("submit"),
            "previous_view_id": self.previous,
            "root_view_id": self.root,
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": APP_BOT,
        }


class ViewStacks:
    """The stacks; ``on_change`` is called with the person whose stack changed."""

    def __init__(self, ids: Ids, on_change: Callable[[str], None]) -> None:
        self._ids = ids
        self._on_change = on_change
        self._stacks: dict[str, list[View]] = {}

    def stack(self, person: str) -> list[View]:
        return list(self._stacks.get(person, ()))

    def top(self, person: str) -> View | None:
        stack = self._stacks.get(person)
        return stack[-1] if stack else None

    def find(self, *, view_id: str | None, external_id: str | None) -> tuple[str, View] | None:
        for person, stack in self._stacks.items():
            for view in stack:
                if view.id == view_id or (external_id and _external_id(view) == external_id):
                    return person, view
        return None

    def open(self, person: str, given: Json, channel: str | None) -> View:
        """Open a new stack, replacing an existing one.

        Raise ``Refused`` for a used ``external_id``.
        """
        self._refuse_duplicate(given)
        view = self._made(given, root=None, previous=None, channel=channel)
        self._stacks[person] = [view]
        self._on_change(person)
        return view

    def push(self, person: str, given: Json) -> View:
        stack = self._stacks.get(person)
        if not stack:
            raise Refused("not_found")
        if len(stack) >= STACK_LIMIT:
            raise Refused("push_limit_reached")
        self._refuse_duplicate(given)
        top = stack[-1]
        view = self._made(given, root=top.root, previous=top.id, channel=top.channel)
        stack.append(view)
        self._on_change(person)
        return view

    def update(self, view: View, given: Json, *, expected_hash: str | None = None) -> View:
        """Return the view with new content.

        Entries are kept if ``block_id``, ``action_id`` and type are the same, so an
        ``initial_value`` doesn't replace them (docs.slack.dev/surfaces/modals, "Preserving input
        entry").
        """
        if expected_hash and expected_hash != view.hash:
            raise Refused("hash_conflict")
        blocks = stored(given["blocks"], self._ids.block_id)
        values = carried_over(initial_state(blocks), view.values)
        changed = replace(
            view, hash=self._ids.view_hash(), given=given, blocks=blocks, values=values
        )
        self._on_change(self._put(changed))
        return changed

    def fill(self, view: View, values: StateValues) -> View:
        """Return the view with new entries, without a change event."""
        filled = replace(view, values=values)
        self._put(filled)
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

    def _made(
        self, given: Json, *, root: str | None, previous: str | None, channel: str | None
    ) -> View:
        view_id = self._ids.next("V")
        blocks = stored(given["blocks"], self._ids.block_id)
        return View(
            id=view_id,
            hash=self._ids.view_hash(),
            given=given,
            blocks=blocks,
            values=initial_state(blocks),
            root=root or view_id,
            previous=previous,
            channel=channel,
        )

    def _put(self, changed: View) -> str:
        """Replace the view's older state, and return whose stack it is in ("" for none)."""
        for person, stack in self._stacks.items():
            for place, view in enumerate(stack):
                if view.id == changed.id:
                    stack[place] = changed
                    return person
        return ""

    def _refuse_duplicate(self, given: Json) -> None:
        external_id = given.get("external_id")
        if external_id and self.find(view_id=None, external_id=external_id):
            raise Refused("duplicate_external_id")


def _external_id(view: View) -> str:
    return str(view.given.get("external_id") or "")
