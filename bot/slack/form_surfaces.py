"""Deliver a reply in a form: for a button inside it, and for its submission."""

from __future__ import annotations

from typing import Any

from bot.errors import SlackError
from bot.slack import blocks, payloads
from bot.slack.client.modals import HASH_CONFLICT_CODE, VIEW_CLOSED_CODE
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.command import Payload
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm, UpdateForm, View
from bot.slack.copy.explain import Explainer
from bot.slack.refilled_form import refill_form
from bot.slack.surfaces import (
    EMPTY_ACK,
    Ack,
    BaseSurface,
    Outcome,
    encode_ack,
    render_message_view,
    render_waiting_view,
)


class ModalActionSurface(BaseSurface):
    """A button or menu inside a form."""

    async def notify_pending(self, *, for_chakra: bool) -> None:
        """Post nothing: the form is still open, and a line elsewhere would only confuse."""

    async def deliver(self, outcome: Outcome) -> None:
        """Update the form; once it is closed or has changed, post what can be posted instead."""
        try:
            await self._deliver_in_modal(outcome)
        except SlackError as refused:
            is_outdated = refused.code in (VIEW_CLOSED_CODE, HASH_CONFLICT_CODE)
            if outcome.error is None and not is_outdated:
                raise
            message = _choose_message_outside_modal(outcome, self._render_outcome(outcome))
            if message is not None:
                await self.reply(message)

    async def _deliver_in_modal(self, outcome: Outcome) -> None:
        view = self._payload["view"]
        reply = outcome.reply
        if outcome.error is not None:
            error_view = self._explainer.render_view(
                outcome.error, outcome.reference, view, payloads.read_values(self._payload)
            )
            await self._slack.modals.update(view["id"], error_view, seen_hash=view.get("hash", ""))
        elif isinstance(reply, UpdateForm):
            await self._slack.modals.update(
                view["id"],
                self._add_metadata(reply),
                seen_hash=view.get("hash", ""),
                overwrite=reply.overwrite,
            )
        elif isinstance(reply, OpenForm):
            trigger = str(self._payload.get("trigger_id", ""))
            await self._slack.push_view(trigger, self._add_metadata(reply))
        elif isinstance(reply, Message):
            await self._deliver_message(reply)

    async def _deliver_message(self, message: Message) -> None:
        """Show a message in a form without fields, or on top of it; post one for the channel."""
        view = self._payload["view"]
        if view.get("submit") or message.to_channel:
            await self.reply(message)
            return
        title = str((view.get("title") or {}).get("text") or "Chakra")
        shown = self._add_metadata(OpenForm(render_message_view(message, title)))
        if message.replace_original:
            await self._slack.modals.update(view["id"], shown, seen_hash=view.get("hash", ""))
        else:
            await self._slack.push_view(str(self._payload.get("trigger_id", "")), shown)


class SubmissionSurface(BaseSurface):
    """A submitted form: the ack shows errors or the next form, or closes it."""

    def __init__(self, payload: Payload, slack: SlackClient, explainer: Explainer) -> None:
        super().__init__(payload, slack, explainer)
        self._view_id = str(payload["view"].get("id", ""))
        self._view_hash = str(payload["view"].get("hash", ""))

    def build_ack(self, outcome: Outcome) -> Ack | None:
        if outcome.error is None and isinstance(outcome.reply, FieldErrors):
            self._slack.modals.record_reopened(self._view_id)
        else:
            has_later = isinstance(outcome.reply, UpdateForm) and outcome.reply.later is not None
            self._slack.modals.record_ack(self._view_id, self._view_hash, is_pending=has_later)
        return self._build_outcome_ack(outcome)

    def _build_outcome_ack(self, outcome: Outcome) -> Ack:
        reply = outcome.reply
        if outcome.error is not None:
            return encode_ack(
                {"response_action": "update", "view": self._render_error_view(outcome)}
            )
        if isinstance(reply, FieldErrors):
            return encode_ack(self._build_field_errors(reply))
        if isinstance(reply, UpdateForm):
            return encode_ack({"response_action": "update", "view": self._add_metadata(reply)})
        return EMPTY_ACK

    def follow_up(self, outcome: Outcome) -> Message | None:
        """Return the message for the location that the form was opened from."""
        if outcome.error is not None:
            return None
        reply = outcome.reply
        return (
            reply.follow_up
            if isinstance(reply, CloseForm | UpdateForm)
            else reply
            if isinstance(reply, Message)
            else None
        )

    def build_pending_ack(self) -> Ack:
        self._slack.modals.record_ack(self._view_id, self._view_hash, is_pending=True)
        return encode_ack({"response_action": "update", "view": render_waiting_view()})

    async def notify_pending(self, *, for_chakra: bool) -> None:
        """Post nothing: the form shows it already."""

    async def deliver(self, outcome: Outcome) -> None:
        """Update the form, which shows "One moment" and cannot be closed from here."""
        message = self.follow_up(outcome)
        if message is not None:
            await self.reply(message)
        try:
            await self._slack.modals.show_outcome(
                self._view_id, self._render_final_view(outcome), seen_hash=self._view_hash
            )
        except SlackError as refused:
            if refused.code != VIEW_CLOSED_CODE:
                raise
            unseen = _choose_message_outside_modal(outcome, self._render_outcome(outcome))
            if unseen is not None and unseen is not message:
                await self.reply(unseen)

    async def deliver_later(self, outcome: Outcome) -> None:
        """Replace the form of the ack, unless the person has closed it."""
        try:
            await self._slack.modals.show_outcome(
                self._view_id, self._render_final_view(outcome), seen_hash=self._view_hash
            )
        except SlackError as refused:
            if refused.code != VIEW_CLOSED_CODE:
                raise

    def _render_final_view(self, outcome: Outcome) -> View:
        reply = outcome.reply
        if outcome.error is not None:
            return self._render_error_view(outcome)
        if isinstance(reply, UpdateForm):
            return self._add_metadata(reply)
        if isinstance(reply, FieldErrors):
            return self._render_errors_view(reply)
        done = reply if isinstance(reply, CloseForm) else CloseForm("Done.")
        return blocks.info_modal(done.title, [blocks.section(done.done_text)])

    def _build_field_errors(self, reply: FieldErrors) -> dict[str, Any]:
        """Return the ack with the errors; above the fields if the form lacks one of theirs.

        Slack would show only "We had some trouble connecting".
        github.com/raycharius/slack-block-builder/issues/132
        """
        has_blocks = bool(self._payload["view"].get("blocks"))
        if not has_blocks or reply.errors.keys() <= payloads.list_field_ids(self._payload):
            return {"response_action": "errors", "errors": dict(reply.errors)}
        return {"response_action": "update", "view": self._render_errors_view(reply)}

    def _render_errors_view(self, reply: FieldErrors) -> View:
        sentences = [blocks.section(sentence) for sentence in reply.errors.values()]
        return refill_form(self._payload["view"], payloads.read_values(self._payload), sentences)

    def _render_error_view(self, outcome: Outcome) -> View:
        error = outcome.error or RuntimeError()
        typed = payloads.read_values(self._payload)
        return self._explainer.render_view(error, outcome.reference, self._payload["view"], typed)


def _choose_message_outside_modal(outcome: Outcome, message: Message | None) -> Message | None:
    """Return the message for a person whose form is closed, if there is one to give."""
    reply = outcome.reply
    if outcome.error is not None:
        return message
    if isinstance(reply, UpdateForm):
        return reply.fallback
    if isinstance(reply, FieldErrors):
        return blocks.text_message(blocks.lines(reply.errors.values()))
    return message
