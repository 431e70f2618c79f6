"""The question about text that a member typed in a customer's thread, and its outcome."""

from __future__ import annotations

from bot.conversations.controls import REPLY, SEND, ConversationButton, TypedReply
from bot.conversations.reply_form import (
    FILE_WARNING,
    ColleagueAnswer,
    describe_answer,
    explain_closed,
    quote,
    render_outcome_line,
    render_window_note,
)
from bot.conversations.target import ReplyTarget
from bot.messages import report_message as report
from bot.messages.send import Send
from bot.messages.send_form import render_duplicate_question
from bot.messages.status import SendStatus
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.command import UploadedFile
from bot.slack.commands.reply import Block, Message

KEEP_LABEL, KEEP = "Not for the customer", "chat.keep"
MAX_QUOTE_LENGTH = 2_000
"""Characters of a longer text that are shown: the person has just typed it above."""
CHANGED = ":warning: The numbers of this conversation have changed, so nothing was sent."


def ask_about_typed(
    target: ReplyTarget,
    typed: TypedReply,
    now: float,
    *,
    text: str = "",
    file: UploadedFile | None = None,
    note: Markup | None = None,
) -> Message:
    """Ask whether a message that was typed in the thread is meant for the customer.

    ``text`` is the typed one if the button can't carry it; ``note`` is shown above the question.
    """
    reply = ConversationButton(conversation=target.conversation_id).to_value()
    keep = blocks.button(KEEP_LABEL, KEEP)
    if not target.is_open(now):
        open_template = blocks.button("Choose a template", REPLY, reply)
        content = [blocks.section(explain_closed(target)), blocks.actions(open_template, keep)]
        return Message(explain_closed(target), tuple(content))
    value = typed.model_copy(update={"to": target.customer.phone, "sender": target.sender_id})
    question = markup("Send this to ", target.describe(), " on WhatsApp?")
    send = blocks.button(target.send_label(), SEND, value.to_value(), style="primary")
    return Message(
        question,
        (
            *(blocks.sections(note) if note else []),
            blocks.section(question),
            *_quote(text or typed.text, file),
            *([blocks.section(Markup(FILE_WARNING))] if file else []),
            blocks.actions(send, keep),
            blocks.context(render_window_note(target)),
        ),
    )


def render_refusal(reason: str) -> Message:
    """Return why the typed text can't be sent as it is."""
    content = (blocks.section(reason), blocks.actions(blocks.button(KEEP_LABEL, KEEP)))
    return Message(reason, content)


def ask_again_with_changes(
    target: ReplyTarget, typed: TypedReply, now: float, text: str, file: UploadedFile | None
) -> Message:
    """Ask again: the numbers have changed since they were shown."""
    note = Markup(CHANGED)
    asked = ask_about_typed(target, typed, now, text=text, file=file, note=note)
    return Message(asked.text, asked.blocks, replace_original=True)


def ask_after_colleague(
    target: ReplyTarget,
    typed: TypedReply,
    answer: ColleagueAnswer,
    now: float,
    text: str,
    file: UploadedFile | None,
) -> Message:
    """Ask again: a colleague has answered since."""
    seen = typed.model_copy(update={"seen": answer.send.id})
    note = describe_answer(answer, now)
    asked = ask_about_typed(target, seen, now, text=text, file=file, note=note)
    return Message(asked.text, asked.blocks, replace_original=True)


def ask_about_duplicate(
    target: ReplyTarget, typed: TypedReply, duplicate: Send, now: float, text: str
) -> Message:
    """Ask about an identical message in the last minutes."""
    question = render_duplicate_question(duplicate, now)
    value = typed.model_copy(update={"confirmed": duplicate.id}).to_value()
    label = target.send_label(is_repeat=True)
    buttons = blocks.actions(blocks.button(label, SEND, value), blocks.button(KEEP_LABEL, KEEP))
    return Message(
        question, (blocks.section(question), *_quote(text), buttons), replace_original=True
    )


def render_typed_result(target: ReplyTarget, send: Send) -> Message:
    """Return what replaces the question once it is known whether the message was accepted."""
    line = render_outcome_line(target, send)
    content: list[Block] = [blocks.section(line)]
    content += [blocks.section(advice) for advice in report.render_advice(send)]
    if send.status is SendStatus.FAILED:
        reply = ConversationButton(conversation=target.conversation_id).to_value()
        content.append(blocks.actions(blocks.button("Reply", REPLY, reply)))
    return Message(line, tuple(content), replace_original=True)


def _quote(text: str, file: UploadedFile | None = None) -> list[Block]:
    name = [markup(Markup(":paperclip: "), bold(file.name or "File"))] if file else []
    return blocks.sections(lines([*name, *quote(blocks.clip(text, MAX_QUOTE_LENGTH))]))
