"""The Events API: which events the app subscribes to, and their delivery with Slack's retries.

docs.slack.dev/apis/events-api
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.aio.clock import Clock, sleep
from bot.sandbox.slack import event_payloads
from bot.sandbox.slack.app_manifest import AppManifest
from bot.sandbox.slack.event_payloads import CHANNEL_TYPES, HomeTab
from bot.sandbox.slack.exchange_log import ExchangeLog
from bot.sandbox.slack.ids import generate_event_id
from bot.sandbox.slack.link_previews import find_app_links
from bot.sandbox.slack.messages import MessageChange, StoredMessage
from bot.sandbox.slack.payload_delivery import AckResult, PayloadDelivery
from bot.sandbox.slack.seed import APP_USER, SLACKBOT, WorkspaceChannel
from bot.sandbox.slack.workspace import ChannelChange, Workspace

Json = dict[str, Any]

RETRY_SECONDS = (0.0, 60.0, 300.0)
"""Seconds before each retry: nearly immediately, after 1 minute, after 5 minutes."""

SCOPES: Mapping[str, str] = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "link_shared": "links:read",
}
"""Event -> the scope without which Slack does not send it.

Events of channels (``.C``) need channels:read, those of private ones (``.G``) groups:read, and
others nothing.
"""

_MESSAGE_EVENTS = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}


class Events:
    """Sends workspace events to the app, if the manifest subscribes to them."""

    def __init__(
        self,
        workspace: Workspace,
        manifest: AppManifest,
        delivery: PayloadDelivery,
        traffic: ExchangeLog,
        token: str,
    ) -> None:
        self._workspace = workspace
        self._manifest = manifest
        self._delivery = delivery
        self._traffic = traffic
        self._token = token
        self._clock: Clock = workspace.clock
        self._tasks: set[asyncio.Task[AckResult]] = set()
        self._retries: set[asyncio.Task[None]] = set()
        self._withheld: list[Json] | None = None
        workspace.on_message = self._publish_message_changed
        workspace.on_channel = self._publish_channel_changed

    # Sources of events

    def publish_invitation(self, channel: WorkspaceChannel, inviter: str) -> None:
        body = event_payloads.build_app_joined(
            channel, inviter, self._workspace.ids.get_current_ts()
        )
        self._publish(f"member_joined_channel.{body['channel_type']}", body, channel)

    def publish_home_opened(self, person: str, channel: WorkspaceChannel, tab: HomeTab) -> None:
        """Publish that a person opened a tab of the app, with its Home view if there is one."""
        home = self._workspace.views.find_home(person) if tab == "home" else None
        view = home.to_json() if home else None
        self._publish(
            "app_home_opened",
            event_payloads.build_app_home_opened(person, channel, tab, view, self._get_event_ts()),
            channel,
        )

    def publish_uninstalled(self) -> None:
        self._publish(
            "app_uninstalled", event_payloads.build_app_uninstalled(self._get_event_ts()), None
        )
        self.publish_revoked()

    def publish_revoked(self) -> None:
        self._publish(
            "tokens_revoked", event_payloads.build_tokens_revoked(self._get_event_ts()), None
        )

    def publish_link_composed(self, person: str, links: list[Json]) -> None:
        """Publish the links of a message that a person is still writing."""
        unfurl_id = self._workspace.previews.record_draft(person, links)
        body = event_payloads.build_link_composed(person, links, unfurl_id)
        self._publish("link_shared", body, None)

    def publish_details_requested(self, body: Json) -> None:
        """Publish that a person opened the pane beside a link's preview, or refreshed it."""
        self._publish("entity_details_requested", body, None)

    def _publish_links(self, message: StoredMessage, channel: WorkspaceChannel) -> None:
        """Publish the app's links in a person's message, in all channels; of an edit the new ones.

        That an edit publishes only new links is INFERRED.
        """
        if message.only_for is not None or not self._workspace.members[message.author].is_person:
            return
        links = find_app_links(message.content.text, self._manifest.unfurl_domains)
        unfurl_id, new = self._workspace.previews.record_links(message, links)
        if new:
            body = event_payloads.build_link_shared(message, channel, new, unfurl_id)
            self._publish("link_shared", body, channel)

    def publish_links_refreshed(self, message: StoredMessage, links: list[Json]) -> None:
        """Publish links again whose previews are to be refreshed."""
        channel = self._workspace.channels[message.channel]
        unfurl_id = self._workspace.previews.unfurl_id(message)
        body = event_payloads.build_link_shared(message, channel, links, unfurl_id)
        self._publish("link_shared", {**body, "is_unfurl_refresh": True}, channel)

    def _publish_message_changed(self, change: MessageChange, message: StoredMessage) -> None:
        channel = self._workspace.channels[message.channel]
        if change != "deleted":
            self._publish_links(message, channel)
        hidden = message.only_for is not None or message.author == SLACKBOT
        if hidden or APP_USER not in channel.members:
            return
        name = _MESSAGE_EVENTS[CHANNEL_TYPES[channel.kind]]
        if change == "deleted":
            body = event_payloads.build_message_deleted(message, channel, self._get_event_ts())
        elif change == "changed":
            body = event_payloads.build_message_changed(message, channel, self._get_event_ts())
        else:
            team = self._workspace.members[message.author].team_id
            parent = self._find_parent_author(message)
            body = event_payloads.build_message_posted(message, channel, team, parent)
            self._publish_mention(message, channel, team, parent)
        self._publish(name, body, channel)

    def _publish_channel_changed(self, change: ChannelChange, channel: WorkspaceChannel) -> None:
        """Publish the change to the app, if it is a member or has just been removed."""
        if change != "left" and APP_USER not in channel.members:
            return
        body = event_payloads.build_channel_changed(change, channel, self._get_event_ts())
        family = "G" if channel.kind == "private" else "C"
        self._publish(f"{body['type']}.{family}", body, channel)

    def _find_parent_author(self, message: StoredMessage) -> str:
        """Return who started the thread that the message is in; "" if it is in none."""
        thread_ts = message.thread_ts or ""
        parent = self._workspace.messages.find_public(message.channel, thread_ts)
        return parent.author if parent else ""

    def _publish_mention(
        self, message: StoredMessage, channel: WorkspaceChannel, team: str, parent: str
    ) -> None:
        """Send app_mention; Slack sends none for the app's direct messages."""
        named = f"<@{APP_USER}>" in message.content.text
        if named and message.author != APP_USER and channel.kind != "im":
            self._publish(
                "app_mention", event_payloads.build_mention(message, team, parent), channel
            )

    def _get_event_ts(self) -> str:
        return self._workspace.ids.get_current_ts()

    # Delivery

    async def wait_for_delivery(self) -> AckResult | None:
        """Wait for first attempts in flight, and return the ack of the last one."""
        acks = await asyncio.gather(*self._tasks, return_exceptions=True)
        return next((ack for ack in reversed(acks) if isinstance(ack, AckResult)), None)

    def hold(self) -> None:
        """Withhold events from now on, as Slack does during an outage."""
        self._withheld = [] if self._withheld is None else self._withheld

    async def release(self) -> None:
        """Deliver the withheld events with their original time."""
        withheld, self._withheld = self._withheld or [], None
        for payload in withheld:
            self._start(payload)
        await self.wait_for_delivery()

    async def redeliver(self) -> AckResult:
        """Send the newest event again: Slack may deliver one twice."""
        sent = [payload.request for payload in self._traffic.exchanges if payload.kind == "event"]
        return await self._delivery.deliver_event({"token": self._token, **sent[-1]}, 0, "")

    async def send(self, body: Json, given_id: str = "") -> AckResult:
        """Send an event without a cause, whether or not the app subscribes to it."""
        payload = self._wrap(body, None)
        if given_id:
            payload["event_id"] = given_id
        return await self._delivery.deliver_event(payload, 0, "")

    async def aclose(self) -> None:
        tasks = [*self._tasks, *self._retries]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _publish(self, name: str, body: Json, channel: WorkspaceChannel | None) -> None:
        subscription = name.removesuffix(".C").removesuffix(".G")
        scope = SCOPES.get(name, "")
        if not scope and name.endswith((".C", ".G")):
            scope = "groups:read" if name.endswith(".G") else "channels:read"
        if subscription not in self._manifest.events:
            return
        if scope and scope not in self._manifest.scopes:
            return
        payload = self._wrap(body, channel)
        if self._withheld is not None:
            self._withheld.append(payload)
        else:
            self._start(payload)

    def _wrap(self, body: Json, channel: WorkspaceChannel | None) -> Json:
        return event_payloads.build_envelope(
            body,
            token=self._token,
            event_id=generate_event_id(),
            event_time=int(self._clock.time()),
            channel=channel,
        )

    def _start(self, payload: Json) -> None:
        task = asyncio.create_task(self._attempt(payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, payload: Json) -> AckResult:
        with self._traffic.track():
            ack = await self._deliver(payload, 0, "")
        if ack.error and not ack.no_retry:
            retry = asyncio.create_task(self._retry(payload, ack))
            self._retries.add(retry)
            retry.add_done_callback(self._retries.discard)
        return ack

    async def _retry(self, payload: Json, ack: AckResult) -> None:
        for number, seconds in enumerate(RETRY_SECONDS, 1):
            if seconds:
                await sleep(self._clock, seconds)
            with self._traffic.track():
                ack = await self._deliver(payload, number, _retry_reason(ack))
            if not ack.error or ack.no_retry:
                return

    async def _deliver(self, payload: Json, number: int, reason: str) -> AckResult:
        ack = await self._delivery.deliver_event(payload, number, reason)
        if unfurl_id := payload["event"].get("unfurl_id"):
            self._workspace.previews.record_ack(unfurl_id, is_acknowledged=not ack.error)
        return ack


def _retry_reason(ack: AckResult) -> str:
    """Return Slack's word for the failure. docs.slack.dev/apis/events-api/#retries."""
    if ack.error == "operation_timeout":
        return "http_timeout"
    return "http_error" if ack.status else "connection_failed"
