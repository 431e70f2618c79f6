"""Reply -> what Slack is told, surface by surface: a command, a message's button, a form, a menu
of Slack's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.errors import SlackError
from bot.slack import blocks, payloads
from bot.slack.client.web_api import SlackClient, response_body
from bot.slack.commands.command import Payload
from bot.slack.commands.reply import (
    Choices,
    CloseForm,
    FieldErrors,
    Message,
    Nothing,
    OpenForm,
    Reply,
    UpdateForm,
    View,
)
from bot.slack.copy import explain

Ack = Mapping[str, Any]
"""The body of the HTTP answer, or of the Socket Mode envelope's; empty for a bare 200."""

NO_BODY: Ack = {}

CLOSED = "not_found"
"""Of views.update: the person has closed the form. docs.slack.dev/reference/methods/views.update"""
OVER = frozenset({"expired_url", "used_url"})
"""Of a response URL: it is good for half an hour, and five times.
docs.slack.dev/interactivity/handling-user-interaction"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a handler returned, or what it raised."""

    reply: Reply
    error: BaseException | None
    reference: str


class Surface(Protocol):
    """Where the person is, and so where the answer goes."""

    def ack(self, outcome: Outcome) -> Ack | None:
        """The ack that carries the whole answer, or ``None`` when :meth:`tell` must follow."""

    def ack_late(self) -> Ack:
        """The ack when there is no answer yet."""

    async def still_working(self) -> None:
        """A word that the answer is coming. Raises ``SlackError``."""

    async def say(self, message: Message) -> None:
        """Something more, where the request came from. Raises ``SlackError``."""

    async def tell(self, outcome: Outcome) -> None:
        """The answer after the ack. Raises ``SlackError``."""


def surface(payload: Payload, slack: SlackClient) -> Surface:
    kind = payload.get("type")
    if kind == "view_submission":
        return Submission(payload, slack)
    if kind in ("shortcut", "message_action"):
        return MenuEntry(payload, slack)
    if isinstance(payload.get("view"), Mapping):
        return FormPress(payload, slack)
    if kind == "block_actions":
        return MessagePress(payload, slack)
    return Typed(payload, slack)


def options_body(choices: Choices) -> Ack:
    return {"options": [blocks.option(choice) for choice in choices.options[: blocks.OPTIONS]]}


class _Surface:
    """What all surfaces share."""

    def __init__(self, payload: Payload, slack: SlackClient) -> None:
        self._slack = slack
        self._payload = payload

    def ack(self, outcome: Outcome) -> Ack | None:
        """Nothing said, nothing to follow; else the answer takes its own way."""
        bare = outcome.error is None and isinstance(outcome.reply, Nothing)
        return NO_BODY if bare else None

    def ack_late(self) -> Ack:
        return NO_BODY

    async def still_working(self) -> None:
        await self.say(explain.still_working())

    async def say(self, message: Message) -> None:
        """What comes from no channel, or from one that cannot be answered any more, is said in the
        person's own messages with the app."""
        url = payloads.origin(self._payload).response_url
        if url:
            try:
                await self._slack.answer(url, message)
            except SlackError as refused:
                if refused.code not in OVER or message.to_channel:
                    raise
            else:
                return
        await self._slack.post_message(payloads.actor(self._payload).id, message)

    def _carrying(self, reply: OpenForm | UpdateForm) -> View:
        return payloads.carrying(reply.view, reply.state, payloads.origin(self._payload))


class Typed(_Surface):
    """A typed command: an ephemeral answer in the ack itself."""

    def ack(self, outcome: Outcome) -> Ack | None:
        message = _message(outcome)
        if message is not None and not message.to_channel:
            return response_body(message)
        return super().ack(outcome)

    async def tell(self, outcome: Outcome) -> None:
        message = _message(outcome)
        if message is not None:
            await self.say(message)
        elif isinstance(outcome.reply, OpenForm):
            view = self._carrying(outcome.reply)
            await self._slack.open_view(str(self._payload.get("trigger_id", "")), view)


class MessagePress(Typed):
    """A button of a message. Slack ignores what its ack holds."""

    def ack(self, outcome: Outcome) -> Ack | None:
        return _Surface.ack(self, outcome)


