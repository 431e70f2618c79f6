"""``/chakra process``: find leads and other records by a typed query, or show one."""

from __future__ import annotations

from bot.context import Context
from bot.errors import NotFound, SuggestedLine, UsageError
from bot.messages.form_values import SendForm
from bot.processes.card import (
    REFRESH,
    SEND,
    SHOW,
)
from bot.processes.lead_line import is_lead_query
from bot.processes.link_events import list_link_events
from bot.processes.link_previews import is_lead_link
from bot.processes.list_message import RecordListQuery, to_line
from bot.processes.shown import render_card
from bot.processes.typed_line import (
    CREATE_WORDS,
    PROCESS_PHRASES,
    find_change,
    find_key_within,
    find_list_subject,
    find_list_within,
    find_record_key,
    find_typed_key,
    may_name_list,
    read_line,
)
from bot.record_edits import list_edit_actions, list_edit_forms, open_create_form
from bot.record_exports import list_export_actions, start_export
from bot.record_lists import (
    SHARE_WORD,
    list_actions,
    list_forms,
    load_list,
    render_list,
    share_list,
    split_share,
)
from bot.saved_queries.actions import find_named_list
from bot.saved_queries.entry import answer_saved, list_all_actions, list_all_forms
from bot.slack.blocks import escape
from bot.slack.commands.arguments import Arguments, parse_arguments
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Offer,
    Request,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import (
    Message,
    OpenForm,
    Reply,
)
from bot.slack.commands.tokens import Link

EXAMPLE = "/chakra process list lead state:NEW assigned:me"


async def run(request: CommandRequest, context: Context) -> Reply:
    types = await context.records.list_types()
    if saved := await answer_saved(request, context, types):
        return saved
    subject, is_look = find_record_key(request.arguments.join_from())
    subject = find_change(request.arguments.tokens, types) if is_look or not subject else subject
    if subject:
        raise UsageError(
            "The buttons on its card change a record.",
            suggested_lines=(SuggestedLine(f"process {subject}"),),
        )
    tokens, is_share = split_share(request.arguments.tokens)
    line = read_line(tokens if is_share else request.arguments.tokens, types)
    if line.verb in CREATE_WORDS:
        return open_create_form(request, line.record_type)
    if is_share and find_typed_key(line):
        raise UsageError("A record's card can't be shared. Share a list instead.", example=EXAMPLE)
    if linked := context.link_previews.find_typed(line.tokens, types):
        return await _show_key(request, context, linked.type.name, linked.key)
    key = find_typed_key(line)
    if key and not line.is_export:
        found = () if line.has_type or len(types) == 1 else await context.records.find(key)
        procedure = found[0].procedure if found else line.record_type.name
        return await _show_key(request, context, procedure, key)
    query = RecordListQuery(type=line.record_type.name, text=to_line(line.tokens))
    if line.is_export:
        request.access.authorize(Permission.SEND)
        query = await find_named_list(request, context, line.tokens) or query
        return await start_export(request, context, query)
    if is_share:
        named = await find_named_list(request, context, tokens)
        return await share_list(request, context, named or query)
    shown = await load_list(request, context, query)
    if line.is_show and len(shown.records) == 1 and not shown.has_pages:
        return await _render_card(request, context, shown.records[0].handle)
    return render_list(request, shown)


async def _show_key(request: Request, context: Context, procedure: str, key: str) -> Message:
    """Return the card of the record with this key; if several have it, their list."""
    try:
        return await _render_card(request, context, f"{procedure}/{key}")
    except NotFound:
        shown = await load_list(request, context, RecordListQuery(type=procedure, text=key))
        if len(shown.records) < 2:
            raise
        return render_list(request, shown)


# --- one record ----------------------------------------------------------------------------------


async def show(request: ActionRequest, context: Context) -> Message:
    procedure, _, key = request.value.partition("/")
    return await _show_key(request, context, procedure, key)


async def refresh(request: ActionRequest, context: Context) -> Message:
    return await _render_card(request, context, request.value, replace=True)


async def _render_card(
    request: Request, context: Context, reference: str, *, replace: bool = False
) -> Message:
    return await render_card(request, context.records, reference, replace=replace)


async def open_send_form(request: ActionRequest, context: Context) -> OpenForm:
    context.send_service.require_configured()
    procedure, _, key = request.value.partition("/")
    return context.send_forms.open_form(SendForm(to=f"{procedure} {key}"), None)


def find_subject(line: str) -> tuple[str, bool]:
    """Return what a line without a command is about: a record, or a colleague's leads."""
    subject, is_all = find_record_key(line)
    return (subject, is_all) if subject else find_list_subject(line)


def find_within(line: str) -> str:
    """Return the record, the link or the list in a line that says more."""
    words = parse_arguments(line).tokens
    linked = [token.url for token in words if isinstance(token, Link)]
    if len(words) > 1 and len(linked) == 1 and is_lead_link(parse_arguments(linked[0])):
        return f"<{escape(linked[0])}>"
    return find_key_within(line) or find_list_within(line)


def may_be_list(line: Arguments) -> bool:
    """Return whether a line without a command is a link to a lead, or asks for leads."""
    return is_lead_link(line) or may_name_list(line)


PROCESS: Command[Context] = Command(
    name="process",
    aliases=("processes", "record", "records"),
    summary="find, see, create and change leads and other records",
    usage="process [list, show, create, save, saved, schedule] [lead, ticket, …] [query or key]",
    example=EXAMPLE,
    details=(
        "A query has fields and words: state:NEW assigned:me score>5 -city:Pune created:last week.",
        'Join with "or", group with brackets, compare with > and <, give ranges as 1..9.',
        'sort:score or "newest first" sorts the list, and long lists are a table.',
        'End a list with "csv" to get all its records as a file in your direct messages.',
        'save "hot leads" state:NEW saves a query by name: hot leads runs it, and saved lists all.',
        'schedule "hot leads" every Monday 9:00 #sales posts its result to a channel.',
        "A key (LEAD-004038) or a link to a record shows it, with buttons to edit and delete it.",
    ),
    phrases=PROCESS_PHRASES,
    fallback=may_be_list,
    find_subject=find_subject,
    find_within=find_within,
    public_words=(SHARE_WORD,),
    acting_words=("schedule", "unschedule"),
    offer=Offer("", is_lead_query),
    run=run,
    actions=(
        *list_actions(Context),
        *list_export_actions(Context),
        *list_all_actions(Context),
        Action(SHOW, show),
        Action(REFRESH, refresh),
        Action(SEND, open_send_form, needs=Permission.SEND, only_looks=True),
        *list_edit_actions(Context),
    ),
    events=list_link_events(Context),
    forms=(
        *list_forms(Context),
        *list_all_forms(Context),
        *list_edit_forms(Context),
    ),
)
