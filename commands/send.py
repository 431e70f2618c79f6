"""``/chakra send``: send a WhatsApp template, from the form or from a complete command line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from bot.chakra.template import Template
from bot.context import Context
from bot.errors import NotFound, UsageError, UserError
from bot.messages import command_line, send_form
from bot.messages.check_view import CHANGED_NOTE, explain_edit, render_result, render_sending
from bot.messages.command_line import EXAMPLE, STILL_LOADING
from bot.messages.contacts import describe_missing_contacts, extract_contacts
from bot.messages.draft import FORM, Draft
from bot.messages.error_copy import EXPLAINER
from bot.messages.form_loader import CHECK_LOAD_TIMEOUT_SECONDS, SEND_LOAD_TIMEOUT_SECONDS
from bot.messages.form_values import TEMPLATE, SendForm
from bot.messages.line_reader import LineReader
from bot.messages.outcome import (
    await_arrival,
    await_outcome,
    await_view,
    read_latest_result,
    render_arrival_line,
    render_outcome_message,
)
from bot.messages.phrases import NOT_YET, SEND_PHRASES, find_send_within, may_be_recipient
from bot.messages.recipients import AmbiguousRecipient
from bot.messages.send import Send
from bot.messages.test_sends import TestSend
from bot.messages.validation import choose_field, find_errors, find_first_error
from bot.slack import blocks
from bot.slack.blocks import Markup, markup
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Offer,
    Options,
    OptionsRequest,
    Request,
    Shortcut,
    ShortcutRequest,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import (
    Choice,
    Choices,
    FieldErrors,
    Message,
    NoReply,
    OpenForm,
    Reply,
    UpdateForm,
)
from bot.slack.viewer import is_shareable
from bot.templates.languages import explain_blocked
from bot.templates.menu import MORE
from bot.templates.send_blockers import explain_blocker
from bot.templates.variables import MEDIA

GLOBAL_SHORTCUT, MESSAGE_SHORTCUT = "send.anywhere", "send.from_message"
LOADING = "loading"
GONE = "This template no longer exists. Choose another one."
NO_TEMPLATE_ERROR = "Choose a template."
RESELECT_FILE_NOTE = "Please select your file again; Slack forms can't keep uploads."
OTHER_RECIPIENT_NOTE = "The recipient has changed, and so have the values from the lead."
TEST_NOT_SENT = "Test not sent."
OTHER_LEAD_NOTE = "The recipient has changed. Check the values that came from the lead."
NOT_TEMPLATES: Mapping[str, str] = {
    LOADING: STILL_LOADING,
    MORE: "Type part of the template's name to find it.",
}
"""The note for a menu option that isn't a template."""


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Reply:
    context.send_service.require_configured()
    index = await context.send_forms.load_templates_and_senders()
    reader = LineReader(context.members, context.channels)
    own = request.require_member().email
    line = await context.send_forms.parse_line(request.arguments, index, reader, own_email=own)
    form, template = context.send_forms.fill_default_sender(line.form), line.template
    if template is None or line.notes or not context.send_forms.is_complete(form, template):
        note = line.note if request.arguments.tokens or request.arguments.named else ""
        return context.send_forms.open_line(line, note)
    request.access.authorize(Permission.SEND)
    return await context.send_forms.open_check(form, template)


# --- the form ------------------------------------------------------------------------------------


async def edit(request: ActionRequest, context: Context) -> OpenForm | UpdateForm:
    """Open the form with the values of "Check and send", of an older preview or a failed send."""
    form = (
        Draft.from_state(request.state).form
        if request.in_form
        else SendForm.from_value(request.value)
    )
    form = form.reset_for_change()
    index = await context.send_forms.load_templates()
    template = index.by_id.get(form.template) if index else None
    note = explain_blocker(template) if template else STILL_LOADING if index is None else GONE
    template = None if note else template
    if not request.in_form:
        needs_file = template and template.media_format and MEDIA not in form.values
        return context.send_forms.open_form(
            form, template, note or (RESELECT_FILE_NOTE if needs_file else "")
        )
    return send_form.update_form(context.send_forms.render(form, template, note=note), form)


