"""The view "Check and send": the message and its recipient, then the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from bot.chakra.models import PhoneNumber
from bot.chakra.template import Template
from bot.errors import UsageError
from bot.messages import send_form
from bot.messages.draft import Draft
from bot.messages.form_values import SendForm
from bot.messages.recipients import Recipient
from bot.messages.report_message import render_status_label
from bot.messages.send import SendResult
from bot.messages.service import CheckedSend
from bot.messages.status import SendStatus
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup
from bot.slack.commands.reply import Block, Message, UpdateForm, View
from bot.templates import vocabulary
from bot.templates.bubble import render_bubble
from bot.text.phones import format_international

TITLE = "Check and send"
CHANGED_NOTE = "This message has changed since you last looked. Check it again before you send it."
EDITED_NOTE = "This template was edited in Chakra. Check its new text before you send it."
VISIBLE_DIGITS = 4
"""Digits of a number in the button's label."""
RESULT_TITLES = {
    SendStatus.UNKNOWN: "Not confirmed",
    SendStatus.DELIVERED: "Delivered",
    SendStatus.READ: "Read",
}
"""The titles after the press. A message that WhatsApp has accepted is not delivered yet."""
_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class CheckView:
    """The view, and the state with which it sends exactly what it shows."""

    view: View
    state: dict[str, str]

    def update(self) -> UpdateForm:
        """Return the reply that replaces an open form."""
        return UpdateForm(self.view, self.state, overwrite=True)


def render_check(
    form: SendForm,
    checked: CheckedSend,
    senders: Sequence[PhoneNumber],
    now: float,
    *,
    note: str = "",
    test_result: str = "",
) -> CheckView:
    """Return the view. ``note`` is shown above the message, ``test_result`` above the buttons."""
    prepared, duplicate = checked.prepared, checked.duplicate
    form = form.with_confirmed_duplicate(duplicate.id if duplicate else None)
    content: list[Block] = blocks.sections(note) if note else []
    if duplicate:
        content.append(blocks.section(send_form.render_duplicate_question(duplicate, now)))
    content += _render_facts(checked, senders)
    if prepared.recipient.warning:
        content.append(blocks.context(markup(Markup(":warning: "), prepared.recipient.warning)))
    content += [blocks.divider(), *render_bubble(prepared.template, form.values)]
    if test_result:
        content.append(blocks.section(test_result))
    buttons = [blocks.button("Change", send_form.EDIT)]
    if not duplicate:
        buttons.append(blocks.button(send_form.TEST_LABEL, send_form.TEST))
    content.append(blocks.actions(*buttons))
    label = submit_label(prepared.recipient, is_repeat=duplicate is not None)
    view = blocks.form_modal(send_form.CONFIRM, TITLE, label, content)
    return CheckView(view, Draft(form, prepared.digest).to_state())


def _render_facts(checked: CheckedSend, senders: Sequence[PhoneNumber]) -> list[Block]:
    template = checked.prepared.template
    what = ", ".join(
        (
            vocabulary.format_language_name(template.language),
            vocabulary.format_category_name(template.category),
        )
    )
    pairs = [
        ("To", checked.prepared.recipient.label),
        ("From", _render_sender(checked.prepared.sender_id, senders)),
        ("Template", markup(bold(template.name), "\n", what)),
    ]
    return blocks.fields([(label, value) for label, value in pairs if value])


def _render_sender(sender_id: str, senders: Sequence[PhoneNumber]) -> str:
    """Return the name and the number that the message comes from; "" if that is not known."""
    sender = next((number for number in senders if number.id == sender_id), None)
    if sender is None:
        return ""
    return ", ".join(dict.fromkeys(part for part in (sender.name, sender.display_phone_number)))


def explain_edit(before: Template | None, template: Template) -> str:
    """Return the sentence about a template that changed since the person saw it; else ""."""
    return EDITED_NOTE if before and before.content_json != template.content_json else ""


def submit_label(recipient: Recipient, *, is_repeat: bool = False) -> str:
    """Return "Send to Mei Tanaka" in the 24 characters of a view's button."""
    beginning = "Send again to " if is_repeat else "Send to "
    room = blocks.MAX_VIEW_TITLE_LENGTH - len(beginning)
    return beginning + _shorten_name(recipient, room)


def _shorten_name(recipient: Recipient, max_length: int) -> str:
    if not any(character.isalpha() for character in recipient.name):
        digits = recipient.digits[-VISIBLE_DIGITS:]
        name = f"…{digits}" if digits else recipient.key or recipient.name.strip()
        return blocks.clip(name, max_length)
    words = recipient.name.split()
    titles = list(takewhile(lambda word: word.endswith("."), words[:-1]))
    given, *others = words[len(titles) :]
    initial = [f"{others[-1][0]}."] if others and others[-1][0].isalpha() else []
    shorter = (
        words,
        [*titles, given, *initial],
        [*titles[:1], given, *initial],
        [*titles[:1], given],
        [given, *initial],
        [given],
    )
    fitting = (name for name in map(" ".join, shorter) if len(name) <= max_length)
    return next(fitting, blocks.clip(given, max_length).replace(f"{_JOINER}…", "…"))


def render_recipient(recipient: Recipient) -> str:
    """Return the recipient for a sentence, with the whole number."""
    number = format_international(recipient.digits) if recipient.digits else ""
    if recipient.name and number:
        return f"{recipient.name} ({number})"
    return recipient.name or number or recipient.label


def render_checking() -> View:
    """Return the view that is shown while the recipient is looked up."""
    return blocks.info_modal(TITLE, [blocks.section("Checking…")])


def render_sending(recipient: Recipient) -> View:
    """Return the view after the press."""
    line = markup(
        Markup(":hourglass_flowing_sand: "), "Sending to ", bold(render_recipient(recipient)), " …"
    )
    return blocks.info_modal("Sending", [blocks.section(line)])


def render_result(sent: SendResult, message: Message, form: SendForm) -> UpdateForm:
    """Return the view with the outcome; after a failure the form can be opened again in it."""
    status = sent.send.status
    content = [block for block in message.blocks if block["type"] != "actions"]
    if status is not SendStatus.FAILED:
        return UpdateForm(blocks.info_modal(RESULT_TITLES.get(status, "Sending"), content))
    title = render_status_label(sent.send)
    try:
        state = Draft(form.as_retry_of(sent.send.id)).to_state()
    except UsageError:
        return UpdateForm(blocks.info_modal(title, content))
    content.append(blocks.actions(blocks.button("Change", send_form.EDIT)))
    return UpdateForm(blocks.info_modal(title, content), state)
