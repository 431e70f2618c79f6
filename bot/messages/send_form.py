"""The form that sends a template, and what the person reads on the way: preview, question, outcome.

The form opens at once, with what is known by then; choosing a template adds its fields, and what is
typed shows in the preview below them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.chakra.models import PhoneNumber
from bot.chakra.template import Template
from bot.messages import form_values as names
from bot.messages import report_message as card
from bot.messages.form_values import Order
from bot.messages.lifecycle import Sent
from bot.messages.recipients import Recipient
from bot.messages.repository import Send
from bot.messages.rules import FILES, LONGEST, upload_hint
from bot.messages.status import State
from bot.messages.test_sends import Trial
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, italic, lines, markup, mention
from bot.slack.commands.reply import Block, Choice, Message, OpenForm, UpdateForm, View
from bot.slack.copy.explain import format_wait
from bot.templates import vocabulary
from bot.templates.preview import preview
from bot.templates.variables import Field, Kind, fields
from bot.text.phones import written

SUBMIT = "send.submit"
CONFIRM = "send.confirm"
"""The form after a question, and the button that sends."""
TEMPLATE = "send.template"
TYPED = "send.typed"
CHOSEN = "send.chosen"
PICKED = "send.picked"
UPLOADED = "send.file"
TEST = "send.test"
TEST_LABEL = "Send a test to me"
EDIT = "send.edit"

LONGEST_PHONE = 200
LONGEST_NAME = 150
MOST_SENDERS = 100


def form(
    order: Order,
    template: Template | None,
    senders: Sequence[PhoneNumber],
    *,
    whom: str = "",
    note: str = "",
    tested: str = "",
) -> View:
    """``whom`` is who the recipient turned out to be, ``note`` stands above the fields, ``tested``
    where the button that sends a test stood as it was pressed: nobody looks further down."""
    made: list[Block] = [blocks.section(note)] if note else []
    made.append(
        blocks.external_field(
            names.TEMPLATE,
            "Template",
            action=TEMPLATE,
            placeholder="Choose a template",
            initial=choice(template) if template else None,
        )
    )
    made += _to(order, live=template is not None)
    if len(senders) > 1:
        made.append(_sender(order, senders))
    made += _of_template(order, template, whom)
    if tested:
        made.append(blocks.section(tested))
    if template is not None and not order.asked:
        made.append(blocks.actions(blocks.button(TEST_LABEL, TEST)))
    callback = CONFIRM if order.asked else SUBMIT
    return blocks.form_modal(
        callback, "Send WhatsApp", "Send again" if order.asked else "Send", made
    )


def opened(
    order: Order, template: Template | None, senders: Sequence[PhoneNumber], *, note: str = ""
) -> OpenForm:
    return OpenForm(form(order, template, senders, note=note), state=order.state())


def updated(
    view: View, order: Order, *, live: bool = False, otherwise: Message | None = None
) -> UpdateForm:
    return UpdateForm(view, state=order.state(), overwrite=live, fallback=otherwise)


def choice(template: Template) -> Choice:
    about = f"{vocabulary.language(template.language)} · {vocabulary.category(template.category)}"
    return Choice(template.name, template.id, about)


def whom(recipient: Recipient) -> Markup:
    """Whole, for the one who sends."""
    said = markup("To ", recipient.shown)
    return markup(said, " · ", recipient.warning) if recipient.warning else said


def already(send: Send, now: float) -> Markup:
    """The question where the same went out a moment ago."""
    return markup(_went("the same recipient", send, now), " Send it once more?")


def _went(whom: str, send: Send, now: float) -> Markup:
    ago = f" {format_wait(now - send.started_at)} ago, sent by "
    went = bold(f"This very message went to {whom}")
    return markup(Markup(":warning: "), went, ago, mention(send.member), ".")


def confirmation(
    order: Order, template: Template, recipient: Recipient, *, question: str = ""
) -> Message:
    """The preview of a complete line, with the button that sends it. ``question`` stands above."""
    what = markup(bold(blocks.clip(template.name, LONGEST_NAME)), ", ", whom(recipient))
    made: list[Block] = [blocks.section(question)] if question else []
    made += [blocks.section(what), blocks.divider(), *preview(template, order.values)]
    made.append(blocks.context(vocabulary.language(template.language)))
    label = "Send again" if order.asked else "Send"
    made.append(
        blocks.actions(
            blocks.button(label, CONFIRM, order.written(), style="primary"),
            blocks.button("Change", EDIT, order.written()),
            blocks.button(TEST_LABEL, TEST, replace(order, asked="").written()),
        )
    )
    return Message(text=markup("Send ", what, "?"), blocks=tuple(made))


def outcome(sent: Sent, link: str, order: Order, *, in_place: bool = False) -> Message:
    """The line where it was typed: how it stands, and the way to the report. After a refusal the
    form can be opened again with all that was in it."""
    said = card.stands(sent.send)
    line = markup(_mark(sent.send), said, _way(link))
    made = [blocks.section(line), *(blocks.section(one) for one in card.remedies(sent.send))]
    if sent.send.state is State.FAILED and order.written():
        made.append(blocks.actions(blocks.button("Open the form again", EDIT, order.written())))
    return Message(text=said, blocks=tuple(made), replace_original=in_place)


def tested(trial: Trial, link: str, now: float) -> Markup:
    """What became of a test, or the question before it goes out once more."""
    if trial.asks is not None:
        again = f" Press “{TEST_LABEL}” again to send it once more."
        return markup(_went("you", trial.asks, now), again)
    if trial.sent is None:
        return markup(
            Markup(f"{card.MARKS[State.SENDING]} "),
            bold("The test is on its way"),
            f" to {trial.number}. Its report will stand in your messages with this app.",
        )
    send = trial.sent.send
    said = "This test went out before, and once is enough." if trial.before else "Your test."
    told = markup(_mark(send), bold(said), " ", card.stands(send), _way(link))
    return lines([told, *card.remedies(send)])


def tested_message(note: str, trial: Trial, order: Order) -> Message:
    """The same beside a preview."""
    made = [blocks.section(note)]
    if trial.asks is not None:
        again = order.asked_about(trial.asks.id).written()
        made.append(blocks.actions(blocks.button(TEST_LABEL, TEST, again)))
    return Message(text=note, blocks=tuple(made))


def _mark(send: Send) -> Markup:
    return Markup(f"{card.MARKS[send.state]} ")


def _way(link: str) -> Markup:
    return Markup(f"  <{link}|Follow it in your messages with this app>" if link else "")


def _to(order: Order, *, live: bool) -> list[Block]:
    """One of those that were found, and a field for anybody else where none of them is meant."""
    if not order.found:
        return [_typed_to(order, "To", live=live)]
    choices = [Choice(_readable(one), one) for one in order.found]
    choice = blocks.select_field(
        names.FOUND,
        "To",
        action=PICKED,
        placeholder="Choose whom it goes to",
        choices=[*choices, Choice("Somebody else…", names.OTHER)],
        initial=order.picked,
        dispatch_action=True,
    )
    if order.picked in order.found:
        return [choice]
    return [choice, _typed_to(order, "To somebody else", live=live)]


def _typed_to(order: Order, label: str, *, live: bool) -> Block:
    return blocks.text_field(
        names.PHONE,
        label,
        action=TYPED,
        initial=order.to,
        hint="A phone number, somebody of the Chakra team, or a record as lead LEAD-004038.",
        dispatch_action=live,
        max_length=LONGEST_PHONE,
    )


def _readable(found: str) -> str:
    return written(found.removeprefix("+")) if found.startswith("+") else found


def _sender(order: Order, senders: Sequence[PhoneNumber]) -> Block:
    choices = [Choice(one.name, one.id, one.display_phone_number) for one in senders[:MOST_SENDERS]]
    return blocks.select_field(
        names.SENDER,
        "From",
        action=CHOSEN,
        placeholder="Choose a number",
        choices=choices,
        initial=order.sender,
    )


def _of_template(order: Order, template: Template | None, told: str) -> list[Block]:
    if template is None:
        return [blocks.context("Choose a template to see what it asks for.")]
    made = [_field(template, one, order.values) for one in fields(template)]
    made += [
        blocks.divider(),
        blocks.context(markup(italic("Preview"), *([" · ", told] if told else []))),
    ]
    return [*made, *preview(template, order.values)]


def _field(template: Template, field: Field, values: Mapping[str, str]) -> Block:
    if field.kind is Kind.FILE:
        return blocks.file_field(
            field.key,
            field.label,
            action=UPLOADED,
            filetypes=FILES[template.media].endings,
            hint=upload_hint(template.media),
            optional=True,
        )
    return blocks.text_field(
        field.key,
        field.label,
        action=TYPED,
        initial=values.get(field.key, ""),
        hint=f"For example: {field.example}" if field.example else "",
        optional=field.optional,
        dispatch_action=True,
        max_length=LONGEST.get(field.kind, LONGEST_PHONE),
    )
