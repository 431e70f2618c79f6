"""The form for an answer to a customer, and what follows when it is sent."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from bot.chakra.meta_errors import WindowClosed
from bot.conversations.controls import COMMAND, CONFIRM, SEND
from bot.conversations.target import ReplyTarget
from bot.errors import UsageError
from bot.messages import report_message as report
from bot.messages.draft import MAX_PACKED_LENGTH
from bot.messages.error_codec import deserialize_error
from bot.messages.form_values import TOO_LONG_MESSAGE, SendForm, pack, unpack
from bot.messages.reply_files import EXTENSIONS
from bot.messages.send import Send
from bot.messages.send_form import render_duplicate_question
from bot.messages.status import SendStatus
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import NO_MARKUP, Markup, bold, lines, markup, mention
from bot.slack.button_state import OutdatedButton
from bot.slack.commands.command import UploadedFile
from bot.slack.commands.reply import Block, OpenForm, UpdateForm, View
from bot.slack.copy.explanation import format_wait

TEXT = "text"
EMPTY_TEXT = "Write a message."
FILE, DRAFT = "file", "draft"
EMPTY = "Write a message or choose a file."
FILE_WARNING = (
    ":warning: The file is stored at a link that WhatsApp fetches it from. Anyone who has the link "
    "can open it."
)
FILE_AGAIN = "Choose the file again: Slack forms can't keep files."
CLOSED_NOTE = (
    "More than 24 hours have passed since this customer last wrote, so WhatsApp only accepts a "
    "template. Choose one."
)
NEVER_WROTE_NOTE = (
    "This customer hasn't written to this number in the last 24 hours, so WhatsApp only accepts a "
    "template. Choose one."
)


CHANGED = (
    ":warning: The numbers of this conversation have changed since you opened the form, so nothing "
    "was sent. Check them and send it again."
)
MAX_SHOWN_ANSWER_LENGTH = 500


@dataclass(frozen=True, slots=True)
class ColleagueAnswer:
    """What another member sent in the same conversation; ``text`` is "" if it can't be read."""

    send: Send
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReplyDraft:
    """A text and a file that are shown before they are sent."""

    text: str = field(repr=False)
    file: UploadedFile

    def to_state(self) -> dict[str, str]:
        """Return the state. Raise ``UsageError`` if it is longer than a view can carry."""
        packed = pack(json.dumps({"text": self.text, "file": asdict(self.file)}))
        if len(packed) > MAX_PACKED_LENGTH:
            raise UsageError(TOO_LONG_MESSAGE)
        return {DRAFT: packed}

    @classmethod
    def parse(cls, state: Mapping[str, str]) -> ReplyDraft:
        """Return the draft of a view. Raise ``OutdatedButton`` if it has none."""
        try:
            stored = json.loads(unpack(state.get(DRAFT, "")))
            return cls(str(stored["text"]), UploadedFile(**stored["file"]))
        except (ValueError, TypeError, KeyError, zlib.error):
            raise OutdatedButton(COMMAND) from None


@dataclass(frozen=True, slots=True)
class ReplyState:
    """The form's state. ``asked`` is the send that the person was asked about, 0 if none.

    ``event`` is the message that is quoted. ``retry`` is the failed send of the same view, ``seen``
    the latest send of the conversation that the person has seen. ``to`` and ``sender`` are the
    numbers that they saw.
    """

    conversation: int
    customer: int
    asked: int = 0
    retry: int = 0
    event: int = 0
    seen: int = 0
    to: str = ""
    sender: str = ""

    @classmethod
    def parse(cls, state: Mapping[str, str]) -> ReplyState:
        names = [name for name in cls.__dataclass_fields__ if name not in ("to", "sender")]
        numbers = {name: state.get(name, "") for name in names}
        return cls(
            **{name: int(n) if n.isdecimal() else 0 for name, n in numbers.items()},
            to=state.get("to", ""),
            sender=state.get("sender", ""),
        )

    def from_target(self, target: ReplyTarget) -> ReplyState:
        """Return the state of a form that shows this target now."""
        return replace(self, to=target.customer.phone, sender=target.sender_id)

    def build_interaction_key(self, view_id: str) -> str:
        """Return what identifies this attempt, however often it is submitted."""
        return f"{view_id}:{self.retry}" if self.retry else view_id

    def to_state(self) -> dict[str, str]:
        return {name: str(getattr(self, name)) for name in self.__dataclass_fields__}


def explain_closed(target: ReplyTarget) -> str:
    """Return why no text can be sent."""
    return CLOSED_NOTE if target.window else NEVER_WROTE_NOTE


def render_form(
    target: ReplyTarget,
    *,
    text: str = "",
    note: Markup | None = None,
    is_repeat: bool = False,
    takes_files: bool = True,
) -> View:
    """Return the form, which names the customer, our number and how long text may be sent."""
    facts = [("To", target.describe())]
    if target.sender:
        facts.append(("From", markup(target.sender)))
    content: list[Block] = [
        *(blocks.sections(note) if note else []),
        *blocks.fields(facts),
        blocks.text_field(
            TEXT,
            "Message",
            action=f"{SEND}:{TEXT}",
            initial=text,
            multiline=True,
            optional=takes_files,
        ),
        *([_render_file_field()] if takes_files else []),
        blocks.context(render_window_note(target)),
    ]
    return blocks.form_modal(SEND, "Reply", target.send_label(is_repeat=is_repeat), content)


