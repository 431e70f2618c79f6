"""Send what a member wrote to a customer, once, if it is still what they saw."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.conversations import reply_form, typed_reply
from bot.conversations.controls import TypedReply
from bot.conversations.reply_form import ReplyState
from bot.conversations.service import ConversationService
from bot.conversations.target import ReplyTarget
from bot.errors import RecipientOptedOut, UsageError
from bot.messages.reply_files import explain_file, explain_text
from bot.messages.send import ClaimResult, Send, SendResult
from bot.messages.status import SendStatus
from bot.slack.blocks import Markup, markup
from bot.slack.button_state import ValueTooLong
from bot.slack.commands.command import UploadedFile
from bot.slack.commands.reply import FieldErrors, Message, UpdateForm

ONE_FILE = "WhatsApp accepts one file per message. Post the files one by one."
NO_FILES = "This app may not read files in Slack, so only text can be sent from here."
MAX_ROW_ID = 10**18
"""The limit leaves room in a button for the IDs of later questions."""
NO_LONGER_STORED = "This text is no longer stored. Press Reply and paste it there."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a member has written. ``interaction`` identifies the attempt, even if it is repeated."""

    text: str = field(repr=False)
    file: UploadedFile | None
    interaction: str
    member: str
    author: str
    now: float


@dataclass(frozen=True, slots=True)
class Answering:
    """``to_template`` gives the form for a template, if text can no longer be sent.

    Methods raise ``UsageError``, ``NotConfigured`` and ``DatabaseUnavailable``: nothing was sent.
    """

    service: ConversationService
    to_template: Callable[[ReplyTarget], UpdateForm]

    # --- from the form ----------------------------------------------------------------------------

    async def submit(
        self, target: ReplyTarget, state: ReplyState, answer: Answer, *, is_confirmed: bool
    ) -> UpdateForm | FieldErrors:
        """Send what the form has; a file only once ``is_confirmed``, in the view that shows it."""
        service = self.service
        existing = await service.find_sent(target.conversation_id, answer.interaction)
        if existing is not None:
            return self._show_result(target, state, answer, existing)
        target.require_number()
        if not target.is_open(answer.now):
            return self.to_template(target)
        if state.to and (state.to, state.sender) != (target.customer.phone, target.sender_id):
            return reply_form.show_changed(target, answer.text, state)
        if answer.file and not is_confirmed:
            draft = reply_form.ReplyDraft(answer.text, answer.file)
            return reply_form.confirm_file(target, draft, state)
        await service.check_allowed(target)
        other = await service.find_other_answer(target, state.seen, answer.member)
        if other is not None:
            return reply_form.ask_about_colleague(target, answer.text, state, other, answer.now)
        claim, sending = await self._send(target, answer, state.seen, state.event, state.asked)
        if claim.is_duplicate:
            return reply_form.ask_again(target, answer.text, state, claim.send, answer.now)
        if sending is None:
            return self._show_result(target, state, answer, claim.send)

        async def wait(result: asyncio.Task[SendResult]) -> UpdateForm:
            sent = await asyncio.shield(result)
            return self._show_result(target, state, answer, sent.send)

        later = asyncio.ensure_future(wait(sending))
        return UpdateForm(reply_form.render_sending(target), later=later)

    def _show_result(
        self, target: ReplyTarget, state: ReplyState, answer: Answer, send: Send
    ) -> UpdateForm:
        if reply_form.is_window_closed(send):
            return self.to_template(target)
        if send.status is SendStatus.FAILED:
            has_file = answer.file is not None
            return reply_form.show_failure(target, answer.text, state, send, has_file=has_file)
        return UpdateForm(reply_form.render_result_view(target, send))

    # --- typed in the thread ----------------------------------------------------------------------

    async def ask(
        self, target: ReplyTarget, ts: str, text: str, files: tuple[UploadedFile, ...], now: float
    ) -> Message:
        """Ask whether text typed in the thread is for the customer; send nothing."""
        file = files[0] if files else None
        if len(files) > 1:
            return typed_reply.render_refusal(ONE_FILE)
        if file is not None and not self.service.takes_files():
            return typed_reply.render_refusal(NO_FILES)
        file = await self.service.load_file(file.id) if file else None
        problem = (explain_file(file) if file else "") or explain_text(text, file)
        if problem:
            return typed_reply.render_refusal(problem)
        try:
            warning = await self.service.check_allowed(target) if target.is_open(now) else ""
        except RecipientOptedOut as error:
            return typed_reply.render_refusal(error.message)
        seen = await self.service.find_last_send_id(target)
        typed = TypedReply(
            conversation=target.conversation_id,
            ts=ts,
            text=text,
            seen=seen,
            to=target.customer.phone,
            sender=target.sender_id,
            file=file.id if file else "",
            confirmed=MAX_ROW_ID,
        )
        try:
            typed.to_value()
        except ValueTooLong:
            await self.service.store_typed(target.conversation_id, ts, text)
            typed = typed.model_copy(update={"text": "", "is_stored": True})
        typed = typed.model_copy(update={"confirmed": 0})
        note = markup(Markup(":warning: "), warning) if warning else None
        return typed_reply.ask_about_typed(target, typed, now, text=text, file=file, note=note)

    async def send_typed(
        self, target: ReplyTarget, typed: TypedReply, channel: str, answer: Answer
    ) -> Message:
        """Send the text and the file that the question shows, once, however often it is pressed."""
        service, now = self.service, answer.now
        interaction = f"{channel}:{typed.ts}"
        if typed.confirmed:
            interaction += f":{typed.confirmed}"
        existing = await service.find_sent(target.conversation_id, interaction)
        if existing is not None:
            return typed_reply.render_typed_result(target, existing)
        target.require_number()
        if not target.is_open(now):
            return typed_reply.ask_about_typed(target, typed, now)
        text, file = typed.text, None
        if typed.is_stored:
            text = await service.find_typed(target.conversation_id, typed.ts)
            if not text:
                raise UsageError(NO_LONGER_STORED)
        if typed.file:
            file = await service.load_file(typed.file)
        if typed.to and (typed.to, typed.sender) != (target.customer.phone, target.sender_id):
            return typed_reply.ask_again_with_changes(target, typed, now, text, file)
        await service.check_allowed(target)
        other = await service.find_other_answer(target, typed.seen, answer.member)
        if other is not None:
            return typed_reply.ask_after_colleague(target, typed, other, now, text, file)
        service.mark_read(target)
        answer = replace(answer, text=text, file=file, interaction=interaction)
        claim, sending = await self._send(target, answer, typed.seen, 0, typed.confirmed)
        if claim.is_duplicate:
            return typed_reply.ask_about_duplicate(target, typed, claim.send, now, text)
        send = claim.send if sending is None else (await asyncio.shield(sending)).send
        return typed_reply.render_typed_result(target, send)

    async def _send(
        self, target: ReplyTarget, answer: Answer, seen: int, quoted_event: int, confirmed: int
    ) -> tuple[ClaimResult, asyncio.Task[SendResult] | None]:
        return await self.service.send(
            target,
            answer.text,
            file=answer.file,
            interaction=answer.interaction,
            member=answer.member,
            author=answer.author,
            seen=seen,
            quoted_event=quoted_event,
            confirmed_duplicate_of=confirmed,
        )
