"""``/chakra optouts``: list who has opted out of messages; export the list, lift one, add one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.context import Context
from bot.conversations.opt_out_notice import CONFIRM, DISMISS
from bot.customers.customer import KnownCustomer
from bot.customers.opt_out import OptOut, OptOutScope, OptOutSource, describe_opt_out
from bot.customers.opt_out_query import (
    ADD_WORD,
    BLOCK_WORDS,
    DAY_WORDS,
    EXAMPLE,
    LIFT_WORDS,
    LINE_PHRASES,
    OptOutQuery,
    find_named,
    find_several,
    is_number,
    matches_query,
    may_be_number,
    parse_opt_out_query,
    split_number,
)
from bot.customers.opt_outs import MAX_REASON_LENGTH, format_name
from bot.errors import UsageError
from bot.messages.recipients import EXAMPLE_NUMBER, parse_phone
from bot.messages.typed_opt_out import read_opt_out
from bot.privacy import mask_phone
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, lines, markup, mention
from bot.slack.button_state import parse_row_id
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Offer,
    Request,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Block, CloseForm, FieldErrors, Message, OpenForm
from bot.slack.paging import MAX_FILTER_LENGTH, advise_wider, paginate, render_list_page
from bot.slack.slow_form import open_when_ready
from bot.text.csv_file import build_csv
from bot.text.phones import format_international

COMMAND = "/chakra optouts"
ADD_EXAMPLE = "/chakra optouts add +49 151 23456789 asked on the phone"
PAGE, REFRESH, EXPORT = "optouts.page", "optouts.update", "optouts.export"
LIFT, ADD = "optouts.lift", "optouts.add"
PHONE, REASON = "phone", "reason"
ROWS_PER_PAGE = 10
NOTED = "Nothing is sent to this customer from Slack now."
NOT_LIFTED = "This opt-out was already lifted."
NO_REASON = "Enter a reason. It's stored with your name."
SOURCE_LABELS = {
    OptOutSource.TYPED: "typed",
    OptOutSource.PREFERENCE: "turned off in WhatsApp",
    OptOutSource.FAILURE: "refused by WhatsApp",
    OptOutSource.MANUAL: "entered by hand",
}
SCOPE_LABELS = {OptOutScope.ALL: "all messages", OptOutScope.MARKETING: "marketing only"}
CSV_HEADER = (
    "Name", "Username", "Phone", "Since (UTC)", "Blocks", "How", "Words or reason", "Entered by",
)  # fmt: skip

Pair = tuple[OptOut, KnownCustomer]


# --- the list ------------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Message | OpenForm:
    tokens = request.arguments.tokens
    word, tail = tokens[0].text.casefold() if tokens else "", request.arguments.skip_first()
    if word == ADD_WORD or (word in BLOCK_WORDS and split_number(tail)[0]):
        return await _add_typed(request, context)
    if word in LIFT_WORDS:
        return await _lift_typed(request, context)
    return await _render_page(request, context, parse_opt_out_query(request.arguments))


async def change_page(request: ActionRequest, context: Context) -> Message:
    query = OptOutQuery.from_value(request.value)
    return replace(await _render_page(request, context, query), replace_original=True)


async def _render_page(request: Request, context: Context, query: OptOutQuery) -> Message:
    found = await _find(request, context, query)
    page = paginate(found, query.page, ROWS_PER_PAGE)
    query = query.with_page(page.number)
    may_send = request.access.allows(Permission.SEND)
    buttons = [blocks.button("Refresh", REFRESH, query.to_value())]
    if may_send:
        buttons.append(blocks.button("Add…", ADD))
    if may_send and found:
        buttons.append(blocks.button("Export as CSV", EXPORT, query.to_value()))
    return render_list_page(
        page,
        query,
        heading=_render_heading(query, len(found)),
        row=lambda pair: _render_row(*pair, is_whole=may_send),
        empty_text=_render_empty(query),
        note=markup("Checked before every send. As of ", format_date_token(request.now), "."),
        page_action=PAGE,
        buttons=buttons,
        labels=("Newer", "Older"),
    )


async def _find(request: Request, context: Context, query: OptOutQuery) -> list[Pair]:
    zone = request.member.zone if request.member else UTC
    pairs = await context.opt_outs.list_all(lifted=query.lifted)
    return [pair for pair in pairs if matches_query(*pair, query, request.now, zone)]


def _render_heading(query: OptOutQuery, count: int) -> list[str]:
    noun = "opt-out" if count == 1 else "opt-outs"
    parts: list[str] = [bold(f"{count:,} {'lifted ' if query.lifted else ''}{noun}")]
    if query.words:
        parts.append(f'"{query.words}"')
    if query.source:
        parts.append(SOURCE_LABELS[OptOutSource(query.source)])
    if query.scope:
        parts.append(SCOPE_LABELS[OptOutScope(query.scope)])
    if query.day:
        days = DAY_WORDS.get(query.day)
        parts.append(f"in the last {days + 1} days" if days and days > 1 else query.day)
    return parts


def _render_empty(query: OptOutQuery) -> Markup:
    filters = {"source": query.source, "kind of messages": query.scope, "day": query.day}
    is_of_number = is_number(query.words)
    if is_of_number and not query.lifted and not any(filters.values()):
        return markup("No opt-out matches this number, so messages to it aren't stopped.")
    if query.words or any(filters.values()):
        filters["word “lifted”"] = "lifted" if query.lifted else ""
        return markup(
            "No opt-out matches. ", advise_wider("" if is_of_number else query.words, filters)
        )
    if query.lifted:
        return markup("No opt-out was lifted.")
    return markup(
        "No one has opted out. It's noted here if a customer writes “stop” or turns off your "
        "messages in WhatsApp."
    )


def _render_row(opt_out: OptOut, customer: KnownCustomer, *, is_whole: bool) -> Block:
    what = markup(
        bold(_format_customer_name(customer)), _describe_number(customer, is_whole=is_whole)
    )
    how = f"{SCOPE_LABELS[opt_out.scope]} · {SOURCE_LABELS[opt_out.source]}"
    parts: list[str] = [how]
    if opt_out.words:
        parts.append(markup("“", blocks.clip(" ".join(opt_out.words.split()), 80), "”"))
    if opt_out.noted_by:
        parts.append(markup("by ", mention(opt_out.noted_by)))
    parts.append(format_date_token(opt_out.noted_at))
    shown = [what, Markup("  ·  ".join(blocks.escape(part) for part in parts))]
    if not opt_out.holds:
        shown.append(_render_lifted_line(opt_out))
    may_lift = is_whole and opt_out.holds
    button = blocks.button("Lift…", LIFT, str(opt_out.id)) if may_lift else None
    return blocks.section(lines(shown), accessory=button)


def _render_lifted_line(opt_out: OptOut) -> Markup:
    if not opt_out.lifted_by:
        return markup("Lifted by the customer ", format_date_token(opt_out.lifted_at))
    reason = blocks.clip(opt_out.lift_reason, MAX_REASON_LENGTH)
    by = mention(opt_out.lifted_by)
    return markup("Lifted by ", by, " ", format_date_token(opt_out.lifted_at), ": ", reason)


def _format_customer_name(customer: KnownCustomer) -> str:
    username = f"@{customer.username}" if customer.username else ""
    return blocks.clip(customer.name or username or "A customer", 80)


def _describe_number(customer: KnownCustomer, *, is_whole: bool) -> str:
    if not customer.phone:
        return ", number not shown by WhatsApp"
    whole = format_international(customer.phone)
    return f", {whole if is_whole else mask_phone(f'+{customer.phone}')}"


# --- the export ----------------------------------------------------------------------------------


async def export(request: ActionRequest, context: Context) -> Message:
    """Send the whole list, which is customers' data, to the member as a direct message."""
    found = await _find(request, context, OptOutQuery.from_value(request.value))
    if not found:
        return blocks.text_message("There's nothing to export.")
    counted = "1 opt-out" if len(found) == 1 else f"{len(found):,} opt-outs"
    day = datetime.fromtimestamp(request.now, UTC)
    file = build_csv([CSV_HEADER, *(_format_csv_row(*pair) for pair in found)])
    await context.files.upload(
        request.actor.id, f"opt-outs-{day:%Y-%m-%d}.csv", file, comment=counted + "."
    )
    return blocks.text_message("I've sent you the file in a direct message.")


