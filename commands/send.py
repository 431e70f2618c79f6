"""``/chakra send``: a WhatsApp template to somebody, from the form or from a complete line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from bot.chakra.template import Template
from bot.context import Context
from bot.errors import NotFound, UsageError, UserError
from bot.messages import command_line as line
from bot.messages import send_form as shown
from bot.messages.command_line import EXAMPLE
from bot.messages.contacts import extract_contacts
from bot.messages.error_copy import EXPLAINER
from bot.messages.form_values import TEMPLATE, SendForm
from bot.messages.send import Send, SendResult
from bot.messages.service import PreparedSend
from bot.messages.status import SendStatus
from bot.messages.test_sends import TestSend
from bot.messages.validation import error_field, first_validation_error, validation_errors
from bot.slack import blocks
from bot.slack.blocks import Markup, markup
from bot.slack.commands.arguments import ANY_NAME, NUMBERED, Link, Mention, Token
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Options,
    OptionsRequest,
    Request,
    Shortcut,
    ShortcutRequest,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission, Subject
from bot.slack.commands.reply import (
    Choice,
    Choices,
    CloseForm,
    FieldErrors,
    Message,
    NoReply,
    OpenForm,
    Reply,
    UpdateForm,
)
from bot.templates.list_query import sendable_templates
from bot.templates.send_blockers import send_blocker
from bot.templates.variables import MEDIA

MAX_PREVIEW_AGE_SECONDS = 7 * 86_400.0
"""For so long the button of a preview sends: what it shows may be another by then. A press that is
not known to have sent before must be younger than what is kept of sends."""
GLOBAL_SHORTCUT, MESSAGE_SHORTCUT = "send.anywhere", "send.from_message"
LOADING = "loading"
NO_TEMPLATE_ERROR = "Choose a template."
RESELECT_FILE_NOTE = (
    "If it was a file from your device, choose it once more: a form cannot keep it."
)
NO_CONTACTS_NOTE = (
    "No phone number or e-mail address was found in that message. Type whom it goes to."
)
TEST_NOT_SENT = "Test not sent."
STILL_LOADING = "The templates are still loading. Choose one in a moment."


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Reply:
    context.send_service.require_configured()
    index = await context.send_forms.load_templates_and_senders()
    typed = [await _resolve_word(word, context) for word in request.arguments.tokens]
    if index is None:
        form = SendForm(to=line.extract_number(typed))
        return context.send_forms.open_form(form, None, STILL_LOADING if typed else "")
    form, template = line.parse_send(typed, request.arguments, index)
    form = context.send_forms.with_default_sender(form)
    if template is None or not context.send_forms.is_complete(form, template):
        return context.send_forms.open_form(form, template)
    return shown.render_confirmation(
        form, template, await context.send_service.recipients.resolve(form.to)
    )


async def _resolve_word(word: Token, context: Context) -> str:
    """A member is somebody of the team, by the address that Slack has of them."""
    if isinstance(word, Mention):
        email = (await context.members.get_member(word.id)).value.email
        if not email:
            raise UsageError("Slack shows no e-mail address of that member. Type a number instead.")
        return email
    return word.url if isinstance(word, Link) else word.text


# --- the form ------------------------------------------------------------------------------------


async def edit(request: ActionRequest, context: Context) -> OpenForm:
    """From a preview or a refusal: the form with all that was filled in."""
    form = replace(SendForm.from_value(request.value), confirmed_duplicate_of="")
    index = await context.send_forms.load_templates()
    template = index.by_id.get(form.template) if index else None
    if template is None:
        return context.send_forms.open_form(form, None, STILL_LOADING)
    needs_file = template.media_format and MEDIA not in form.values
    return context.send_forms.open_form(form, template, RESELECT_FILE_NOTE if needs_file else "")


def _read_form(request: ActionRequest | SubmitRequest) -> SendForm:
    return SendForm.from_values(request.values, request.state, request.files)


async def change_template(request: ActionRequest, context: Context) -> UpdateForm:
    """Another template: its fields. What was typed stays in fields that are called the same."""
    context.debouncer.supersede(request.interaction_key)
    form = replace(_read_form(request), template=request.value, confirmed_duplicate_of="")
    if request.value == LOADING:
        return shown.update_form(
            context.send_forms.render(form, None, note=STILL_LOADING), form, overwrite=True
        )
    template = (await context.templates.get_template(request.value)).value
    note = send_blocker(template)
    view = await context.send_forms.render_with_recipient(
        form, None if note else template, note=note
    )
    return shown.update_form(view, form, overwrite=True)


async def update_preview(request: ActionRequest, context: Context) -> UpdateForm | NoReply:
    """The preview follows, once the person pauses."""
    if not await context.debouncer.wait_settled(request.interaction_key):
        return NoReply()
    form = _read_form(request)
    return (
        await _rerender(context, form)
        if context.send_forms.get_cached_template(form.template)
        else NoReply()
    )


async def change_recipient(request: ActionRequest, context: Context) -> UpdateForm:
    """Another one of those in the message, or a field for somebody who is not."""
    context.debouncer.supersede(request.interaction_key)
    return await _rerender(context, _read_form(request))


async def _rerender(context: Context, form: SendForm) -> UpdateForm:
    """The form as it is filled in now."""
    view = await context.send_forms.render_with_recipient(
        form, context.send_forms.get_cached_template(form.template)
    )
    return shown.update_form(view, form, overwrite=True)


async def suggest_templates(request: OptionsRequest, context: Context) -> Choices:
    """Those that can be sent; the ones this person used last come first."""
    index = await context.send_forms.load_templates()
    if index is None:
        return Choices((Choice("The templates are still loading", LOADING, "Try again"),))
    found = sendable_templates(
        index, request.query, await context.send_service.last_used_templates(request.actor.id)
    )
    return Choices(tuple(shown.template_choice(template) for template in found))


# --- from Slack's own menus ----------------------------------------------------------------------


async def open_from_shortcut(_: ShortcutRequest, context: Context) -> OpenForm:
    context.send_service.require_configured()
    await context.send_forms.load_templates_and_senders()
    return context.send_forms.open_form(SendForm(), None)


async def open_from_message(request: ShortcutRequest, context: Context) -> OpenForm:
    """To somebody whom the message names."""
    context.send_service.require_configured()
    extraction = asyncio.to_thread(
        extract_contacts, request.message, context.settings.default_region
    )
    contacts, _ = await asyncio.gather(extraction, context.send_forms.load_templates_and_senders())
    return context.send_forms.open_form(
        SendForm.to_candidates(contacts), None, "" if contacts else NO_CONTACTS_NOTE
    )


# --- sending -------------------------------------------------------------------------------------


async def submit(request: SubmitRequest, context: Context) -> Reply:
    """Claims the send and closes the form; the outcome follows where it was opened."""
    form = _read_form(request)
    existing = await context.send_service.find_existing(request.interaction_key)
    if existing is not None:
        return await _close_already_sent(context, form, existing)
    if form.template in ("", LOADING):
        return FieldErrors({TEMPLATE: NO_TEMPLATE_ERROR})
    try:
        template = await context.templates.get_last_known(form.template)
    except NotFound as gone:
        return FieldErrors({TEMPLATE: EXPLAINER.explain_as_text(gone)})
    errors = validation_errors(form, template)
    if errors:
        return _show_errors(context, form, template, errors, request.values)
    _authorize_send(request, template)
    try:
        recipient = await context.send_service.recipients.resolve(form.to)
        prepared = await context.send_service.prepare(form, template, recipient)
    except (UsageError, NotFound) as problem:
        return FieldErrors({error_field(request.values, form): EXPLAINER.explain_as_text(problem)})
    claim, sending = await context.send_service.start(
        prepared,
        key=request.interaction_key,
        member=request.actor.id,
        confirmed_duplicate_of=form.confirmed_duplicate_of,
    )
    if claim.is_duplicate:
        return _ask_about_duplicate(request, context, form, prepared, claim.send)
    if sending is None:
        return await _close_already_sent(context, form, claim.send)
    outcome = _await_outcome(context, form, sending, has_no_channel=not request.channel.id)
    return CloseForm("Sent.", follow_up_task=asyncio.ensure_future(outcome))


async def _close_already_sent(context: Context, form: SendForm, send: Send) -> CloseForm:
    return CloseForm("Already sent.", follow_up=await _replay_outcome(context, form, send))


def _show_errors(
    context: Context,
    form: SendForm,
    template: Template,
    errors: Mapping[str, str],
    entered: Mapping[str, str],
) -> Reply:
    """Slack takes a sentence only under a field that the form has."""
    if set(errors) <= set(entered):
        return FieldErrors(errors)
    note = "Fill in what this template asks for."
    return shown.update_form(context.send_forms.render(form, template, note=note), form)


def _ask_about_duplicate(
    request: Request, context: Context, form: SendForm, prepared: PreparedSend, send: Send
) -> UpdateForm:
    confirmed = form.with_confirmed_duplicate(send.id)
    view = context.send_forms.render(
        confirmed,
        prepared.template,
        recipient_text=shown.describe_recipient(prepared.recipient),
        note=shown.duplicate_question(send, request.now),
    )
    return shown.update_form(view, confirmed)


async def confirm(request: ActionRequest, context: Context) -> Message:
    """The button of a preview. Pressed twice, it sends once: message and button are the key."""
    form = SendForm.from_value(request.value)
    existing = await context.send_service.find_existing(request.interaction_key)
    if existing is not None:
        return await _replay_outcome(context, form, existing, in_place=True)
    _check_preview_age(request)
    template = (await context.templates.get_template(form.template)).value
    error = first_validation_error(form, template)
    if error:
        raise UsageError(error, example="/chakra send")
    _authorize_send(request, template)
    recipient = await context.send_service.recipients.resolve(form.to)
    prepared = await context.send_service.prepare(form, template, recipient)
    claim, sending = await context.send_service.start(
        prepared,
        key=request.interaction_key,
        member=request.actor.id,
        confirmed_duplicate_of=form.confirmed_duplicate_of,
    )
    if claim.is_duplicate:
        return _duplicate_preview(request, form, prepared, claim.send)
    if sending is None:
        return await _replay_outcome(context, form, claim.send, in_place=True)
    return _outcome_message(context, form, await asyncio.shield(sending), in_place=True)


def _authorize_send(request: Request, template: Template) -> None:
    """Raise ``NotAllowed`` unless the person may send this template to one recipient here."""
    subject = Subject(template=template.name, recipients=1, channel=request.channel.id)
    request.access.authorize(Permission.SEND, subject)


def _check_preview_age(request: ActionRequest) -> None:
    """Raises ``UsageError`` for the button of a preview that nobody should send any more."""
    if request.posted_at and request.now - request.posted_at > MAX_PREVIEW_AGE_SECONDS:
        raise UsageError("This preview is more than a week old. Make a new one.", example=EXAMPLE)


def _duplicate_preview(
    request: Request, form: SendForm, prepared: PreparedSend, send: Send
) -> Message:
    confirmed = form.with_confirmed_duplicate(send.id)
    question = shown.duplicate_question(send, request.now)
    message = shown.render_confirmation(
        confirmed, prepared.template, prepared.recipient, question=question
    )
    return replace(message, replace_original=True)


async def send_test(request: ActionRequest, context: Context) -> Reply:
    """What is filled in, to the person's own number: beside a preview, or in the form, which stays
    as it is with a note."""
    if request.in_form:
        return await _send_test_from_form(request, context)
    _check_preview_age(request)
    form = SendForm.from_value(request.value)
    template = (await context.templates.get_template(form.template)).value
    test_send = await context.test_sends.send(
        form,
        template,
        interaction_key=request.interaction_key,
        member=request.require_member(),
        confirmed_duplicate_of=form.confirmed_duplicate_of,
    )
    return shown.render_test_message(
        _test_result_text(request, context, test_send), test_send, form
    )


async def _send_test_from_form(request: ActionRequest, context: Context) -> Reply:
    generation = context.debouncer.supersede(request.interaction_key)
    form = _read_form(request)
    template = (await context.templates.get_template(form.template)).value
    try:
        test_send = await context.test_sends.send(
            form,
            template,
            interaction_key=request.interaction_key,
            member=request.require_member(),
            confirmed_duplicate_of=form.test_send_id,
        )
    except UserError as problem:
        note, duplicate = (
            markup(Markup(":warning: "), TEST_NOT_SENT, " ", EXPLAINER.explain_as_text(problem)),
            None,
        )
    else:
        note, duplicate = _test_result_text(request, context, test_send), test_send.duplicate
    fallback = Message(note, (blocks.section(note),))
    if not context.debouncer.is_current(request.interaction_key, generation):
        return fallback  # the form shows by now what was typed meanwhile
    form = replace(form, test_send_id=str(duplicate.id) if duplicate else "")
    view = await context.send_forms.render_with_recipient(form, template, test_result=note)
    return shown.update_form(view, form, overwrite=True, fallback=fallback)


def _test_result_text(request: Request, context: Context, test_send: TestSend) -> Markup:
    link = context.send_service.report_link(test_send.sent.report) if test_send.sent else ""
    return shown.render_test_result(test_send, link, request.now)


async def _await_outcome(
    context: Context, form: SendForm, sending: asyncio.Task[SendResult], *, has_no_channel: bool
) -> Message | None:
    """``nowhere``: it would be said in the person's own messages, where the report stands."""
    sent = await sending
    is_reported = has_no_channel and sent.report and sent.send.status is not SendStatus.FAILED
    return None if is_reported else _outcome_message(context, form, sent)


