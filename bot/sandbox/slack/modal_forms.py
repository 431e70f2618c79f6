"""Submitting and closing a modal: Slack's checks, and what each ack does to the view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from bot.sandbox.slack import payloads
from bot.sandbox.slack.blocks import (
    STATE_FIELDS,
    EnteredValue,
    PlacedElement,
    StateValues,
    iter_elements,
)
from bot.sandbox.slack.client_validation import validate_fields
from bot.sandbox.slack.errors import ActionNotPossible, WebApiError
from bot.sandbox.slack.files import LocalFile
from bot.sandbox.slack.payload_delivery import AckResult
from bot.sandbox.slack.user_actions import CONNECTION_TROUBLE_TEXT, InteractionResult, UserActions
from bot.sandbox.slack.views import StoredView

Json = dict[str, Any]
FieldEntry = EnteredValue | LocalFile
"""A field's entry; several files are a list."""

_CONVERSATION_SELECTS = ("conversations_select", "channels_select")


class ModalForms:
    def __init__(self, user_actions: UserActions) -> None:
        self._user_actions = user_actions
        self._workspace = user_actions.workspace

    def get_top_view(self, person: str, view_id: str | None = None) -> StoredView:
        """Return the person's top view. Raise ``ActionNotPossible`` if ``view_id`` is another."""
        view = self._workspace.views.find_top(person)
        if view is None or view_id not in (None, view.id):
            raise ActionNotPossible("This form is no longer open.")
        return view

    def fill(self, person: str, view: StoredView, values: Mapping[str, FieldEntry]) -> StoredView:
        """Enter values by ``block_id``, over existing ones; files are uploaded."""
        filled: StateValues = {**view.values}
        for block_id, raw in values.items():
            item = _find_input(view, block_id)
            state = self._user_actions.enter_state(
                person, view, item, self._upload_files(person, item, raw)
            )
            filled[block_id] = {**filled.get(block_id, {}), item.action_id: state}
        return self._workspace.views.fill(view, filled)

    async def type_text(
        self, person: str, view: StoredView, block_id: str, text: str
    ) -> InteractionResult:
        """Type in a field, and send it if the field asks for every character."""
        filled = self.fill(person, view, {block_id: text})
        item = _find_input(filled, block_id)
        if not item.dispatches_typing:
            return InteractionResult(0)
        return await self._user_actions.press(person, filled, item, text)

    def fill_elements(
        self, person: str, view: StoredView, values: Mapping[str, Mapping[str, EnteredValue]]
    ) -> StoredView:
        """Enter values by ``block_id`` and ``action_id``, as the page has them."""
        filled: StateValues = {**view.values}
        for item in iter_elements(view.blocks):
            raws = values.get(item.block_id, {})
            if item.kind in STATE_FIELDS and item.action_id in raws:
                state = self._user_actions.enter_state(person, view, item, raws[item.action_id])
                filled[item.block_id] = {**filled[item.block_id], item.action_id: state}
        return self._workspace.views.fill(view, filled)

    async def submit(self, person: str, view: StoredView) -> InteractionResult:
        if view.definition.get("submit") is None:
            raise ActionNotPossible("This view has no submit button.")
        errors = validate_fields(view.blocks, view.values)
        if errors:
            return InteractionResult(0, errors=errors)
        who = self._user_actions.start_interaction(person, view.channel)
        payload = payloads.build_view_submission(who, view, self._build_response_urls(person, view))
        ack = await self._user_actions.deliver("view_submission", payload)
        return InteractionResult(
            ack.status, ack.seconds, ack.body, self._apply_ack(person, view, ack)
        )

    async def close(self, person: str, view: StoredView) -> InteractionResult:
        """Close the view, or the whole stack if it has ``clear_on_close``."""
        cleared = bool(view.definition.get("clear_on_close"))
        stack = self._workspace.views.list_views(person)
        gone = stack if cleared else [view]
        self._workspace.views.close(person, gone[0].id)
        delivered = InteractionResult(200)
        for closed in reversed(gone):
            if closed.definition.get("notify_on_close"):
                who = self._user_actions.start_interaction(person, closed.channel)
                payload = payloads.build_view_closed(who, closed, cleared=cleared)
                ack = await self._user_actions.deliver("view_closed", payload)
                delivered = InteractionResult(ack.status, ack.seconds, ack.body)
        return delivered

    def _apply_ack(self, person: str, view: StoredView, ack: AckResult) -> dict[str, str]:
        """Apply the ack, and return the errors to show under the fields."""
        body = ack.body or {}
        if not ack.error:
            try:
                self._workspace.validator.validate_view_response(body, view.to_json())
                return self._apply_response_action(person, view, body)
            except WebApiError:
                pass  # the validator records the refusal; the person gets the same message
        self._workspace.notify(person, CONNECTION_TROUBLE_TEXT)
        return {}

    def _apply_response_action(self, person: str, view: StoredView, body: Json) -> dict[str, str]:
        views = self._workspace.views
        action = body.get("response_action")
        if action == "errors":
            return dict(body["errors"])
        if action == "clear":
            views.clear(person)
        elif action == "push":
            views.push(person, body["view"])
        elif action == "update":
            found = views.find(view_id=view.id, external_id=None)
            if found is not None:
                views.update(found[1], body["view"])
        else:
            views.close(person, view.id)
        return {}

    def _upload_files(self, person: str, item: PlacedElement, entry: FieldEntry) -> EnteredValue:
        """Return the IDs of chosen files, uploading new ones; other entries unchanged."""
        chosen = entry if isinstance(entry, list | tuple) else [entry]
        if not any(isinstance(each, LocalFile) for each in chosen):
            return cast("EnteredValue", entry)
        if item.kind != "file_input":
            raise ActionNotPossible(f"The field {item.block_id!r} doesn't accept files.")
        files = self._workspace.files
        return [files.add(person, e).id if isinstance(e, LocalFile) else e for e in chosen]

    def _build_response_urls(self, person: str, view: StoredView) -> list[Json]:
        found = []
        for item in iter_elements(view.blocks):
            if item.kind in _CONVERSATION_SELECTS and item.element.get("response_url_enabled"):
                state = view.values[item.block_id][item.action_id]
                channel = state[STATE_FIELDS[item.kind].state_key]
                if channel:
                    url = self._user_actions.create_response_url(person, channel)
                    found.append(
                        {
                            "response_url": url,
                            "channel_id": channel,
                            "action_id": item.action_id,
                            "block_id": item.block_id,
                        }
                    )
        return found


def _find_input(view: StoredView, block_id: str) -> PlacedElement:
    for item in iter_elements(view.blocks):
        if item.block_id == block_id and item.kind in STATE_FIELDS:
            return item
    raise ActionNotPossible(f"The form has no field {block_id!r}.")
