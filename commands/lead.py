"""``/chakra lead``: create a lead from a typed line, a message or a conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.context import Context
from bot.conversations.controls import CREATE_LEAD, ConversationButton
from bot.conversations.target import format_short_name
from bot.customers.customer import KnownCustomer
from bot.errors import BotError
from bot.messages.contacts import extract_contacts
from bot.messages.error_copy import EXPLAINER
from bot.processes.directory import LEAD, Record
from bot.processes.editor import ASSIGNEE, InvalidFields, RecordChanges
from bot.processes.lead_fields import (
    LeadDraft,
    LeadFields,
    add_confirmed_fields,
    find_lead_fields,
)
from bot.processes.lead_form import (
    MAX_DUPLICATES,
    OPEN_EXISTING,
    SUBMIT,
    UNCHECKED,
    DuplicateRecord,
    LeadForm,
    read_lead,
    to_values,
)
from bot.processes.lead_line import read_lead_line
from bot.processes.lead_text import read_lead_text
from bot.processes.record_query import Person
from bot.processes.search import find_type
from bot.processes.shown import render_card, render_card_after
from bot.slack import blocks
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Request,
    Shortcut,
    ShortcutRequest,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm, Reply, UpdateForm
from bot.slack.message_text import extract_text, list_unreadable
from bot.slack.slow_form import open_when_ready
from bot.text.phones import format_international
from bot.writes.ledger import DuplicateWrite as RepeatedWrite
from bot.writes.ledger import WriteIntent
from bot.writes.notices import CONFIRMED, ask_again, read_confirmed_id

EXAMPLE = "/chakra lead Mei Tanaka +81 90 1234 5678 mei@example.com"
MESSAGE_SHORTCUT = "lead.from_message"
TITLE = "New lead"
SEEN = "seen"
"""The part of the form's state with the matching records that the person has seen."""
CONVERSATION = "conversation"
NO_NUMBER = "WhatsApp doesn't show us this customer's phone number."
NOTHING_FOUND = "No name, number or email address was found in that message."


# --- opening the form -----------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Reply:
    request.access.authorize(Permission.EDIT)

    async def build() -> OpenForm:
        form = await _build_empty_form(context)
        draft = read_lead_line(request.arguments.tokens, form.fields, context.records.phones)
        return OpenForm((await _fill(request, context, form, draft)).render_view())

    return await open_when_ready(context.clock, build(), TITLE)


async def open_from_message(request: ShortcutRequest, context: Context) -> OpenForm:
    """Open the form with the person in the message, or with the customer of the thread."""
    thread_ts = str(request.message.get("thread_ts") or request.message.get("ts") or "")
    conversation = await context.conversations.find_thread(request.channel.id, thread_ts)
    if conversation is not None:
        return await _open_for_customer(request, context, conversation.id)

    async def build() -> OpenForm:
        form = await _build_empty_form(context)
        draft = await asyncio.to_thread(_read_message, request, context, form.fields)
        return OpenForm((await _fill(request, context, form, draft)).render_view())

    return await open_when_ready(context.clock, build(), TITLE)


def _read_message(request: ShortcutRequest, context: Context, fields: LeadFields) -> LeadDraft:
    contacts = extract_contacts(request.message, context.records.phones)
    numbers = [
        format_international(contact.removeprefix("+"))
        for contact in contacts
        if contact.startswith("+")
    ]
    emails = [contact for contact in contacts if not contact.startswith("+")]
    draft = read_lead_text(extract_text(request.message), fields, numbers, emails)
    if draft.values:
        return draft
    unreadable = list_unreadable(request.message)
    cannot = f" This app can't read {' or '.join(unreadable)}." if unreadable else ""
    return replace(draft, notes=(NOTHING_FOUND + cannot,))


async def open_from_conversation(request: ActionRequest, context: Context) -> OpenForm:
    button = ConversationButton.from_value(request.value)
    return await _open_for_customer(request, context, button.conversation)