class FormPress(_Surface):
    """A button or menu inside a form."""

    async def still_working(self) -> None:
        """The form is still there to be seen; a line elsewhere would only confuse."""

    async def tell(self, outcome: Outcome) -> None:
        try:
            await self._tell_in_form(outcome)
        except SlackError as refused:
            if outcome.error is None and refused.code != CLOSED:
                raise
            told = self._without_form(outcome)
            if told is not None:
                await self.say(told)

    async def _tell_in_form(self, outcome: Outcome) -> None:
        view = self._payload["view"]
        reply = outcome.reply
        if outcome.error is not None:
            told = explain.form_notice(
                outcome.error, outcome.reference, view, payloads.values(self._payload)
            )
            await self._slack.update_view(view["id"], told, view_hash=view.get("hash", ""))
        elif isinstance(reply, UpdateForm):
            fresh = self._carrying(reply)
            seen = "" if reply.live else view.get("hash", "")
            await self._slack.update_view(view["id"], fresh, view_hash=seen)
        elif isinstance(reply, OpenForm):
            trigger = str(self._payload.get("trigger_id", ""))
            await self._slack.push_view(trigger, self._carrying(reply))
        elif isinstance(reply, Message):
            await self.say(reply)

    def _without_form(self, outcome: Outcome) -> Message | None:
        """What must be said though the form does not show it. Who closed a form misses no news of
        what was in it."""
        if isinstance(outcome.reply, UpdateForm):
            return outcome.reply.otherwise
        return _message(outcome)


class MenuEntry(_Surface):
    """An entry of Slack's own menus. A global one comes from no channel, so that whatever is to be
    said stands in a modal; where Slack opens none, in the channel or in the person's messages."""

    def __init__(self, payload: Payload, slack: SlackClient) -> None:
        super().__init__(payload, slack)
        self._modal = ""

    async def still_working(self) -> None:
        """While the trigger still opens something: what is open can be exchanged later."""
        await self._show(_waiting())

    async def tell(self, outcome: Outcome) -> None:
        message = _message(outcome)
        if message is not None:
            try:
                await self._show(_told(message, "That did not work" if outcome.error else "Chakra"))
            except SlackError:
                await self.say(message)
        elif isinstance(outcome.reply, OpenForm):
            try:
                await self._show(self._carrying(outcome.reply))
            except SlackError as refused:
                if not (self._modal and refused.code == CLOSED):  # they no longer want it
                    raise

    async def _show(self, view: View) -> None:
        if self._modal:
            await self._slack.update_view(self._modal, view)
            return
        opened = await self._slack.open_view(str(self._payload.get("trigger_id", "")), view)
        self._modal = str((opened.get("view") or {}).get("id", ""))


class Submission(_Surface):
    """A submitted form: errors, the next form, or a closed one; in the ack when it is ready."""

    def ack(self, outcome: Outcome) -> Ack | None:
        reply = outcome.reply
        if outcome.error is not None:
            return {"response_action": "update", "view": self._refused(outcome)}
        if isinstance(reply, FieldErrors):
            return {"response_action": "errors", "errors": dict(reply.errors)}
        if isinstance(reply, UpdateForm):
            return {"response_action": "update", "view": self._carrying(reply)}
        return NO_BODY

    def rest(self, outcome: Outcome) -> Message | None:
        """What is still to be said where the form came from, once the ack has closed it."""
        if outcome.error is not None:
            return None
        reply = outcome.reply
        return (
            reply.then
            if isinstance(reply, CloseForm)
            else reply
            if isinstance(reply, Message)
            else None
        )

    def ack_late(self) -> Ack:
        return {"response_action": "update", "view": _waiting()}

    async def still_working(self) -> None:
        """The form says so already."""

    async def tell(self, outcome: Outcome) -> None:
        """The form shows "One moment" by now and cannot be closed from here: it tells the end."""
        message = self.rest(outcome)
        if message is not None:
            await self.say(message)
        await self._slack.update_view(self._payload["view"]["id"], self._ending(outcome))

    def _ending(self, outcome: Outcome) -> View:
        reply = outcome.reply
        if outcome.error is not None:
            return self._refused(outcome)
        if isinstance(reply, UpdateForm):
            return self._carrying(reply)
        if isinstance(reply, FieldErrors):
            told = [blocks.section(sentence) for sentence in reply.errors.values()]
            return blocks.refilled(self._payload["view"], payloads.values(self._payload), told)
        done = reply.done if isinstance(reply, CloseForm) else "Done."
        return blocks.notice("Done", [blocks.section(done)])

    def _refused(self, outcome: Outcome) -> View:
        error = outcome.error or RuntimeError()
        typed = payloads.values(self._payload)
        return explain.form_notice(error, outcome.reference, self._payload["view"], typed)


def _waiting() -> View:
    return blocks.notice("One moment", [blocks.section("Chakra is working on it…")])


def _told(message: Message, title: str) -> View:
    return blocks.notice(title, message.blocks or [blocks.section(message.text)])


def _message(outcome: Outcome) -> Message | None:
    if outcome.error is not None:
        return explain.message(outcome.error, outcome.reference)
    return outcome.reply if isinstance(outcome.reply, Message) else None