def _read_form(request: ActionRequest | SubmitRequest) -> SendForm:
    return SendForm.from_values(request.values, request.state, request.files)


async def change_template(request: ActionRequest, context: Context) -> UpdateForm:
    """Show the fields of another template or language. Fields of one name keep their values."""
    context.debouncer.supersede(request.interaction_key)
    form = replace(_read_form(request), template=request.value, confirmed_duplicate_of="")
    if request.value in NOT_TEMPLATES:
        view = context.send_forms.render(form, None, note=NOT_TEMPLATES[request.value])
        return send_form.update_form(view, form, overwrite=True)
    template = (await context.templates.get_template(request.value)).value
    family = (await context.templates.get_index()).value.by_name.get(template.name, ())
    note = explain_blocked(template, family)
    return await context.send_forms.update(form, None if note else template, note=note)


async def update_preview(request: ActionRequest, context: Context) -> UpdateForm | NoReply:
    """Update the preview once the person stops typing."""
    if not await context.debouncer.wait_settled(request.interaction_key):
        return NoReply()
    form = _read_form(request)
    if context.send_forms.get_cached_template(form.template) is None:
        return NoReply()
    return await _rerender(context, form)


async def change_recipient(request: ActionRequest, context: Context) -> UpdateForm:
    """Select another recipient from the message, or show the field to type one."""
    context.debouncer.supersede(request.interaction_key)
    return await _rerender(context, _read_form(request))


async def _rerender(context: Context, form: SendForm) -> UpdateForm:
    """Render the form with its current values."""
    template = context.send_forms.get_cached_template(form.template)
    return await context.send_forms.update(form, template)


async def suggest_templates(request: OptionsRequest, context: Context) -> Choices:
    """Return the templates that match what is typed."""
    last_used = await context.send_service.list_last_used(request.actor.id, for_menu=True)
    locale = request.member.locale if request.member else ""
    found = await context.send_forms.find_options(request.query, last_used, locale)
    if found is None:
        return Choices((Choice("Templates are still loading", LOADING, "Try again"),))
    return Choices(found)


# --- from Slack's own menus ----------------------------------------------------------------------


async def open_from_shortcut(_: ShortcutRequest, context: Context) -> OpenForm:
    context.send_service.require_configured()
    await context.send_forms.load_templates_and_senders()
    return context.send_forms.open_form(SendForm(), None)


async def open_from_message(request: ShortcutRequest, context: Context) -> OpenForm:
    """Open the form with the message's contacts as recipients and the template sent last."""
    context.send_service.require_configured()
    phones = context.records.phones
    extraction = asyncio.to_thread(extract_contacts, request.message, phones)
    contacts, last_used, _ = await asyncio.gather(
        extraction,
        context.send_service.list_last_used(request.actor.id),
        context.send_forms.load_templates_and_senders(),
    )
    note = "" if contacts else describe_missing_contacts(request.message)
    form = SendForm.to_candidates(contacts)
    return await context.send_forms.open_with_last_used(form, last_used, note)


# --- sending -------------------------------------------------------------------------------------


async def submit(request: SubmitRequest, context: Context) -> Reply:
    """Show what the form would send, or the errors under its fields."""
    form = _read_form(request)
    if not form.template or form.template in NOT_TEMPLATES:
        return FieldErrors({TEMPLATE: NO_TEMPLATE_ERROR})
    shown = context.send_forms.get_cached_template(form.template)
    try:
        template = await context.send_forms.get_current_template(
            form.template, CHECK_LOAD_TIMEOUT_SECONDS
        )
    except NotFound as error:
        return FieldErrors({TEMPLATE: EXPLAINER.explain_as_text(error)})
    errors = find_errors(form, template, request.now)
    if errors:
        return _show_errors(context, form, template, errors, request.values)
    request.access.authorize(Permission.SEND)
    current = await context.send_forms.refresh_recipient(form, template)
    if current.values != form.values:
        view = context.send_forms.render(current, template, note=OTHER_LEAD_NOTE)
        return send_form.update_form(view, current, overwrite=True)
    try:
        note = explain_edit(shown, template)
        return (await context.send_forms.check(form, template, note=note)).update()
    except AmbiguousRecipient as several:
        form = form.with_choices(several.choices)
        note = EXPLAINER.explain_as_text(several)
        return send_form.update_form(context.send_forms.render(form, template, note=note), form)
    except (UsageError, NotFound) as error:
        return FieldErrors({choose_field(request.values, form): EXPLAINER.explain_as_text(error)})