async def _open_for_customer(request: Request, context: Context, conversation_id: int) -> OpenForm:
    target = await context.conversations.find_target(conversation_id)

    async def build() -> OpenForm:
        form = await _build_empty_form(context)
        form = await _fill(
            request, context, form, _build_customer_draft(target.customer, form.fields)
        )
        found = await _find_duplicates(context, target.customer.phone)
        state = {CONVERSATION: str(conversation_id), SEEN: _join_ids(found)}
        return OpenForm(replace(form, duplicates=found).render_view(), state)

    return await open_when_ready(context.clock, build(), TITLE)


def _build_customer_draft(customer: KnownCustomer, fields: LeadFields) -> LeadDraft:
    """Return a customer as a lead, with their number if WhatsApp shows it, never their user ID."""
    values = fields.split_name(format_short_name(customer)) if format_short_name(customer) else {}
    if customer.phone and fields.phone is not None:
        values[fields.phone.name] = format_international(customer.phone)
    return LeadDraft(values, notes=() if customer.phone else (NO_NUMBER,))


async def _build_empty_form(context: Context) -> LeadForm:
    types = await context.records.list_types()
    found = find_type(types, LEAD) or types[0]
    record_type = add_confirmed_fields(found)
    config = (await context.records.get_config()).value
    required = {known.short_id for known in config.list_attributes(found.name) if known.required}
    fields = find_lead_fields(record_type.attributes, record_type.phone_fields)
    return LeadForm(record_type, fields, required - {found.key_field})


async def _fill(request: Request, context: Context, form: LeadForm, draft: LeadDraft) -> LeadForm:
    values, notes = to_values(draft), list(draft.notes)
    if draft.assignee:
        person = _to_person(draft.assignee)
        try:
            values[ASSIGNEE] = await context.record_queries.find_username(
                person, request.require_member()
            )
        except BotError as error:
            notes.append(EXPLAINER.explain_as_text(error))
            values[ASSIGNEE] = "" if person.is_member_id else person.text
    return replace(form, values=values, notes=notes)


def _to_person(typed: str) -> Person:
    is_member = typed.startswith("<@") and typed.endswith(">")
    return Person(typed[2:-1], is_member_id=True) if is_member else Person(typed)


async def show_existing(request: ActionRequest, context: Context) -> OpenForm:
    """Show the record that has the number or the address, on top of the form."""
    card = await render_card(request, context.records, request.value)
    return OpenForm(blocks.info_modal("Record", card.blocks))


# --- creating -------------------------------------------------------------------------------------


async def submit(request: SubmitRequest, context: Context) -> Reply:
    """Create the lead, once; first show the records with the same number or address."""
    form = replace(await _build_empty_form(context), values=request.values)
    try:
        username = await context.record_queries.read_username(
            ASSIGNEE, request.values.get(ASSIGNEE, ""), request.require_member()
        )
        zone = request.require_member().zone
        changes = read_lead(form, request.values, username, context.records.phones, zone)
    except InvalidFields as invalid:
        return FieldErrors(invalid.errors)
    intent = WriteIntent(
        key=request.interaction_key,
        member=request.actor.id,
        verb="process.create",
        subject=form.record_type.name,
        content=changes.update,
        confirmed_id=read_confirmed_id(request.state),
    )
    if not intent.confirmed_id and await context.writes.find_done(intent) is None:
        asked = await _ask_about_duplicates(request, context, form, changes)
        if asked is not None:
            return asked
    references: list[str] = []

    async def perform() -> str:
        references.append(await context.records.create(form.record_type, changes.update))
        return references[0]

    outcome = await context.writes.run(intent, perform)
    if isinstance(outcome, RepeatedWrite):
        return ask_again(form.render_view(), request, outcome.write)
    await _refresh_conversation(request, context)
    card = await _show_created(request, context, form, changes, outcome.result)
    return CloseForm("The lead is created.", follow_up=card)