def _format_csv_row(opt_out: OptOut, customer: KnownCustomer) -> tuple[str, ...]:
    since = datetime.fromtimestamp(opt_out.noted_at, UTC)
    return (
        customer.name,
        customer.username,
        f"+{customer.phone}" if customer.phone else "",
        f"{since:%Y-%m-%d %H:%M}",
        SCOPE_LABELS[opt_out.scope],
        SOURCE_LABELS[opt_out.source],
        opt_out.words,
        opt_out.noted_by,
    )


# --- lifting -------------------------------------------------------------------------------------


async def open_lift(request: ActionRequest, context: Context) -> OpenForm | Message:
    opt_out, customer = await context.opt_outs.get(parse_row_id(request.value, COMMAND))
    return _lift_form(opt_out, customer) if opt_out.holds else blocks.text_message(NOT_LIFTED)


async def _lift_typed(request: CommandRequest, context: Context) -> Message | OpenForm:
    """Open the form for the opt-out that the line names, or list the possible ones."""
    request.access.authorize(Permission.SEND)
    pairs = await context.opt_outs.list_all()
    found, named, reason = find_named(request.arguments.skip_first(), pairs)
    if len(found) == 1:
        return _lift_form(*found[0], reason)
    return await _render_page(request, context, OptOutQuery(words=named[:MAX_FILTER_LENGTH]))


