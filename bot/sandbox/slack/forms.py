"""Submitting and closing a modal: Slack's checks, and what each ack does to the view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from bot.sandbox.slack import payloads
from bot.sandbox.slack.blocks import FIELDS, Placed, Raw, StateValues, placed
from bot.sandbox.slack.delivery import Ack
from bot.sandbox.slack.fields import field_errors
from bot.sandbox.slack.files import Upload
from bot.sandbox.slack.person import NO_ANSWER, Delivered, People
from bot.sandbox.slack.refusal import CannotAct, Refused
from bot.sandbox.slack.views import View

Json = dict[str, Any]
Entry = Raw | Upload
"""A field's entry; several files are a list."""

_TARGETS = ("conversations_select", "channels_select")


class Forms:
    def __init__(self, people: People) -> None:
        self._people = people
        self._workspace = people.workspace

    def top(self, person: str, view_id: str | None = None) -> View:
        """Return the person's top view. Raise ``CannotAct`` if ``view_id`` is another."""
        view = self._workspace.views.top(person)
        if view is None or view_id not in (None, view.id):
            raise CannotAct("This form is no longer open.")
        return view

    def fill(self, person: str, view: View, values: Mapping[str, Entry]) -> View:
        """Enter values by ``block_id``, over existing ones; files are uploaded."""
        filled: StateValues = {**view.values}
        for block_id, raw in values.items():
            item = _input(view, block_id)
            state = self._people.enter(person, view, item, self._uploaded(person, item, raw))
            filled[block_id] = {**filled.get(block_id, {}), item.action_id: state}
        return self._workspace.views.fill(view, filled)

    async def write(self, person: str, view: View, block_id: str, text: str) -> Delivered:
        """Type in a field, and send it if the field asks for every character."""
        filled = self.fill(person, view, {block_id: text})
        item = _input(filled, block_id)
        if not item.hears_typing:
            return Delivered(0)
        return await self._people.press(person, filled, item, text)

    def fill_elements(
        self, person: str, view: View, values: Mapping[str, Mapping[str, Raw]]
    ) -> View:
        """Enter values by ``block_id`` and ``action_id``, as the page has them."""
        filled: StateValues = {**view.values}
        for item in placed(view.blocks):
            raws = values.get(item.block_id, {})
            if item.kind in FIELDS and item.action_id in raws:
                state = self._people.enter(person, view, item, raws[item.action_id])
                filled[item.block_id] = {**filled[item.block_id], item.action_id: state}
        return self._workspace.views.fill(view, filled)

    async def submit(self, person: str, view: View) -> Delivered:
        if view.given.get("submit") is None:
            raise CannotAct("This view has no submit button.")
        errors = field_errors(view.blocks, view.values)
        if errors:
            return Delivered(0, errors=errors)
        who = self._people.interaction(person, view.channel)
        payload = payloads.view_submission(who, view, self._response_urls(person, view))
        ack = await self._people.deliver("view_submission", payload)
        return Delivered(ack.status, ack.seconds, ack.body, self._obey(person, view, ack))

    async def close(self, person: str, view: View) -> Delivered:
        """Close the view, or the whole stack if it has ``clear_on_close``."""
        cleared = bool(view.given.get("clear_on_close"))
        stack = self._workspace.views.stack(person)
        gone = stack if cleared else [view]
        self._workspace.views.close(person, gone[0].id)
        delivered = Delivered(200)
        for closed in reversed(gone):
            if closed.given.get("notify_on_close"):
                who = self._people.interaction(person, closed.channel)
                payload = payloads.view_closed(who, closed, cleared=cleared)
                ack = await self._people.deliver("view_closed", payload)
                delivered = Delivered(ack.status, ack.seconds, ack.body)
        return delivered

    def _obey(self, person: str, view: View, ack: Ack) -> dict[str, str]:
        """Apply the ack, and return the errors to show under the fields."""
        body = ack.body or {}
        if not ack.error:
            try:
                self._workspace.gate.view_response(body, view.as_slack_shows())
                return self._done(person, view, body)
            except Refused:
                pass  # the validator records the refusal; the person gets the same message
        self._workspace.notice(person, NO_ANSWER)
        return {}

    def _done(self, person: str, view: View, body: Json) -> dict[str, str]:
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

    def _uploaded(self, person: str, item: Placed, entry: Entry) -> Raw:
        """Return the IDs of chosen files, uploading new ones; other entries unchanged."""
        chosen = entry if isinstance(entry, list | tuple) else [entry]
        if not any(isinstance(each, Upload) for each in chosen):
            return cast("Raw", entry)
        if item.kind != "file_input":
            raise CannotAct(f"The field {item.block_id!r} doesn't accept files.")
        files = self._workspace.files
        return [files.add(person, e).id if isinstance(e, Upload) else e for e in chosen]

    def _response_urls(self, person: str, view: View) -> list[Json]:
        found = []
        for item in placed(view.blocks):
            if item.kind in _TARGETS and item.element.get("response_url_enabled"):
                state = view.values[item.block_id][item.action_id]
                channel = state[FIELDS[item.kind].name]
                if channel:
                    url = self._people.response_url(person, channel)
                    found.append(
                        {
                            "response_url": url,
                            "channel_id": channel,
                            "action_id": item.action_id,
                            "block_id": item.block_id,
                        }
                    )
        return found


def _input(view: View, block_id: str) -> Placed:
    for item in placed(view.blocks):
        if item.block_id == block_id and item.kind in FIELDS:
            return item
    raise CannotAct(f"The form has no field {block_id!r}.")