def _render_file_field() -> Block:
    return blocks.file_field(
        FILE,
        "File",
        action=f"{SEND}:{FILE}",
        filetypes=EXTENSIONS,
        hint="A picture, a video, audio or a document, up to 10 MB. You see it before it is sent.",
        optional=True,
    )


def render_confirmation(target: ReplyTarget, draft: ReplyDraft) -> View:
    """Return the view that shows a file and its text before they are sent."""
    facts = [("To", target.describe())]
    if target.sender:
        facts.append(("From", markup(target.sender)))
    shown = lines(
        [markup(Markup(":paperclip: "), bold(draft.file.name or "File")), *quote(draft.text)]
    )
    content: list[Block] = [
        *blocks.fields(facts),
        *blocks.sections(shown),
        blocks.section(Markup(FILE_WARNING)),
        blocks.context(render_window_note(target)),
    ]
    return blocks.form_modal(CONFIRM, "Send a file", target.send_label(), content)


def confirm_file(target: ReplyTarget, draft: ReplyDraft, state: ReplyState) -> UpdateForm:
    """Show a file and its text before they are sent. Raise ``UsageError`` if Slack can't."""
    view = render_confirmation(target, draft)
    return UpdateForm(view, {**state.from_target(target).to_state(), **draft.to_state()})


def quote(text: str) -> list[Markup]:
    """Return the lines of a text as a quote."""
    return [Markup(f"> {blocks.escape(line)}") for line in text.splitlines()]


def render_window_note(target: ReplyTarget) -> Markup:
    return markup(
        "Text can be sent until ", format_date_token(target.ends_at), ", then only templates."
    )


def open_form(
    target: ReplyTarget, note: str = "", event_id: int = 0, *, seen: int, takes_files: bool
) -> OpenForm:
    """Open the form; ``note`` is shown before an answer, ``event_id`` is the quoted message.

    ``seen`` is the latest send of the conversation.
    """
    state = ReplyState(target.conversation_id, target.customer.id, event=event_id, seen=seen)
    shown = markup(Markup(":warning: "), note) if note else None
    view = render_form(target, note=shown, takes_files=takes_files)
    return OpenForm(view, state.from_target(target).to_state())


def ask_again(
    target: ReplyTarget, text: str, state: ReplyState, duplicate: Send, now: float
) -> UpdateForm:
    """Return the form with the question about an identical message in the last minutes."""
    question = render_duplicate_question(duplicate, now)
    view = render_form(target, text=text, note=question, is_repeat=True)
    return UpdateForm(view, replace(state, asked=duplicate.id).from_target(target).to_state())


def ask_about_colleague(
    target: ReplyTarget, text: str, state: ReplyState, answer: ColleagueAnswer, now: float
) -> UpdateForm:
    """Return the form with the answer that a colleague has sent since it was opened."""
    view = render_form(target, text=text, note=describe_answer(answer, now))
    return UpdateForm(view, replace(state, seen=answer.send.id).from_target(target).to_state())


def show_changed(target: ReplyTarget, text: str, state: ReplyState) -> UpdateForm:
    """Return the form with the current numbers."""
    view = render_form(target, text=text, note=Markup(CHANGED))
    return UpdateForm(view, state.from_target(target).to_state())


def describe_answer(answer: ColleagueAnswer, now: float) -> Markup:
    """Return a colleague's answer, and the question whether to send another one."""
    ago = format_wait(now - answer.send.started_at)
    said = markup(mention(answer.send.member), bold(f" answered this customer {ago} ago:"))
    text = blocks.clip(answer.text or answer.send.title, MAX_SHOWN_ANSWER_LENGTH)
    return lines([markup(Markup(":warning: "), said), *quote(text), "Send yours too?"])


def show_failure(
    target: ReplyTarget, text: str, state: ReplyState, send: Send, *, has_file: bool = False
) -> UpdateForm:
    """Return the form with the reason, for another attempt."""
    again = markup(FILE_AGAIN) if has_file else NO_MARKUP
    note = lines(
        [
            render_outcome_line(target, send),
            *report.render_advice(send),
            *([again] if again else []),
        ]
    )
    state = replace(state, asked=0, retry=send.id, seen=max(state.seen, send.id))
    return UpdateForm(
        render_form(target, text=text, note=note), state.from_target(target).to_state()
    )


def build_template_form(target: ReplyTarget) -> SendForm:
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


def render_sending(target: ReplyTarget) -> View:
    line = markup(Markup(":hourglass_flowing_sand: "), "Sending to ", target.describe(), " …")
    return blocks.info_modal("Sending", [blocks.section(line)])


def render_result_view(target: ReplyTarget, send: Send) -> View:
    """Return the view after a send that did not fail."""
    rest = [blocks.section(line) for line in report.render_advice(send)]
    if not rest and target.conversation is not None:
        rest = [blocks.context("The thread shows when it is delivered and read.")]
    title = "Not confirmed" if send.status is SendStatus.UNKNOWN else "Reply"
    return blocks.info_modal(title, [blocks.section(render_outcome_line(target, send)), *rest])


def render_outcome_line(target: ReplyTarget, send: Send) -> Markup:
    emoji = report.render_headline_emoji(send)
    return markup(emoji, bold(report.render_status_label(send)), " · ", target.describe())