def _lift_form(opt_out: OptOut, customer: KnownCustomer, reason: str = "") -> OpenForm:
    content = [
        blocks.section(markup(describe_opt_out(opt_out, format_name(customer)))),
        _render_reason_field(
            "Why can they be sent messages again?", "They asked for it on the phone", reason
        ),
        blocks.context(markup("The reason is stored with your name.")),
    ]
    view = blocks.form_modal(LIFT, "Lift the opt-out", "Lift", content)
    return OpenForm(view, state={"opt_out": str(opt_out.id)})


def check_reason(request: SubmitRequest) -> FieldErrors | None:
    return None if request.values.get(REASON, "").strip() else FieldErrors({REASON: NO_REASON})


async def lift(request: SubmitRequest, context: Context) -> CloseForm:
    opt_out_id = parse_row_id(request.state.get("opt_out", ""), COMMAND)
    reason = request.values[REASON].strip()
    lifted = await context.opt_outs.lift(opt_out_id, member=request.actor.id, reason=reason)
    opt_out, customer = await context.opt_outs.get(opt_out_id)
    await context.conversations.parents.refresh_customers([opt_out.customer_id])
    text = (
        markup("Lifted: ", format_name(customer), " can be sent messages again. Reason: ", reason)
        if lifted
        else markup(NOT_LIFTED)
    )
    if others := await context.opt_outs.find(opt_out.customer_id):
        text = markup(text, " But: ", describe_opt_out(others[0], format_name(customer)))
    return CloseForm(text, follow_up=blocks.text_message(text))


# --- entering ------------------------------------------------------------------------------------


async def _add_typed(request: CommandRequest, context: Context) -> Message | OpenForm:
    request.access.authorize(Permission.SEND)
    line = request.arguments.skip_first()
    if all(split_number(line)) and not find_several(line):
        return await _add(request, context, *split_number(line))

    async def build() -> OpenForm:
        typed = await read_opt_out(line, context.send_service.recipients, example=ADD_EXAMPLE)
        return _add_form(typed.phone, typed.reason, typed.note)

    return await open_when_ready(context.clock, build(), "Add an opt-out")


async def open_add(_: ActionRequest, context: Context) -> OpenForm:  # noqa: ARG001 - as every action
    return _add_form()


