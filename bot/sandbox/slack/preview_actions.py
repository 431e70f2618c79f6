"""A person's actions with links: writing one, opening the pane beside a preview, its buttons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.actions import build_action
from bot.sandbox.slack.app_manifest import AppManifest
from bot.sandbox.slack.blocks import PlacedElement, iter_elements
from bot.sandbox.slack.errors import ActionNotPossible
from bot.sandbox.slack.events import Events
from bot.sandbox.slack.exchange_log import ExchangeLog
from bot.sandbox.slack.link_previews import LinkPreviewStore, Pane, find_app_links
from bot.sandbox.slack.messages import StoredMessage
from bot.sandbox.slack.typed_text import encode_message
from bot.sandbox.slack.user_actions import CONNECTION_TROUBLE_TEXT, InteractionResult, UserActions

Json = dict[str, Any]


class PreviewActions:
    """``slack.previews``. Methods raise ``ActionNotPossible`` as the page's client would."""

    def __init__(
        self,
        user_actions: UserActions,
        events: Events,
        manifest: AppManifest,
        exchange_log: ExchangeLog,
    ) -> None:
        self._user_actions = user_actions
        self._events = events
        self._manifest = manifest
        self._track = exchange_log.track
        self._workspace = user_actions.workspace

    def switch_work_objects(self, *, on: bool) -> None:
        """Turn Work Object Previews on or off in the app's settings; they are on at first."""
        self._store.work_objects_enabled = on

    async def compose(self, person: str, channel: str, text: str) -> InteractionResult:
        """Write a message without posting it; Slack asks the app for previews of its links."""
        member, _ = self._user_actions.require_membership(person, channel)
        links = find_app_links(encode_message(text, [member], []), self._manifest.unfurl_domains)
        with self._track():
            if links:
                self._events.publish_link_composed(person, links)
            return await self._wait_for_delivery()

    def list_draft_previews(self, person: str) -> list[Json]:
        """Return the previews of the links in a person's draft."""
        return list(self._store.list_draft_previews(person))

    def list_previews(self, message: StoredMessage | str) -> list[Json]:
        """Return the app's previews of a message, or of a message's ID."""
        found = self._workspace.messages.get(message) if isinstance(message, str) else message
        return [a for a in (found.content.attachments if found else None) or [] if _is_preview(a)]

    async def open(
        self, person: str, message_id: str, *, url: str = "", refresh: bool = False
    ) -> InteractionResult:
        """Open the pane of a preview, of the message's first by default.

        The app is asked at the first opening, after 10 minutes, and for a refresh.
        """
        message = self._user_actions.require_message(person, message_id)
        entity = self._find_entity(message, url)
        pane = self._create_pane(person, message, entity)
        with self._track():
            if not refresh and self._store.reopen_pane(pane):
                return InteractionResult(200)
            self._store.open_pane(pane)
            self._publish_pane(pane)
            self._events.publish_details_requested(_build_details_request(pane, message))
            return await self._wait_for_delivery()

    async def open_from_search(self, person: str, url: str) -> InteractionResult:
        """Open the pane of an address outside any message, as from a search result."""
        pane = Pane(
            person, "", url, "", None, self._issue_trigger(person), self._workspace.clock.time()
        )
        with self._track():
            self._store.open_pane(pane)
            self._events.publish_details_requested(_build_details_request(pane, None))
            return await self._wait_for_delivery()

    async def refresh_preview(self, person: str, message_id: str) -> InteractionResult:
        """Press Refresh on a preview: Slack asks the app for it again."""
        message = self._user_actions.require_message(person, message_id)
        urls = [preview["app_unfurl_url"] for preview in self.list_previews(message)]
        links = find_app_links(message.content.text, self._manifest.unfurl_domains)
        with self._track():
            self._events.publish_links_refreshed(
                message, [link for link in links if link["url"] in urls]
            )
            return await self._wait_for_delivery()

    def find_pane(self, person: str) -> Json | None:
        """Return the pane that a person has open: its ``entity`` or ``error``, or neither yet."""
        pane = self._store.find_pane(person)
        return pane.to_json() if pane else None

    def close(self, person: str) -> None:
        self._store.close_pane(person)

    async def press(
        self, person: str, action_id: str, message_id: str, *, url: str = ""
    ) -> InteractionResult:
        """Press a button of a message's preview."""
        message = self._user_actions.require_message(person, message_id)
        previews = [p for p in self.list_previews(message) if url in ("", p["app_unfurl_url"])]
        for preview in previews:
            for button in _iter_buttons(preview):
                if button["action_id"] == action_id:
                    return await self._press_preview(person, message, preview, button)
        raise ActionNotPossible(f"{person} sees no preview with the action {action_id!r}.")

    async def press_in_pane(self, person: str, action_id: str) -> InteractionResult:
        """Press a button of the open pane."""
        pane = self._store.find_pane(person)
        if pane is None or pane.entity is None:
            raise ActionNotPossible(f"{person} has no pane open.")
        for button in _iter_entity_buttons(pane.entity):
            if button["action_id"] == action_id:
                return await self._press_pane(pane, button)
        raise ActionNotPossible(f"The pane has no action {action_id!r}.")

    @property
    def _store(self) -> LinkPreviewStore:
        return self._workspace.previews

    def _find_entity(self, message: StoredMessage, url: str) -> Json:
        for preview in self.list_previews(message):
            if "entity" in preview and url in ("", preview["app_unfurl_url"]):
                entity: Json = preview["entity"]
                return entity
        raise ActionNotPossible("This message has no preview that opens.")

    def _create_pane(self, person: str, message: StoredMessage, entity: Json) -> Pane:
        return Pane(
            person=person,
            message=message.id,
            entity_url=entity["url"],
            app_unfurl_url=entity["app_unfurl_url"],
            external_ref=dict(entity["external_ref"]),
            trigger_id=self._issue_trigger(person),
            requested_at=self._workspace.clock.time(),
        )

    def _issue_trigger(self, person: str) -> str:
        return self._workspace.triggers.issue(person, None)

    async def _press_preview(
        self, person: str, message: StoredMessage, preview: Json, button: Json
    ) -> InteractionResult:
        who = self._user_actions.start_interaction(person, message.channel)
        url = self._user_actions.create_response_url(person, message.channel)
        payload = payloads.build_preview_actions(
            who,
            message,
            self._workspace.channels[message.channel],
            preview,
            self._build_action(button),
            url,
        )
        return await self._deliver(person, payload)

    async def _press_pane(self, pane: Pane, button: Json) -> InteractionResult:
        who = self._user_actions.start_interaction(pane.person, None)
        self._store.allow(who.trigger_id, replace(pane))
        message = self._workspace.messages.get(pane.message)
        payload = payloads.build_pane_actions(
            who, _build_container(pane, message), self._build_action(button)
        )
        return await self._deliver(pane.person, payload)

    def _build_action(self, button: Json) -> Json:
        element = {"type": "button", **button}
        if isinstance(element.get("text"), str):
            element["text"] = {"type": "plain_text", "text": button["text"], "emoji": True}
        block = {"block_id": self._workspace.ids.generate_block_id()}
        return build_action(
            PlacedElement(block, element), None, self._workspace.ids.get_current_ts()
        )

    async def _deliver(self, person: str, payload: Json) -> InteractionResult:
        with self._track():
            ack = await self._user_actions.deliver("block_actions", payload)
        if ack.error:
            self._workspace.notify(person, CONNECTION_TROUBLE_TEXT)
        return InteractionResult(ack.status, ack.seconds, ack.body)

    async def _wait_for_delivery(self) -> InteractionResult:
        ack = await self._events.wait_for_delivery()
        return (
            InteractionResult(ack.status, ack.seconds, ack.body) if ack else InteractionResult(200)
        )

    def _publish_pane(self, pane: Pane) -> None:
        self._workspace.feed.publish([pane.person], "pane", pane.to_json())


