"""Deliver a reply beside a link: its preview, the pane of details, and the buttons of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot.errors import NotAllowed, NotFound, ResourceNotFound, SlackError
from bot.slack import payloads
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.command import Payload
from bot.slack.commands.reply import Message, PresentDetails, Unfurl
from bot.slack.copy.explain import Explainer
from bot.slack.surfaces import (
    BaseSurface,
    EventSurface,
    MessageActionSurface,
    Outcome,
    ShortcutSurface,
    Surface,
)

TITLES: Mapping[str, str] = {
    "restricted": "You can't see this",
    "not_found": "Not in Chakra",
    "timeout": "That took too long",
    "internal_error": "That didn't work",
}
"""Slack's code for an empty pane -> title.
docs.slack.dev/reference/methods/entity.presentDetails"""
SLOW_CHAKRA = "Chakra is slow to answer right now. Refresh this pane in a moment."
SLOW_APP = "We couldn't load this in time. Refresh this pane in a moment."


class LinkSharedSurface(EventSurface):
    """A message with a link: no one waits for an answer."""

    async def notify_pending(self, *, for_chakra: bool) -> None:
        """Post nothing."""

    async def deliver(self, outcome: Outcome) -> None:
        if not isinstance(outcome.reply, Unfurl):
            return
        try:
            await self._slack.work_objects.unfurl(outcome.reply.target, outcome.reply.previews)
        except SlackError as refused:
            outcome.reply.on_refused(refused)


class DetailsSurface(BaseSurface):
    """A pane that a person opened beside a preview. Slack waits for its content for 3 seconds."""

    _answered = False

    async def notify_pending(self, *, for_chakra: bool) -> None:
        """Say that it takes too long, while Slack still listens."""
        await self._present_error("timeout", SLOW_CHAKRA if for_chakra else SLOW_APP)

    async def deliver(self, outcome: Outcome) -> None:
        if isinstance(outcome.reply, PresentDetails):
            await self._present(outcome.reply)
        elif isinstance(outcome.error, TimeoutError):
            await self._present_error("timeout", SLOW_CHAKRA)
        elif outcome.error is not None:
            sentence = self._explainer.explain_as_text(outcome.error)
            await self._present_error(_choose_error_status(outcome.error), sentence)

    async def _present(self, reply: PresentDetails) -> None:
        event = self._payload["event"]
        if self._answered:
            return
        try:
            await self._slack.work_objects.present(
                str(event.get("trigger_id") or ""),
                reply.details,
                url=_get_text(event, "entity_url"),
                external_ref=_get_external_ref(event),
            )
        except SlackError as refused:
            self._log_refused(refused)

    async def _present_error(self, status: str, sentence: str) -> None:
        if self._answered:
            return
        self._answered = True
        trigger_id = str(self._payload["event"].get("trigger_id") or "")
        try:
            await self._slack.work_objects.present_error(
                trigger_id, status, title=TITLES[status], sentence=sentence
            )
        except SlackError as refused:
            self._log_refused(refused)

    def _log_refused(self, refused: SlackError) -> None:
        """Log it: nothing else can reach the pane, which says that it could not be loaded."""
        structlog.get_logger("slack").warning("details_not_shown", code=refused.code)


class PreviewActionSurface(MessageActionSurface):
    """A button of a preview, which is part of another person's message and never replaced."""

    async def reply(self, message: Message) -> None:
        await super().reply(_as_new(message))


class PaneActionSurface(ShortcutSurface):
    """A button of the pane beside a preview. A card in answer to it replaces the pane's content."""

    async def deliver(self, outcome: Outcome) -> None:
        message = outcome.reply if isinstance(outcome.reply, Message) else None
        if message is None or message.details is None or message.to_channel or self._view_id:
            await super().deliver(outcome)
            return
        container = self._payload.get("container") or {}
        try:
            await self._slack.work_objects.present(
                str(self._payload.get("trigger_id") or ""),
                message.details,
                url=_get_text(container, "entity_url"),
                external_ref=_get_external_ref(container),
            )
        except SlackError:  # for example an expired trigger: the person gets a message
            await self.reply(_as_new(message))


def select_link_surface(
    payload: Payload, slack: SlackClient, explainer: Explainer
) -> Surface | None:
    """Return the surface of a payload that concerns a link's preview, ``None`` for any other."""
    container = payloads.read_entity_container(payload)
    if container == payloads.PANE:
        return PaneActionSurface(payload, slack, explainer)
    if container:
        return PreviewActionSurface(payload, slack, explainer)
    event = payload.get("event") if payload.get("type") == payloads.EVENT_CALLBACK else None
    name = event.get("type") if isinstance(event, Mapping) else ""
    if name == "link_shared":
        return LinkSharedSurface(payload, slack, explainer)
    if name == "entity_details_requested":
        return DetailsSurface(payload, slack, explainer)
    return None


def _choose_error_status(error: BaseException) -> str:
    if isinstance(error, NotAllowed):
        return "internal_error" if error.is_unverified else "restricted"
    return "not_found" if isinstance(error, (NotFound, ResourceNotFound)) else "internal_error"


def _get_external_ref(holder: Mapping[str, Any]) -> Mapping[str, Any] | None:
    ref = holder.get("external_ref")
    return ref if isinstance(ref, Mapping) and ref.get("id") else None


def _get_text(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def _as_new(message: Message) -> Message:
    return replace(message, replace_original=False) if message.replace_original else message