def _show_errors(
    context: Context,
    form: SendForm,
    template: Template,
    errors: Mapping[str, str],
    entered: Mapping[str, str],
) -> Reply:
    """Show errors under their fields; Slack rejects an error for a field the form doesn't have."""
    if set(errors) <= set(entered):
        return FieldErrors(errors)
    note = "Fill in all fields of this template."
    return send_form.update_form(context.send_forms.render(form, template, note=note), form)


async def confirm(request: SubmitRequest, context: Context) -> UpdateForm:
    """Send what the view shows, once; the view and the place it was opened from show the outcome.

    If the message would be different now, show it instead of sending it.
    """
    service = context.send_service
    draft = Draft.from_state(request.state)
    form, key = draft.form, draft.form.build_interaction_key(request.interaction_key)
    existing = await service.find_existing(key)
    if existing is not None:
        return await _show_existing(context, form, existing)
    try:
        template = await context.send_forms.get_current_template(
            form.template, SEND_LOAD_TIMEOUT_SECONDS
        )
        checked = await service.check(form, template)
    except (UsageError, NotFound) as problem:
        return await _return_to_form(context, form, EXPLAINER.explain_as_text(problem))
    request.access.authorize(Permission.SEND)
    if error := find_first_error(form, template, request.now):
        return await _return_to_form(context, form, error)
    if checked.prepared.digest != draft.digest:
        return context.send_forms.render_check(form, checked, note=CHANGED_NOTE).update()
    claim, sending = await service.start(
        checked.prepared,
        key=key,
        member=request.actor.id,
        confirmed_duplicate_of=form.confirmed_duplicate_of,
        author=request.member.name if request.member and form.conversation else "",
    )
    if claim.is_duplicate:
        asked = replace(checked, duplicate=claim.send)
        return context.send_forms.render_check(form, asked).update()
    if sending is None:
        return await _show_existing(context, form, claim.send)
    has_channel = is_shareable(request.channel)
    result = asyncio.ensure_future(read_latest_result(service, sending))
    line = await_outcome(service, result, has_channel=has_channel)
    arrival = asyncio.ensure_future(await_arrival(service, result))
    final_line = render_arrival_line(service, arrival) if has_channel else None
    return UpdateForm(
        render_sending(checked.prepared.recipient),
        later=asyncio.ensure_future(await_view(service, form, result, arrival)),
        follow_up_task=asyncio.ensure_future(line),
        final_task=asyncio.ensure_future(final_line) if final_line else None,
    )


async def _show_existing(context: Context, form: SendForm, send: Send) -> UpdateForm:
    """Show the outcome of a press that was handled before."""
    sent = await context.send_service.find_report(send)
    message = render_outcome_message(context.send_service, sent)
    return replace(render_result(sent, message, form), follow_up=message)


async def _return_to_form(context: Context, form: SendForm, note: str) -> UpdateForm:
    form = form.reset_for_change()
    template = context.send_forms.get_cached_template(form.template)
    if template is not None and explain_blocker(template):
        template = None
    return send_form.update_form(context.send_forms.render(form, template, note=note), form)


async def check_old_preview(request: ActionRequest, context: Context) -> Reply:
    """Show "Check and send" for a preview that an older version posted with its button."""
    form = SendForm.from_value(request.value).with_confirmed_duplicate(None)
    template = (await context.templates.get_template(form.template)).value
    if find_errors(form, template, request.now):
        return await edit(request, context)
    request.access.authorize(Permission.SEND)
    return await context.send_forms.open_check(form, template)