async def _ask_about_duplicates(
    request: SubmitRequest, context: Context, form: LeadForm, changes: RecordChanges
) -> UpdateForm | None:
    """Return the form with the records that have this number or address, None if all were seen."""
    seen = set(request.state.get(SEEN, "").split())
    state = {name: value for name, value in request.state.items() if name != CONFIRMED}
    try:
        found = await _find_duplicates(context, *_read_contacts(form.fields, changes))
    except (BotError, TimeoutError):
        if UNCHECKED in seen:
            return None
        shown = replace(form, is_unchecked=True)
        return UpdateForm(shown.render_view(), {**state, SEEN: " ".join([*seen, UNCHECKED])})
    if all(duplicate.record.process.id in seen for duplicate in found):
        return None
    shown = replace(form, duplicates=found)
    ids = {*seen, *_join_ids(found).split()}
    return UpdateForm(shown.render_view(), {**state, SEEN: " ".join(sorted(ids))})


def _join_ids(found: Sequence[DuplicateRecord]) -> str:
    return " ".join(duplicate.record.process.id for duplicate in found)


def _read_contacts(fields: LeadFields, changes: RecordChanges) -> tuple[str, str]:
    """Return the phone number and the email address of a new lead, each "" if it has none."""
    data = changes.update.get("data", {})
    phone = str(data.get(fields.phone.name, "")) if fields.phone else ""
    return phone, str(data.get(fields.email.name, "")) if fields.email else ""


async def _find_duplicates(context: Context, phone: str, email: str = "") -> list[DuplicateRecord]:
    """Return the records with this number (digits) or address."""
    found: dict[str, DuplicateRecord] = {}
    for what, typed in (("phone number", f"+{phone}" if phone else ""), ("email address", email)):
        records: Sequence[Record] = await context.records.find(typed) if typed else ()
        for record in records:
            found.setdefault(record.process.id, DuplicateRecord(record, what))
    return list(found.values())[:MAX_DUPLICATES]


async def _show_created(
    request: SubmitRequest,
    context: Context,
    form: LeadForm,
    changes: RecordChanges,
    reference: str,
) -> Message:
    """Return the card of the new lead, which Chakra's response may not identify."""
    done = "The lead is created."
    if not reference:
        try:
            found = await _find_duplicates(context, *_read_contacts(form.fields, changes))
        except (BotError, TimeoutError):
            found = []
        reference = found[0].record.reference if len(found) == 1 else ""
    if not reference:
        return blocks.text_message(done)
    card = await render_card_after(request, context.records, reference, done)
    return replace(card, text=done, blocks=(blocks.section(done), *card.blocks))


async def _refresh_conversation(request: SubmitRequest, context: Context) -> None:
    """Show the lead in the thread of the customer that it was created from."""
    number = request.state.get(CONVERSATION, "")
    if number.isdecimal():
        target = await context.conversations.find_target(int(number))
        if target.conversation is not None:
            await context.conversations.parents.reload_lead(target.conversation)


LEAD_COMMAND: Command[Context] = Command(
    name="lead",
    phrases=dict.fromkeys(
        (
            "create lead",
            "create a lead",
            "create new lead",
            "create a new lead",
            "new lead",
            "add lead",
            "add a lead",
            "add new lead",
            "add a new lead",
            "make a lead",
            "lead form",
            "new contact",
            "add contact",
            "add a contact",
            "create contact",
            "new customer",
            "lead anlegen",
            "neuer lead",
            "crear lead",
            "nuevo lead",
        ),
        "",
    ),
    summary="create a lead, or find one by name, number or key",
    usage="lead [name] [phone] [email] [field:value]",
    example=EXAMPLE,
    details=(
        "A form opens with what you typed; nothing is created before you press Create.",
        "A name or a number alone finds a lead: /chakra lead Mei Tanaka, /chakra lead LEAD-004038.",
        "Fields by name: name:Mei Tanaka city:Osaka assigned:me.",
        "Records with the same number or address are shown before another one is created.",
        "Also under ⋮ on any message, and on a customer's conversation: Create lead.",
    ),
    run=run,
    actions=(
        Action(CREATE_LEAD, open_from_conversation, needs=Permission.EDIT, only_looks=True),
        Action(OPEN_EXISTING, show_existing),
    ),
    forms=(Form(SUBMIT, submit, needs=Permission.EDIT),),
    shortcuts=(
        Shortcut(
            MESSAGE_SHORTCUT, open_from_message, is_message_shortcut=True, needs=Permission.EDIT
        ),
    ),
)
