"""The form that asks for a template, and the message with the outcome of a send.

The form opens immediately with cached data; choosing a template adds its fields, and the preview
below them shows the typed values.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.chakra.models import PhoneNumber
from bot.chakra.template import Template
from bot.messages import form_values as names
from bot.messages import report_message as card
from bot.messages.form_values import SendForm
from bot.messages.recipients import Recipient
from bot.messages.rules import FILE_RULES, MAX_VALUE_LENGTHS, format_upload_hint
from bot.messages.send import Send
from bot.messages.sender_numbers import describe_limit, describe_quality
from bot.messages.status import SendStatus
from bot.messages.test_sends import TestSend
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, italic, lines, markup, mention
from bot.slack.commands.reply import Block, Choice, Message, UpdateForm, View
from bot.slack.copy.explanation import format_wait
from bot.templates import vocabulary
from bot.templates.menu import build_template_choice
from bot.templates.preview import render_preview
from bot.templates.send_blockers import explain_undocumented
from bot.templates.variables import FieldKind, TemplateField, list_template_fields
from bot.text.phones import format_international

SUBMIT = "send.submit"
CONFIRM = "send.confirm"
"""The ID of the view "Check and send", and of the button of an older preview."""
TEMPLATE = "send.template"
LANGUAGE = "send.language"
INPUT_CHANGED = "send.typed"
SENDER_CHANGED = "send.chosen"
CANDIDATE_CHANGED = "send.picked"
FILE_CHANGED = "send.file"
TEST = "send.test"
TEST_LABEL = "Send a test to me"
EDIT = "send.edit"

MAX_INPUT_LENGTH = 200
FROM_LEAD = "From the lead. You can change it."
MEDIA_HINT = "A link or a file: one of the two is needed."
MAX_SENDERS = 100


def render_form(
    form: SendForm,
    template: Template | None,
    senders: Sequence[PhoneNumber],
    *,
    languages: Sequence[Template] = (),
    recipient_text: str = "",
    note: str = "",
    test_result: str = "",
    takes_files: bool = True,
) -> View:
    """Return the form.

    ``languages`` are those in which the template can be sent; several become a menu.
    ``recipient_text`` describes the resolved recipient. ``note`` is shown above the fields,
    ``test_result`` above the test button, which the person has just pressed.
    """
    content: list[Block] = blocks.sections(note) if note else []
    content.append(
        blocks.external_field(
            names.TEMPLATE,
            "Template",
            action=_build_action_id(TEMPLATE, template) if form.is_language_chosen else TEMPLATE,
            placeholder="Choose a template",
            initial=build_template_choice(template) if template else None,
        )
    )
    if template is not None and len(languages) > 1:
        content.append(_render_language_field(template, languages))
    content += _render_recipient_fields(form, dispatch_action=template is not None)
    if len(senders) > 1:
        content.append(_render_sender_field(form, senders))
    content += _render_template(form, template, recipient_text, takes_files=takes_files)
    if test_result:
        content.append(blocks.section(test_result))
    if template is not None:
        content.append(blocks.actions(blocks.button(TEST_LABEL, TEST)))
    return blocks.form_modal(SUBMIT, "Send WhatsApp", "Continue", content)


def _render_language_field(template: Template, languages: Sequence[Template]) -> Block:
    choices = [
        Choice(vocabulary.format_language_name(variant.language), variant.id)
        for variant in languages[: blocks.MAX_OPTIONS]
    ]
    return blocks.select_field(
        names.LANGUAGE,
        "Language",
        action=_build_action_id(LANGUAGE, template),
        placeholder="Choose a language",
        choices=choices,
        initial=template.id,
        dispatch_action=True,
    )


def _build_action_id(action: str, template: Template | None) -> str:
    """Return an ``action_id`` that changes with the template.

    Slack preserves the choice of an open menu unless its ``action_id`` changes.
    """
    return f"{action}:{template.id}" if template else action


def update_form(
    view: View, form: SendForm, *, overwrite: bool = False, fallback: Message | None = None
) -> UpdateForm:
    return UpdateForm(view, state=form.to_state(), overwrite=overwrite, fallback=fallback)


def describe_recipient(recipient: Recipient) -> Markup:
    """Return the unmasked recipient, for the sender only."""
    text = markup("To ", recipient.label)
    return markup(text, " · ", recipient.warning) if recipient.warning else text


def render_duplicate_question(send: Send, now: float) -> Markup:
    """Return the question to ask about a duplicate."""
    return markup(_render_duplicate_notice("this recipient", send, now), " Send it again?")


def _render_duplicate_notice(recipient_text: str, send: Send, now: float) -> Markup:
    ago = format_wait(now - send.started_at)
    notice = bold(f"sent this same message to {recipient_text} {ago} ago.")
    return markup(Markup(":warning: "), mention(send.member), " ", notice)


def render_test_result(test_send: TestSend, link: str, now: float) -> Markup:
    """Return the outcome of a test, or the question before it is sent again."""
    if test_send.duplicate is not None:
        question = f" Press “{TEST_LABEL}” again to send it anyway."
        return markup(_render_duplicate_notice("you", test_send.duplicate, now), question)
    if test_send.sent is None:
        return markup(
            Markup(f"{card.STATUS_EMOJI[SendStatus.SENDING]} "),
            bold("Your test is being sent"),
            f" to {test_send.masked_number}. Its status will be in your DM with Chakra.",
        )
    send = test_send.sent.send
    intro = "You already sent this test." if test_send.already_sent else "Your test."
    emoji = Markup(f"{card.STATUS_EMOJI[send.status]} ")
    status = markup(
        emoji, bold(intro), " ", card.render_status_line(send), card.render_report_link(link)
    )
    return lines([status, *card.render_advice(send)])


def _render_recipient_fields(form: SendForm, *, dispatch_action: bool) -> list[Block]:
    """Return the choice of found recipients, and a field for another one if that is chosen."""
    if not form.candidates:
        return [_render_recipient_input(form, "To", dispatch_action=dispatch_action)]
    names_shown = form.candidate_names.split("\n") if form.candidate_names else form.candidates
    choices = [
        Choice(_format_candidate(name), candidate)
        for candidate, name in zip(form.candidates, names_shown, strict=False)
    ]
    choice = blocks.select_field(
        names.CANDIDATES,
        "To",
        action=CANDIDATE_CHANGED,
        placeholder="Choose a recipient",
        choices=[*choices, Choice("Someone else…", names.OTHER)],
        initial=form.selected,
        dispatch_action=True,
    )
    if form.selected != names.OTHER:
        return [choice]
    return [
        choice,
        _render_recipient_input(form, "To someone else", dispatch_action=dispatch_action),
    ]


def _render_recipient_input(form: SendForm, label: str, *, dispatch_action: bool) -> Block:
    return blocks.text_field(
        names.PHONE,
        label,
        action=INPUT_CHANGED,
        initial=form.to,
        hint="Phone number, colleague, or lead (for example: lead LEAD-004038)",
        dispatch_action=dispatch_action,
        max_length=MAX_INPUT_LENGTH,
    )


def _format_candidate(candidate: str) -> str:
    return (
        format_international(candidate.removeprefix("+"))
        if candidate.startswith("+")
        else candidate
    )


def _render_sender_field(form: SendForm, senders: Sequence[PhoneNumber]) -> Block:
    choices = [
        Choice(number.name, number.id, _describe_sender(number)) for number in senders[:MAX_SENDERS]
    ]
    return blocks.select_field(
        names.SENDER,
        "From",
        action=SENDER_CHANGED,
        placeholder="Choose a number",
        choices=choices,
        initial=form.sender,
    )


def _describe_sender(number: PhoneNumber) -> str:
    facts = (number.display_phone_number, describe_quality(number), describe_limit(number))
    return " · ".join(fact for fact in facts if fact)


def _render_template(
    form: SendForm, template: Template | None, recipient_text: str, *, takes_files: bool
) -> list[Block]:
    if template is None:
        return [blocks.context("Choose a template to see its variables.")]
    undocumented = explain_undocumented(template)
    content = [blocks.context(undocumented)] if undocumented else []
    content += [
        _render_template_input(template_field, form)
        for template_field in list_template_fields(template)
        if takes_files or template_field.kind is not FieldKind.FILE
    ]
    content += [
        blocks.divider(),
        blocks.context(
            markup(italic("Preview"), *([" · ", recipient_text] if recipient_text else []))
        ),
    ]
    return [*content, *render_preview(template, form.values)]


def _render_value_hint(field: TemplateField, *, is_filled: bool) -> str:
    """Return the hint below a variable; a value from the recipient's record is marked as such."""
    if is_filled:
        return FROM_LEAD
    return MEDIA_HINT if field.kind is FieldKind.LINK else ""


def _render_template_input(field: TemplateField, form: SendForm) -> Block:
    if field.kind is FieldKind.FILE:
        hint = format_upload_hint(field.media_format)
        if earlier := form.earlier_files.get(field.key):
            hint = f"{earlier[0].name} is chosen. Another file or a link replaces it."
        return blocks.file_field(
            field.key,
            field.label,
            action=FILE_CHANGED,
            filetypes=FILE_RULES[field.media_format].extensions,
            hint=hint,
            optional=True,
        )
    if field.kind is FieldKind.MOMENT:
        return blocks.moment_field(
            field.key, field.label, action=INPUT_CHANGED, initial=form.values.get(field.key, "")
        )
    return blocks.text_field(
        field.key,
        field.label,
        action=form.build_action_id(field.key, INPUT_CHANGED),
        initial=form.values.get(field.key, ""),
        hint=_render_value_hint(field, is_filled=field.key in form.filled_keys),
        placeholder=field.example,
        optional=field.optional,
        dispatch_action=True,
        max_length=MAX_VALUE_LENGTHS.get(field.kind, MAX_INPUT_LENGTH),
    )
