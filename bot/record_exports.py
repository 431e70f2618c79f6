"""Export lists of records as files: start from a list or a typed line, cancel, continue."""

from __future__ import annotations

from typing import Protocol, TypeVar

from bot.exports.export import ExportQuery, NewExport
from bot.exports.layout import build_layout
from bot.exports.message import (
    CANCEL_ACTION,
    CONTINUE_ACTION,
    render_cancelled,
    render_continued,
    render_started,
)
from bot.processes.list_message import EXPORT, RecordListQuery
from bot.record_lists import HasRecordLists, find_listed_type, require_short
from bot.slack.button_state import parse_row_id
from bot.slack.commands.command import Action, ActionRequest, Request
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Message, Reply
from bot.workflows import Workflows

COMMAND = "process"


class HasExports(HasRecordLists, Protocol):
    """The part of the context that exports use."""

    @property
    def workflows(self) -> Workflows: ...


ContextT = TypeVar("ContextT", bound=HasExports)


def list_export_actions(_: type[ContextT]) -> tuple[Action[ContextT], ...]:
    """Return the buttons of a list and of the messages about its file."""
    return (
        Action(EXPORT, export, needs=Permission.SEND),
        Action(CANCEL_ACTION, cancel),
        Action(CONTINUE_ACTION, resume, needs=Permission.SEND),
    )


async def export(request: ActionRequest, context: HasExports) -> Message:
    return await start_export(request, context, RecordListQuery.from_value(request.value))


async def start_export(request: Request, context: HasExports, query: RecordListQuery) -> Message:
    """Export all records of a query, as it is understood now, to a file for the requester."""
    require_short(query)
    record_type = await find_listed_type(context.records, query.type)
    member = reader = request.require_member()
    if query.reader not in ("", member.id):
        reader = (await context.members.get_member(query.reader)).value
    typed = await context.record_queries.read(record_type, query.text, reader, request.now)
    if typed.sort:  # the file has Chakra's order
        typed = await context.record_queries.read(record_type, typed.text, reader, request.now)
    layout = build_layout(record_type, (await context.records.get_config()).value)
    asked = ExportQuery(
        typed.where, typed.echo, record_type.plural, record_type.label, layout, member.timezone
    )
    new = NewExport(member.id, record_type.name, asked)
    return render_started(*await context.workflows.exporter.start(new))


async def cancel(request: ActionRequest, context: HasExports) -> Reply:
    number = parse_row_id(request.value, COMMAND)
    return render_cancelled(await context.workflows.exporter.cancel(number, request.actor.id))


async def resume(request: ActionRequest, context: HasExports) -> Reply:
    number = parse_row_id(request.value, COMMAND)
    return render_continued(await context.workflows.exporter.resume(number, request.actor.id))