def _is_preview(attachment: Json) -> bool:
    return bool(attachment.get("is_app_unfurl"))


def _iter_buttons(preview: Json) -> Iterator[Json]:
    if "entity" in preview:
        yield from _iter_entity_buttons(preview["entity"])
    for item in iter_elements(preview.get("blocks") or []):
        yield dict(item.element)


def _iter_entity_buttons(entity: Json) -> Iterator[Json]:
    actions = entity["entity_payload"].get("actions") or {}
    yield from actions.get("primary_actions", ())
    yield from actions.get("overflow_actions", ())


def _build_details_request(pane: Pane, message: StoredMessage | None) -> Json:
    """Return the event. docs.slack.dev/reference/events/entity_details_requested."""
    host = pane.entity_url.partition("://")[2].partition("/")[0]
    body: Json = {
        "type": "entity_details_requested",
        "user": pane.person,
        "entity_url": pane.entity_url,
        "link": {"url": pane.entity_url, "domain": host},
        "trigger_id": pane.trigger_id,
        "user_locale": "en-US",
        "event_ts": f"{pane.requested_at:.6f}",
    }
    if message is None:
        return body
    body |= {"external_ref": pane.external_ref, "app_unfurl_url": pane.app_unfurl_url}
    body |= {"channel": message.channel, "message_ts": message.ts}
    return {**body, "thread_ts": message.thread_ts} if message.thread_ts else body


def _build_container(pane: Pane, message: StoredMessage | None) -> Json:
    container: Json = {"type": "entity_detail", "entity_url": pane.entity_url}
    if pane.external_ref:
        container["external_ref"] = pane.external_ref
    if message is None:
        return container
    container |= {"app_unfurl_url": pane.app_unfurl_url}
    container |= {"message_ts": message.ts, "channel_id": message.channel}
    return {**container, "thread_ts": message.thread_ts} if message.thread_ts else container
