"""The form for an answer to a customer, and what follows when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.chakra.meta_errors import WindowClosed
from bot.conversations.controls import REPLY, SEND, ConversationButton, TypedReply
from bot.conversations.target import ReplyTarget
from bot.messages import report_message as report
from bot.messages.error_codec import deserialize_error
from bot.messages.form_values import SendForm
from bot.messages.send import Send
from bot.messages.send_form import duplicate_question
from bot.messages.status import SendStatus
from bot.slack import blocks
from bot.slack.age import date_token
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.button_state import ValueTooLong
from bot.slack.commands.reply import Block, Message, OpenForm, UpdateForm, View

TEXT = "text"
EMPTY_TEXT = "Write a message."
KEEP_LABEL, KEEP = "Not for the customer", "chat.keep"
TOO_LONG_TO_TYPE = "This is too long to send from the thread. Press Reply and paste it there."
CLOSED_NOTE = (
    "More than 24 hours have passed since this customer last wrote, so WhatsApp takes only a "
    "template. Choose one."
)
NEVER_WROTE_NOTE = (
    "This customer hasn't written to this number in the last 24 hours, so WhatsApp takes only a "
    "template. Choose one."
)


@dataclass(frozen=True, slots=True)
class ReplyState:
    """What the form carries. ``asked`` is the send that the person was asked about, 0 if none.

    ``event`` is the message that is quoted.

    ``retry`` counts the failed sends of the same view.
    """

    conversation: int
    customer: int
    asked: int = 0
    retry: int = 0
    event: int = 0

    @classmethod
    def parse(cls, state: Mapping[str, str]) -> ReplyState:
        names = cls.__dataclass_fields__
        numbers = {name: state.get(name, "") for name in names}
        return cls(**{name: int(n) if n.isdecimal() else 0 for name, n in numbers.items()})

    def interaction(self, view_id: str) -> str:
        """Return what identifies this attempt, however often it is submitted."""
        return f"{view_id}:{self.retry}" if self.retry else view_id

    def to_state(self) -> dict[str, str]:
        return {name: str(getattr(self, name)) for name in self.__dataclass_fields__}


def closed_note(target: ReplyTarget) -> str:
    """Return why no text can be sent."""
    return CLOSED_NOTE if target.window else NEVER_WROTE_NOTE


def render_form(
    target: ReplyTarget, *, text: str = "", note: Markup | None = None, is_repeat: bool = False
) -> View:
    """Return the form, which names the customer, our number and how long text may be sent."""
    facts = [("To", target.describe())]
    if target.sender:
        facts.append(("From", markup(target.sender)))
    content: list[Block] = [
        *(blocks.sections(note) if note else []),
        *blocks.fields(facts),
        blocks.text_field(TEXT, "Message", action=f"{SEND}:{TEXT}", initial=text, multiline=True),
        blocks.context(window_note(target)),
    ]
    return blocks.form_modal(SEND, "Reply", target.send_label(is_repeat=is_repeat), content)


def window_note(target: ReplyTarget) -> Markup:
    return markup("Text can be sent until ", date_token(target.ends_at), ", then only templates.")


def open_form(target: ReplyTarget, note: str = "", event_id: int = 0) -> OpenForm:
    """Open the form; ``note`` is what to know before an answer, ``event_id`` what it quotes."""
    state = ReplyState(target.conversation_id, target.customer.id, event=event_id)
    shown = markup(Markup(":warning: "), note) if note else None
    return OpenForm(render_form(target, note=shown), state.to_state())


def ask_again(
    target: ReplyTarget, text: str, state: ReplyState, duplicate: Send, now: float
) -> UpdateForm:
    """Return the form with the question about an equal message of the last minutes."""
    question = duplicate_question(duplicate, now)
    view = render_form(target, text=text, note=question, is_repeat=True)
    return UpdateForm(view, replace(state, asked=duplicate.id).to_state())


def show_failure(target: ReplyTarget, text: str, state: ReplyState, send: Send) -> UpdateForm:
    """Return the form with the reason, for another attempt."""
    note = lines([outcome_line(target, send), *report.advice(send)])
    again = replace(state, asked=0, retry=send.id)
    return UpdateForm(render_form(target, text=text, note=note), again.to_state())


def template_form(target: ReplyTarget) -> SendForm:
    """Return the form for a template to the same customer from the same number."""
    return SendForm(
        to=f"+{target.customer.phone}",
        sender=target.sender_id,
        conversation=str(target.conversation_id or ""),
    )


def is_window_closed(send: Send) -> bool:
    """Return whether WhatsApp refused the text because the customer wrote too long ago."""
    failure = send.failure
    return failure is not None and isinstance(deserialize_error(failure), WindowClosed)


def sending_view(target: ReplyTarget) -> View:
    line = markup(Markup(":hourglass_flowing_sand: "), "Sending to ", target.describe(), " …")
    return blocks.info_modal("Sending", [blocks.section(line)])


def result_view(target: ReplyTarget, send: Send) -> View:
    """Return the view after a send that did not fail."""
    rest = [blocks.section(line) for line in report.advice(send)]
    if not rest and target.conversation is not None:
        rest = [blocks.context("The thread shows when it is delivered and read.")]
    title = "Not confirmed" if send.status is SendStatus.UNKNOWN else "Reply"
    return blocks.info_modal(title, [blocks.section(outcome_line(target, send)), *rest])


def outcome_line(target: ReplyTarget, send: Send) -> Markup:
    emoji = report.headline_emoji(send)
    return markup(emoji, bold(report.status_label(send)), " · ", target.describe())


# --- typed in the thread --------------------------------------------------------------------------


def typed_question(target: ReplyTarget, typed: TypedReply, now: float) -> Message:
    """Ask whether a message that was typed in the thread is meant for the customer."""
    reply = ConversationButton(conversation=target.conversation_id).to_value()
    keep = blocks.button(KEEP_LABEL, KEEP)
    if not target.is_open(now):
        open_template = blocks.button("Choose a template", REPLY, reply)
        content = [blocks.section(closed_note(target)), blocks.actions(open_template, keep)]
        return Message(closed_note(target), tuple(content))
    try:
        value = typed.to_value()
    except ValueTooLong:
        content = [
            blocks.section(TOO_LONG_TO_TYPE),
            blocks.actions(blocks.button("Reply", REPLY, reply), keep),
        ]
        return Message(TOO_LONG_TO_TYPE, tuple(content))
    question = markup("Send this to ", target.describe(), " on WhatsApp?")
    return Message(
        question,
        (
            blocks.section(question),
            *_quote(typed.text),
            blocks.actions(blocks.button(target.send_label(), SEND, value, style="primary"), keep),
            blocks.context(window_note(target)),
        ),
    )


def typed_duplicate(target: ReplyTarget, typed: TypedReply, duplicate: Send, now: float) -> Message:
    """Ask about an equal message of the last minutes."""
    question = duplicate_question(duplicate, now)
    value = typed.model_copy(update={"confirmed": duplicate.id}).to_value()
    label = target.send_label(is_repeat=True)
    buttons = blocks.actions(blocks.button(label, SEND, value), blocks.button(KEEP_LABEL, KEEP))
    return Message(
        question, (blocks.section(question), *_quote(typed.text), buttons), replace_original=True
    )


def typed_result(target: ReplyTarget, send: Send) -> Message:
    """Return what replaces the question once it is known whether the message was accepted."""
    line = outcome_line(target, send)
    content: list[Block] = [blocks.section(line)]
    content += [blocks.section(advice) for advice in report.advice(send)]
    if send.status is SendStatus.FAILED:
        reply = ConversationButton(conversation=target.conversation_id).to_value()
        content.append(blocks.actions(blocks.button("Reply", REPLY, reply)))
    return Message(line, tuple(content), replace_original=True)


def _quote(text: str) -> list[Block]:
    quoted = lines(Markup(f"> {blocks.escape(line)}") for line in text.splitlines())
    return blocks.sections(quoted)