async def send_test(request: ActionRequest, context: Context) -> Reply:
    """Send a test to the person's own number, from the form or the view, which stays open."""
    if not request.in_form:
        return await check_old_preview(request, context)
    generation = context.debouncer.supersede(request.interaction_key)
    is_check = FORM in request.state
    form = Draft.from_state(request.state).form if is_check else _read_form(request)
    template = (await context.templates.get_template(form.template)).value
    try:
        test_send = await context.test_sends.send(
            form,
            template,
            interaction_key=request.interaction_key,
            member=request.require_member(),
            confirmed_duplicate_of=form.test_send_id,
        )
    except UserError as error:
        reason = EXPLAINER.explain_as_text(error)
        note, duplicate = markup(Markup(":warning: "), TEST_NOT_SENT, " ", reason), None
    else:
        note, duplicate = _render_test_result(request, context, test_send), test_send.duplicate
    fallback = Message(note, (blocks.section(note),))
    if not context.debouncer.is_current(request.interaction_key, generation):
        return fallback  # the form has changed since
    form = replace(form, test_send_id=str(duplicate.id) if duplicate else "")
    if is_check:
        return (await context.send_forms.check(form, template, test_result=note)).update()
    return await context.send_forms.update(form, template, test_result=note, fallback=fallback)


def _render_test_result(request: Request, context: Context, test_send: TestSend) -> Markup:
    link = context.send_service.get_report_link(test_send.sent.report) if test_send.sent else ""
    return send_form.render_test_result(test_send, link, request.now)


SEND: Command[Context] = Command(
    name="send",
    phrases=SEND_PHRASES,
    offer=Offer("Send WhatsApp", may_be_recipient, is_certain=True),
    find_within=find_send_within,
    not_yet=NOT_YET,
    summary="send a WhatsApp template to a number, a colleague or a lead",
    usage="send [template] [phone] [1=…] [name=…]",
    example=EXAMPLE,
    needs=Permission.SEND,
    only_looks=True,
    argument_names=command_line.ARGUMENT_NAMES,
    details=(
        "/chakra send opens a form. With everything on one line you go straight to Check and send.",
        "The recipient is a phone number, a colleague, or a lead by name or key (LEAD-004038).",
        "Fill variables with 1= or first_name=, or quote them in order. Add in Spanish, from Acme.",
        "media= is a link to a picture, video or document; the form also takes a file.",
        "Also in the ⚡ shortcuts, and under ⋮ on any message that contains a number.",
    ),
    run=run,
    button="Send WhatsApp",
    actions=(
        Action(send_form.TEMPLATE, change_template, needs=Permission.SEND, only_looks=True),
        Action(send_form.LANGUAGE, change_template, needs=Permission.SEND, only_looks=True),
        Action(send_form.INPUT_CHANGED, update_preview, needs=Permission.SEND, only_looks=True),
        Action(
            send_form.CANDIDATE_CHANGED, change_recipient, needs=Permission.SEND, only_looks=True
        ),
        Action(send_form.CONFIRM, check_old_preview, needs=Permission.SEND),
        Action(send_form.TEST, send_test, needs=Permission.SEND),
        Action(send_form.EDIT, edit, needs=Permission.SEND, only_looks=True),
    ),
    forms=(
        Form(send_form.SUBMIT, submit, needs=Permission.SEND),
        Form(send_form.CONFIRM, confirm, needs=Permission.SEND),
    ),
    options=(Options(send_form.TEMPLATE, suggest_templates, needs=Permission.SEND),),
    shortcuts=(
        Shortcut(GLOBAL_SHORTCUT, open_from_shortcut, needs=Permission.SEND),
        Shortcut(
            MESSAGE_SHORTCUT, open_from_message, is_message_shortcut=True, needs=Permission.SEND
        ),
    ),
)