def _add_form(phone: str = "", reason: str = "", note: Markup | None = None) -> OpenForm:
    content = [
        *([blocks.context(note)] if note else []),
        blocks.text_field(
            PHONE,
            "Phone number",
            action=f"{ADD}:{PHONE}",
            initial=phone,
            placeholder=EXAMPLE_NUMBER,
        ),
        _render_reason_field("How did they ask for it?", "They asked for it on the phone", reason),
        blocks.context(markup("Nothing is sent to them then. You can lift it again.")),
    ]
    return OpenForm(blocks.form_modal(ADD, "Add an opt-out", "Add", content))


def _render_reason_field(text: str, placeholder: str, initial: str = "") -> Block:
    return blocks.text_field(
        REASON,
        text,
        action=f"{LIFT}:{REASON}",
        initial=initial,
        placeholder=placeholder,
        max_length=MAX_REASON_LENGTH,
    )


async def add(request: SubmitRequest, context: Context) -> CloseForm | FieldErrors:
    phone, reason = request.values.get(PHONE, ""), request.values[REASON].strip()
    try:
        message = await _add(request, context, phone, reason)
    except UsageError as error:
        return FieldErrors({PHONE: error.message})
    return CloseForm(message.text, follow_up=message)


async def _add(request: Request, context: Context, phone: str, reason: str) -> Message:
    recipient = parse_phone(phone, context.records.phones)
    reason = blocks.clip(reason, MAX_REASON_LENGTH)
    added, is_new = await context.opt_outs.add(
        recipient.digits, member=request.actor.id, reason=reason
    )
    if not is_new:
        return blocks.text_message(describe_opt_out(added, recipient.label))
    await context.conversations.parents.refresh_customers([added.customer_id])
    text = markup("Added: nothing is sent to ", recipient.label, " any more. Reason: ", reason)
    undo = "Entered for the wrong number? Lift it with the button, or in `/chakra optouts`."
    button = blocks.button("Lift…", LIFT, str(added.id))
    return Message(text, (blocks.section(text, accessory=button), blocks.context(undo)))


async def confirm(request: ActionRequest, context: Context) -> Message:
    """Record the opt-out of a customer whose message was unclear."""
    customer_id = parse_row_id(request.value, COMMAND)
    await context.opt_outs.add_customer(
        customer_id, member=request.actor.id, source=OptOutSource.TYPED
    )
    await context.conversations.parents.refresh_customers([customer_id])
    by = mention(request.actor.id)
    return _show_instead(markup(Markup(":no_entry: "), NOTED, " Noted by ", by, "."))


async def dismiss(request: ActionRequest, _: Context) -> Message:
    by = mention(request.actor.id)
    return _show_instead(markup("Messages are still sent to this customer, as ", by, " answered."))


def _show_instead(line: Markup) -> Message:
    return Message(line, (blocks.context(line),), replace_original=True)


OPTOUTS: Command[Context] = Command(
    name="optouts",
    aliases=("opt-outs", "optout", "opt-out", "unsubscribed", "stopped", "unsubscribes"),
    summary="who has opted out of WhatsApp messages",
    usage="optouts [words] [source:…] [since], optouts add, lift <number> <reason>",
    example=EXAMPLE,
    argument_names=("source",),
    details=(
        "Words match the name, what they wrote, or the end of the number.",
        "Filter with source:typed, preference, failure or manual; today, week, month or 2026-05.",
        "Senders can export the list, lift an opt-out with a reason, and add one.",
        "Every send is checked against it, the last time just before it is sent.",
    ),
    phrases=LINE_PHRASES,
    offer=Offer("", may_be_number),
    run=run,
    only_looks=True,
    actions=(
        Action(PAGE, change_page),
        Action(REFRESH, change_page),
        Action(EXPORT, export, needs=Permission.SEND),
        Action(LIFT, open_lift, needs=Permission.SEND, only_looks=True),
        Action(ADD, open_add, needs=Permission.SEND, only_looks=True),
        Action(CONFIRM, confirm, needs=Permission.SEND),
        Action(DISMISS, dismiss, needs=Permission.SEND),
    ),
    forms=(
        Form(LIFT, lift, check=check_reason, needs=Permission.SEND),
        Form(ADD, add, check=check_reason, needs=Permission.SEND),
    ),
)
