"""Deliver a reply to its surface: a command, a button of a message, a form or a shortcut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic_core import to_json

from bot.errors import SlackError
from bot.slack import blocks, payloads
from bot.slack.channel_mask import mask_for_channel
from bot.slack.client.modals import HASH_CONFLICT_CODE, VIEW_CLOSED_CODE
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.command import Payload
from bot.slack.commands.reply import (
    Choices,
    Message,
    NoReply,
    OpenForm,
    PublishHome,
    Reply,
    UpdateForm,
    View,
)
from bot.slack.copy import notices
from bot.slack.copy.explain import Explainer
from bot.slack.data_table import has_table

Ack = bytes
"""The body of the HTTP response, or the payload of the Socket Mode envelope: JSON, or nothing."""

EMPTY_ACK: Ack = b""

EXPIRED_RESPONSE_URL_CODES = frozenset({"expired_url", "used_url"})
"""Codes for a response URL used five times or for 30 minutes.

docs.slack.dev/interactivity/handling-user-interaction
"""


STUCK_NOTE = (
    "Still here after a minute? Close this and try again. "
    "If you were sending a message, check `/chakra sends` first."
)
"""Helps after a press whose process died before anything was stored about it."""
NOT_REACHABLE_CODES = frozenset({"user_not_in_channel", "not_in_channel", "channel_not_found"})
"""Codes of chat.postEphemeral for a place where the person can't be answered.

