"""The texts about writes: the question before a duplicate, the notice of a lost outcome."""

from __future__ import annotations

from collections.abc import Mapping

from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup, mention
from bot.slack.commands.command import SubmitRequest
from bot.slack.commands.reply import Message, UpdateForm, View
from bot.slack.copy.explanation import format_wait
from bot.slack.refilled_form import refill_form
from bot.writes.repository import Write, WriteState

CONFIRMED = "confirmed_write"
"""The form's state that holds the ID of the write that the member was asked about."""

NOUNS: Mapping[str, str] = {
    "user.update": "your change to a Chakra user",
    "process.create": "your new record in Chakra",
    "process.update": "your change to a record in Chakra",
    "process.delete": "your deletion of a record in Chakra",
    "task.create": "your new task in Chakra",
    "photo.upload": "your photo",
    "template.create": "your new WhatsApp template",
    "template.update": "your change to a WhatsApp template",
}


def read_confirmed_id(state: Mapping[str, str]) -> int:
    """Return the ID of the write that the member has confirmed, 0 if none."""
    value = state.get(CONFIRMED, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else 0


def ask_again(view: View, request: SubmitRequest, write: Write) -> UpdateForm:
    """Return the form as filled in, with the question above; submitting it again confirms."""
    question = blocks.section(render_duplicate_question(write, request.now))
    return UpdateForm(
        refill_form(view, request.values, [question]),
        {**request.state, CONFIRMED: str(write.id)},
    )


def render_duplicate_question(write: Write, now: float) -> Markup:
    """Return the question before the same content is written again."""
    who = markup(Markup(":warning: "), mention(write.member))
    ago = f"{format_wait(now - write.started_at)} ago"
    if write.state is WriteState.DONE:
        return markup(who, f" did exactly this {ago}. Do it again?")
    return markup(
        who,
        f" submitted exactly this {ago}, and we don't know yet whether it went through. "
        "Check in Chakra first. Submit it again?",
    )


def render_abandoned_notice(verb: str, started_at: float) -> Message:
    """Return the message for a member whose write was interrupted."""
    noun = NOUNS.get(verb, "your change in Chakra")
    when = Markup(f"<!date^{started_at:.0f}^{{date_short_pretty}} at {{time}}|earlier>")
    text = markup(
        Markup(":warning: "),
        bold(f"We don't know whether {noun} went through."),
        " This app was interrupted while saving it (",
        when,
        "). Check in Chakra before retrying; we haven't retried it.",
    )
    return blocks.text_message(text)
