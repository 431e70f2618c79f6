"""Views as Slack stores them: each person's stack of modals and Home tab, with their entries."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.sandbox.slack.blocks import merge_state, read_initial_state, to_stored_blocks
from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.ids import IdGenerator
from bot.sandbox.slack.seed import APP_BOT, APP_ID, TEAM_ID

Json = dict[str, Any]
StateValues = dict[str, dict[str, Json]]
ViewKind = Literal["modal", "home"]

MAX_STACK_SIZE = 3
"""docs.slack.dev/surfaces/modals: up to three views in a stack."""

_UNTITLED = {"type": "plain_text", "text": "View Title", "emoji": True}
"""The title of a Home tab, which has none. docs.slack.dev/reference/methods/views.publish"""

_ECHOED_KEYS = ("private_metadata", "callback_id", "external_id")


@dataclass(frozen=True)
class StoredView:
    """A modal or a Home tab.

    ``definition`` is the app's view, ``values`` are the current entries, and ``channel`` is where
    the person opened the stack.
    """

    id: str
    hash: str
    definition: Json
    blocks: list[Json]
    values: StateValues
    root_id: str
    previous_id: str | None
    channel: str | None = None
    kind: ViewKind = "modal"

    def to_json(self) -> Json:
        given = self.definition
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "type": self.kind,
            "blocks": copy.deepcopy(self.blocks),
            **{key: given.get(key) or "" for key in _ECHOED_KEYS},
            "state": {"values": copy.deepcopy(self.values)},
            "hash": self.hash,
            "title": given.get("title") or _UNTITLED,
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
    """Stacks and published Home tabs; ``on_change`` is called with the person concerned."""

    def __init__(self, ids: IdGenerator, on_change: Callable[[str], None]) -> None:
        self._ids = ids
        self._on_change = on_change
        self._stacks: dict[str, list[StoredView]] = {}
        self._homes: dict[str, StoredView] = {}

    def list_views(self, person: str) -> list[StoredView]:
        return list(self._stacks.get(person, ()))

    def find_top(self, person: str) -> StoredView | None:
        stack = self._stacks.get(person)
        return stack[-1] if stack else None

    def find_home(self, person: str) -> StoredView | None:
        """Return the Home tab that the app published for this person."""
        return self._homes.get(person)

    def publish(
        self, person: str, definition: Json, *, expected_hash: str | None = None
    ) -> StoredView:
        """Publish a person's Home tab, or new content for it; entries are preserved.

        Raise ``WebApiError`` for a used ``external_id``, and for a hash that isn't current.
        """
        home = self._homes.get(person)
        if home is None:
            if expected_hash:
                raise WebApiError("hash_conflict")
            self._check_external_id(definition)
            home = self._build_view(definition, root=None, previous=None, channel=None, kind="home")
            self._homes[person] = home
            self._on_change(person)
            return home
        if definition.get("external_id") != home.definition.get("external_id"):
            self._check_external_id(definition)
        return self.update(home, definition, expected_hash=expected_hash)

    def find(
        self, *, view_id: str | None, external_id: str | None
    ) -> tuple[str, StoredView] | None:
        for person, stack in self._stacks.items():
            for view in stack:
                if view.id == view_id or (external_id and _get_external_id(view) == external_id):
                    return person, view
        return None

    def open(self, person: str, definition: Json, channel: str | None) -> StoredView:
        """Open a new stack, replacing an existing one.

        Raise ``WebApiError`` for a used ``external_id``.
        """
        self._check_external_id(definition)
        view = self._build_view(definition, root=None, previous=None, channel=channel)
        self._stacks[person] = [view]
        self._on_change(person)
        return view

    def push(self, person: str, definition: Json) -> StoredView:
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
        self, view: StoredView, definition: Json, *, expected_hash: str | None = None
    ) -> StoredView:
        """Return the view with new content.

        Entries are preserved if ``block_id``, ``action_id`` and type are the same, so an
        ``initial_value`` doesn't replace them (docs.slack.dev/surfaces/modals, "Preserving input
        entry").
        """
        if expected_hash and expected_hash != view.hash:
            raise WebApiError("hash_conflict")
        blocks = to_stored_blocks(definition["blocks"], self._ids.generate_block_id)
        values = merge_state(read_initial_state(blocks), view.values)
        changed = replace(
            view,
            hash=self._ids.generate_view_hash(),
            definition=definition,
            blocks=blocks,
            values=values,
        )
        self._on_change(self._replace(changed))
        return changed

    def fill(self, view: StoredView, values: StateValues) -> StoredView:
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
        self,
        definition: Json,
        *,
        root: str | None,
        previous: str | None,
        channel: str | None,
        kind: ViewKind = "modal",
    ) -> StoredView:
        view_id = self._ids.generate_id("V")
        blocks = to_stored_blocks(definition["blocks"], self._ids.generate_block_id)
        return StoredView(
            id=view_id,
            hash=self._ids.generate_view_hash(),
            definition=definition,
            blocks=blocks,
            values=read_initial_state(blocks),
            root_id=root or view_id,
            previous_id=previous,
            channel=channel,
            kind=kind,
        )

    def _replace(self, changed: StoredView) -> str:
        """Replace the view's older state, and return whose view it is ("" for none)."""
        for person, home in self._homes.items():
            if home.id == changed.id:
                self._homes[person] = changed
                return person
        for person, stack in self._stacks.items():
            for place, view in enumerate(stack):
                if view.id == changed.id:
                    stack[place] = changed
                    return person
        return ""

    def _check_external_id(self, definition: Json) -> None:
        external_id = definition.get("external_id")
        homes = (_get_external_id(home) for home in self._homes.values())
        if external_id and (
            external_id in homes or self.find(view_id=None, external_id=external_id)
        ):
            raise WebApiError("duplicate_external_id")


def _get_external_id(view: StoredView) -> str:
    return str(view.definition.get("external_id") or "")