docs.slack.dev/reference/methods/chat.postEphemeral
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The value that a handler returned, or the exception that it raised."""

    reply: Reply
    error: BaseException | None
    reference: str


class Surface(Protocol):
    """The surface that the person is using, where the answer is shown.

    Deliveries raise ``SlackError``.
    """

    def build_ack(self, outcome: Outcome) -> Ack | None:
        """Return the ack with the whole answer; ``None`` if :meth:`deliver` must follow."""

    def build_pending_ack(self) -> Ack:
        """Return the ack without an answer."""

    async def notify_pending(self, *, for_chakra: bool) -> None:
        """Post a notice that the answer will follow; ``for_chakra``: Chakra is waited for."""

    async def reply(self, message: Message) -> None:
        """Post one more message where the request came from."""

    async def deliver(self, outcome: Outcome) -> None:
        """Deliver the answer after the ack."""

    async def deliver_later(self, outcome: Outcome) -> None:
        """Replace the form that :meth:`deliver` or the ack has shown."""


def encode_ack(body: Mapping[str, Any]) -> Ack:
    return to_json(body)


def build_options_ack(choices: Choices) -> Ack:
    options = [blocks.option(choice) for choice in choices.options[: blocks.MAX_OPTIONS]]
    return encode_ack({"options": options})


class BaseSurface:
    """The parts that all surfaces share."""

    def __init__(self, payload: Payload, slack: SlackClient, explainer: Explainer) -> None:
        self._slack = slack
        self._explainer = explainer
        self._payload = payload
        self._view_id = self._view_hash = ""

    def build_ack(self, outcome: Outcome) -> Ack | None:
        """Return an empty ack if there is nothing to answer."""
        bare = outcome.error is None and isinstance(outcome.reply, NoReply)
        return EMPTY_ACK if bare else None

    def build_pending_ack(self) -> Ack:
        return EMPTY_ACK

    async def notify_pending(self, *, for_chakra: bool) -> None:
        message, origin = (
            notices.render_still_working(for_chakra=for_chakra),
            payloads.read_origin(self._payload),
        )
        if not origin.response_url:
            await self.reply(message)
            return
        await self._slack.post_response_url(
            origin.response_url, message, thread_ts=origin.thread_ts
        )

    async def reply(self, message: Message) -> None:
        """Post to the response URL; if that fails, to the person's DM with the app.

        The request may have been carried out: whatever Slack's reason is, the person must find out.
        A request from a thread is answered in it. If Slack's response is lost, the answer may be
        shown already: the person gets it in the DM too, and no warning below it.
        """
        if message.to_channel:
            message = mask_for_channel(message)
        origin = payloads.read_origin(self._payload)
        if origin.response_url:
            try:
                await self._slack.post_response_url(
                    origin.response_url, message, thread_ts=origin.thread_ts
                )
            except SlackError as error:
                if message.only_here and _has_expired(error):
                    return
                if message.to_channel:
                    if not error.is_unconfirmed:
                        raise
                    message = notices.render_unconfirmed_share(
                        payloads.read_request_channel(self._payload).id
                    )
                elif message.only_here and not (error.is_unconfirmed or error.not_sent):
                    raise
            else:
                return
        if not message.only_here:
            await self._slack.post_message(payloads.read_actor(self._payload).id, message)

    def _render_outcome(self, outcome: Outcome) -> Message | None:
        if outcome.error is not None:
            return self._explainer.render_message(outcome.error, outcome.reference)
        return outcome.reply if isinstance(outcome.reply, Message) else None

    async def deliver_later(self, outcome: Outcome) -> None:
        """Replace the form that was opened, unless the person has closed it.

        A form that has changed since is replaced only by an error, or by a reply that may overwrite
        it.
        """
        overwrite = True
        if isinstance(outcome.reply, UpdateForm):
            view, overwrite = self._add_metadata(outcome.reply), outcome.reply.overwrite
        else:
            error = outcome.error or RuntimeError()
            view = self._explainer.render_view(error, outcome.reference, None, {})
        try:
            await self._slack.modals.update(
                self._view_id, view, seen_hash=self._view_hash, overwrite=overwrite
            )
        except SlackError as refused:
            if refused.code not in (VIEW_CLOSED_CODE, HASH_CONFLICT_CODE):
                raise

    async def _show_view(self, view: View) -> None:
        """Open the view, or replace the one that was opened before."""
        if self._view_id:
            self._view_hash = await self._slack.update_view(self._view_id, view)
            return
        opened = await self._slack.open_view(str(self._payload.get("trigger_id", "")), view)
        shown = opened.get("view") or {}
        self._view_id, self._view_hash = str(shown.get("id", "")), str(shown.get("hash", ""))

    def _add_metadata(self, form_reply: OpenForm | UpdateForm) -> View:
        return payloads.add_metadata(
            form_reply.view, form_reply.state, payloads.read_origin(self._payload)
        )


class CommandSurface(BaseSurface):
    """A typed command: the ack carries an ephemeral answer, unless Slack may refuse it."""

    def build_ack(self, outcome: Outcome) -> Ack | None:
        message = self._render_outcome(outcome)
        if message is not None and not (message.to_channel or has_table(message)):
            return message.response_json
        return super().build_ack(outcome)

    async def deliver(self, outcome: Outcome) -> None:
        message = self._render_outcome(outcome)
        if message is not None:
            await self.reply(message)
        elif isinstance(outcome.reply, OpenForm):
            await self._show_view(self._add_metadata(outcome.reply))


class MessageActionSurface(CommandSurface):
    """A button of a message. Slack ignores the body of its ack."""

    def build_ack(self, outcome: Outcome) -> Ack | None:
        return BaseSurface.build_ack(self, outcome)


class ShortcutSurface(BaseSurface):
    """An entry of Slack's own menus, or a button of App Home.

    Most come from no channel, so they are answered in a modal; if Slack opens none, in the channel
    or in the person's DM with the app.
    """

    async def notify_pending(self, *, for_chakra: bool) -> None:  # noqa: ARG002 - one view for all
        """Open a waiting view while the trigger is valid; the answer replaces it."""
        await self._show_view(render_waiting_view())

    async def deliver(self, outcome: Outcome) -> None:
        message = self._render_outcome(outcome)
        if message is not None:
            try:
                await self._show_view(
                    render_message_view(message, "That didn't work" if outcome.error else "Chakra")
                )
            except SlackError:
                await self.reply(message)
        elif isinstance(outcome.reply, OpenForm):
            try:
                await self._show_view(self._add_metadata(outcome.reply))
            except SlackError as refused:
                if not (
                    self._view_id and refused.code == VIEW_CLOSED_CODE
                ):  # they no longer want it
                    raise


class EventSurface(BaseSurface):
    """An event in the workspace.

    In a channel the answer is visible to one person only; in the app's direct messages it is an
    ordinary message.
    """

    async def notify_pending(self, *, for_chakra: bool) -> None:
        if self._is_addressed():
            await super().notify_pending(for_chakra=for_chakra)

    async def reply(self, message: Message) -> None:
        event = self._payload["event"]
        channel = payloads.read_request_channel(self._payload).id
        member_id = payloads.read_actor(self._payload).id
        thread_ts = str(event.get("thread_ts") or "")
        if message.to_channel:
            message = mask_for_channel(message)
        if message.to_channel or event.get("channel_type") == "im":
            await self._post_visibly(channel, message, thread_ts)
            return
        try:
            await self._slack.post_ephemeral(channel, member_id, message, thread_ts=thread_ts)
        except SlackError as error:
            if not (error.is_unconfirmed or error.code in NOT_REACHABLE_CODES):
                raise
            await self._slack.post_message(member_id, message)

    async def _post_visibly(self, channel: str, message: Message, thread_ts: str) -> None:
        """Post a message; if Slack doesn't confirm it, look for it before reporting a failure."""
        try:
            await self._slack.post_message(channel, message, thread_ts=thread_ts)
        except SlackError as error:
            if not error.is_unconfirmed or not await self._is_posted(channel, message, thread_ts):
                raise

    async def _is_posted(self, channel: str, message: Message, thread_ts: str) -> bool:
        try:
            found, _ = await self._slack.fetch_history(
                channel, oldest=float(self._payload["event"]["ts"]), thread_ts=thread_ts
            )
        except (SlackError, KeyError, ValueError):
            return False
        return any(
            posted.get("bot_id") and posted.get("text") == str(message.text) for posted in found
        )

    async def deliver(self, outcome: Outcome) -> None:
        """Post the answer; an error only if a person wrote to the app and so expects one."""
        if isinstance(outcome.reply, PublishHome):
            member_id = payloads.read_actor(self._payload).id
            await self._slack.publish_home(member_id, outcome.reply.blocks)
            return
        if outcome.error is not None and not self._is_addressed():
            return
        message = self._render_outcome(outcome)
        if message is not None:
            await self.reply(message)

    def _is_addressed(self) -> bool:
        event = self._payload["event"]
        return bool(event.get("type") == "app_mention" or event.get("channel_type") == "im")


def _has_expired(error: SlackError) -> bool:
    return error.code in EXPIRED_RESPONSE_URL_CODES


def render_waiting_view() -> View:
    return blocks.info_modal(
        "One moment", [blocks.section("Chakra is working on it…"), blocks.context(STUCK_NOTE)]
    )


def render_message_view(message: Message, title: str) -> View:
    return blocks.info_modal(title, message.blocks or blocks.sections(message.text))