def _outcome_message(
    context: Context, form: SendForm, sent: SendResult, *, in_place: bool = False
) -> Message:
    return shown.render_outcome(
        sent, context.send_service.report_link(sent.report), form, replace_original=in_place
    )


async def _replay_outcome(
    context: Context, form: SendForm, send: Send, *, in_place: bool = False
) -> Message:
    """What became of a press that was answered before."""
    return _outcome_message(
        context, form, await context.send_service.with_report(send), in_place=in_place
    )


SEND: Command[Context] = Command(
    name="send",
    summary="send a WhatsApp template to a number, a colleague or a lead",
    usage="send [template] [phone] [1=…] [name=…]",
    example=EXAMPLE,
    needs=Permission.SEND,
    argument_names=(*line.RESERVED_NAMES, NUMBERED, ANY_NAME),
    details=(
        "Alone it opens the form. A complete line goes straight to the preview.",
        "The recipient may be a number, a user of Chakra, or a record as lead LEAD-004038.",
        "1= and first_name= fill the variables; language=es chooses among several languages.",
        "media= is the link of a picture, video or document; the form takes a file as well.",
        "It stands in Slack's shortcuts too, and on each message, for the numbers named there.",
    ),
    run=run,
    button=("Send WhatsApp", ""),
    actions=(
        Action(shown.TEMPLATE, change_template, needs=Permission.SEND),
        Action(shown.INPUT_CHANGED, update_preview, needs=Permission.SEND),
        Action(shown.CANDIDATE_CHANGED, change_recipient, needs=Permission.SEND),
        Action(shown.CONFIRM, confirm, needs=Permission.SEND),
        Action(shown.TEST, send_test, needs=Permission.SEND),
        Action(shown.EDIT, edit, needs=Permission.SEND),
    ),
    forms=(
        Form(shown.SUBMIT, submit, needs=Permission.SEND),
        Form(shown.CONFIRM, submit, needs=Permission.SEND),
    ),
    options=(Options(shown.TEMPLATE, suggest_templates, needs=Permission.SEND),),
    shortcuts=(
        Shortcut(GLOBAL_SHORTCUT, open_from_shortcut, needs=Permission.SEND),
        Shortcut(
            MESSAGE_SHORTCUT, open_from_message, is_message_shortcut=True, needs=Permission.SEND
        ),
    ),
)
